package ws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// controls are control frames that no limit forbids to be sent, all at once.
func controls(p *peer, op byte, n int) string { return strings.Repeat(p.frame(fin|op, ""), n) }

func TestControlFlood(t *testing.T) {
	for _, row := range []struct {
		name     string
		limit, n int
		op       byte
		ok       bool
	}{
		{"pings", 0, 100, opPing, true},
		{"one ping too many", 0, 101, opPing, false},
		{"pongs that nobody asked for", 0, 101, opPong, false},
		{"a limit of its own", 5, 6, opPing, false},
		{"no limit", -1, 5000, opPing, true},
	} {
		for _, m := range media {
			t.Run(row.name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				h := newEchoing()
				_, p := m.open(t, ws.Options{MaxControlFrames: row.limit}, h)
				go func() { _, _ = io.WriteString(p.conn, controls(p, row.op, row.n)+p.texts("still there")) }()
				if !row.ok {
					in := p.take(nil)
					require.Equal(t, ws.CodePolicyViolation, in.code, "error %v", in.err)
					require.Empty(t, in.messages)
					require.Equal(t, ws.CodePolicyViolation, h.wait(t))
					return
				}
				in := p.takeN(1)
				require.NoError(t, in.err)
				_ = p.conn.Close()
				h.wait(t)
			})
		}
	}
}

// The limit is for a second, and the answers to our own pings don't count.
func TestControlFloodInASecond(t *testing.T) {
	bubble(t, &ws.Options{MaxControlFrames: 3, PingInterval: 10 * time.Millisecond}, newEchoing(), func(t *testing.T, c *ws.WebSocket, p *peer, _ *counted) {
		for range 100 {
			p.expect(fin|opPing, "")
			p.send(fin|opPong, "")
		}
		for range 20 {
			ponged := make(chan error, 1)
			go func() { ponged <- c.Ping(context.Background()) }()
			for {
				first, payload := p.read()
				require.Equal(t, byte(fin|opPing), first)
				p.send(fin|opPong, payload)
				if payload != "" {
					break
				}
			}
			require.NoError(t, <-ponged)
		}
		for range 10 {
			time.Sleep(1001 * time.Millisecond)
			p.write(controls(p, opPing, 3))
			in := p.take(func(in *intake) bool { return in.pongs == 3 })
			require.NoError(t, in.err)
			require.Zero(t, in.code)
			p.write(controls(p, opPong, in.pings))
		}
		p.write(controls(p, opPing, 4))
		require.Equal(t, ws.CodePolicyViolation, p.take(nil).code)
	})
}

// A flood of a parked connection's peer is counted too.
func TestControlFloodWhileParked(t *testing.T) {
	_, p, h, _ := parked(t, always, func(o *ws.Options) { o.MaxControlFrames = 10 })
	// In one write: a connection that parks between two of them, as only this test's does, begins to count anew.
	p.write(controls(p, opPong, 500)) // unsolicited
	require.Equal(t, ws.CodePolicyViolation, h.wait(t))
}

func TestMessageTimeout(t *testing.T) {
	const limit = 10 * time.Second
	opts := &ws.Options{MessageTimeout: limit}
	message := func(p *peer) string { return p.frame(fin|opText, strings.Repeat("x", 100)) }
	for name, write := range map[string]func(p *peer, end <-chan struct{}){
		"half a header": func(p *peer, _ <-chan struct{}) { p.write(message(p)[:1]) },
		"half a frame":  func(p *peer, _ <-chan struct{}) { p.write(message(p)[:50]) },
		"no last fragment": func(p *peer, _ <-chan struct{}) {
			p.write(p.texts("whole") + p.frame(opText, "fragment"))
			p.expectTexts("whole")
		},
		"byte by byte": func(p *peer, end <-chan struct{}) {
			raw := message(p)
			for i := range raw {
				select {
				case <-end:
					return
				case <-time.After(time.Second):
					_, _ = io.WriteString(p.conn, raw[i:i+1])
				}
			}
		},
		"with pings between": func(p *peer, end <-chan struct{}) {
			p.write(p.frame(opText, "fragment"))
			for {
				select {
				case <-end:
					return
				case <-time.After(time.Second):
					_, _ = io.WriteString(p.conn, p.frame(fin|opPing, "")+p.frame(opCont, "x"))
				}
			}
		},
		"half a ping": func(p *peer, _ <-chan struct{}) { p.write(p.frame(fin|opPing, "ping")[:5]) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, opts, newEchoing(), func(t *testing.T, c *ws.WebSocket, p *peer, _ *counted) {
				time.Sleep(3 * time.Second) // silence is no message
				start := time.Now()
				ended := make(chan struct{})
				defer close(ended)
				go write(p, ended)
				<-c.Context().Done()
				code, _, _ := c.CloseCode()
				require.Equal(t, ws.CodePolicyViolation, code)
				require.GreaterOrEqual(t, time.Since(start), limit)
				require.LessOrEqual(t, time.Since(start), 2*limit+time.Second)
			})
		})
	}
	t.Run("not for a peer that is quick, nor a handler that is slow", func(t *testing.T) {
		h := answering(func(c *ws.WebSocket, m ws.Message) {
			time.Sleep(25 * time.Second)
			_ = c.Send(m.Kind, m.Data)
		})
		bubble(t, opts, h, func(t *testing.T, c *ws.WebSocket, p *peer, _ *counted) {
			half := p.texts("second")
			p.write(p.texts("first") + half[:3])
			time.Sleep(25 * time.Second)
			time.Sleep(time.Second)
			p.write(half[3:])
			for range 3 {
				time.Sleep(40 * time.Second)
				p.write(p.texts("x"))
			}
			require.NoError(t, c.Context().Err())
		})
	})
	t.Run("switched off", func(t *testing.T) {
		bubble(t, &ws.Options{MessageTimeout: -1, PingInterval: -1}, newEchoing(), func(t *testing.T, c *ws.WebSocket, p *peer, _ *counted) {
			p.write(message(p)[:50])
			time.Sleep(24 * time.Hour)
			p.write(message(p)[50:])
			p.expectTexts(strings.Repeat("x", 100))
		})
	})
	for _, m := range media[1:] {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			h := newEchoing()
			_, p := m.open(t, ws.Options{MessageTimeout: 50 * time.Millisecond}, h)
			p.write(message(p)[:7])
			p.expectClose(ws.CodePolicyViolation)
			_ = p.conn.Close()
			require.Equal(t, ws.CodePolicyViolation, h.wait(t))
		})
	}
	t.Run("without a tracker, with Receive, as a client", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, p := open(t, opts)
			go func() { _, _ = c.Receive(context.Background()) }()
			p.write(message(p)[:7])
			p.expectClose(ws.CodePolicyViolation)
			_ = p.conn.Close()
			<-c.Done()
		})
	})
}

// requireHandshakeError checks a refusal.
func requireHandshakeError(t testing.TB, err error, status int) *ws.HandshakeError {
	t.Helper()
	var he *ws.HandshakeError
	require.ErrorAs(t, err, &he)
	require.Equal(t, status, he.Status)
	return he
}

func TestMaxConnections(t *testing.T) {
	tr := &ws.Tracker{}
	opts := &ws.Options{Tracker: tr, MaxConnections: 2}
	a, pa := open(t, opts)
	early, pe := pair(t, opts) // let in by New, too late for Accept
	_, _ = open(t, opts)
	_, err := ws.New(recorder(), handshakeRequest(), opts)
	he := requireHandshakeError(t, err, http.StatusServiceUnavailable)
	require.NotEmpty(t, he.Header.Get("Retry-After"))
	he = requireHandshakeError(t, early.Accept(), http.StatusServiceUnavailable)
	require.NotEmpty(t, he.Header.Get("Retry-After"))
	require.Equal(t, 2, tr.Len())

	a.Finish()
	pa.expectClose(1000)
	_ = pa.conn.Close()
	eventually(t, func() bool { return tr.Len() == 1 })
	require.NoError(t, early.Accept(), "there is room again")
	pe.answer()
	require.Equal(t, 2, tr.Len())

	// Another limit for the same tracker, and none.
	_, err = ws.New(recorder(), handshakeRequest(), &ws.Options{Tracker: tr, MaxConnections: 1})
	requireHandshakeError(t, err, http.StatusServiceUnavailable)
	_, _ = open(t, &ws.Options{Tracker: tr})
	require.Equal(t, 3, tr.Len())
}

// However many come at once, there are never more.
func TestMaxConnectionsUnderContention(t *testing.T) {
	const limit, clients = 5, 60
	tr := &ws.Tracker{}
	var refused, accepted atomic.Int32
	l := serve(t, &ws.Options{Tracker: tr, MaxConnections: limit}, func(c *ws.WebSocket) {
		err := c.Accept()
		if err != nil {
			var he *ws.HandshakeError
			if assert.ErrorAs(t, err, &he) {
				assert.NoError(t, c.Reject(he.Status, he.Header, nil))
			}
			return
		}
		assert.LessOrEqual(t, tr.Len(), limit)
		assert.NoError(t, c.Serve(newEchoing()))
	})
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			conn, err := l.Dial(soon(t))
			if !assert.NoError(t, err) {
				return
			}
			c, resp, err := ws.Client(soon(t), conn, "ws://example.com", nil)
			if err != nil {
				refused.Add(1)
				if assert.NotNil(t, resp) {
					assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
					assert.NotEmpty(t, resp.Header.Get("Retry-After"))
				}
				return
			}
			accepted.Add(1)
			assert.NoError(t, c.SendText("x"))
			_, err = c.Receive(soon(t))
			assert.NoError(t, err)
			assert.NoError(t, c.Close(ws.CodeNormal))
		})
	}
	wg.Wait()
	require.Equal(t, int32(clients), refused.Load()+accepted.Load())
	require.NotZero(t, accepted.Load())
	eventually(t, func() bool { return tr.Len() == 0 })
}

func TestAdmitRefuses(t *testing.T) {
	boom := errors.New("boom")
	var left atomic.Int32
	leave := func() { left.Add(1) }
	for _, row := range []struct {
		name   string
		err    error
		leave  func()
		status int
	}{
		{"an error", boom, nil, http.StatusTooManyRequests},
		{"an error and a function", boom, leave, http.StatusTooManyRequests},
		{"its own", &ws.HandshakeError{Status: http.StatusPaymentRequired, Header: http.Header{"X": {"y"}}, Err: boom}, nil, http.StatusPaymentRequired},
		{"its own, wrapped", fmt.Errorf("no: %w", &ws.HandshakeError{Status: http.StatusForbidden, Err: boom}), leave, http.StatusForbidden},
	} {
		t.Run(row.name, func(t *testing.T) {
			left.Store(0)
			_, err := ws.New(recorder(), handshakeRequest(), &ws.Options{
				Admit: func(r *http.Request) (func(), error) {
					require.Equal(t, "/ws", r.URL.Path)
					return row.leave, row.err
				},
			})
			requireHandshakeError(t, err, row.status)
			require.ErrorIs(t, err, boom)
			require.Equal(t, row.leave != nil, left.Load() == 1, "what was counted is not counted any more")
		})
	}
	// Handshakes that are refused anyway are not asked about.
	_, err := ws.New(recorder(), handshakeRequest(func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }), &ws.Options{
		Admit: func(*http.Request) (func(), error) { t.Error("asked"); return nil, nil },
	})
	requireHandshakeError(t, err, http.StatusForbidden)
}

// Whatever becomes of a handshake or a connection, the function that Admit returned is called, once.
func TestAdmitLeaves(t *testing.T) {
	type world struct {
		t       *testing.T
		c       *ws.WebSocket
		p       *peer
		tr      *ws.Tracker
		request context.CancelFunc // net/http ends the request's context when the handler returns
		inside  *atomic.Int32
	}
	accept := func(w *world) {
		require.NoError(w.t, w.c.Accept())
		require.Equal(w.t, int32(1), w.inside.Load())
		w.p.answer()
	}
	hangUp := func(w *world) { _ = w.p.conn.Close() }
	serve := func(w *world) *echoing {
		accept(w)
		h := newEchoing()
		require.NoError(w.t, w.c.Serve(h))
		w.request()
		return h
	}
	for name, end := range map[string]func(w *world){
		"refused by Reject":      func(w *world) { require.NoError(w.t, w.c.Reject(401, nil, []byte("no"))) },
		"refused by Reject, bad": func(w *world) { require.Error(w.t, w.c.Reject(101, nil, nil)); w.c.Fail(1000, "") },
		"refused by Close":       func(w *world) { require.NoError(w.t, w.c.Close(1000)) },
		"refused by Fail":        func(w *world) { w.c.Fail(1000, "") },
		"refused twice":          func(w *world) { _ = w.c.Reject(403, nil, nil); _ = w.c.Reject(403, nil, nil); w.request() },
		"neither accepted nor refused": func(w *world) {
			w.request()
			eventually(w.t, func() bool { return w.inside.Load() == 0 })
			require.ErrorIs(w.t, w.c.Accept(), ws.ErrClosed)
			require.ErrorIs(w.t, w.c.SendText("x"), ws.ErrClosed)
			<-w.c.Done()
		},
		"closed by us": func(w *world) {
			h := serve(w)
			go func() { _ = w.c.Close(4000) }()
			w.p.expectClose(4000)
			w.p.send(fin|opClose, closeBody(4000, ""))
			h.wait(w.t)
		},
		"failed by us": func(w *world) {
			h := serve(w)
			w.c.Fail(4000, "")
			hangUp(w)
			h.wait(w.t)
		},
		"closed by the peer": func(w *world) {
			h := serve(w)
			w.p.send(fin|opClose, closeBody(4000, ""))
			w.p.expectClose(4000)
			hangUp(w)
			h.wait(w.t)
		},
		"dropped": func(w *world) { h := serve(w); hangUp(w); h.wait(w.t) },
		"with Receive": func(w *world) {
			accept(w)
			w.request()
			got := receive(context.Background(), w.c)
			hangUp(w)
			require.Error(w.t, (<-got).err)
			time.Sleep(time.Millisecond)
			require.Equal(w.t, int32(1), w.inside.Load(), "its owner is not done")
			w.c.Finish()
			w.c.Finish()
		},
		"finished without reading": func(w *world) { accept(w); w.c.Finish(); hangUp(w) },
		"shutdown": func(w *world) {
			h := serve(w)
			stopped := make(chan error, 1)
			go func() { stopped <- w.tr.Shutdown(soon(w.t)) }()
			w.p.expectClose(1001)
			w.p.send(fin|opClose, closeBody(1001, ""))
			hangUp(w)
			h.wait(w.t)
			require.NoError(w.t, <-stopped)
		},
		"shutdown before the answer": func(w *world) {
			require.NoError(w.t, w.tr.Shutdown(soon(w.t)))
			requireHandshakeError(w.t, w.c.Accept(), 503)
			require.Equal(w.t, int32(1), w.inside.Load(), "it can still be answered")
			_ = w.c.Reject(503, nil, nil)
		},
		"shutdown, and no answer": func(w *world) {
			require.NoError(w.t, w.tr.Shutdown(soon(w.t)))
			requireHandshakeError(w.t, w.c.Accept(), 503)
			w.request()
		},
		"cut": func(w *world) {
			h := serve(w)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			require.Error(w.t, w.tr.Shutdown(ctx))
			h.wait(w.t)
		},
	} {
		for _, tcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/tcp=%v", name, tcp), func(t *testing.T) {
				t.Parallel()
				var inside, calls atomic.Int32
				w := &world{t: t, tr: &ws.Tracker{}, inside: &inside}
				ws.SetLinger(w.tr, always)
				// Whoever leaves may use what another goroutine holds while it asks the connection.
				var users sync.Mutex
				opts := &ws.Options{Tracker: w.tr, CloseTimeout: 200 * time.Millisecond, Admit: func(*http.Request) (func(), error) {
					inside.Add(1)
					return func() {
						users.Lock()
						defer users.Unlock()
						calls.Add(1)
						inside.Add(-1)
					}, nil
				}}
				server, client := memnet.Pipe(memnet.DefaultBuffer)
				if tcp {
					server, client = tcpPair(t)
				}
				w.c, w.p = pairOver(t, server, client, "", opts, func(r *http.Request) {
					ctx, cancel := context.WithCancel(r.Context())
					w.request = cancel
					*r = *r.WithContext(ctx)
				})
				defer w.request()
				asking := make(chan struct{})
				asked := make(chan struct{})
				go func() {
					defer close(asked)
					for {
						select {
						case <-asking:
							return
						default:
							users.Lock()
							_ = w.c.Context()
							_ = w.c.RemoteAddr()
							_ = w.c.Offered()
							users.Unlock()
							time.Sleep(100 * time.Microsecond)
						}
					}
				}()
				end(w)
				eventually(t, func() bool { return inside.Load() == 0 })
				w.request()
				_ = w.p.conn.Close()
				close(asking)
				<-asked
				time.Sleep(2 * time.Millisecond)
				require.Equal(t, int32(1), calls.Load())
			})
		}
	}
}

func TestAdmitLeavesWhenHijackingFails(t *testing.T) {
	var left atomic.Int32
	opts := &ws.Options{Tracker: &ws.Tracker{}, Admit: func(*http.Request) (func(), error) { return func() { left.Add(1) }, nil }}

	// No hijacker: it can still be refused.
	w := httptest.NewRecorder()
	c, err := ws.New(w, handshakeRequest(), opts)
	require.NoError(t, err)
	var he *ws.HijackError
	require.ErrorAs(t, c.Accept(), &he)
	require.ErrorAs(t, c.SendText("x"), &he)
	require.Zero(t, left.Load())
	require.Zero(t, opts.Tracker.Len())
	require.NoError(t, c.Reject(500, nil, nil))
	require.Equal(t, int32(1), left.Load())

	// Or be given up with its request.
	ctx, cancel := context.WithCancel(context.Background())
	c, err = ws.New(httptest.NewRecorder(), handshakeRequest().WithContext(ctx), opts)
	require.NoError(t, err)
	require.ErrorAs(t, c.Accept(), &he)
	cancel()
	eventually(t, func() bool { return left.Load() == 2 })

	// The network breaks before the 101.
	server, client := memnet.Pipe(10)
	_ = client.Close()
	c, _ = pairOver(t, server, client, "", opts)
	requireClosed(t, c.Accept(), ws.CodeAbnormal)
	require.Equal(t, int32(3), left.Load(), "nobody was told of the connection")
	require.Zero(t, opts.Tracker.Len())
	c.Finish()
	require.Equal(t, int32(3), left.Load())
	require.Equal(t, ws.ErrAccepted, c.Reject(500, nil, nil))
}

// Over a real server: handlers that forget to answer don't fill it.
func TestAdmitOverHTTP(t *testing.T) {
	var inside atomic.Int32
	opts := &ws.Options{Admit: func(*http.Request) (func(), error) {
		if inside.Add(1) > 3 {
			return func() { inside.Add(-1) }, errors.New("too many")
		}
		return func() { inside.Add(-1) }, nil
	}}
	forget := atomic.Bool{}
	forget.Store(true)
	l := serve(t, opts, func(c *ws.WebSocket) {
		if !forget.Load() {
			_ = c.Serve(newEchoing())
		}
	})
	connect := func() (*ws.WebSocket, *http.Response, error) {
		conn, err := l.Dial(soon(t))
		require.NoError(t, err)
		return ws.Client(soon(t), conn, "ws://example.com", nil)
	}
	for range 10 {
		_, resp, err := connect()
		require.Error(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode, "what net/http says for a handler that says nothing")
		eventually(t, func() bool { return inside.Load() == 0 })
	}
	forget.Store(false)
	var open []*ws.WebSocket
	for range 3 {
		c, _, err := connect()
		require.NoError(t, err)
		require.NoError(t, c.SendText("x"))
		_, err = c.Receive(soon(t))
		require.NoError(t, err)
		open = append(open, c)
	}
	time.Sleep(5 * time.Millisecond)
	require.Equal(t, int32(3), inside.Load(), "the end of their requests is not the end of connections")
	_, resp, err := connect()
	require.Error(t, err)
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	require.Equal(t, int32(3), inside.Load())
	for _, c := range open {
		require.NoError(t, c.Close(ws.CodeNormal))
	}
	eventually(t, func() bool { return inside.Load() == 0 })
}

func TestValidateReportsAllThatIsWrong(t *testing.T) {
	good := &ws.Options{
		Overflow: ws.OverflowClose, QueueMessages: 1, QueueBytes: 1, MaxControlFrames: -1, MessageTimeout: -1, MaxConnections: 1,
		Compression: &ws.Compression{From: -1, Level: -2, WindowBits: 8, PeerWindowBits: 15},
	}
	require.NoError(t, good.Validate())
	for _, row := range []struct {
		want string
		opts *ws.Options
	}{
		{"Overflow", &ws.Options{Overflow: 4}},
		{"QueueMessages", &ws.Options{QueueMessages: -1}},
		{"QueueBytes", &ws.Options{QueueBytes: -1}},
		{"Compression", &ws.Options{Compression: &ws.Compression{Level: 10}}},
		{"Compression", &ws.Options{Compression: &ws.Compression{Level: -1}}},
		{"Compression", &ws.Options{Compression: &ws.Compression{WindowBits: 7}}},
		{"Compression", &ws.Options{Compression: &ws.Compression{WindowBits: 16}}},
		{"Compression", &ws.Options{Compression: &ws.Compression{PeerWindowBits: 16}}},
		{"HandshakeTimeout", &ws.Options{HandshakeTimeout: -1}},
		{"CloseTimeout", &ws.Options{CloseTimeout: -1}},
	} {
		require.ErrorContains(t, row.opts.Validate(), row.want)
	}
	all := &ws.Options{Overflow: 9, Compression: &ws.Compression{WindowBits: 99}, CloseTimeout: -1, Subprotocols: []string{"a b"}}
	for _, part := range []string{"Overflow", "Compression", "CloseTimeout", "a b"} {
		require.ErrorContains(t, all.Validate(), part)
	}
}
