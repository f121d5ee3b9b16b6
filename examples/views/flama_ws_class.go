package main

import (
	"net/http"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/ws"
)

// Flama: WebSocket class based views. Only OnReceive is required: the other
// two do here what is done without them.

func flamaWSClass() http.Handler {
	app := fogo.New()
	app.WebSocket("/foo/", FooSocket{})
	return app
}

type FooSocket struct{}

func (FooSocket) OnConnect(conn *ws.WebSocket) error {
	return conn.Accept()
}

func (FooSocket) OnDisconnect(conn *ws.WebSocket, code ws.Code) error {
	return conn.Close(code)
}

func (FooSocket) OnReceive(conn *ws.WebSocket, data ws.Data) error {
	return conn.SendBytes(data)
}
