package main

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// coderSockets is coder/websocket, reading with Reader into a buffer that is
// used again, without compression, which is its default.
type coderSockets struct{}

func (coderSockets) name() string         { return "coder" }
func (coderSockets) absent(string) string { return "" }

func (coderSockets) sockets(j socketJob) (socketServer, error) {
	reply, h := j.reply(), newHall[*websocket.Conn](j)
	return socketServer{
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			conn.SetReadLimit(maxMessage)
			h.join(conn)
			go func() {
				defer func() { _ = conn.CloseNow() }()
				defer h.leave(conn)
				_ = serveCoder(conn, reply)
			}()
		}),
		// It has nothing that prepares a message.
		broadcast: func(data []byte) error {
			h.each(func(c *websocket.Conn) { _ = c.Write(context.Background(), websocket.MessageBinary, data) })
			return nil
		},
	}, nil
}

// coderBuffers are held only while a message is read and answered.
var coderBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func serveCoder(conn *websocket.Conn, reply func([]byte) ([]byte, error)) error {
	ctx := context.Background()
	for {
		kind, r, err := conn.Reader(ctx)
		if err != nil {
			return err
		}
		b := coderBuffers.Get().(*bytes.Buffer)
		b.Reset()
		if _, err := b.ReadFrom(r); err != nil {
			return err
		}
		out, err := reply(b.Bytes())
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, kind, out); err != nil {
			return err
		}
		coderBuffers.Put(b)
	}
}
