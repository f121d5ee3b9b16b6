package ws

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gobwas "github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/deflate"
	"github.com/gofogo/fogo/internal/memnet"
)

// wire is a transport that keeps what is written, and notices two writers at once.
type wire struct {
	net.Conn // for what the outbox doesn't use
	t        testing.TB
	writing  atomic.Bool
	before   func(p []byte) (int, error) // instead of writing, if it returns an error

	mu      sync.Mutex
	written bytes.Buffer
}

func (w *wire) Write(p []byte) (int, error) {
	if !assert.True(w.t, w.writing.CompareAndSwap(false, true), "two writers") {
		return 0, io.ErrClosedPipe
	}
	defer w.writing.Store(false)
	n, err := len(p), error(nil)
	if w.before != nil {
		n, err = w.before(p)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written.Write(p[:n])
	return n, err
}

func (w *wire) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.written.Bytes())
}

func (*wire) Read([]byte) (int, error)         { return 0, io.EOF }
func (*wire) Close() error                     { return nil }
func (*wire) SetReadDeadline(time.Time) error  { return nil }
func (*wire) SetWriteDeadline(time.Time) error { return nil }

// overWire returns a server's connection whose outbox writes to a wire.
func overWire(t testing.TB, opts *Options, p deflate.Params) (*WebSocket, *wire) {
	w := &wire{t: t}
	c := newConn(w, opts, context.Background(), p)
	c.client = false
	c.deflate = newDeflation(opts, p, false)
	return c, w
}

// frames parses all of b, which has to be whole frames.
func frames(t testing.TB, b []byte) (list []gobwas.Frame) {
	t.Helper()
	r := bytes.NewReader(b)
	for r.Len() > 0 {
		f, err := gobwas.ReadFrame(r) //nolint:staticcheck // what it reads is our own, and bounded
		require.NoError(t, err, "frame %d, %d bytes of %d left", len(list), r.Len(), len(b))
		list = append(list, f)
	}
	return list
}

// TestOutbox drives an outbox in every way at once and checks that there is one writer at a time, that nobody is
// forgotten, that nothing is left, and that what was written is frames, in order, as many as were counted.
func TestOutbox(t *testing.T) {
	for _, opts := range []*Options{
		nil,
		{QueueMessages: 3},
		{Overflow: OverflowDropNewest, QueueMessages: 4},
		{Overflow: OverflowDropOldest, QueueMessages: 4, QueueBytes: 2000},
		{Overflow: OverflowClose, QueueMessages: 200},
	} {
		for _, packed := range []bool{false, true} {
			for seed := range uint64(3) {
				if opts == nil && packed {
					continue
				}
				t.Run(fmt.Sprintf("%v/%v/%d", opts.queue(), packed, seed), func(t *testing.T) {
					t.Parallel()
					driveOutbox(t, opts, packed, seed)
				})
			}
		}
	}
}

func driveOutbox(t *testing.T, opts *Options, packed bool, seed uint64) {
	var agreed deflate.Params
	if packed {
		with := *opts
		with.Compression = &Compression{Takeover: true, From: 50}
		opts = &with
		agreed = deflate.Params{ServerMaxWindowBits: 12, ClientMaxWindowBits: 12}
	}
	c, w := overWire(t, opts, agreed)
	w.before = func(p []byte) (int, error) { // a network has its own mind
		if rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
		}
		return len(p), nil
	}
	var holders atomic.Int32 // who has acquired
	hold := func() {
		assert.Equal(t, int32(1), holders.Add(1), "two have acquired")
		assert.False(t, w.writing.Load(), "somebody writes beside who has acquired")
		runtime.Gosched()
		holders.Add(-1)
	}
	const workers, rounds = 10, 120
	var sent [workers]int
	var maybe atomic.Int32 // sends that ended by their context: they may have left
	var pongs atomic.Int32
	var wg sync.WaitGroup
	for id := range workers {
		r := rand.New(rand.NewPCG(seed, uint64(id)))
		wg.Go(func() {
			for range rounds {
				switch r.IntN(12) {
				case 0: // a writer with a context that may end
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(100))*time.Microsecond)
					if c.acquire(ctx, r.IntN(2) == 0, 0) == nil {
						hold()
						c.release()
					}
					cancel()
				case 1: // or a limit
					if c.acquire(none, r.IntN(2) == 0, time.Duration(1+r.IntN(100))*time.Microsecond) == nil {
						hold()
						c.release()
					}
				case 2: // who may not wait
					if c.out.try() {
						hold()
						c.release()
					}
				case 3:
					if c.out.tryIdle() {
						hold()
						c.release()
					}
				case 4: // a message in fragments
					m, err := c.Writer(context.Background(), KindText)
					if !assert.NoError(t, err) {
						return
					}
					for range r.IntN(3) {
						_, _ = io.WriteString(m, "f")
						assert.NoError(t, m.(*messageWriter).Flush())
					}
					assert.NoError(t, m.Close())
				case 5:
					pongs.Add(1)
					c.sendControl(gobwas.OpPong, nil)
				case 6:
					c.out.mu.Lock()
					c.out.corked = !c.out.shut && (c.out.backlog == nil || len(c.out.backlog.line) == 0)
					c.out.mu.Unlock()
					if r.IntN(2) == 0 {
						time.Sleep(20 * time.Microsecond)
					}
					c.uncorkLate(now() + int64(time.Second))
				case 7:
					c.out.mu.Lock()
					c.sendCollected()
					c.out.mu.Unlock()
				case 8:
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(100))*time.Microsecond)
					err := c.acquire(ctx, false, 0) // as SendContext does before it writes
					cancel()
					if err == nil {
						hold()
						c.release()
					} else {
						maybe.Add(1)
					}
				default:
					message := fmt.Sprintf("%d/%d/%s", id, sent[id], bytes.Repeat([]byte("abc "), r.IntN(60)))
					sent[id]++
					if err := c.SendText(message); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for idle := false; !idle; {
		c.out.mu.Lock()
		idle = c.out.idle()
		c.out.mu.Unlock()
		require.True(t, time.Now().Before(deadline), "%+v", &c.out)
		runtime.Gosched()
	}
	messages, queued := c.Queued()
	require.Zero(t, messages+queued)

	total := 0
	for _, n := range sent {
		total += n
	}
	checkWire(t, c, w, agreed, total-int(c.Dropped()))
	if opts.queue().overflow == OverflowBlock {
		require.Zero(t, c.Dropped())
	}

	// And the end, with everybody still at it.
	for id := range workers {
		wg.Go(func() {
			for {
				var err error
				switch id % 4 {
				case 0:
					_, err = c.Writer(context.Background(), KindText) // it is not closed: the others wait
				case 1:
					err = c.acquire(none, false, 0)
					if err == nil {
						c.release()
					}
				default:
					err = c.SendTextContext(context.Background(), "late")
				}
				if err != nil {
					assert.ErrorIs(t, err, ErrClosed)
					return
				}
			}
		})
	}
	time.Sleep(time.Millisecond)
	c.fail(4000, "", nil)
	wg.Wait()
	<-c.Done()
	list := frames(t, w.bytes())
	last := list[len(list)-1]
	require.Equal(t, gobwas.OpClose, last.Header.OpCode, "nothing behind it")
	code, _, _ := c.CloseCode() // or 1013, if that is the policy
	require.Equal(t, uint16(code), binary.BigEndian.Uint16(last.Payload))
}

// checkWire checks what was written up to now.
func checkWire(t *testing.T, c *WebSocket, w *wire, agreed deflate.Params, want int) {
	t.Helper()
	d := deflate.NewDecompressor(agreed.FromServer())
	next := map[string]int{}
	got, inside := 0, false
	for i, f := range frames(t, w.bytes()) {
		if f.Header.OpCode.IsControl() {
			continue
		}
		require.Equal(t, inside, f.Header.OpCode == gobwas.OpContinuation, "frame %d", i)
		whole := !inside && f.Header.Fin
		inside = !f.Header.Fin
		if !whole {
			continue
		}
		text := f.Payload
		if f.Header.Rsv == rsv1 {
			var err error
			text, err = d.Append(nil, text, 1<<20)
			require.NoError(t, err)
		}
		if len(text) == 0 {
			continue // an empty message of a Writer's
		}
		parts := bytes.SplitN(text, []byte("/"), 3)
		require.Len(t, parts, 3, "%q", text)
		require.Empty(t, bytes.ReplaceAll(parts[2], []byte("abc "), nil))
		var n int
		_, err := fmt.Sscan(string(parts[1]), &n)
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, next[string(parts[0])])
		next[string(parts[0])] = n + 1
		got++
	}
	require.False(t, inside)
	require.Equal(t, want, got)
}

// Who is granted its turn and gives up at the same moment hands it on.
func TestOutboxGrantThatComesTooLate(t *testing.T) {
	for range 300 {
		c, _ := overWire(t, nil, deflate.Params{})
		require.NoError(t, c.acquire(none, false, 0))
		ctx, cancel := context.WithCancel(context.Background())
		errs := make(chan error, 2)
		go func() {
			err := c.acquire(ctx, false, 0)
			if err == nil {
				c.release()
			}
			errs <- err
		}()
		go func() {
			err := c.acquire(none, false, 0)
			if err == nil {
				c.release()
			}
			errs <- err
		}()
		runtime.Gosched()
		go cancel()
		c.release()
		for range 2 {
			if err := <-errs; err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
		}
		c.out.mu.Lock()
		require.True(t, c.out.idle())
		c.out.mu.Unlock()
		cancel()
	}
}

// Urgent ones go first, in their order; others in theirs.
func TestOutboxOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := overWire(t, nil, deflate.Params{})
		require.NoError(t, c.acquire(none, false, 0))
		order := make(chan string, 6)
		for _, name := range []string{"a", "b", "c"} {
			for _, urgent := range []bool{false, true} {
				go func() {
					assert.NoError(t, c.acquire(none, urgent, 0))
					if urgent {
						order <- "urgent " + name
					} else {
						order <- name
					}
					c.release()
				}()
				synctest.Wait()
			}
		}
		c.release()
		for _, want := range []string{"urgent a", "urgent b", "urgent c", "a", "b", "c"} {
			require.Equal(t, want, <-order)
		}
	})
}

// Behind a frame that was cut short nothing may leave, not even in the moment before everybody knows.
func TestNothingLeavesBehindHalfAFrame(t *testing.T) {
	for name, send := range map[string]func(*WebSocket) error{
		"a message":  func(c *WebSocket) error { return c.SendText("behind") },
		"a ping":     func(c *WebSocket) error { return c.Ping(context.Background()) },
		"a pong":     func(c *WebSocket) error { c.sendControl(gobwas.OpPong, nil); return ErrClosed },
		"a fragment": nil,
	} {
		t.Run(name, func(t *testing.T) {
			c, w := overWire(t, nil, deflate.Params{})
			var m io.WriteCloser
			if send == nil {
				m, _ = c.Writer(context.Background(), KindText)
				_, _ = io.WriteString(m, "fragment")
				send = func(*WebSocket) error { return m.Close() }
			}
			torn := make(chan struct{})
			var calls atomic.Int32
			w.before = func(p []byte) (int, error) {
				calls.Add(1)
				<-torn
				c.mu.Lock() // so that the end takes a while to be known
				return 1, errors.New("torn")
			}
			first := make(chan error, 1)
			go func() {
				if m == nil {
					first <- c.SendText("half a frame")
					return
				}
				f := framing{op: gobwas.OpPing, fin: true}
				err := c.acquire(none, true, 0)
				if err == nil {
					err = writeNow(none, c, f, "")
				}
				first <- err
			}()
			time.Sleep(2 * time.Millisecond)
			second := make(chan error, 1)
			go func() { second <- send(c) }()
			time.Sleep(2 * time.Millisecond)
			close(torn)
			time.Sleep(2 * time.Millisecond)
			third := make(chan error, 1)
			go func() { third <- send(c) }()
			time.Sleep(2 * time.Millisecond)
			c.mu.Unlock()
			require.ErrorContains(t, <-first, "torn")
			require.ErrorIs(t, <-second, ErrClosed)
			require.ErrorIs(t, <-third, ErrClosed)
			require.Equal(t, int32(1), calls.Load())
		})
	}
}

// A message that OverflowClose drops is the last: none may follow the gap.
func TestOverflowCloseLeavesNoGap(t *testing.T) {
	c, w := overWire(t, &Options{Overflow: OverflowClose, QueueMessages: 2}, deflate.Params{})
	require.True(t, c.out.try())
	require.NoError(t, c.SendText("1"))
	require.NoError(t, c.SendText("2"))
	f := framing{op: gobwas.OpText, fin: true}
	c.out.mu.Lock()
	done, err := enqueue(c, f, "3")
	c.out.mu.Unlock()
	require.True(t, done)
	require.ErrorIs(t, err, ErrTooSlow)
	// Before that one's sender comes to close the connection, others are told already.
	err = c.SendText("4")
	require.ErrorIs(t, err, ErrTooSlow)
	var ce *CloseError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, CodeTryAgainLater, ce.Code)
	require.Error(t, c.giveUpOn())
	c.release()
	<-c.Done()
	list := frames(t, w.bytes())
	require.Len(t, list, 1)
	require.Equal(t, gobwas.OpClose, list[0].Header.OpCode)
	require.Equal(t, uint64(3), c.Dropped())
}

// Who was called to be the writer compresses before anything that is queued behind it.
func TestOutboxCompressesInTheOrderOfLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &Options{QueueMessages: 5, Compression: &Compression{From: -1, Takeover: true}}
		agreed := deflate.Params{ServerMaxWindowBits: 12, ClientMaxWindowBits: 12}
		c, w := overWire(t, opts, agreed)
		message := func(s string) string { return s + " and a text that all have in common" }
		require.True(t, c.out.try())
		// The queue is full, so that one stands in line.
		for i := range 5 {
			require.NoError(t, c.SendText(message(fmt.Sprint(i))))
		}
		go func() { assert.NoError(t, c.SendText(message("in line"))) }()
		synctest.Wait()
		// It is called, and before it runs another message comes.
		c.out.mu.Lock()
		b := c.out.backlog
		w.written.Write(b.data)
		b.forget(len(b.sizes), len(b.data))
		c.out.busy = false
		c.settle()
		f := framing{op: gobwas.OpText, fin: true}
		done, err := enqueue(c, f, message("later"))
		c.out.mu.Unlock()
		require.NoError(t, err)
		require.False(t, done, "it has to stand in line as well")
		synctest.Wait()
		require.NoError(t, c.SendText(message("later")))
		synctest.Wait()
		d := deflate.NewDecompressor(agreed.FromServer())
		for i, f := range frames(t, w.bytes()) {
			got, err := d.Append(nil, f.Payload, 1000)
			require.NoError(t, err)
			require.Contains(t, string(got), message(""), "frame %d", i)
		}
	})
}

// Tokens of a poller differ from those of the one before it.
func TestParkingTokensDiffer(t *testing.T) {
	var p parking
	seen := map[uint64]bool{}
	for range 3 {
		for range 3 {
			p.stays++
			if len(p.slots) == 0 {
				p.slots = append(p.slots, slot{})
			}
			p.slots[0] = slot{nil, p.stays}
			token := uint64(p.token(0))
			require.False(t, seen[token])
			seen[token] = true
		}
		p.slots, p.unused = nil, nil // as stop does
	}
}

// Without takeover an idle connection holds nothing for its compression; with it, no more than the windows.
func TestIdleCompressionHoldsNoMemory(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		opts := &Options{Compression: &Compression{From: -1, Takeover: takeover, PeerTakeover: takeover}}
		agreed, _, ok := deflate.Accept([]string{"permessage-deflate; client_max_window_bits"}, opts.Compression.config(opts.Overflow))
		require.True(t, ok)
		a, b := memnet.Pipe(1 << 20)
		client, server := newConn(a, opts, context.Background(), agreed), newConn(b, opts, context.Background(), agreed)
		server.client, server.deflate = false, newDeflation(opts, agreed, false)
		recycleReader(server.in)
		server.in = newReader(server)
		text := bytes.Repeat([]byte("0123456789"), 8000)
		for range 3 {
			require.NoError(t, client.SendBytes(text))
			m, err := server.Receive(context.Background())
			require.NoError(t, err)
			require.NoError(t, server.Send(m.Kind, m.Data))
			_, err = client.Receive(context.Background())
			require.NoError(t, err)
		}
		for _, c := range []*WebSocket{client, server} {
			d := c.deflate
			if !takeover {
				require.Zero(t, d.comp.Size()+d.decomp.Size())
				continue
			}
			require.NotZero(t, d.comp.Size())
			require.LessOrEqual(t, d.comp.Size(), 1<<12)
			require.NotZero(t, d.decomp.Size())
			require.LessOrEqual(t, d.decomp.Size(), 1<<15)
			require.Nil(t, c.out.backlog)
		}
		_ = a.Close()
		_ = b.Close()
	}
}

// sink takes everything and allocates nothing.
func sink(conn net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}

// What sending costs, besides what the network does.
func TestSendAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	agreed := func(o *Options) deflate.Params {
		if o == nil || o.Compression == nil {
			return deflate.Params{}
		}
		p, _, _ := deflate.Accept([]string{"permessage-deflate"}, o.Compression.config(o.Overflow))
		return p
	}
	for _, row := range []struct {
		name   string
		opts   *Options
		client bool
		tcp    bool
		max    float64
	}{
		{"block", nil, false, false, 0},
		{"block, client", nil, true, false, 0},
		{"block, tcp", nil, false, true, 0},
		{"queue, tcp", &Options{QueueMessages: 10}, false, true, 0},
		// The raw connection, the function that uses it, and the result that it fills.
		{"drop newest, tcp", &Options{Overflow: OverflowDropNewest}, false, true, 4},
		{"compressed", &Options{Compression: &Compression{From: -1}}, false, false, 0},
		{"compressed, takeover", &Options{Compression: &Compression{From: -1, Takeover: true}}, false, false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, b := memnet.Pipe(memnet.DefaultBuffer)
			if row.tcp {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				a, err = net.Dial("tcp", l.Addr().String())
				require.NoError(t, err)
				b, err = l.Accept()
				require.NoError(t, err)
				_ = l.Close()
			}
			c := newConn(a, row.opts, context.Background(), agreed(row.opts))
			c.client = row.client
			c.deflate = newDeflation(row.opts, agreed(row.opts), row.client)
			done := make(chan struct{})
			go func() { defer close(done); sink(b) }()
			small, big := bytes.Repeat([]byte("text "), 25), make([]byte, 200<<10)
			text := string(small)
			prepared, err := Prepare(KindText, small)
			require.NoError(t, err)
			for name, send := range map[string]func() error{
				"SendText":     func() error { return c.SendText(text) },
				"SendBytes":    func() error { return c.SendBytes(small) },
				"SendPrepared": func() error { return c.SendPrepared(prepared) },
				"big":          func() error { return c.SendBytes(big) },
			} {
				if name == "big" && row.opts != nil {
					continue // buffers of this size are not kept
				}
				for range 20 {
					require.NoError(t, send())
				}
				n := testing.AllocsPerRun(200, func() {
					if err := send(); err != nil {
						t.Error(err)
					}
				})
				require.LessOrEqual(t, n, row.max, name)
			}
			_ = a.Close()
			_ = b.Close()
			<-done
		})
	}
}

// echoer answers without keeping anything.
type echoer struct{ done chan struct{} }

func (echoer) Message(c *WebSocket, m Message) { _ = c.Send(m.Kind, m.Data) }
func (e echoer) Closed(*WebSocket, Code, Reason) {
	close(e.done)
}

// A batch of messages costs their bytes, and their replies nothing.
func TestBatchAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	for _, borrow := range []bool{false, true} {
		client, server := connected(t, &Options{Borrow: borrow})
		h := echoer{make(chan struct{})}
		require.NoError(t, server.Serve(h))
		const batch = 16
		frame := appendFrame(nil, framing{op: gobwas.OpBinary, fin: true, masked: true}, make([]byte, 100))
		in := bytes.Repeat(frame, batch)
		out := make([]byte, batch*(2+100))
		exchange := func() {
			if _, err := client.conn.Write(in); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(client.conn, out); err != nil {
				t.Error(err)
			}
		}
		for range 50 {
			exchange()
		}
		n := testing.AllocsPerRun(200, exchange)
		most := float64(batch)
		if borrow {
			most = 0
		}
		// On a busy machine the clock may cut a batch in two: a goroutine for the first half, now and then.
		require.LessOrEqual(t, n, most+1)
		client.Fail(1000, "")
		<-h.done
	}
}
