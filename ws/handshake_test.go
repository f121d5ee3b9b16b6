package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func TestHandshakes(t *testing.T) {
	rows := []struct {
		name   string
		change func(*http.Request)
		status int // 0: fine
		header http.Header
	}{
		{"plain", func(*http.Request) {}, 0, nil},
		{"two Connection lines", header("Connection", "keep-alive", "Upgrade"), 0, nil},
		{"Connection with tokens", header("Connection", "keep-alive, upgrade"), 0, nil},
		{"Upgrade with tokens", header("Upgrade", "h2c, WebSocket"), 0, nil},
		{"two Upgrade lines", header("Upgrade", "h2c", "websocket"), 0, nil},
		{"nothing asked for", func(r *http.Request) { r.Header = http.Header{} }, 426, http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}},
		{"no Connection", header("Connection"), 426, nil},
		{"no Upgrade", header("Upgrade"), 426, nil},
		{"token within a word", header("Connection", "upgraded"), 426, nil},
		{"another protocol", header("Upgrade", "h2c"), 426, nil},
		{"POST", func(r *http.Request) { r.Method = http.MethodPost }, 405, http.Header{"Allow": {"GET"}}},
		{"HTTP/1.0", func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }, 400, nil},
		{"HTTP/2", func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0 }, 400, nil},
		{"version 8", header("Sec-WebSocket-Version", "8"), 426, http.Header{"Sec-Websocket-Version": {"13"}}},
		{"no version", header("Sec-WebSocket-Version"), 426, http.Header{"Sec-Websocket-Version": {"13"}}},
		{"two versions", header("Sec-WebSocket-Version", "13", "8"), 426, nil},
		{"no key", header("Sec-WebSocket-Key"), 400, nil},
		{"two keys", header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="), 400, nil},
		{"key of another length", header("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="), 400, nil},
		{"key of 17 bytes", header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZWU="), 400, nil},
		{"key of 18 bytes", header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZWVl"), 400, nil},
		{"key not base64", header("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!!!"), 400, nil},
		{"body", func(r *http.Request) { r.ContentLength = 5 }, 400, nil},
		{"body of unknown length", func(r *http.Request) { r.ContentLength = -1 }, 400, nil},
		{"chunked", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }, 400, nil},
		{"other origin", header("Origin", "http://evil.example"), 403, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := handshakeRequest(row.change)
			w := httptest.NewRecorder()
			c, err := ws.New(w, r, nil)
			if row.status == 0 {
				require.NoError(t, err)
				require.False(t, c.Accepted())
				require.True(t, ws.IsUpgrade(r))
				return
			}
			require.Nil(t, c)
			var he *ws.HandshakeError
			require.ErrorAs(t, err, &he)
			require.Equal(t, row.status, he.Status, he.Detail)
			require.Equal(t, row.status, he.StatusCode())
			require.NotEmpty(t, he.Detail)
			for k, v := range row.header {
				require.Equal(t, v, he.Header[k])
			}
			require.Empty(t, w.Header(), "New writes nothing")
		})
	}
}

func TestOrigins(t *testing.T) {
	plain := func(r *http.Request) { r.Host = "example.com" }
	port := func(r *http.Request) { r.Host = "example.com:8080" }
	secure := func(r *http.Request) { r.Host, r.TLS = "Example.com", &tls.ConnectionState{} }
	six := func(r *http.Request) { r.Host = "[::1]:8080" }
	rows := []struct {
		server  func(*http.Request)
		origins []string
		origin  string
		ok      bool
	}{
		{plain, nil, "http://example.com", true},
		{plain, nil, "http://EXAMPLE.com", true},
		{plain, nil, "http://example.com:80", true},
		{plain, nil, "https://example.com", true}, // a proxy ended TLS
		{plain, nil, "https://example.com:80", false},
		{plain, nil, "http://example.com:8080", false},
		{plain, nil, "http://example.com.evil.example", false},
		{plain, nil, "http://evil.example", false},
		{plain, nil, "http://sub.example.com", false},
		{plain, nil, "ftp://example.com", false},
		{plain, nil, "null", false},
		{plain, nil, "", false},
		{plain, nil, "example.com", false},
		{plain, nil, "http://example.com/path", false},
		{plain, nil, "http://example.com?q", false},
		{plain, nil, "http://example.com#", false},
		{plain, nil, "http://u@example.com", false},
		{plain, nil, "http://", false},
		{port, nil, "http://example.com:8080", true},
		{port, nil, "https://example.com:8080", true},
		{port, nil, "http://example.com", false},
		{secure, nil, "https://example.com", true},
		{secure, nil, "https://example.com:443", true},
		{secure, nil, "http://example.com", false}, // anybody on the wire may have written that page
		{six, nil, "http://[::1]:8080", true},
		{six, nil, "http://[::1]", false},
		{plain, []string{"*"}, "http://evil.example", true},
		{plain, []string{"*"}, "null", true},
		{plain, []string{"null"}, "null", true},
		{plain, []string{"null"}, "http://example.com", false},
		{plain, []string{"https://app.example"}, "https://app.example", true},
		{plain, []string{"https://app.example"}, "https://app.example:443", true},
		{plain, []string{"https://app.example"}, "https://APP.example", true},
		{plain, []string{"https://app.example"}, "http://app.example", false},
		{plain, []string{"https://app.example"}, "https://app.example:8443", false},
		{plain, []string{"https://app.example"}, "http://example.com", false}, // not self any more
		{plain, []string{"self", "https://app.example"}, "http://example.com", true},
		{plain, []string{"https://app.example:*"}, "https://app.example:8443", true},
		{plain, []string{"https://app.example:8443"}, "https://app.example:8443", true},
		{plain, []string{"https://*.app.example"}, "https://a.b.app.example", true},
		{plain, []string{"https://*.app.example"}, "https://app.example", false},
		{plain, []string{"https://*.app.example"}, "https://evilapp.example", false},
		{plain, []string{"https://*.app.example"}, "https://.app.example", false},
		{plain, []string{"app.example"}, "https://app.example", true},
		{plain, []string{"app.example"}, "http://app.example", true},
		{plain, []string{"app.example"}, "ftp://app.example", false},
		{plain, []string{"chrome-extension://abc"}, "chrome-extension://abc", true},
		{plain, []string{"chrome-extension://abc"}, "chrome-extension://abd", false},
		{plain, []string{"http://bad/path"}, "http://bad", false},
	}
	for _, row := range rows {
		r := handshakeRequest(row.server, header("Origin", row.origin))
		_, err := ws.New(httptest.NewRecorder(), r, &ws.Options{Origins: row.origins})
		require.Equal(t, row.ok, err == nil, "host %s, origins %q, origin %q: %v", r.Host, row.origins, row.origin, err)
	}
	_, err := ws.New(httptest.NewRecorder(), handshakeRequest(header("Origin", "http://example.com", "http://example.com")), nil)
	require.Error(t, err, "two Origin lines")
	for _, allow := range []bool{true, false} {
		opts := &ws.Options{CheckOrigin: func(*http.Request) bool { return allow }}
		_, err := ws.New(httptest.NewRecorder(), handshakeRequest(), opts)
		require.Equal(t, allow, err == nil)
	}
}

func TestOptionsValidate(t *testing.T) {
	require.NoError(t, (*ws.Options)(nil).Validate())
	require.NoError(t, (&ws.Options{
		Origins:      []string{"*", "null", "self", "https://*.a.b", "a.b:*", "http://[::1]:80", "localhost:3000"},
		Subprotocols: []string{"chat", "v2.chat"},
	}).Validate())
	err := (&ws.Options{
		Origins:          []string{"http://a/b", "https://a.*.b", "://a", "http://", "u@a", "a b", ""},
		Subprotocols:     []string{"a b", "", "x", "x"},
		CheckOrigin:      func(*http.Request) bool { return true },
		HandshakeTimeout: -1,
	}).Validate()
	require.Error(t, err)
	require.Len(t, err.(interface{ Unwrap() []error }).Unwrap(), 12)
}

func TestAccept(t *testing.T) {
	c, p := pair(t, nil)
	p.recorder.Header().Set("X-Middleware", "was here")
	p.recorder.Header().Set("Content-Length", "12")
	p.recorder.Header().Set("X-Bad", "a\r\nb: c")
	require.NoError(t, c.Accept(ws.Header(http.Header{"set-cookie": {"a=1", "b=2"}})))
	resp := p.answer()
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-WebSocket-Accept"), "RFC 6455 section 1.3")
	require.Equal(t, http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		"Set-Cookie":           {"a=1", "b=2"}, "X-Middleware": {"was here"},
	}, resp.Header)
	require.True(t, c.Accepted())
	require.NoError(t, c.Accept())
	require.ErrorIs(t, c.Accept(ws.Subprotocol("")), ws.ErrAccepted)
	require.ErrorIs(t, c.Reject(400, nil, nil), ws.ErrAccepted)
	require.Equal(t, "memnet", c.RemoteAddr().String())
}

func TestAcceptOptionsThatFail(t *testing.T) {
	c, p := pair(t, nil, header("Sec-WebSocket-Protocol", "a, b"))
	require.Equal(t, []string{"a", "b"}, c.Offered())
	require.Equal(t, "192.0.2.1:1234", c.RemoteAddr().String())
	for _, opt := range []ws.AcceptOption{
		ws.Subprotocol("c"),
		ws.Header(http.Header{"X-A": {"b\r\nInjected: yes"}}),
		ws.Header(http.Header{"X-A": {"b\nInjected: yes"}}),
		ws.Header(http.Header{"X-A": {"b\x00"}}),
		ws.Header(http.Header{"X-A: b\r\nX-B": {"c"}}),
		ws.Header(http.Header{"X A": {"c"}}),
		ws.Header(http.Header{"": {"c"}}),
		ws.Header(http.Header{"Connection": {"close"}}),
		ws.Header(http.Header{"upgrade": {"h2c"}}),
		ws.Header(http.Header{"sec-websocket-extensions": {"x"}}),
		ws.Header(http.Header{"Sec-WebSocket-Protocol": {"a"}}),
		ws.Header(http.Header{"Transfer-Encoding": {"chunked"}}),
	} {
		require.Error(t, c.Accept(opt))
		require.False(t, c.Accepted())
	}
	require.NoError(t, c.Accept(ws.Subprotocol("b")), "nothing was written")
	require.Equal(t, "b", p.answer().Header.Get("Sec-WebSocket-Protocol"))
	require.Equal(t, "b", c.Subprotocol())
	require.Nil(t, c.Offered())
}

func TestSubprotocols(t *testing.T) {
	rows := []struct {
		ours  []string
		offer []string
		want  string
	}{
		{nil, []string{"a"}, ""},
		{[]string{"a"}, nil, ""},
		{[]string{"a", "b"}, []string{"b, a"}, "a"}, // ours counts
		{[]string{"a", "b"}, []string{"c", "b"}, "b"},
		{[]string{"a"}, []string{"A"}, ""}, // case matters
		{[]string{"a"}, []string{"bad token,a"}, "a"},
	}
	for _, row := range rows {
		c, p := pair(t, &ws.Options{Subprotocols: row.ours}, header("Sec-WebSocket-Protocol", row.offer...))
		require.NoError(t, c.Accept())
		require.Equal(t, row.want, p.answer().Header.Get("Sec-WebSocket-Protocol"))
		require.Equal(t, row.want, c.Subprotocol())
	}
}

func TestAcceptByFirstUse(t *testing.T) {
	c, p := pair(t, nil)
	require.NoError(t, c.SendText("hi"))
	p.answer()
	p.expect(fin|opText, "hi")

	c, p = pair(t, nil)
	got := receive(soon(t), c)
	p.answer()
	p.send(fin|opText, "hi")
	require.NoError(t, (<-got).err)

	c, p = pair(t, nil)
	w, err := c.Writer(soon(t), ws.KindText)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	p.answer()
	p.expect(fin|opText, "")
}

func TestPipelinedFrames(t *testing.T) {
	server, client := memnet.Pipe(memnet.DefaultBuffer)
	text := strings.Repeat("x", 3000)
	early := rawFrame(fin|opText, "early", true) + rawFrame(fin|opText, text, true)
	half := rawFrame(fin|opText, "half", true)
	c, p := pairOver(t, server, client, early+half[:3], nil)
	require.NoError(t, c.Accept())
	p.answer()
	p.write(half[3:])
	for _, want := range []string{"early", text, "half"} {
		got, err := c.ReceiveText(soon(t))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestPipelinedThroughNetHTTP(t *testing.T) {
	got := make(chan string, 1)
	l := serve(t, nil, func(c *ws.WebSocket) {
		defer c.Finish()
		s, _ := c.ReceiveText(context.Background())
		got <- s
	})
	conn, err := l.Dial(soon(t))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	var raw bytes.Buffer
	require.NoError(t, handshakeRequest().Write(&raw))
	raw.WriteString(rawFrame(fin|opText, "early", true))
	_, err = conn.Write(raw.Bytes())
	require.NoError(t, err)
	require.Equal(t, "early", <-got)
}

func TestReject(t *testing.T) {
	c, p := pair(t, nil)
	ctx := c.Context()
	require.Error(t, c.Reject(101, nil, nil))
	require.Error(t, c.Reject(600, nil, nil))
	require.NoError(t, c.Reject(401, http.Header{"www-authenticate": {"Basic"}}, []byte("who?")))
	require.Equal(t, 401, p.recorder.Code)
	require.Equal(t, "Basic", p.recorder.Header().Get("WWW-Authenticate"))
	require.Equal(t, "who?", p.recorder.Body.String())
	<-ctx.Done()
	<-c.Done()
	require.False(t, c.Accepted())
	for _, err := range []error{c.Accept(), c.SendText("x"), c.Reject(400, nil, nil), c.Ping(soon(t))} {
		require.ErrorIs(t, err, ws.ErrAccepted)
		require.ErrorIs(t, err, ws.ErrClosed)
	}
	_, err := c.Receive(soon(t))
	require.ErrorIs(t, err, ws.ErrClosed)
	require.NoError(t, c.Close(1005))
	c.Fail(1000, "")
	c.Finish()
	_, _, ok := c.CloseCode()
	require.False(t, ok)
	require.Empty(t, c.RemoteAddr().String())
}

func TestCloseBeforeAccept(t *testing.T) {
	c, p := pair(t, nil)
	require.Error(t, c.Close(999))
	require.NoError(t, c.Close(4000))
	require.Equal(t, 403, p.recorder.Code)
	require.NoError(t, c.Close(4000))

	c, p = pair(t, nil)
	c.Fail(4000, "")
	require.Equal(t, 403, p.recorder.Code)
}

type wrapper struct{ http.ResponseWriter }

type unwrapper struct{ http.ResponseWriter }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestHijackErrors(t *testing.T) {
	c, err := ws.New(unwrapper{wrapper{httptest.NewRecorder()}}, handshakeRequest(), nil)
	require.NoError(t, err)
	err = c.Accept()
	var he *ws.HijackError
	require.ErrorAs(t, err, &he)
	require.Equal(t, "ws_test.wrapper", he.Type)
	require.Equal(t, 500, he.StatusCode())
	require.ErrorContains(t, err, "Unwrap")
	require.NoError(t, c.Reject(500, nil, nil), "it can still be answered")

	// Who passes it on is not to blame.
	c, err = ws.New(passing{wrapper{httptest.NewRecorder()}}, handshakeRequest(), nil)
	require.NoError(t, err)
	require.ErrorAs(t, c.Accept(), &he)
	require.Equal(t, "ws_test.wrapper", he.Type)

	broken := errors.New("broken")
	c, err = ws.New(unwrapper{failing{httptest.NewRecorder(), broken}}, handshakeRequest(), nil)
	require.NoError(t, err)
	require.ErrorIs(t, c.SendText("x"), broken)

	server, client := memnet.Pipe(10)
	defer func() { _ = client.Close() }()
	c, err = ws.New(unwrapper{&hijacker{httptest.NewRecorder(), server, ""}}, handshakeRequest(), nil)
	require.NoError(t, err)
	_ = client.Close()
	requireClosed(t, c.Accept(), ws.CodeAbnormal)
	_, err = server.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed, "not left open")
}

// passing passes hijacking on, as writers of middleware do.
type passing struct{ http.ResponseWriter }

func (p passing) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p passing) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(p.ResponseWriter).Hijack()
}

type failing struct {
	http.ResponseWriter
	err error
}

func (f failing) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, f.err }

func TestContextHasTheRequestsValues(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "v"))
	with := func(r *http.Request) { *r = *r.WithContext(ctx) }
	c, _ := pair(t, nil, with)
	require.NoError(t, c.Accept())
	cancel()
	require.Equal(t, "v", c.Context().Value(key{}))
	require.NoError(t, c.Context().Err(), "net/http cancels its own when the handler returns")

	c, _ = pair(t, nil, with)
	require.NoError(t, c.Accept(ws.BaseContext(context.Background())))
	require.Nil(t, c.Context().Value(key{}))
}

func TestRefusalsThroughNetHTTP(t *testing.T) {
	l := serve(t, nil, func(c *ws.WebSocket) {
		_ = c.Reject(418, http.Header{"X-Why": {"tea"}}, []byte("short and stout"))
	})
	conn, err := l.Dial(soon(t))
	require.NoError(t, err)
	c, resp, err := ws.Client(soon(t), conn, "ws://example.com/", nil)
	require.Nil(t, c)
	var he *ws.HandshakeError
	require.ErrorAs(t, err, &he)
	require.Equal(t, 418, he.Status)
	require.Equal(t, "tea", resp.Header.Get("X-Why"))
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "short and stout", string(body))
	_, err = conn.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
}
