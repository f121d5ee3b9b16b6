// Package fleet is a client with very many WebSocket connections and next to
// nothing beside them: one epoll, no goroutine and some 20 bytes for a connection,
// frames made once, and one buffer into which everything is read.
//
// It is the same for every server that is measured. Each byte of each reply is
// compared with what must come. Pings are answered. A Close frame is counted by
// its code and answered, and the connection closed when the server has closed
// it, so that TIME_WAIT stays at the server as RFC 6455 section 7.1.1 wants.
//
// A Fleet belongs to one goroutine; only [Fleet.Do] may be called from others.
// It works on Linux; elsewhere [New] fails.
package fleet

import (
	"errors"
	"net/netip"
	"time"
)

// ErrSystem is why there is no fleet: it needs epoll, and ports shared as on Linux.
var ErrSystem = errors.New("the client of these scenarios is built on epoll, which is Linux only")

// Options say to whom a fleet connects.
type Options struct {
	Server netip.AddrPort
	Path   string // of the handshake; "/ws" if empty
	// Sources are the local addresses to connect from, in turn; none lets the
	// system choose. One address has as many connections to a server as there
	// are ports in ip_local_port_range.
	Sources []netip.Addr
	// Window is how many handshakes may be under way; 256 if 0.
	Window int
}

// Message is what is sent again and again, and what must come back.
type Message struct {
	Op         byte // of package wire
	Send, Want []byte
}

// Counts are what happened on all connections so far.
type Counts struct {
	Open    int         `json:"open"`    // now
	Closing int         `json:"closing"` // got a Close frame, wait for the server's FIN
	Replies int         `json:"replies"`
	Pings   int         `json:"pings"`
	Pinged  int         `json:"pinged"` // connections that got a ping at least once
	Closes  map[int]int `json:"closes"` // Close frames by code
	Ended   int         `json:"ended"`  // closed by the server after its Close frame
	Reset   int         `json:"reset"`  // the same, but with a RST
	Lost    int         `json:"lost"`   // ended without a Close frame
}

// Load is what came of a run.
type Load struct {
	Messages int
	Took     time.Duration
	Times    *Hist // from a message's write to the last byte of its reply
}
