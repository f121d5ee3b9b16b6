package main

import (
	"net"
	"net/http"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

// nbioSockets is lesismal/nbio with its own engine, whose pollers read all
// connections without a goroutine for each: what it is made for.
type nbioSockets struct{}

func (nbioSockets) name() string         { return "nbio" }
func (nbioSockets) absent(string) string { return "" }

func (nbioSockets) sockets(j socketJob) (socketServer, error) {
	logging.SetLevel(logging.LevelNone) // it would write to the standard output
	reply, h := j.reply(), newHall[*websocket.Conn](j)
	up := websocket.NewUpgrader()
	up.MessageLengthLimit = maxMessage
	up.OnOpen(func(c *websocket.Conn) { h.join(c) })
	up.OnClose(func(c *websocket.Conn, _ error) { h.leave(c) })
	up.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, data []byte) {
		out, err := reply(data)
		if err == nil {
			err = c.WriteMessage(kind, out)
		}
		if err != nil {
			_ = c.Close()
		}
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) { _, _ = up.Upgrade(w, r, nil) })
	return socketServer{
		serve: func(ln net.Listener) error { return serveNbio(ln, mux) },
		// It has nothing that prepares a message.
		broadcast: func(data []byte) error {
			h.each(func(c *websocket.Conn) { _ = c.WriteMessage(websocket.BinaryMessage, data) })
			return nil
		},
	}, nil
}

// serveNbio gives the engine a listener.
func serveNbio(ln net.Listener, h http.Handler) error {
	engine := nbhttp.NewEngine(nbhttp.Config{
		Network: "tcp", Addrs: []string{ln.Addr().String()},
		Listen:                  func(string, string) (net.Listener, error) { return ln, nil },
		ReleaseWebsocketPayload: true,
		Handler:                 h,
	})
	if err := engine.Start(); err != nil {
		return err
	}
	select {} // the process ends with its input
}
