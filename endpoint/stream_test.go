package endpoint_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	ndjsonType = "application/x-ndjson"
	eventsType = "text/event-stream"
)

// count yields 0, 1, 2 and then the error, if it is not nil.
func count(err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range 3 {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

type ticks iter.Seq[item]

func TestStreams(t *testing.T) {
	secret := errors.New("secret")
	for _, row := range []struct {
		name   string
		view   any
		accept string
		typ    string
		body   string
		broken bool
	}{
		{name: "lines", view: func() iter.Seq2[int, error] { return count(nil) }, accept: "*/*", typ: ndjsonType, body: "0\n1\n2\n"},
		{name: "events", view: func() iter.Seq2[int, error] { return count(nil) }, accept: eventsType, typ: eventsType,
			body: "data: 0\n\ndata: 1\n\ndata: 2\n\n"},
		{name: "lines end with an error", view: func() iter.Seq2[int, error] { return count(secret) }, accept: "*/*",
			typ: ndjsonType, body: "0\n1\n2\n", broken: true},
		{name: "events end with an error", view: func() iter.Seq2[int, error] { return count(secret) }, accept: eventsType, typ: eventsType,
			body: "data: 0\n\ndata: 1\n\ndata: 2\n\nevent: error\ndata: " +
				`{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"r1"}` + "\n\n"},
		{name: "events end with a told error", view: func() iter.Seq2[int, error] { return count(&myErr{"gone"}) }, accept: eventsType, typ: eventsType,
			body: "data: 0\n\ndata: 1\n\ndata: 2\n\nevent: error\ndata: " +
				`{"type":"about:blank","title":"Conflict","status":409,"detail":"gone"}` + "\n\n"},
		{name: "events end with a panic", view: func() iter.Seq[int] { return func(func(int) bool) { panic("secret") } }, accept: eventsType, typ: eventsType,
			body: "event: error\ndata: " + `{"type":"about:blank","title":"Internal Server Error","status":500,"request_id":"r1"}` + "\n\n"},
		{name: "lines end with a panic", view: func() iter.Seq[int] { return func(func(int) bool) { panic("secret") } }, accept: "",
			typ: ndjsonType, broken: true},
		{name: "item that cannot be encoded", view: func() iter.Seq[failing] { return func(yield func(failing) bool) { yield(failing{}) } },
			accept: "", typ: ndjsonType, broken: true},
		{name: "structs of a named type", view: func() ticks { return func(yield func(item) bool) { yield(item{"x", 1}) } }, accept: "",
			typ: ndjsonType, body: `{"name":"x","n":1}` + "\n"},
		{name: "text stays on one line", view: func() iter.Seq[any] {
			return func(yield func(any) bool) { _ = yield("a\nb") && yield(json.RawMessage("{\n\"a\": 1}")) }
		}, accept: eventsType, typ: eventsType, body: "data: \"a\\nb\"\n\ndata: {\"a\":1}\n\n"},
		{name: "nil iterator", view: func() iter.Seq[int] { return nil }, accept: "", typ: ndjsonType},
		{name: "channel", view: func() <-chan int { c := make(chan int, 2); c <- 1; c <- 2; close(c); return c }, accept: "",
			typ: ndjsonType, body: "1\n2\n"},
		{name: "channel for both ways", view: func() chan string { c := make(chan string, 1); c <- "x"; close(c); return c }, accept: eventsType,
			typ: eventsType, body: "data: \"x\"\n\n"},
		{name: "and no error", view: func() (iter.Seq2[int, error], error) { return count(nil), nil }, accept: "", typ: ndjsonType, body: "0\n1\n2\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serve(t, row.view)
			got := s.get("/", "Accept", row.accept, "X-Request-Id", "r1")
			assert.Equal(t, 200, got.status)
			assert.Equal(t, row.typ, got.contentType())
			assert.Equal(t, "no-cache, no-store", got.header.Get("Cache-Control"))
			assert.Equal(t, "no", got.header.Get("X-Accel-Buffering"))
			assert.Equal(t, "Accept", got.header.Get("Vary"))
			assert.Equal(t, row.body, got.body)
			assert.Equal(t, row.broken, got.broken != nil, "%v", got.broken)
		})
	}
}

func TestStreamNegotiation(t *testing.T) {
	s := serve(t, func() iter.Seq2[int, error] { return count(nil) })
	for accept, want := range map[string]string{
		"":                             ndjsonType,
		"*/*":                          ndjsonType,
		"application/*":                ndjsonType,
		"application/x-ndjson":         ndjsonType,
		"application/jsonl":            ndjsonType,
		"text/event-stream":            eventsType,
		"text/*":                       eventsType,
		"text/event-stream, */*":       eventsType,
		"text/event-stream;q=0.5, */*": ndjsonType,
		"text/event-stream;q=0, */*":   ndjsonType,
		"application/x-ndjson;q=0.2, text/event-stream":    eventsType,
		"application/json, text/plain, */*":                ndjsonType,
		"application/json":                                 "application/problem+json",
		"application/x-ndjson;q=0, text/event-stream; q=0": "application/problem+json",
	} {
		got := s.get("/", "Accept", accept)
		assert.Equal(t, want, got.contentType(), accept)
		assert.Equal(t, want == "application/problem+json", got.status == 406, accept)
	}
}

func TestStreamFailsAtOnce(t *testing.T) {
	got := serve(t, func() (iter.Seq[int], error) { return nil, &myErr{"taken"} }).get("/", "Accept", eventsType)
	assert.Equal(t, 409, got.status)
	assert.Equal(t, "application/problem+json", got.contentType())
}

// Each item reaches the client when it is there, the header before the first.
func TestStreamIsLive(t *testing.T) {
	c := make(chan int)
	s := serve(t, func() <-chan int { return c })
	res, err := s.request(http.MethodGet, "/", "", "Accept", eventsType)
	require.NoError(t, err)
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	for i := range 3 {
		c <- i
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("data: %d\n", i), line)
		_, err = r.ReadString('\n')
		require.NoError(t, err)
	}
	close(c)
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Empty(t, rest)
}

// A client that leaves ends the stream: that of a channel on which nothing comes
// as well as that of an iterator. The finishers learn of it, and nobody is
// blamed.
func TestClientLeavesStream(t *testing.T) {
	for _, row := range []struct {
		name string
		view func(ctx context.Context, j *journal) iter.Seq[int]
	}{
		{"iterator", func(ctx context.Context, j *journal) iter.Seq[int] {
			return func(yield func(int) bool) {
				defer j.note("iterator ended")
				for yield(1) {
					time.Sleep(time.Millisecond)
				}
			}
		}},
		{"iterator that waits", func(ctx context.Context, j *journal) iter.Seq[int] {
			return func(yield func(int) bool) {
				defer j.note("iterator ended")
				yield(1)
				<-ctx.Done()
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			s := serve(t, row.view, noting(t, j), holdOption)
			leave(t, s)
			assert.Equal(t, []string{"iterator ended", "finish context canceled", "release"}, waitFor(t, j, 3))
			assert.Empty(t, s.log.records())
		})
	}
	t.Run("channel", func(t *testing.T) {
		j := &journal{}
		s := serve(t, func(*journal) <-chan int { c := make(chan int, 1); c <- 1; return c }, noting(t, j), holdOption)
		leave(t, s)
		assert.Equal(t, []string{"finish context canceled", "release"}, waitFor(t, j, 2))
		assert.Empty(t, s.log.records())
	})
}

// leave requests a stream, reads one line of it and hangs up.
func leave(t *testing.T, s *server) {
	t.Helper()
	res, err := s.request(http.MethodGet, "/", "")
	require.NoError(t, err)
	_, err = bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
}

// waitFor waits until n lines were noted.
func waitFor(t *testing.T, j *journal, n int) []string {
	t.Helper()
	require.Eventually(t, func() bool { return len(j.all()) >= n }, 5*time.Second, time.Millisecond, "%q", j.all())
	return j.all()
}

// A connection on which a stream ended is good for more requests, an event
// stream's error included.
func TestConnectionAfterStream(t *testing.T) {
	s := serve(t, func() iter.Seq2[int, error] { return count(errors.New("x")) })
	request := "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
	all := s.raw(strings.Repeat(request, 2)+strings.Replace(request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1), false)
	assert.Equal(t, 3, strings.Count(all, "event: error"))
}

func TestHead(t *testing.T) {
	started := false
	for _, row := range []struct {
		name   string
		view   any
		status int
		length int64
		typ    string
	}{
		{"text", func() string { return "hello" }, 200, 5, "text/plain; charset=utf-8"},
		{"struct", func() item { return item{"x", 1} }, 200, 18, "application/json"},
		{"large", func() []byte { return make([]byte, 1<<20) }, 200, 1 << 20, "application/octet-stream"},
		{"created", func() endpoint.Created[string] { return endpoint.Created[string]{"/x", "hello"} }, 201, 5, "text/plain; charset=utf-8"},
		{"reader with a length", func() io.Reader { return strings.NewReader("hello") }, 200, 5, "application/octet-stream"},
		{"reader", func() io.Reader { return io.MultiReader(strings.NewReader("hello")) }, 200, -1, "application/octet-stream"},
		{"stream", func() iter.Seq[int] { return func(func(int) bool) { started = true } }, 200, -1, ndjsonType},
		{"channel", func() <-chan int { return make(chan int) }, 200, -1, ndjsonType},
		{"nothing", func() {}, 204, -1, ""},
		{"error", func() error { return &myErr{"taken"} }, 409, 71, "application/problem+json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serve(t, row.view, endpoint.Method(http.MethodGet))
			head := s.do(http.MethodHead, "/", "")
			assert.Equal(t, row.status, head.status)
			assert.Equal(t, row.typ, head.contentType())
			assert.Equal(t, row.length, max(head.length, -1))
			assert.Empty(t, head.body)
			assert.False(t, started, "a stream is never started for HEAD")
			if row.name == "channel" {
				return
			}
			get := s.get("/")
			started = false
			for _, h := range []http.Header{get.header, head.header} {
				h.Del("Date")
				h.Del("Content-Length")
			}
			assert.Equal(t, get.header, head.header)
			if row.length >= 0 {
				assert.Len(t, get.body, int(row.length))
			}
		})
	}
}
