// The producer of a stream and the network have speeds of their own. Between
// them stands a goroutine, the writer, and a buffer: the producer appends, the
// writer takes what there is and sends it. A lone item is sent at once; items
// that come while the network is busy leave together; and when as much waits as
// may, so does the producer.
//
// The surprise is that this is why a silent stream can have a heartbeat: the
// goroutine of the call is inside the user's iterator then, and cannot write.

package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gofogo/fogo/inject"
)

const (
	// maxPending is how many bytes of items wait for the network; an item that
	// begins below it may go beyond.
	maxPending = 32 << 10
	// maxPiece is how much is written at once, with one deadline.
	maxPiece = 32 << 10
)

// flow is what is between the producer of a stream and the connection. Its
// writer is the only one that uses the http.ResponseWriter until end returned.
type flow struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	ctx      context.Context
	timeout  time.Duration // of each write
	http2    bool
	held     bool          // nothing can be flushed; known once end returned
	every    time.Duration // of silence, before a heartbeat; 0 for none
	beat     []byte
	maxBytes int // that wait, see maxPending

	wake chan struct{} // there is something to send, or no more
	room chan struct{} // what waited was taken
	done chan struct{} // the writer has ended, because of err
	err  error

	mu      sync.Mutex
	pending []byte
	last    bool // nothing will be added to pending

	spare []byte // the writer's: becomes pending in exchange for that
}

// start starts the writer. end must be called.
func (f *flow) start() {
	f.wake, f.room, f.done = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	f.rc = http.NewResponseController(f.w)
	go f.run()
}

// put hands an item over to the writer. The error says that nothing more can be
// sent.
func (f *flow) put(item []byte) error {
	for full := f.add(item); full; full = f.full() {
		select {
		case <-f.room:
		case <-f.done:
			return f.err
		}
	}
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

func (f *flow) add(item []byte) (full bool) {
	f.mu.Lock()
	f.pending = append(f.pending, item...)
	full = len(f.pending) >= f.maxBytes
	f.mu.Unlock()
	signal(f.wake)
	return full
}

func (f *flow) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pending) >= f.maxBytes
}

// end waits until everything was sent, or cannot be, and gives the
// http.ResponseWriter back.
func (f *flow) end() error {
	f.mu.Lock()
	f.last = true
	f.mu.Unlock()
	signal(f.wake)
	<-f.done
	return f.err
}

// signal says once more what may have been said before.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

var errNoWriter = errors.New("endpoint: the goroutine that writes the stream was ended")

// run is the writer. A panic is that of a middleware's http.ResponseWriter,
// which is the call's as if it had happened there.
func (f *flow) run() {
	defer close(f.done)
	defer f.unlimit(f.cutShort())
	defer func() {
		if p := recover(); p != nil {
			f.err = &inject.Panic{Value: p, Stack: debug.Stack()}
		}
	}()
	f.err = errNoWriter
	f.err = f.pump()
}

// pump sends what comes until there is no more, or nobody to send it to.
func (f *flow) pump() error {
	// The client learns that the stream is open before its first item.
	if err := f.write(nil); err != nil {
		return err
	}
	silence := time.NewTimer(f.every)
	defer silence.Stop()
	if f.every == 0 {
		silence.Stop()
	}
	for {
		var b []byte
		last := false
		select {
		case <-f.wake:
			b, last = f.take()
		case <-silence.C:
			b = f.rest()
		case <-f.ctx.Done():
			return f.ctx.Err()
		}
		if err := f.write(b); err != nil || last {
			return err
		}
		if f.every > 0 {
			silence.Reset(f.every)
		}
	}
}

// take takes what waits. last is true if nothing will come after it.
func (f *flow) take() (b []byte, last bool) {
	f.mu.Lock()
	b, f.pending, last = f.pending, f.spare[:0], f.last
	f.mu.Unlock()
	f.spare = b
	if cap(b) > maxPooledBuffer {
		f.spare = nil // one big item must not be kept for every later small one
	}
	signal(f.room)
	return b, last
}

// rest is what a silent stream sends. It needs no buffers meanwhile.
func (f *flow) rest() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spare = nil
	if len(f.pending) == 0 {
		f.pending = nil
	}
	return f.beat
}

// write sends bytes in pieces, each with a deadline of its own, and flushes.
func (f *flow) write(b []byte) error {
	for {
		_ = f.rc.SetWriteDeadline(time.Now().Add(f.timeout))
		// After this, cutShort's deadline is the one that counts.
		if err := f.ctx.Err(); err != nil {
			return err
		}
		n := min(len(b), maxPiece)
		if n == 0 {
			break
		}
		if _, err := f.w.Write(b[:n]); err != nil {
			return f.failed(err)
		}
		b = b[n:]
	}
	switch err := f.rc.Flush(); {
	case errors.Is(err, http.ErrNotSupported):
		f.held = true
	case err != nil:
		return f.failed(err)
	}
	if f.http2 {
		// There a deadline is a timer that resets the stream, also while nobody
		// writes: a silent stream would end with it.
		_ = f.rc.SetWriteDeadline(time.Time{})
	}
	return nil
}

// failed is why a write failed: net/http cancels the context of a client that
// cannot be written to, and that says it best.
func (f *flow) failed(err error) error {
	if gone := f.ctx.Err(); gone != nil {
		return gone
	}
	return fmt.Errorf("endpoint: writing the stream: %w", err)
}

// cutShort ends a write that is under way when the call is cancelled: a client
// that does not read would hold it until its deadline, and one that does not
// send its body, which net/http reads before the first write, for ever. The
// connection is of no use any more.
func (f *flow) cutShort() (stop func()) {
	cut := make(chan struct{})
	unregister := context.AfterFunc(f.ctx, func() {
		defer close(cut)
		_ = f.rc.SetWriteDeadline(time.Unix(1, 0))
		_ = f.rc.SetReadDeadline(time.Unix(1, 0))
	})
	return func() {
		if !unregister() {
			<-cut // or it would be set while others use the connection
		}
	}
}

// unlimit takes the deadline away again.
func (f *flow) unlimit(stop func()) {
	stop()
	_ = f.rc.SetWriteDeadline(time.Time{})
}
