package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sluice is an http.ResponseWriter whose writes wait to be let through.
type sluice struct {
	header http.Header
	begun  chan int      // the size of each write, when it begins
	pass   chan struct{} // lets one write through

	mu   sync.Mutex
	body bytes.Buffer
}

func newSluice() *sluice {
	return &sluice{header: http.Header{}, begun: make(chan int, 1000), pass: make(chan struct{}, 1000)}
}

func (g *sluice) Header() http.Header { return g.header }
func (g *sluice) WriteHeader(int)     {}
func (g *sluice) Flush()              {}

func (g *sluice) Write(b []byte) (int, error) {
	g.begun <- len(b)
	<-g.pass
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.body.Write(b)
}

func (g *sluice) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.body.String()
}

// serveSluice serves a view with a sluice; done is closed when it returned.
func serveSluice(t *testing.T, g *sluice, r *http.Request, view any, opts ...endpoint.Option) (done chan struct{}) {
	t.Helper()
	h, err := endpoint.New(view, opts...)
	require.NoError(t, err)
	done = make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // a stream that is cut short aborts
		h.ServeHTTP(g, r)
	}()
	return done
}

// A lone item is sent at once; those that come while the network is busy are
// sent together, in order.
func TestItemsThatComeFasterThanTheNetwork(t *testing.T) {
	g, c := newSluice(), make(chan int)
	done := serveSluice(t, g, httptest.NewRequest(http.MethodGet, "/", nil), func() <-chan int { return c })
	c <- 0
	assert.Equal(t, 2, <-g.begun, "it does not wait for others")
	for i := 1; i < 10; i++ {
		c <- i // the network is busy, the producer is not
	}
	close(c)
	time.Sleep(20 * time.Millisecond) // the last item is on its way
	close(g.pass)
	assert.Greater(t, <-g.begun, 2, "the rest together")
	<-done
	assert.Equal(t, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", g.text())
}

// What waits for the network is bounded: then the producer waits too.
func TestBackPressure(t *testing.T) {
	g, item := newSluice(), strings.Repeat("x", 1<<10)
	made := make(chan int, 1000)
	done := serveSluice(t, g, httptest.NewRequest(http.MethodGet, "/", nil), func() iter.Seq[string] {
		return func(yield func(string) bool) {
			for i := range 200 {
				made <- i
				if !yield(item) {
					return
				}
			}
		}
	})
	<-g.begun
	time.Sleep(50 * time.Millisecond)
	stuck := len(made)
	assert.Greater(t, stuck, 10, "the producer is ahead of the network")
	assert.Less(t, stuck, 70, "but not far: 32 KiB wait, and as much is being written")
	close(g.pass)
	<-done
	assert.Equal(t, 200, strings.Count(g.text(), "\n"))
	for len(g.begun) > 0 {
		assert.LessOrEqual(t, <-g.begun, 32<<10, "each piece has a deadline of its own")
	}
}

// A cancelled call ends although nothing comes, and although the producer waits
// for the network.
func TestStreamIsCancelled(t *testing.T) {
	for name, view := range map[string]any{
		"channel": func() <-chan int { return make(chan int) },
		"iterator that waits": func(ctx context.Context) iter.Seq[int] {
			return func(func(int) bool) { <-ctx.Done() }
		},
		"iterator that never waits": func() iter.Seq[int] {
			return func(yield func(int) bool) {
				for yield(1) {
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newSluice()
			close(g.pass)
			go func() {
				for range g.begun {
				}
			}()
			defer close(g.begun)
			ctx, cancel := context.WithCancel(t.Context())
			done := serveSluice(t, g, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil), view)
			time.Sleep(10 * time.Millisecond)
			cancel()
			<-done
		})
	}
}

// A client that does not read is one that has left, after its time to accept a
// piece: the iterator is left at its next item, one that waits sees its context.
func TestSlowReader(t *testing.T) {
	for name, wait := range map[string]bool{"iterator": false, "iterator that waits": true} {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			s := serve(t, func(ctx context.Context, _ *journal) iter.Seq[string] {
				return func(yield func(string) bool) {
					defer j.note("iterator ended")
					big := strings.Repeat("x", 16<<20) // more than the sockets hold
					if wait {
						yield(big)
						<-ctx.Done()
						return
					}
					for yield(big) {
					}
				}
			}, noting(t, j), holdOption, endpoint.WriteTimeout(50*time.Millisecond))
			conn, err := net.Dial("tcp", s.srv.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			assert.Equal(t, []string{"iterator ended", "finish context canceled", "release"}, waitFor(t, j, 3))
			assert.Empty(t, s.log.records(), "it is nobody's fault")
		})
	}
}

// A slow reader that reads gets everything, however long the whole takes.
func TestSlowReaderThatReads(t *testing.T) {
	item := strings.Repeat("x", 64<<10)
	s := serve(t, func() iter.Seq[string] {
		return func(yield func(string) bool) {
			for range 64 {
				if !yield(item) {
					return
				}
			}
		}
	}, endpoint.WriteTimeout(time.Second))
	res, err := s.request(http.MethodGet, "/", "")
	require.NoError(t, err)
	defer res.Body.Close()
	total := 0
	for b := make([]byte, 128<<10); ; time.Sleep(time.Millisecond) {
		n, err := res.Body.Read(b)
		total += n
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}
	assert.Equal(t, 64*(len(item)+3), total)
}

// A silent stream sends something that clients pass over: comments in an event
// stream, blanks before the next line in NDJSON if that is asked for.
func TestHeartbeat(t *testing.T) {
	beat := endpoint.Heartbeat(5 * time.Millisecond)
	for _, row := range []struct {
		name, accept string
		opts         []endpoint.Option
		want         string // what repeats
	}{
		{"events", eventsType, []endpoint.Option{beat}, ":\n\n"},
		{"lines", ndjsonType, []endpoint.Option{beat}, " "},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := make(chan int)
			s := serve(t, func() <-chan int { return c }, row.opts...)
			res, err := s.request(http.MethodGet, "/", "", "Accept", row.accept)
			require.NoError(t, err)
			defer res.Body.Close()
			got := make([]byte, 3*len(row.want))
			_, err = io.ReadFull(res.Body, got)
			require.NoError(t, err)
			assert.Equal(t, strings.Repeat(row.want, 3), string(got))
			c <- 7
			close(c)
			rest, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			if row.accept == eventsType {
				assert.Equal(t, []dispatched{{"message", "7", ""}}, interpret(string(got)+string(rest)))
			} else {
				assert.Equal(t, "7\n", strings.TrimLeft(string(rest), " "))
			}
		})
	}
	for name, accept := range map[string]string{"off": eventsType, "lines by default": ndjsonType} {
		t.Run(name, func(t *testing.T) {
			var opts []endpoint.Option
			if name == "off" {
				opts = append(opts, endpoint.Heartbeat(0))
			}
			c := make(chan int)
			time.AfterFunc(30*time.Millisecond, func() { close(c) })
			got := serve(t, func() <-chan int { return c }, opts...).get("/", "Accept", accept)
			assert.Empty(t, got.body)
			assert.NoError(t, got.broken)
		})
	}
}

// Heartbeats find out that a client has gone of which nothing else is known:
// net/http does not look as long as there is a large body that nobody reads.
func TestHeartbeatFindsWhoLeft(t *testing.T) {
	j := &journal{}
	s := serve(t, func(ctx context.Context, _ *journal) iter.Seq[endpoint.Event[int]] {
		return func(func(endpoint.Event[int]) bool) { <-ctx.Done(); j.note("iterator ended") }
	}, noting(t, j), holdOption, endpoint.Heartbeat(5*time.Millisecond), endpoint.Method(http.MethodPost))
	conn, err := net.Dial("tcp", s.srv.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
	require.NoError(t, err)
	_, err = bufio.NewReader(conn).ReadString(':')
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	assert.Equal(t, []string{"iterator ended", "finish context canceled", "release"}, waitFor(t, j, 3))
}

// panicker is a middleware's writer that panics.
type panicker struct {
	http.ResponseWriter
	value any
}

func (p panicker) Write([]byte) (int, error) { panic(p.value) }

// A panic of the goroutine that writes is one of the call.
func TestStreamWriterPanics(t *testing.T) {
	h, err := endpoint.New(func() iter.Seq[int] {
		return func(yield func(int) bool) {
			for yield(1) {
			}
		}
	})
	require.NoError(t, err)
	for _, value := range []any{"oh", http.ErrAbortHandler} {
		assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
			h.ServeHTTP(panicker{httptest.NewRecorder(), value}, httptest.NewRequest(http.MethodGet, "/", nil))
		})
	}
}

// failingWriter fails to write, without a connection that would be cancelled.
type failingWriter struct{ http.ResponseWriter }

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no") }

func TestStreamWriterFails(t *testing.T) {
	ended := false
	h, err := endpoint.New(func() iter.Seq[int] {
		return func(yield func(int) bool) {
			defer func() { ended = true }()
			for yield(1) {
			}
		}
	})
	require.NoError(t, err)
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		h.ServeHTTP(failingWriter{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/", nil))
	})
	assert.True(t, ended)
}

// The same over HTTP/2.
func TestStreamsOverHTTP2(t *testing.T) {
	j := &journal{}
	h, err := endpoint.New(func(ctx context.Context) iter.Seq[int] {
		return func(yield func(int) bool) {
			defer j.note("iterator ended")
			for i := 0; yield(i); i++ {
				time.Sleep(time.Millisecond)
			}
			<-ctx.Done()
		}
	})
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	assert.Equal(t, 2, res.ProtoMajor)
	r := bufio.NewReader(res.Body)
	for _, want := range []string{"0\n", "1\n", "2\n"} {
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, want, line)
	}
	require.NoError(t, res.Body.Close())
	assert.Equal(t, []string{"iterator ended"}, waitFor(t, j, 1))
}

// plainWriter is a middleware's writer that hides what the server's can do.
type plainWriter struct{ w http.ResponseWriter }

func (p plainWriter) Header() http.Header         { return p.w.Header() }
func (p plainWriter) WriteHeader(status int)      { p.w.WriteHeader(status) }
func (p plainWriter) Write(b []byte) (int, error) { return p.w.Write(b) }

// A middleware that holds a stream back is told of, once.
func TestStreamThatCannotBeFlushed(t *testing.T) {
	log := newRecorder()
	h, err := endpoint.New(func() iter.Seq[int] { return each(1, 2) }, endpoint.Configure(endpoint.Config{Logger: slog.New(log)}))
	require.NoError(t, err)
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(plainWriter{w}, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, "1\n2\n", w.Body.String())
	}
	if all := log.records(); assert.Len(t, all, 1) {
		assert.Equal(t, slog.LevelWarn, all[0].level)
		assert.Equal(t, "endpoint_test.plainWriter", all[0].attrs["type"])
	}
	log = newRecorder()
	h, err = endpoint.New(func() iter.Seq[int] { return each(1, 2) }, endpoint.Configure(endpoint.Config{Logger: slog.New(log)}))
	require.NoError(t, err)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Empty(t, log.records())
}

// A stream that began with something big does not keep its buffers for the small
// items that follow.
func TestStreamLetsGoOfBigItems(t *testing.T) {
	const streams, size = 4, 16 << 20
	s := serve(t, func(ctx context.Context) iter.Seq[string] {
		return func(yield func(string) bool) {
			_ = yield(strings.Repeat("x", size)) && yield("small") && yield("small")
			<-ctx.Done()
		}
	})
	for range streams {
		res, err := s.request(http.MethodGet, "/", "")
		require.NoError(t, err)
		defer res.Body.Close()
		_, err = io.CopyN(io.Discard, res.Body, size+3)
		require.NoError(t, err)
		rest := make([]byte, 2*len("\"small\"\n"))
		_, err = io.ReadFull(res.Body, rest)
		require.NoError(t, err)
	}
	var heap runtime.MemStats
	require.Eventually(t, func() bool {
		runtime.GC()
		runtime.ReadMemStats(&heap)
		return heap.HeapAlloc < streams*size/4
	}, 5*time.Second, 10*time.Millisecond)
}

// serveHTTP2 puts a view on a server that speaks HTTP/2.
func serveHTTP2(t *testing.T, view any, opts ...endpoint.Option) *httptest.Server {
	t.Helper()
	h, err := endpoint.New(view, opts...)
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// Over HTTP/2 a deadline ends a stream also while nobody writes, and lines have
// no heartbeats: the time to accept a piece is none for the next item to come.
func TestSilentStreamOverHTTP2(t *testing.T) {
	for _, accept := range []string{ndjsonType, eventsType} {
		c := make(chan int, 1)
		srv := serveHTTP2(t, func() <-chan int { return c }, endpoint.WriteTimeout(20*time.Millisecond), endpoint.Heartbeat(0))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		req.Header.Set("Accept", accept)
		c <- 1
		time.AfterFunc(200*time.Millisecond, func() { c <- 2; close(c) })
		res, err := srv.Client().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Contains(t, string(body), "2\n")
	}
}

// And it still ends one that nobody reads.
func TestSlowReaderOverHTTP2(t *testing.T) {
	j := &journal{}
	srv := serveHTTP2(t, func() iter.Seq[string] {
		return func(yield func(string) bool) {
			defer j.note("iterator ended")
			for big := strings.Repeat("x", 1<<20); yield(big); {
			}
		}
	}, endpoint.WriteTimeout(50*time.Millisecond))
	res, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, []string{"iterator ended"}, waitFor(t, j, 1))
}

func TestIdleOptions(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
		opt  endpoint.Option
	}{
		{"heartbeat of a value", func() int { return 0 }, endpoint.Heartbeat(time.Second)},
		{"heartbeat of a reader", func() io.Reader { return nil }, endpoint.Heartbeat(time.Second)},
		{"negative heartbeat", func() iter.Seq[int] { return nil }, endpoint.Heartbeat(-1)},
		{"write timeout of a value", func() int { return 0 }, endpoint.WriteTimeout(time.Second)},
		{"no write timeout", func() iter.Seq[int] { return nil }, endpoint.WriteTimeout(0)},
		{"tag of a stream", func() iter.Seq[int] { return nil }, endpoint.ETag()},
		{"tag of a file", func() endpoint.File { return endpoint.File{} }, endpoint.ETag()},
		{"tag of a versioned value", func() endpoint.Versioned[int] { return endpoint.Versioned[int]{} }, endpoint.ETag()},
		{"heartbeat of a class", summing{}, endpoint.Heartbeat(time.Second)},
	} {
		t.Run(row.name, func(t *testing.T) {
			golden(t, buildError(t, row.view, row.opt, endpoint.Pattern("/{a}"), endpoint.IgnoreVars("a")))
		})
	}
	text := buildError(t, func() int { return 0 }, endpoint.ETag(), endpoint.Method(http.MethodPut))
	assert.Contains(t, text, "the option endpoint.ETag is for a GET that returns a value")
	for _, view := range []any{func() iter.Seq[int] { return nil }, func() io.Reader { return nil }} {
		_, err := endpoint.New(view, endpoint.WriteTimeout(time.Second))
		assert.NoError(t, err)
	}
	_, err := endpoint.New(summing{}, endpoint.ETag(), endpoint.Pattern("/{a}"))
	assert.NoError(t, err, "one of its methods is enough")
}
