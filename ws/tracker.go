package ws

import (
	"context"
	"errors"
	"sync"
	"time"
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
	pulse    pulse
	parking  parking
	corks    corks
	empty    chan struct{} // made by Shutdown, closed when count is 0
}

// Len returns the number of connections.
func (t *Tracker) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// refuses returns why there may be no further connection, if there may be none: at most so many, if limit isn't 0. A nil tracker refuses none.
func (t *Tracker) refuses(limit int) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refusal(limit)
}

func (t *Tracker) refusal(limit int) error {
	switch {
	case t.stopping:
		return unavailable("the server is shutting down")
	case limit > 0 && t.count >= limit:
		return unavailable("too many connections")
	}
	return nil
}

// add counts a connection, unless there may be no further one.
func (t *Tracker) add(c *WebSocket, limit int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.refusal(limit); err != nil {
		return err
	}
	c.tracked, c.next = t, t.first
	if t.first != nil {
		t.first.prev = c
	}
	t.first = c
	t.count++
	return nil
}

// remove forgets a connection, once. A nil tracker has none.
func (t *Tracker) remove(c *WebSocket) {
	if t == nil {
		return
	}
	if t.unlink(c) == 0 {
		t.parking.stop()
	}
}

// unlink takes a connection out of the list, once, and returns how many are left.
func (t *Tracker) unlink(c *WebSocket) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.prev == nil && t.first != c {
		return t.count
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
	return t.count
}

// Parked returns the number of connections that wait without a goroutine.
func (t *Tracker) Parked() int { return t.parking.len() }

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
	// Its reader does the rest. It is waited for, a little, so that parked connections don't all wake at once.
	select {
	case <-c.Done():
	case <-time.After(drainTime):
	}
}

// drainTime is for how long a connection that is being drained holds up the next.
const drainTime = 100 * time.Millisecond

// cut ends a connection now.
func (c *WebSocket) cut() {
	if !c.is(flagOpen) {
		return
	}
	if c.begin(CodeGoingAway, "", errCut) && c.out.try() {
		_ = c.lastWords(CodeGoingAway, "", time.Now().Add(cutTime))
	}
	c.end(hangUp)
	c.closeTransport() // also if it had ended and lingers
}

// errCut is why a connection ended that Shutdown could not wait for.
var errCut = errors.New("ws: cut off by the shutdown")

// cutTime is what a Close frame may take when time is up: enough for a socket with room.
const cutTime = 20 * time.Millisecond
