package main

import (
	"context"
	"net/http"

	"github.com/goccy/go-json"
	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
)

// fogoSocket is a WebSocket view with injected parameters.
type fogoSocket struct{}

func (fogoSocket) name() string         { return "fogo" }
func (fogoSocket) absent(string) string { return "" }

func (fogoSocket) messages() (http.Handler, error) {
	app := fogo.New()
	app.Provide(inject.Singleton, newStore)
	app.Provide(inject.PerCall, newStamp)
	app.WebSocket("/ws", add)
	return app, app.Start(context.Background())
}

// fogoConn is package ws without injection: what is left of the difference to
// gobwas/ws when no parameter is resolved.
type fogoConn struct{}

func (fogoConn) name() string         { return "fogo/ws by hand" }
func (fogoConn) absent(string) string { return "" }

func (fogoConn) messages() (http.Handler, error) {
	store := newStore()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := ws.New(w, r, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer conn.Finish()
		for msg, err := range conn.Messages(conn.Context()) {
			if err != nil {
				return
			}
			var m Add
			if json.Unmarshal(msg.Data, &m) != nil {
				return
			}
			reply, err := add(store, newStamp(), m)
			if err != nil {
				return
			}
			out, err := json.Marshal(reply)
			if err != nil || conn.SendText(string(out)) != nil {
				return
			}
		}
	}), nil
}
