package ws

import (
	"context"
	"errors"
	"sync"
	"time"

	gobwas "github.com/gobwas/ws"
)

// Tracker knows the open connections of a server, for counting and for
// shutting down: [http.Server.Shutdown] doesn't wait for connections taken
// over from it. Put one into [Options]. The zero value is ready; it must not be copied.
//
// A connection counts from Accept until its TCP connection is closed and its
// owner is done: for [WebSocket.Serve] when Closed has returned, otherwise when [WebSocket.Finish] was called.
type Tracker struct {
	mu       sync.Mutex
	first    *WebSocket // a list through the connections: a map would never shrink
	count    int
	stopping bool
	empty    chan struct{} // made by Shutdown, closed when count is 0
}

// Len returns the number of connections.
func (t *Tracker) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// draining reports whether Shutdown was called. A nil tracker never is.
func (t *Tracker) draining() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stopping
}

// add counts a connection, unless Shutdown was called.
func (t *Tracker) add(c *WebSocket) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopping {
		return false
	}
	c.tracked, c.next = t, t.first
	if t.first != nil {
		t.first.prev = c
	}
	t.first = c
	t.count++
	return true
}

// remove forgets a connection, once. A nil tracker has none.
func (t *Tracker) remove(c *WebSocket) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.prev == nil && t.first != c {
		return
	}
	if c.prev == nil {
		t.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	t.count--
	if t.count == 0 && t.empty != nil {
		close(t.empty)
	}
}

// batch is how many closing handshakes, and how many hard cuts, Shutdown drives at a time.
const batch = 512

// Shutdown ends all connections. From now on [New] and Accept fail with a [HandshakeError] of 503.
// Each connection is closed with 1001, and nothing that a handler is at work on is lost:
//
//   - under [WebSocket.Serve] as soon as the Message that is running has returned;
//   - with Receive at the call that waits or, while a message is being handled, at the next;
//   - one that never received, at once.
//
// Then Shutdown waits until all have ended and their owners are done. When ctx is done first, the connections'
// contexts are cancelled and the connections cut, with a 1001 where the socket takes it at once, and Shutdown
// returns the context's error without waiting for owners. It may be called again.
func (t *Tracker) Shutdown(ctx context.Context) error {
	t.mu.Lock()
	t.stopping = true
	if t.empty == nil {
		t.empty = make(chan struct{})
		if t.count == 0 {
			close(t.empty)
		}
	}
	empty := t.empty
	t.mu.Unlock()

	drained := make(chan struct{})
	go func() {
		defer close(drained)
		t.each(ctx, (*WebSocket).drain)
	}()
	var err error
	select {
	case <-empty:
	case <-ctx.Done():
		err = ctx.Err()
		t.each(context.Background(), (*WebSocket).cut)
	}
	<-drained
	return err
}

// each calls f on every connection, batch at a time, until ctx is done.
func (t *Tracker) each(ctx context.Context, f func(*WebSocket)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, batch)
	for _, c := range t.list() {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wg.Go(func() {
			defer func() { <-slots }()
			f(c)
		})
	}
}

func (t *Tracker) list() []*WebSocket {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*WebSocket, 0, t.count)
	for c := t.first; c != nil; c = c.next {
		list = append(list, c)
	}
	return list
}

// drain asks who reads to close the connection, or closes it if nobody ever read.
func (c *WebSocket) drain() {
	// Set before the questions: Accept, if it is at work, and whoever starts to read in between, look at it.
	s := c.state.Or(flagDraining)
	if s&flagOpen == 0 {
		return
	}
	if s&(flagServing|flagPulled) == 0 {
		c.shut(CodeGoingAway, "")
		return
	}
	c.kick()
}

// cut ends a connection now.
func (c *WebSocket) cut() {
	if !c.is(flagOpen) {
		return
	}
	if c.begin(CodeGoingAway, "", errCut) && c.writing.try() {
		_ = c.conn.SetWriteDeadline(time.Now().Add(cutTime))
		_ = writeFrame(none, c, gobwas.OpClose, true, closePayload(CodeGoingAway, ""))
		c.writing.give()
	}
	c.end(hangUp)
	_ = c.conn.Close() // also if it had ended and lingers
}

// errCut is why a connection ended that Shutdown could not wait for.
var errCut = errors.New("ws: cut off by the shutdown")

// cutTime is what a Close frame may take when time is up: enough for a socket with room.
const cutTime = 20 * time.Millisecond
