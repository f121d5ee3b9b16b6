package main

import (
	"net/http"

	"github.com/gofogo/fogo"
)

// Flama: function based views. A result that is no string becomes JSON.

func flamaHTTPFunction() http.Handler {
	app := fogo.New()
	app.Get("/foo/", foo)
	return app
}

func foo() map[string]string {
	return map[string]string{"message": "foo"}
}
