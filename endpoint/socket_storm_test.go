package endpoint_test

// Connections that end in every way at every moment.

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stormPatience is enough for a machine that is busy with other things.
const stormPatience = time.Minute

// register is what the hooks have seen, by the id of the connection.
type register struct {
	mu        sync.Mutex
	connected map[string]*ws.WebSocket
	ended     map[string][]ws.Code
	handled   map[string]int
	made      atomic.Int32 // values PerConnection
	released  atomic.Int32
}

func newRegister() *register {
	return &register{connected: map[string]*ws.WebSocket{}, ended: map[string][]ws.Code{}, handled: map[string]int{}}
}

// locked calls f with the mutex held.
func (r *register) locked(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *register) at(id string) (c *ws.WebSocket) {
	r.locked(func() { c = r.connected[id] })
	return c
}

// over reports whether as many have ended as were connected.
func (r *register) over() (over bool) {
	r.locked(func() { over = len(r.ended) == len(r.connected) })
	return over
}

// stormy does what its messages say.
type stormy struct{ reg *register }

func (s *stormy) OnConnect(conn *ws.WebSocket, q url.Values, _ *tape) {
	s.reg.locked(func() { s.reg.connected[q.Get("id")] = conn })
}

func (s *stormy) OnReceive(conn *ws.WebSocket, q url.Values, m ws.Text) (string, error) {
	s.reg.locked(func() { s.reg.handled[q.Get("id")]++ })
	switch m {
	case "code":
		return "", ws.CloseError{Code: 4002}
	case "error":
		return "", errors.New("broken")
	case "panic":
		panic("broken")
	case "exit":
		goexit()
	case "close":
		return "", conn.Close(4006)
	case "much":
		return strings.Repeat("x", 1<<20), nil
	}
	return string(m), nil
}

func (s *stormy) OnDisconnect(q url.Values, code ws.Code) {
	id := q.Get("id")
	s.reg.locked(func() { s.reg.ended[id] = append(s.reg.ended[id], code) })
}

// ending of a connection: what is done to it, and the codes that OnDisconnect may be told.
type way struct {
	name  string
	do    func(c *client)
	codes []ws.Code
}

// client is one end of a connection.
type client struct {
	*ws.WebSocket
	conn   *net.TCPConn
	server *ws.WebSocket
}

// raw writes frames past the client.
func (c *client) raw(first byte, payload string) {
	_, _ = io.WriteString(c.conn, rawShort(first, payload))
}

// rawShort is a frame masked with zeros.
func rawShort(first byte, payload string) string {
	return string([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
}

func (c *client) say(s string) { _ = c.SendText(s) }

func (c *client) drop() { _ = c.conn.Close() }

func (c *client) reset() {
	_ = c.conn.SetLinger(0)
	_ = c.conn.Close()
}

var ways = []way{
	{"the peer closes", func(c *client) { _ = c.Close(4001) }, []ws.Code{4001}},
	{"with an empty frame", func(c *client) { c.raw(rawClose, "") }, []ws.Code{1005}},
	{"behind messages", func(c *client) { c.raw(rawText, "a"); c.raw(rawText, "b"); c.raw(rawClose, closing(4001, "x")) }, []ws.Code{4001}},
	{"the peer drops", (*client).drop, []ws.Code{1006}},
	{"the peer resets", (*client).reset, []ws.Code{1006}},
	{"in the middle of a frame", func(c *client) {
		c.raw(rawText, "whole"[:0])
		_, _ = io.WriteString(c.conn, rawShort(rawText, "half")[:5])
		c.drop()
	}, []ws.Code{1006}},
	{"in the middle of a message", func(c *client) { c.raw(0x01, "half"); c.reset() }, []ws.Code{1006}},
	{"while much is written", func(c *client) { c.say("much"); c.reset() }, []ws.Code{1006}},
	{"an error with a code", func(c *client) { c.say("code") }, []ws.Code{4002}},
	{"an error", func(c *client) { c.say("error") }, []ws.Code{1011}},
	{"a panic", func(c *client) { c.say("panic") }, []ws.Code{1011}},
	{"Goexit", func(c *client) { c.say("exit") }, []ws.Code{1011}},
	{"the handler closes", func(c *client) { c.say("close") }, []ws.Code{4006}},
	{"a reserved opcode", func(c *client) { c.raw(0x83, "") }, []ws.Code{1002}},
	{"a broken close", func(c *client) { c.raw(rawClose, "x") }, []ws.Code{1002}},
	{"no text", func(c *client) { c.raw(rawText, "\xff") }, []ws.Code{1007}},
	{"the wrong kind", func(c *client) { c.raw(rawBinary, "x") }, []ws.Code{1003}},
	{"too big", func(c *client) {
		_, _ = io.WriteString(c.conn, "\x81\xff\x00\x00\x00\x00\x00\x20\x00\x00\x00\x00\x00\x00")
	}, []ws.Code{1009}},
	{"somebody closes", func(c *client) { go func() { _ = c.server.Close(4003) }() }, []ws.Code{4003}},
	{"somebody fails it", func(c *client) { c.server.Fail(4007, "") }, []ws.Code{4007}},
	{"both close", func(c *client) { go func() { _ = c.server.Close(4004) }(); _ = c.Close(4001) }, []ws.Code{4001, 4004}},
	{"many close", func(c *client) {
		for i := range 3 {
			go func() { _ = c.server.Close(ws.Code(4010 + i)) }()
		}
	}, []ws.Code{4010, 4011, 4012}},
	{"closed and reset", func(c *client) { go func() { _ = c.server.Close(4005) }(); c.reset() }, []ws.Code{4005, 1006}},
	{"closed while it writes", func(c *client) { c.say("much"); go func() { _ = c.server.Close(4008) }() }, []ws.Code{4008}},
}

// modes are those of the connections.
var modes = map[string]func(*ws.Options){
	"parking":    func(*ws.Options) {},
	"no parking": func(o *ws.Options) { o.NoParking = true },
	"queue":      func(o *ws.Options) { o.Overflow, o.QueueMessages, o.QueueBytes = ws.OverflowDropNewest, 1<<20, 1<<30 },
}

func serveStormy(t *testing.T, change func(*ws.Options)) (*site, *register) {
	t.Helper()
	reg := newRegister()
	in := provide(t, inject.PerConnection, func() (*tape, func()) {
		reg.made.Add(1)
		return &tape{}, func() { reg.released.Add(1) }
	})
	s := serveSocketWith(t, func(c *endpoint.Config) {
		c.WebSocket.CloseTimeout = stormPatience
		change(&c.WebSocket)
	}, stormy{reg}, endpoint.Injector(in))
	return s, reg
}

// join opens a connection. It returns nil if the server refuses it because it shuts down.
func join(t *testing.T, s *site, reg *register, id string) *client {
	conn, err := net.Dial("tcp", s.addr())
	if !assert.NoError(t, err) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stormPatience)
	defer cancel()
	c, res, err := ws.Client(ctx, conn, "ws://"+s.addr()+"/?id="+id, nil)
	if err != nil {
		if assert.NotNil(t, res, "%v", err) {
			assert.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
		}
		return nil
	}
	return &client{c, conn.(*net.TCPConn), reg.at(id)}
}

// drain receives up to the end.
func (c *client) drain() {
	for {
		if _, err := c.Receive(context.Background()); err != nil {
			break
		}
	}
	<-c.Done()
	c.Finish()
	c.drop()
}

// live leads a connection through its life, and returns the codes that it may have ended with.
func live(t *testing.T, s *site, reg *register, id string, w way, rnd *rand.Rand) []ws.Code {
	c := join(t, s, reg, id)
	if c == nil {
		return []ws.Code{ws.CodeAbnormal} // if it was found out as late as that
	}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		c.drain()
	}()
	for range rnd.IntN(4) {
		c.say("hello")
		time.Sleep(time.Duration(rnd.IntN(500)) * time.Microsecond)
	}
	w.do(c)
	<-heard
	return w.codes
}

// TestSocketEveryEndIsSeenOnce lets thousands of connections end: OnDisconnect is called exactly once for each that
// OnConnect was called for, with the right code, and what was made for it is released.
func TestSocketEveryEndIsSeenOnce(t *testing.T) {
	for name, change := range modes {
		t.Run(name, func(t *testing.T) {
			s, reg := serveStormy(t, change)
			expected := storm(t, s, reg, 1200, nil)
			require.Eventually(t, reg.over, stormPatience, time.Millisecond)
			require.NoError(t, s.h.Shutdown(context.Background()))
			verify(t, reg, expected)
			require.Len(t, reg.connected, len(expected))
		})
		t.Run(name+", and then the server stops", func(t *testing.T) {
			s, reg := serveStormy(t, change)
			done := make(chan error, 1)
			expected := storm(t, s, reg, 1200, func() {
				go func() { done <- s.h.Shutdown(context.Background()) }()
			})
			require.NoError(t, <-done)
			for id, codes := range expected {
				expected[id] = append(slices.Clone(codes), ws.CodeGoingAway)
			}
			verify(t, reg, expected)
		})
	}
}

// storm leads n connections through their lives, and calls halfway if it isn't nil. It returns the codes that each may end with.
func storm(t *testing.T, s *site, reg *register, n int, halfway func()) map[string][]ws.Code {
	var mu sync.Mutex
	expected := map[string][]ws.Code{}
	ids := make(chan int)
	var wg sync.WaitGroup
	for worker := range 40 {
		rnd := rand.New(rand.NewPCG(3, uint64(worker)))
		wg.Go(func() {
			for i := range ids {
				id := strconv.Itoa(i)
				codes := live(t, s, reg, id, ways[i%len(ways)], rnd)
				mu.Lock()
				expected[id] = codes
				mu.Unlock()
			}
		})
	}
	for i := range n {
		if i == n/2 && halfway != nil {
			halfway()
		}
		ids <- i
	}
	close(ids)
	wg.Wait()
	return expected
}

// verify checks what the hooks have seen.
func verify(t *testing.T, reg *register, expected map[string][]ws.Code) {
	t.Helper()
	reg.mu.Lock()
	defer reg.mu.Unlock()
	for id := range reg.connected {
		i, err := strconv.Atoi(id)
		require.NoError(t, err)
		require.Len(t, reg.ended[id], 1, "%s: %v", ways[i%len(ways)].name, reg.ended[id])
		require.Contains(t, expected[id], reg.ended[id][0], ways[i%len(ways)].name)
	}
	require.Len(t, reg.ended, len(reg.connected))
	require.Equal(t, reg.made.Load(), reg.released.Load())
	require.GreaterOrEqual(t, int(reg.made.Load()), len(reg.connected))
}

// TestSocketDrainLosesNoReply stops a server under load: every message that was handled was answered, the answers
// came in order and before the Close frame, which has 1001, and none came for a message that wasn't handled.
func TestSocketDrainLosesNoReply(t *testing.T) {
	const clients = 60
	for name, change := range modes {
		t.Run(name, func(t *testing.T) {
			s, reg := serveStormy(t, change)
			ctx, cancel := context.WithTimeout(context.Background(), stormPatience)
			defer cancel()
			var wg sync.WaitGroup
			answered := make([]int, clients)
			var total atomic.Int64
			for i := range clients {
				c := join(t, s, reg, strconv.Itoa(i))
				require.NotNil(t, c)
				window := make(chan struct{}, 1+i) // how many messages may be under way
				go func() {
					for n := 0; c.SendText(strconv.Itoa(n)) == nil; n++ {
						select {
						case window <- struct{}{}:
						case <-c.Context().Done():
						}
					}
				}()
				wg.Go(func() {
					defer c.drain()
					for {
						m, err := c.Receive(context.Background())
						if err != nil {
							ce, ok := errors.AsType[*ws.CloseError](err)
							assert.True(t, ok && ce.Code == ws.CodeGoingAway, "%v", err)
							return
						}
						if !assert.Equal(t, strconv.Itoa(answered[i]), string(m.Data)) {
							return
						}
						answered[i]++
						total.Add(1)
						<-window
					}
				})
			}
			require.Eventually(t, func() bool { return total.Load() > 20*clients }, stormPatience, time.Millisecond)
			require.NoError(t, s.h.Shutdown(ctx))
			wg.Wait()
			for i, n := range answered {
				id := strconv.Itoa(i)
				require.Equal(t, reg.handled[id], n, "client %d", i)
				require.Equal(t, []ws.Code{ws.CodeGoingAway}, reg.ended[id])
			}
		})
	}
}
