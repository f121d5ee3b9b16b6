package ws_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	opCont   = 0x0
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xa

	fin    = 0x80
	maskIt = 0x80
)

// handshake is a request as a client would send it.
func handshakeRequest(changes ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://example.com/ws", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	for _, change := range changes {
		change(r)
	}
	return r
}

// hijacker is a response writer over any connection.
type hijacker struct {
	*httptest.ResponseRecorder
	conn  net.Conn
	early string // bytes that came behind the request
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	br := bufio.NewReader(io.MultiReader(strings.NewReader(h.early), h.conn))
	_, _ = br.Peek(len(h.early))
	return h.conn, bufio.NewReadWriter(br, bufio.NewWriter(h.conn)), nil
}

// pair returns an unaccepted connection and the peer's end of the network.
func pair(t testing.TB, opts *ws.Options, changes ...func(*http.Request)) (*ws.WebSocket, *peer) {
	t.Helper()
	server, client := memnet.Pipe(memnet.DefaultBuffer)
	return pairOver(t, server, client, "", opts, changes...)
}

func pairOver(
	t testing.TB, server, client net.Conn, early string, opts *ws.Options, changes ...func(*http.Request),
) (*ws.WebSocket, *peer) {
	t.Helper()
	w := &hijacker{httptest.NewRecorder(), server, early}
	c, err := ws.New(w, handshakeRequest(changes...), opts)
	require.NoError(t, err)
	p := &peer{t: t, conn: client, br: bufio.NewReader(client), mask: true, recorder: w.ResponseRecorder}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return c, p
}

// open is pair with an accepted connection.
func open(t testing.TB, opts *ws.Options) (*ws.WebSocket, *peer) {
	t.Helper()
	c, p := pair(t, opts)
	require.NoError(t, c.Accept())
	p.answer()
	return c, p
}

// overTCP is open over real sockets.
func overTCP(t testing.TB, opts *ws.Options) (*ws.WebSocket, *peer) {
	t.Helper()
	server, client := tcpPair(t)
	c, p := pairOver(t, server, client, "", opts)
	require.NoError(t, c.Accept())
	p.answer()
	return c, p
}

func tcpPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	client, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	return server, client
}

// networks runs a test over both.
func networks(t *testing.T, f func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer))) {
	t.Helper()
	t.Run("mem", func(t *testing.T) { f(t, open) })
	t.Run("tcp", func(t *testing.T) { f(t, overTCP) })
}

// peer speaks raw frames.
type peer struct {
	t        testing.TB
	conn     net.Conn
	br       *bufio.Reader
	mask     bool
	recorder *httptest.ResponseRecorder
}

// answer reads the 101.
func (p *peer) answer() *http.Response {
	p.t.Helper()
	resp, err := http.ReadResponse(p.br, nil)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusSwitchingProtocols, resp.StatusCode)
	return resp
}

// frame builds a frame: the first byte as it stands, the payload masked if the peer is a client.
func (p *peer) frame(first byte, payload string) string { return rawFrame(first, payload, p.mask) }

func rawFrame(first byte, payload string, mask bool) string {
	var bit byte
	if mask {
		bit = maskIt
	}
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, bit|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, bit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, bit|127), uint64(n))
	}
	if !mask {
		return string(b) + payload
	}
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i&3])
	}
	return string(b)
}

func (p *peer) write(raw string) {
	p.t.Helper()
	_, err := io.WriteString(p.conn, raw)
	require.NoError(p.t, err)
}

func (p *peer) send(first byte, payload string) {
	p.t.Helper()
	p.write(p.frame(first, payload))
}

func (p *peer) read() (first byte, payload string) {
	p.t.Helper()
	first, payload, err := p.tryRead()
	require.NoError(p.t, err)
	return first, payload
}

func (p *peer) tryRead() (first byte, payload string, err error) {
	var h [2]byte
	if _, err := io.ReadFull(p.br, h[:]); err != nil {
		return 0, "", err
	}
	if masked := h[1]&maskIt != 0; masked == p.mask {
		return 0, "", fmt.Errorf("frame %x: masked = %v", h, masked)
	}
	n := uint64(h[1] & 0x7f)
	switch n {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(p.br, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(p.br, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, "", err
	}
	var key [4]byte
	if !p.mask {
		if _, err := io.ReadFull(p.br, key[:]); err != nil {
			return 0, "", err
		}
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(p.br, b); err != nil {
		return 0, "", err
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
	return h[0], string(b), nil
}

func (p *peer) expect(first byte, payload string) {
	p.t.Helper()
	f, got := p.read()
	require.Equal(p.t, fmt.Sprintf("%#x", first), fmt.Sprintf("%#x", f), "first byte; payload %q", got)
	require.Equal(p.t, payload, got)
}

// expectClose reads a Close frame with a code, whatever the reason, and returns the reason.
func (p *peer) expectClose(code ws.Code) string {
	p.t.Helper()
	f, got := p.read()
	require.Equal(p.t, byte(fin|opClose), f, "payload %q", got)
	if code == ws.CodeNoStatus {
		require.Empty(p.t, got)
		return ""
	}
	require.GreaterOrEqual(p.t, len(got), 2)
	require.Equal(p.t, code, ws.Code(binary.BigEndian.Uint16([]byte(got))), "reason %q", got[2:])
	return got[2:]
}

func (p *peer) expectEOF() {
	p.t.Helper()
	rest, err := io.ReadAll(p.br)
	require.NoError(p.t, err)
	require.Empty(p.t, rest)
}

func closeBody(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// receive gets the result of one Receive from another goroutine.
func receive(ctx context.Context, c *ws.WebSocket) <-chan received {
	ch := make(chan received, 1)
	go func() {
		m, err := c.Receive(ctx)
		ch <- received{m, err}
	}()
	return ch
}

type received struct {
	ws.Message
	err error
}

// requireClosed checks an error of an ended connection.
func requireClosed(t testing.TB, err error, code ws.Code) {
	t.Helper()
	require.ErrorIs(t, err, ws.ErrClosed)
	var ce *ws.CloseError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, code, ce.Code)
}

// soon is a context for what must not hang.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// serve runs a server on memnet whose handler gets unaccepted connections.
func serve(t testing.TB, opts *ws.Options, f func(*ws.WebSocket)) *memnet.Listener {
	t.Helper()
	l := memnet.Listen()
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.New(w, r, opts)
		if err != nil {
			he, _ := err.(*ws.HandshakeError)
			for k, v := range he.Header {
				w.Header()[k] = v
			}
			http.Error(w, he.Detail, he.Status)
			return
		}
		f(c)
	})}
	done := make(chan error)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return l
}

// dial connects a client to it.
func dial(t testing.TB, l *memnet.Listener, opts *ws.ClientOptions) *ws.WebSocket {
	t.Helper()
	conn, err := l.Dial(soon(t))
	require.NoError(t, err)
	c, _, err := ws.Client(soon(t), conn, "ws://example.com/ws", opts)
	require.NoError(t, err)
	t.Cleanup(c.Finish)
	return c
}

func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }
