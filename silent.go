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

// silent knows the connections that have not asked for anything yet. Browsers
// open such connections ahead of need, and http.Server.Shutdown waits five
// seconds for each to make up its mind. One that speaks HTTP/2 has sent its
// preface then, and Shutdown would wait for it until its idle timeout, if it came
// too late to be told to go away.
type silent struct {
	mu    sync.Mutex
	conns map[net.Conn]phase
	over  bool // who is silent now is hung up on at once
}

// phase is how far a silent connection has come.
type phase uint8

const (
	mute    phase = iota // it has not sent a byte
	opening              // it sends a preface, or its first request
	idle                 // no request since then
)

// watch makes srv report its connections, beside whoever it reports to
// already.
func (s *silent) watch(srv *http.Server) {
	next := srv.ConnState
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if s.note(c, state) {
			_ = c.Close()
		}
		if next != nil {
			next(c, state)
		}
	}
}

// note takes note of a connection's state, and reports whether it is too late to
// be silent. HTTP/2 is active for a moment when the preface has come, then idle
// until the first stream. An idle connection of HTTP/1 looks the same, and
// Shutdown closes it anyway.
func (s *silent) note(c net.Conn, state http.ConnState) (late bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, silent := s.conns[c]
	switch {
	case state == http.StateNew:
		at = mute
	case silent && state == http.StateActive && at == mute:
		at = opening
	case silent && state == http.StateIdle:
		at = idle
	default:
		delete(s.conns, c)
		return false
	}
	if s.conns == nil {
		s.conns = map[net.Conn]phase{}
	}
	s.conns[c] = at
	return s.over && at != opening
}

// hangUp closes the connections that are still silent, and those that come later.
func (s *silent) hangUp() {
	for _, c := range s.end() {
		_ = c.Close()
	}
}

func (s *silent) end() (quiet []net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for c, at := range s.conns {
		if at != opening {
			quiet = append(quiet, c)
		}
	}
	return quiet
}
