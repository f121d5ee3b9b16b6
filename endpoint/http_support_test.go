package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/require"
)

// record is a log record of a test.
type record struct {
	level   slog.Level
	message string
	attrs   map[string]string
}

// recorder is a slog.Handler that keeps what was logged. The zero value keeps
// the records of all handlers made from it.
type recorder struct {
	shared *records
	with   []slog.Attr
}

type records struct {
	mu  sync.Mutex
	all []record
}

func newRecorder() recorder { return recorder{shared: &records{}} }

func (h recorder) Enabled(context.Context, slog.Level) bool { return true }
func (h recorder) WithGroup(string) slog.Handler            { return h }

func (h recorder) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.with = append(h.with[:len(h.with):len(h.with)], attrs...)
	return h
}

func (h recorder) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]string{}
	for _, a := range h.with {
		attrs[a.Key] = a.Value.String()
	}
	r.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.String(); return true })
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	h.shared.all = append(h.shared.all, record{r.Level, r.Message, attrs})
	return nil
}

// records are those so far.
func (h recorder) records() []record {
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	return append([]record(nil), h.shared.all...)
}

// server is a view on a real server.
type server struct {
	t       *testing.T
	srv     *httptest.Server
	handler *endpoint.Handler
	log     recorder
}

// serve puts a view on a server of its own until the end of the test.
func serve(t *testing.T, view any, opts ...endpoint.Option) *server {
	t.Helper()
	log := newRecorder()
	return serveWith(t, endpoint.Config{Logger: slog.New(log)}, log, view, opts...)
}

func serveWith(t *testing.T, cfg endpoint.Config, log recorder, view any, opts ...endpoint.Option) *server {
	t.Helper()
	h, err := endpoint.New(view, append([]endpoint.Option{endpoint.Configure(cfg)}, opts...)...)
	require.NoError(t, err)
	s := &server{t: t, handler: h, log: log, srv: httptest.NewUnstartedServer(h)}
	s.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.srv.Start()
	t.Cleanup(func() {
		s.srv.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, h.Shutdown(ctx))
	})
	return s
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	length int64
	body   string
	broken error // why the body ended too early
}

func (r reply) contentType() string { return r.header.Get("Content-Type") }

// request makes a request; header are names and values in turn. Redirects are
// not followed.
func (s *server) request(method, target, body string, header ...string) (*http.Response, error) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL+target, strings.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return s.srv.Client().Transport.RoundTrip(req)
}

func (s *server) do(method, target, body string, header ...string) reply {
	s.t.Helper()
	res, err := s.request(method, target, body, header...)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, res.ContentLength, string(text), err}
}

func (s *server) get(target string, header ...string) reply {
	s.t.Helper()
	return s.do(http.MethodGet, target, "", header...)
}

// raw sends bytes as they are and returns what comes back until the server
// closes the connection. half closes the sending side, as a client that breaks
// off does.
func (s *server) raw(text string, half bool) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.srv.Listener.Addr().String())
	require.NoError(s.t, err)
	defer conn.Close()
	_, err = conn.Write([]byte(text))
	require.NoError(s.t, err)
	if half {
		require.NoError(s.t, conn.(*net.TCPConn).CloseWrite())
	}
	require.NoError(s.t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	var b bytes.Buffer
	_, _ = b.ReadFrom(conn)
	return b.String()
}

// rawReply is raw, with the answer parsed.
func (s *server) rawReply(text string, half bool) (int, string) {
	s.t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(s.raw(text, half))), nil)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res.StatusCode, string(body)
}

// provided is one registration.
type provided struct {
	lifetime    inject.Lifetime
	constructor any
}

// providing is the option of an injector with these providers.
func providing(t *testing.T, all ...provided) endpoint.Option {
	t.Helper()
	in := inject.New()
	for _, p := range all {
		require.NoError(t, in.Provide(p.lifetime, p.constructor))
	}
	return endpoint.Injector(in)
}

// buildError is the text of what is wrong with a view.
func buildError(t *testing.T, view any, opts ...endpoint.Option) string {
	t.Helper()
	h, err := endpoint.New(view, opts...)
	require.Error(t, err)
	require.Nil(t, h)
	return err.Error()
}

// journal notes what happens in a test, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines...)
}
