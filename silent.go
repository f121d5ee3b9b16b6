package fogo

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// silence is how long a connection that has sent nothing is waited for once the
// server stops. It is no grace for requests: net/http answers none that it had
// not begun to read. It is time for connections to arrive that were accepted
// just before.
const silence = 200 * time.Millisecond

// silent knows the connections that have not sent a byte yet. Browsers open
// such connections ahead of need, and http.Server.Shutdown waits five seconds
// for each to make up its mind.
type silent struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// watch makes srv report its connections, beside whoever it reports to
// already.
func (s *silent) watch(srv *http.Server) {
	next := srv.ConnState
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		s.note(c, state)
		if next != nil {
			next(c, state)
		}
	}
}

func (s *silent) note(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.conns, c)
		return
	}
	if s.conns == nil {
		s.conns = map[net.Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
}

// hangUp closes the connections that are still silent.
func (s *silent) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}
