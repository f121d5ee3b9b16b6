package main

import (
	"net/http"

	"github.com/gofogo/fogo"
)

// Starlette: HTTPEndpoint classes in an application. The one parameter that
// is left takes the one variable of the pattern.

func starletteHTTPRoutes() http.Handler {
	app := fogo.New()
	app.Endpoint("/", Homepage{})
	app.Endpoint("/{username}", User{})
	return app
}

type Homepage struct{}

func (Homepage) Get() string {
	return "Hello, world!"
}

type User struct{}

func (User) Get(username string) string {
	return "Hello, " + username
}
