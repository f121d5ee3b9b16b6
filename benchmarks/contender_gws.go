package main

import (
	"net/http"

	"github.com/lxzan/gws"
)

// gwsSockets is lxzan/gws as its README does it: the loop that reads in a
// goroutine of its own, messages closed after use so that their buffers are used
// again, one after the other and without compression, which are its defaults.
type gwsSockets struct{}

func (gwsSockets) name() string         { return "gws" }
func (gwsSockets) absent(string) string { return "" }

func (gwsSockets) sockets(j socketJob) (socketServer, error) {
	h := &gwsHandler{reply: j.reply(), hall: newHall[*gws.Conn](j)}
	up := gws.NewUpgrader(h, &gws.ServerOption{ReadMaxPayloadSize: maxMessage, Recovery: gws.Recovery})
	return socketServer{
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := up.Upgrade(w, r)
			if err != nil {
				return
			}
			go conn.ReadLoop()
		}),
		broadcast: func(data []byte) error {
			b := gws.NewBroadcaster(gws.OpcodeBinary, data)
			defer b.Close()
			h.hall.each(func(c *gws.Conn) { _ = b.Broadcast(c) })
			return nil
		},
	}, nil
}

type gwsHandler struct {
	gws.BuiltinEventHandler
	reply func([]byte) ([]byte, error)
	hall  *hall[*gws.Conn]
}

func (h *gwsHandler) OnOpen(conn *gws.Conn) { h.hall.join(conn) }

func (h *gwsHandler) OnClose(conn *gws.Conn, _ error) { h.hall.leave(conn) }

func (h *gwsHandler) OnPing(conn *gws.Conn, payload []byte) { _ = conn.WritePong(payload) }

func (h *gwsHandler) OnMessage(conn *gws.Conn, m *gws.Message) {
	defer m.Close()
	out, err := h.reply(m.Bytes())
	if err == nil {
		err = conn.WriteMessage(m.Opcode, out)
	}
	if err != nil {
		conn.WriteClose(1011, nil)
	}
}
