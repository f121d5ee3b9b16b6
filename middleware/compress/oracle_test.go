package compress

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// act is something that a handler does with its writer.
type act struct {
	name string
	size int
	do   func(w http.ResponseWriter)
}

// acts are what handlers are made of. Sizes are on both sides of the minimum size.
func acts(rnd *rand.Rand) act {
	size := []int{0, 1, 100, 1023, 1024, 1025, 3000}[rnd.IntN(7)]
	s := words(size)
	list := []act{
		{fmt.Sprint("write ", size), size, func(w http.ResponseWriter) { _, _ = w.Write([]byte(s)) }},
		{fmt.Sprint("write string ", size), size, func(w http.ResponseWriter) { _, _ = io.WriteString(w, s) }},
		{fmt.Sprint("copy ", size), size, func(w http.ResponseWriter) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader(s)})
		}},
		{"flush", 0, func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }},
		{"early hints", 0, func(w http.ResponseWriter) { w.WriteHeader(103) }},
	}
	return list[rnd.IntN(len(list))]
}

// starts are what handlers do first.
func starts(rnd *rand.Rand) act {
	header := func(name, value string) act {
		return act{name + " " + value, 0, func(w http.ResponseWriter) { w.Header().Set(name, value) }}
	}
	status := func(n int) act { return act{fmt.Sprint(n), 0, func(w http.ResponseWriter) { w.WriteHeader(n) }} }
	list := []act{
		{"", 0, func(http.ResponseWriter) {}},
		header("Content-Type", "text/plain"), header("Content-Type", "image/png"), header("Content-Type", "text/event-stream"),
		header("Content-Length", "1025"), header("Content-Length", "100"), header("Etag", `"x"`),
		header("Content-Encoding", "identity"), header("Cache-Control", "no-transform"),
		status(200), status(204), status(304), status(404), status(206),
	}
	return list[rnd.IntN(len(list))]
}

// seenByClient is what a client gets.
type seenByClient struct {
	status   int
	kind, of string // Content-Type and Etag, strong or weak
	body     string // its length and start
	whole    bool
}

func fetch(t *testing.T, srv *httptest.Server, method, accept string) seenByClient {
	r, err := http.NewRequest(method, srv.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", accept)
	resp, err := srv.Client().Do(r)
	if err != nil {
		return seenByClient{}
	}
	defer resp.Body.Close()
	e := resp.Header.Get("Content-Encoding")
	if method == http.MethodHead {
		e = ""
	}
	assert.False(t, e != "" && resp.Header.Get("Content-Range") != "")
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return seenByClient{}
	}
	body := decoded(t, e, raw)
	return seenByClient{resp.StatusCode, resp.Header.Get("Content-Type"), strings.TrimPrefix(resp.Header.Get("Etag"), "W/"), fmt.Sprint(len(body), " ", body[:min(len(body), 20)]), true}
}

// TestAnswersAreTheSame: whatever a handler does, and in which order, a client
// gets what it would get without compression, or notices as well that it did not
// get the whole.
func TestAnswersAreTheSame(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var list []act
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, a := range list {
			a.do(w)
		}
	})
	without := serve(t, handler)
	with := serve(t, Responses(Options{})(handler))
	streaming := serve(t, Responses(Options{Streams: true})(handler))
	for range 200 {
		list = nil
		names := []string{}
		for range rnd.IntN(4) {
			list = append(list, starts(rnd))
		}
		for range rnd.IntN(5) {
			list = append(list, acts(rnd))
		}
		size, copied := 0, false
		for _, a := range list {
			names = append(names, a.name)
			size += a.size
			copied = copied || strings.HasPrefix(a.name, "copy")
		}
		if copied && size > 100 && strings.Contains(strings.Join(names, " "), "Content-Length") {
			continue // net/http copies more than the length says, into the next answer
		}
		for _, method := range []string{"GET", "HEAD"} {
			want := fetch(t, without, method, "")
			for _, accept := range []string{"", "gzip", "br", "zstd"} {
				got := fetch(t, with, method, accept)
				require.Equal(t, want, got, "%s %s: %q", method, accept, names)
				got = fetch(t, streaming, method, accept)
				require.Equal(t, want, got, "%s %s, streams: %q", method, accept, names)
			}
		}
	}
}
