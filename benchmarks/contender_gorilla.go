package main

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// gorillaSockets is gorilla/websocket: as its echo example does, or tuned by
// what its documentation says about buffers. Either way the reading goroutine is
// not the handler's, so that the request can be collected, as its chat example has it.
type gorillaSockets struct{ tuned bool }

func (g gorillaSockets) name() string {
	if g.tuned {
		return "gorilla, tuned"
	}
	return "gorilla"
}

func (gorillaSockets) absent(string) string { return "" }

func (g gorillaSockets) sockets(j socketJob) (socketServer, error) {
	up, serve := &websocket.Upgrader{}, serveGorilla
	if g.tuned {
		// A small buffer for reading, and one for writing only while it is used.
		up.ReadBufferSize, up.WriteBufferPool, serve = 1024, &sync.Pool{}, serveGorillaTuned
	}
	reply, h := j.reply(), newHall[*gorillaConn](j)
	return socketServer{
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := up.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			conn.SetReadLimit(maxMessage)
			c := &gorillaConn{Conn: conn}
			h.join(c)
			go func() {
				defer conn.Close()
				defer h.leave(c)
				_ = serve(c, reply)
			}()
		}),
		broadcast: func(data []byte) error {
			pm, err := websocket.NewPreparedMessage(websocket.BinaryMessage, data)
			if err != nil {
				return err
			}
			h.each(func(c *gorillaConn) { _ = c.sendPrepared(pm) })
			return nil
		},
	}, nil
}

// gorillaConn is a connection that may have one writer at a time.
type gorillaConn struct {
	*websocket.Conn
	mu sync.Mutex
}

func (c *gorillaConn) send(kind int, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.WriteMessage(kind, data)
}

func (c *gorillaConn) sendPrepared(pm *websocket.PreparedMessage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.WritePreparedMessage(pm)
}

func serveGorilla(c *gorillaConn, reply func([]byte) ([]byte, error)) error {
	for {
		kind, data, err := c.ReadMessage()
		if err != nil {
			return err
		}
		out, err := reply(data)
		if err != nil {
			return err
		}
		if err := c.send(kind, out); err != nil {
			return err
		}
	}
}

// gorillaBuffers are held only while a message is read and answered.
var gorillaBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func serveGorillaTuned(c *gorillaConn, reply func([]byte) ([]byte, error)) error {
	for {
		kind, r, err := c.NextReader()
		if err != nil {
			return err
		}
		b := gorillaBuffers.Get().(*bytes.Buffer)
		b.Reset()
		if _, err := b.ReadFrom(r); err != nil {
			return err
		}
		out, err := reply(b.Bytes())
		if err != nil {
			return err
		}
		if err := c.send(kind, out); err != nil {
			return err
		}
		gorillaBuffers.Put(b)
	}
}
