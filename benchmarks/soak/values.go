package main

import (
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/gofogo/fogo/endpoint"
)

// Ledger counts what is made for calls and connections, and what was released.
// Whatever a call came to, everything that was made for it has to be.
type Ledger struct {
	made, released atomic.Int64
	committed      atomic.Int64
	rolledBack     atomic.Int64
	abandoned      atomic.Int64 // handlers whose client left
	connected      atomic.Int64 // connections that OnConnect saw
	parted         atomic.Int64 // and OnDisconnect
}

func (l *Ledger) open() int64 { return l.made.Load() - l.released.Load() }

// Trace is the id of a request, which has to be told.
type Trace struct{ ID string }

const traceHeader = "X-Trace"

func newTrace(l *Ledger, h http.Header) (*Trace, func()) {
	l.made.Add(1)
	return &Trace{h.Get(traceHeader)}, func() { l.released.Add(1) }
}

// Session is a user, who may be unknown.
type Session struct {
	User  string
	trace *Trace
}

const userHeader = "X-User"

func newSession(l *Ledger, t *Trace, h http.Header) (*Session, func(), error) {
	user := h.Get(userHeader)
	if user == "nobody" {
		return nil, nil, endpoint.NewError(http.StatusUnauthorized, "Who are you?")
	}
	l.made.Add(1)
	return &Session{user, t}, func() { l.released.Add(1) }, nil
}

// Tx is a transaction, which a finisher ends.
type Tx struct {
	open, refuse bool
	session      *Session
}

var errCommit = errors.New("the commit failed")

func newTx(l *Ledger, s *Session) (*Tx, func(error) error) {
	l.made.Add(1)
	tx := &Tx{open: true, session: s}
	return tx, func(err error) error {
		l.released.Add(1)
		tx.open = false
		if err != nil || tx.refuse {
			l.rolledBack.Add(1)
			return errors.Join(err, tx.refusal())
		}
		l.committed.Add(1)
		return nil
	}
}

func (tx *Tx) refusal() error {
	if tx.refuse {
		return errCommit
	}
	return nil
}

// Cart belongs to a connection.
type Cart struct{ items int }

func newCart(l *Ledger) (*Cart, func()) {
	l.made.Add(1)
	return &Cart{}, func() { l.released.Add(1) }
}
