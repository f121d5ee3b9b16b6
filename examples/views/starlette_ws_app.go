package main

import (
	"net/http"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/ws"
)

// Starlette: a WebSocketEndpoint as an application. The encoding is the type
// of the message: with ws.Binary a text message closes with 1003.

func starletteWSApp() http.Handler {
	return endpoint.Class(SocketApp{})
}

type SocketApp struct{}

func (SocketApp) OnConnect(conn *ws.WebSocket) error {
	return conn.Accept()
}

func (SocketApp) OnReceive(conn *ws.WebSocket, data ws.Binary) error {
	return conn.SendBytes(append([]byte("Message: "), data...))
}

func (SocketApp) OnDisconnect(code ws.Code) {}
