package main

import (
	"net/http"

	"github.com/gofogo/fogo/endpoint"
)

// Starlette: an HTTPEndpoint as an application. Without a router a class is a
// plain http.Handler, and answers every path.

func starletteHTTPApp() http.Handler {
	return endpoint.Class(App{})
}

type App struct{}

func (App) Get() string {
	return "Hello, world!"
}
