package ws_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/internal/poll"
	"github.com/gofogo/fogo/ws"
)

// medium is a network that holds little, with a connection over it that somebody reads by Serve.
type medium struct {
	name string
	open func(t testing.TB, opts ws.Options, h ws.Handler) (*ws.WebSocket, *peer)
}

// media are the networks on which the queue is different: one that takes nothing without waiting (memory, TLS), one
// that does (TCP), and one without a transport.
var media = []medium{
	{"mem", func(t testing.TB, opts ws.Options, h ws.Handler) (*ws.WebSocket, *peer) {
		server, client := memnet.Pipe(4096)
		return servedOver(t, server, client, &opts, h)
	}},
	{"tcp", func(t testing.TB, opts ws.Options, h ws.Handler) (*ws.WebSocket, *peer) {
		server, client := narrowPair(t)
		return servedOver(t, server, client, &opts, h)
	}},
	{"parked", func(t testing.TB, opts ws.Options, h ws.Handler) (*ws.WebSocket, *peer) {
		if !poll.Supported {
			t.Skip("no poller here")
		}
		if opts.Tracker == nil {
			opts.Tracker = &ws.Tracker{}
		}
		ws.SetLinger(opts.Tracker, always)
		server, client := narrowPair(t)
		c, p := servedOver(t, server, client, &opts, h)
		require.Equal(t, 1, opts.Tracker.Parked())
		return c, p
	}},
	{"tls", func(t testing.TB, opts ws.Options, h ws.Handler) (*ws.WebSocket, *peer) {
		server, client := tlsPair(t)
		return servedOver(t, server, client, &opts, h)
	}},
}

func servedOver(t testing.TB, server, client net.Conn, opts *ws.Options, h ws.Handler) (*ws.WebSocket, *peer) {
	t.Helper()
	c, p := pairOver(t, server, client, "", opts)
	require.NoError(t, c.Accept())
	p.answer()
	require.NoError(t, c.Serve(h))
	return c, p
}

// narrowPair is a TCP connection whose sockets hold little.
func narrowPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	server, client = tcpPair(t)
	require.NoError(t, server.(*net.TCPConn).SetWriteBuffer(32<<10))
	require.NoError(t, client.(*net.TCPConn).SetReadBuffer(32<<10))
	return server, client
}

var testCertificate = sync.OnceValue(func() tls.Certificate {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
})

func tlsPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	a, b := narrowPair(t)
	srv := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{testCertificate()}})
	cl := tls.Client(b, &tls.Config{InsecureSkipVerify: true})
	errs := make(chan error, 1)
	go func() { errs <- srv.HandshakeContext(soon(t)) }()
	require.NoError(t, cl.HandshakeContext(soon(t)))
	require.NoError(t, <-errs)
	return srv, cl
}

// intake is all that a peer got, checked for whole frames and fragments in order.
type intake struct {
	messages     []string
	pings, pongs int
	code         ws.Code // of the Close frame; 0: there was none
	err          error   // why reading ended, if not by a Close frame
}

// take reads until stop says so, a Close frame, or the end.
func (p *peer) take(stop func(*intake) bool) *intake {
	in := &intake{}
	message, inside := "", false
	for stop == nil || !stop(in) {
		first, payload, err := p.tryRead()
		if err != nil {
			in.err = err
			return in
		}
		if first&0x70 != 0 {
			in.err = fmt.Errorf("reserved bits in %#x", first)
			return in
		}
		switch op := first & 0x0f; {
		case op == opPing:
			in.pings++
		case op == opPong:
			in.pongs++
		case op == opClose:
			if len(payload) >= 2 {
				in.code = ws.Code(payload[0])<<8 | ws.Code(payload[1])
			}
			return in
		case inside != (op == opCont), op > opBinary:
			in.err = fmt.Errorf("frame %#x out of order, payload %.40q", first, payload)
			return in
		default:
			message += payload
			if inside = first&fin == 0; !inside {
				in.messages = append(in.messages, message)
				message = ""
			}
		}
	}
	return in
}

func (p *peer) takeN(n int) *intake {
	return p.take(func(in *intake) bool { return len(in.messages) >= n })
}

// numbered is a message of a sender, of n bytes or a few more.
func numbered(sender, i, n int) string {
	s := fmt.Sprintf("%d/%d/", sender, i)
	return s + strings.Repeat("x", max(0, n-len(s)))
}

// requireOrder checks that the messages of each sender arrived in its order, and returns how many came from whom.
func requireOrder(t testing.TB, messages []string) map[int]int {
	t.Helper()
	last, count := map[int]int{}, map[int]int{}
	for _, m := range messages {
		var sender, i int
		_, err := fmt.Sscanf(m, "%d/%d/", &sender, &i)
		require.NoError(t, err, "message %.40q", m)
		require.Empty(t, strings.Trim(m[strings.LastIndexByte(m, '/')+1:], "x"), "message %.40q", m)
		before, seen := last[sender]
		require.True(t, !seen || i > before, "sender %d: %d after %d", sender, i, before)
		last[sender] = i
		count[sender]++
	}
	return count
}
