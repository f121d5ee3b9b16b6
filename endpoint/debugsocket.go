package endpoint

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofogo/fogo/ws"
)

// DebugSocket is an open WebSocket as debug mode knows it.
type DebugSocket struct {
	// Route is the pattern, Peer the address that the handshake came from,
	// UserAgent what it said of itself.
	Route, Peer, UserAgent string
	// Since is when the handshake came.
	Since time.Time
	// Conn is nil while that is answered.
	Conn *ws.WebSocket

	owned    bool // the view reads by itself
	messages atomic.Int64
}

// Messages counts the messages that were handled. It is -1 for a view that owns
// its connection and reads them itself.
func (s *DebugSocket) Messages() int64 {
	if s.owned {
		return -1
	}
	return s.messages.Load()
}

// Sockets are the open WebSockets, the oldest first, of those that belong to
// views.
func (d *Debug) Sockets() []*DebugSocket {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*DebugSocket
	for s := range d.sockets {
		if s.Conn != nil {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *DebugSocket) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Peer, b.Peer))
	})
	return list
}

// watch makes the options tell of each connection when it comes and when it is
// over.
func (d *Debug) watch(opts *ws.Options) *ws.Options {
	if d == nil {
		return opts
	}
	admit := opts.Admit
	opts.Admit = func(r *http.Request) (func(), error) {
		var leave func()
		if admit != nil {
			var err error
			if leave, err = admit(r); err != nil {
				return leave, err
			}
		}
		s := d.arrive(r)
		return func() {
			d.forget(r, s)
			if leave != nil {
				leave()
			}
		}, nil
	}
	return opts
}

func (d *Debug) arrive(r *http.Request) *DebugSocket {
	s := &DebugSocket{Route: r.Pattern, Peer: r.RemoteAddr, UserAgent: r.UserAgent(), Since: time.Now()}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sockets[s] = struct{}{}
	d.arrived[r] = s
	return s
}

func (d *Debug) forget(r *http.Request, s *DebugSocket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sockets, s)
	if d.arrived[r] == s {
		delete(d.arrived, r)
	}
}

// connected takes note of the connection of a handshake.
func (d *Debug) connected(conn *ws.WebSocket, r *http.Request, owned bool) *DebugSocket {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.arrived[r]
	delete(d.arrived, r)
	if s != nil {
		s.Conn, s.owned = conn, owned
	}
	return s
}

// counted makes a handler count its messages.
func (s *DebugSocket) counted(h ws.Handler) ws.Handler {
	if s == nil {
		return h
	}
	return &countingHandler{h, s}
}

type countingHandler struct {
	ws.Handler
	socket *DebugSocket
}

func (h *countingHandler) Message(conn *ws.WebSocket, m ws.Message) {
	h.socket.messages.Add(1)
	h.Handler.Message(conn, m)
}

// BorrowsMessages implements ws.Borrower.
func (h *countingHandler) BorrowsMessages() bool {
	b, ok := h.Handler.(ws.Borrower)
	return ok && b.BorrowsMessages()
}
