package fogo_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served is an application on a network in memory, whose time is that of a
// bubble.
type served struct {
	t    *testing.T
	ln   *memnet.Listener
	stop context.CancelFunc
	done chan error
}

// bubble runs a test of an application in a bubble of package synctest.
func bubble(t *testing.T, register func(*fogo.App), opts []fogo.Option, test func(*served)) {
	synctest.Test(t, func(t *testing.T) {
		app := fogo.New(opts...)
		register(app)
		ctx, stop := context.WithCancel(t.Context())
		s := &served{t: t, ln: memnet.Listen(), stop: stop, done: make(chan error, 1)}
		go func() { s.done <- app.Serve(ctx, s.ln) }()
		synctest.Wait() // until it serves
		test(s)
		stop()
		<-s.done
	})
}

func (s *served) dial() net.Conn {
	c, err := s.ln.Dial(s.t.Context())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c
}

// send sends the beginning of a request and returns the connection.
func (s *served) send(text string) net.Conn {
	c := s.dial()
	_, err := io.WriteString(c, text)
	require.NoError(s.t, err)
	return c
}

// client speaks HTTP/2 without TLS.
func (s *served) client() *http.Client {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.ln.Dial(ctx) }
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// answer reads one answer and returns its status and how long it took.
func answer(t *testing.T, c net.Conn) (int, time.Duration) {
	begin := time.Now()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, time.Since(begin)
}

// drip sends so many bytes one at a time, with a pause before each, until the
// connection is gone. It returns how many it sent.
func drip(c io.Writer, n int, pause time.Duration) int {
	for i := range n {
		time.Sleep(pause)
		if _, err := c.Write([]byte("x")); err != nil {
			return i
		}
	}
	return n
}

func postHead(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, length)
}

func bodies(app *fogo.App) {
	app.Post("/body", func(b resolve.RawBody) int { return len(b) })
	app.Post("/slow", func(r *http.Request) (int64, error) {
		time.Sleep(time.Hour)
		return io.Copy(io.Discard, r.Body)
	})
	app.Post("/ignored", func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 8<<10)) })
	app.Post("/unread", func() string { return "done" })
	app.Post("/patient", func(w http.ResponseWriter, r *http.Request) (err error) {
		if err = http.NewResponseController(w).SetReadDeadline(time.Time{}); err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		return err
	})
}

func TestSlowBodies(t *testing.T) {
	for _, tt := range []struct {
		name   string
		opts   []fogo.Option
		path   string
		pause  time.Duration // before each byte of 10,000
		status int
		within time.Duration
	}{
		{"as fast as it must be", nil, "/body", time.Second / 1024, 200, 11 * time.Second},
		{"at half the rate: the grace is used up", nil, "/body", time.Second / 512, 200, 21 * time.Second},
		{"a byte a second is no progress", nil, "/body", time.Second, 408, 21 * time.Second},
		{"nothing at all", nil, "/body", time.Hour, 408, 21 * time.Second},
		{"a body that the handler doesn't read", nil, "/unread", time.Second, 200, 21 * time.Second},
		{"nor one that answers early", nil, "/ignored", time.Second, 200, 21 * time.Second},
		{"the handler lifts the limit", nil, "/patient", time.Second, 200, 3 * time.Hour},
		{"the limit is lifted for all", []fogo.Option{fogo.WithBodyRate(0, 0)}, "/body", time.Second, 200, 3 * time.Hour},
		{"a grace of none is that of the default", []fogo.Option{fogo.WithBodyRate(1024, 0)}, "/body", time.Second / 512, 200, 21 * time.Second},
		{"a limit of one's own", []fogo.Option{fogo.WithBodyRate(100, time.Second)}, "/body", time.Second / 10, 408, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, bodies, tt.opts, func(s *served) {
				c := s.send(postHead(tt.path, 10000))
				sent := make(chan int, 1)
				go func() { sent <- drip(c, 10000, tt.pause) }()
				status, took := answer(t, c)
				assert.Equal(t, tt.status, status)
				assert.LessOrEqual(t, took, tt.within)
				c.Close()
				<-sent
			})
		})
	}
}

// The time of the handler is not the client's, and what net/http reads behind
// the handler's back leaves no deadline behind that would end the call.
func TestBodiesOfSlowHandlers(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		bubble(t, func(app *fogo.App) {
			bodies(app)
			app.Post("/stream", func(ctx context.Context, w http.ResponseWriter) error {
				_, _ = w.Write(make([]byte, 8<<10))
				time.Sleep(time.Hour)
				_, _ = io.WriteString(w, "end")
				return ctx.Err()
			})
		}, []fogo.Option{fogo.WithH2C()}, func(s *served) {
			client := s.client()
			if !h2 {
				tr := client.Transport.(*http.Transport)
				tr.Protocols = nil
			}
			for path, want := range map[string]string{"/slow": "5000", "/stream": "end", "/unread": "done"} {
				resp, err := client.Post("http://x"+path, "text/plain", strings.NewReader(strings.Repeat("x", 5000)))
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				require.NoError(t, err)
				assert.True(t, strings.HasSuffix(string(b), want), "%s: %d bytes", path, len(b))
				assert.Equal(t, h2, resp.ProtoMajor == 2)
			}
			client.CloseIdleConnections()
		})
	}
}

// slowReader gives a byte of a body at a time.
type slowReader struct {
	n     int
	pause time.Duration
}

func (r *slowReader) Read(p []byte) (int, error) {
	if r.n--; r.n < 0 {
		return 0, io.EOF
	}
	time.Sleep(r.pause)
	p[0] = 'x'
	return 1, nil
}

func TestSlowBodiesOverHTTP2(t *testing.T) {
	bubble(t, func(app *fogo.App) {
		bodies(app)
		app.Post("/hints", func(w http.ResponseWriter, r *http.Request) (err error) {
			w.WriteHeader(http.StatusEarlyHints)
			_, err = io.Copy(io.Discard, r.Body)
			return err
		})
		app.Post("/talk", func(w http.ResponseWriter, r *http.Request) error {
			rc := http.NewResponseController(w)
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, "hello")
			_ = rc.Flush()
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n)
			return err
		})
	}, []fogo.Option{fogo.WithH2C()}, func(s *served) {
		client := s.client()
		post := func(path string, n int, pause time.Duration) (int, string, time.Duration) {
			begin := time.Now()
			resp, err := client.Post("http://x"+path, "text/plain", &slowReader{n, pause})
			require.NoError(t, err)
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			return resp.StatusCode, string(b), time.Since(begin)
		}
		status, _, took := post("/body", 100, 10*time.Second)
		assert.Equal(t, 408, status)
		assert.Less(t, took, 31*time.Second)
		status, body, _ := post("/body", 3, 6*time.Second)
		assert.Equal(t, 200, status)
		assert.Equal(t, "3", body)
		status, _, took = post("/hints", 100, 10*time.Second)
		assert.Equal(t, 500, status, "hints are no answer: the read fails, and the handler returns that")
		assert.Less(t, took, 31*time.Second)
		// Once the handler answers it is a conversation, and may be silent.
		status, body, _ = post("/talk", 3, time.Hour)
		assert.Equal(t, 200, status)
		assert.Equal(t, "hello3", body)
		client.CloseIdleConnections()
	})
}

// A client that doesn't read is given up, and one that reads slowly is not.
func TestSlowReaders(t *testing.T) {
	var ended chan time.Duration
	register := func(app *fogo.App) {
		ended = make(chan time.Duration, 1) // of the bubble
		app.Handle("GET /big", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			begin := time.Now()
			_, _ = w.Write(make([]byte, 1<<20))
			ended <- time.Since(begin)
		}))
	}
	bubble(t, register, nil, func(s *served) {
		c := s.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
		assert.LessOrEqual(t, <-ended, 31*time.Second)
		c.Close()
	})
	bubble(t, register, nil, func(s *served) {
		c := s.send("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		n, p := 0, make([]byte, 4<<10)
		for {
			time.Sleep(time.Second) // 4 KiB a second: longer than any single deadline
			m, err := c.Read(p)
			if n += m; err != nil {
				assert.ErrorIs(t, err, io.EOF)
				break
			}
		}
		assert.Greater(t, n, 1<<20)
		assert.Greater(t, <-ended, 4*time.Minute)
	})
	bubble(t, register, []fogo.Option{fogo.WithWriteTimeout(0)}, func(s *served) {
		c := s.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Hour)
		select {
		case <-ended:
			assert.Fail(t, "there is no limit")
		default:
		}
		c.Close()
		<-ended
	})
}

// Nothing ends a stream that is silent for long, over neither protocol.
func TestSilentStreams(t *testing.T) {
	ticks := func(yield func(int) bool) {
		for i := range 3 {
			if !yield(i) {
				return
			}
			time.Sleep(time.Hour)
		}
	}
	for _, h2 := range []bool{false, true} {
		bubble(t, func(app *fogo.App) {
			app.Get("/view", func() iter.Seq[int] { return ticks })
			app.Handle("GET /handler", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for i := range ticks {
					fmt.Fprintln(w, i)
					_ = http.NewResponseController(w).Flush()
				}
			}))
			app.Handle("GET /copied", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.Copy(w, &slowReader{3, time.Hour})
			}))
		}, []fogo.Option{fogo.WithH2C()}, func(s *served) {
			client := s.client()
			if !h2 {
				client.Transport.(*http.Transport).Protocols = nil
			}
			for path, want := range map[string]string{"/view": "0\n1\n2\n", "/handler": "0\n1\n2\n", "/copied": "xxx"} {
				resp, err := client.Get("http://x" + path)
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				require.NoError(t, err, path)
				assert.Equal(t, want, string(b), path)
				assert.Equal(t, h2, resp.ProtoMajor == 2)
			}
			client.CloseIdleConnections()
		})
	}
}

func TestSlowHeaders(t *testing.T) {
	bubble(t, bodies, nil, func(s *served) {
		begin := time.Now()
		n := drip(s.dial(), 10000, 100*time.Millisecond)
		assert.Less(t, n, 10000)
		assert.Less(t, time.Since(begin), 11*time.Second)
	})
}
