package main

import (
	"context"
	"net/http"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
)

// fogoSockets is package ws alone, with its defaults: limits, pings, deadlines
// and the check of origins are on. It has a Tracker, as whoever wants to shut
// down has, and as an application does by itself.
type fogoSockets struct{}

func (fogoSockets) name() string         { return "fogo ws" }
func (fogoSockets) absent(string) string { return "" }

func (fogoSockets) sockets(j socketJob) (socketServer, error) {
	h := &fogoHandler{reply: j.reply(), hall: newHall[*ws.WebSocket](j)}
	// Its handler gives the messages back, as gws's does.
	opts := &ws.Options{Tracker: new(ws.Tracker), Borrow: true}
	return socketServer{
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := ws.New(w, r, opts)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if conn.Serve(h) == nil {
				h.hall.join(conn)
			}
		}),
		broadcast: func(data []byte) error { return fogoBroadcast(h.hall, data) },
	}, nil
}

// fogoBroadcast sends data to all.
func fogoBroadcast(h *hall[*ws.WebSocket], data []byte) error {
	p, err := ws.Prepare(ws.KindBinary, data)
	if err != nil {
		return err
	}
	h.each(func(c *ws.WebSocket) { _ = c.SendPrepared(p) })
	return nil
}

// fogoHandler takes the messages of all connections.
type fogoHandler struct {
	reply func([]byte) ([]byte, error)
	hall  *hall[*ws.WebSocket]
}

func (h *fogoHandler) Message(conn *ws.WebSocket, m ws.Message) {
	out, err := h.reply(m.Data)
	if err == nil {
		err = conn.Send(m.Kind, out)
	}
	if err != nil {
		conn.Fail(ws.CodeInternalError, "")
	}
}

func (h *fogoHandler) Closed(conn *ws.WebSocket, _ ws.Code, _ ws.Reason) { h.hall.leave(conn) }

// fogoView is an application with a typed view that has a service injected, and
// for JSON messages a value made for each of them too.
type fogoView struct{ borrow bool }

func (v fogoView) name() string {
	if v.borrow {
		return "fogo view, borrowing"
	}
	return "fogo view"
}

func (fogoView) absent(string) string { return "" }

func (v fogoView) sockets(j socketJob) (socketServer, error) {
	// Without Borrow the bytes of a message are the handler's for good.
	app := fogo.New(fogo.WithWebSocket(ws.Options{Borrow: v.borrow}))
	app.Provide(inject.Singleton, newStore)
	h := newHall[*ws.WebSocket](j)
	switch j {
	case jsonJob:
		app.Provide(inject.PerCall, newStamp)
		app.WebSocket("/ws", add)
	case broadcastJob:
		app.Value(h)
		app.Endpoint("/ws", Listener{})
	default:
		app.WebSocket("/ws", echoData)
	}
	return socketServer{
		handler:   app,
		broadcast: func(data []byte) error { return fogoBroadcast(h, data) },
	}, app.Start(context.Background())
}

// echoData takes what most views do: the connection, a service, the message.
func echoData(conn *ws.WebSocket, store *Store, data ws.Data) (ws.Data, error) {
	return data, nil
}

// Listener is a class: a copy of it lives as long as its connection.
type Listener struct {
	Hall  *hall[*ws.WebSocket] `inject:""`
	Store *Store               `inject:""`
}

// OnConnect joins the hall.
func (l *Listener) OnConnect(conn *ws.WebSocket) { l.Hall.join(conn) }

// OnReceive sends a message back.
func (l *Listener) OnReceive(data ws.Data) ws.Data { return data }

// OnDisconnect leaves the hall.
func (l *Listener) OnDisconnect(conn *ws.WebSocket) { l.Hall.leave(conn) }
