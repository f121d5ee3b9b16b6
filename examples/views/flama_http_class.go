package main

import (
	"net/http"

	"github.com/gofogo/fogo"
)

// Flama: class based views. Methods named as verbs are views; every other
// verb is answered with 405 and what is allowed.

func flamaHTTPClass() http.Handler {
	app := fogo.New()
	app.Endpoint("/foobar/", FooBar{})
	return app
}

type FooBar struct{}

func (FooBar) Get() map[string]string {
	return map[string]string{"message": "foo"}
}

func (FooBar) Post() map[string]string {
	return map[string]string{"message": "bar"}
}
