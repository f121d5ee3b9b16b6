package main

import (
	"net/http"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/ws"
)

// Flama: WebSocket function based views. Because it takes a message, the view
// is called for each one, on a connection that was accepted for it.

func flamaWSFunction() http.Handler {
	app := fogo.New()
	app.WebSocket("/foo/", fooWebSocket)
	return app
}

func fooWebSocket(conn *ws.WebSocket, data ws.Data) error {
	return conn.SendBytes(data)
}
