package fleet

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	gobwas "github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/benchmarks/internal/wire"
)

// TestMain lets the test program be a worker.
func TestMain(m *testing.M) {
	if Work() {
		return
	}
	os.Exit(m.Run())
}

// serve has a function serve every connection after its handshake.
func serve(t *testing.T, f func(net.Conn)) netip.AddrPort {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := gobwas.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		defer conn.Close()
		f(conn)
	}))
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// echo answers each message by what reply does with its frame.
func echo(reply func(net.Conn, gobwas.Frame)) func(net.Conn) {
	return func(c net.Conn) {
		for {
			f, err := gobwas.ReadFrame(c)
			if err != nil {
				return
			}
			reply(c, gobwas.UnmaskFrameInPlace(f))
		}
	}
}

func write(c net.Conn, frames ...gobwas.Frame) {
	for _, f := range frames {
		_ = gobwas.WriteFrame(c, f)
	}
}

var (
	hello = []byte("hello, world")
	plain = echo(func(c net.Conn, f gobwas.Frame) { write(c, gobwas.NewBinaryFrame(f.Payload)) })
)

func connect(t *testing.T, server netip.AddrPort, n, inflight int, data []byte) *Fleet {
	t.Helper()
	f, err := New(Options{Server: server, Sources: []netip.Addr{netip.MustParseAddr("127.0.7.1"), netip.MustParseAddr("127.0.7.2")}})
	require.NoError(t, err)
	t.Cleanup(f.Close)
	f.SetMessage(Message{Op: wire.Binary, Send: data, Want: data}, inflight)
	require.NoError(t, f.Grow(n, time.Minute))
	assert.Equal(t, n, f.Counts().Open)
	return f
}

func TestEcho(t *testing.T) {
	for _, row := range []struct{ connections, inflight, size int }{
		{1, 1, 5}, {20, 1, 125}, {20, 16, 125}, {3, 4, 70_000}, {2, 1, 1 << 20},
	} {
		data := make([]byte, row.size)
		for i := range data {
			data[i] = byte(i * 7)
		}
		f := connect(t, serve(t, plain), row.connections, row.inflight, data)
		require.NoError(t, f.EchoAll(2, time.Minute))
		assert.Equal(t, row.connections, f.Counts().Replies)
		load, err := f.Echo(20*time.Millisecond, row.inflight)
		require.NoError(t, err, "%+v", row)
		assert.GreaterOrEqual(t, load.Messages, row.connections*row.inflight)
		assert.Positive(t, load.Times.Quantile(0.5))
		times, err := f.Probe(3, time.Minute)
		require.NoError(t, err)
		assert.Len(t, times, 3)
	}
}

// Whatever a server cuts a message into, it is the same message.
func TestRepliesInPieces(t *testing.T) {
	server := serve(t, echo(func(c net.Conn, f gobwas.Frame) {
		first := gobwas.NewFrame(gobwas.OpBinary, false, f.Payload[:3])
		write(c, first, gobwas.NewPingFrame([]byte("between")))
		last := gobwas.MustCompileFrame(gobwas.NewFrame(gobwas.OpContinuation, true, f.Payload[3:]))
		for i := range last { // a byte at a time
			_, _ = c.Write(last[i : i+1])
		}
		pong, err := gobwas.ReadFrame(c)
		if err != nil || pong.Header.OpCode != gobwas.OpPong || string(gobwas.UnmaskFrame(pong).Payload) != "between" {
			_ = c.Close()
		}
	}))
	f := connect(t, server, 2, 1, hello)
	for range 5 {
		require.NoError(t, f.EchoAll(2, time.Minute))
	}
	assert.Equal(t, 10, f.Counts().Pings)
	assert.Equal(t, 2, f.Counts().Pinged)
}

func TestWrongRepliesAreFound(t *testing.T) {
	for name, reply := range map[string][]byte{
		"other": []byte("hello, World"), "short": hello[:5], "long": []byte("hello, world!"),
	} {
		f := connect(t, serve(t, echo(func(c net.Conn, _ gobwas.Frame) { write(c, gobwas.NewBinaryFrame(reply)) })), 1, 1, hello)
		assert.ErrorContains(t, f.EchoAll(1, time.Minute), "a reply", name)
	}
}

func TestNoReply(t *testing.T) {
	f := connect(t, serve(t, echo(func(net.Conn, gobwas.Frame) {})), 1, 1, hello)
	assert.ErrorContains(t, f.EchoAll(1, 50*time.Millisecond), "took more than")
}

func TestRefusedHandshakes(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	f, err := New(Options{Server: netip.MustParseAddrPort(s.Listener.Addr().String())})
	require.NoError(t, err)
	defer f.Close()
	assert.ErrorContains(t, f.Grow(3, time.Minute), "404")

	f, err = New(Options{Server: netip.MustParseAddrPort("127.0.0.1:1")})
	require.NoError(t, err)
	defer f.Close()
	assert.ErrorContains(t, f.Grow(1, time.Minute), "refused")
}

// A Close frame is counted and answered; the server closes first.
func TestCloses(t *testing.T) {
	var mu sync.Mutex
	var answers []gobwas.StatusCode
	server := serve(t, func(c net.Conn) {
		write(c, gobwas.NewCloseFrame(gobwas.NewCloseFrameBody(gobwas.StatusGoingAway, "bye")))
		f, err := gobwas.ReadFrame(c)
		if err == nil && f.Header.OpCode == gobwas.OpClose {
			code, _ := gobwas.ParseCloseFrameData(gobwas.UnmaskFrame(f).Payload)
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, code)
		}
	})
	f := connect2(t, server, 5)
	require.NoError(t, f.until(time.Minute, "closing", func() bool { return f.counts.Ended+f.counts.Reset < 5 }))
	c := f.Counts()
	assert.Equal(t, map[int]int{1001: 5}, c.Closes)
	assert.Zero(t, c.Open+c.Closing+c.Lost)
	mu.Lock()
	defer mu.Unlock()
	assert.Len(t, answers, 5)
	assert.Equal(t, gobwas.StatusGoingAway, answers[0])
}

// connect2 is connect where connections may be over before all are open.
func connect2(t *testing.T, server netip.AddrPort, n int) *Fleet {
	t.Helper()
	f, err := New(Options{Server: server})
	require.NoError(t, err)
	t.Cleanup(f.Close)
	_ = f.Grow(n, time.Minute)
	return f
}

func TestLostConnectionsAreCounted(t *testing.T) {
	f := connect2(t, serve(t, func(net.Conn) {}), 3)
	require.NoError(t, f.until(time.Minute, "losing", func() bool { return f.counts.Lost < 3 }))
}

func TestBroadcast(t *testing.T) {
	start := make(chan struct{})
	f := connect(t, serve(t, func(c net.Conn) {
		<-start
		write(c, gobwas.NewBinaryFrame(hello))
		_, _ = c.Read(make([]byte, 1))
	}), 10, 1, hello)
	close(start)
	load, err := f.Await(10, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, 10, load.Messages)
}

func TestWorker(t *testing.T) {
	server := serve(t, plain)
	w, err := StartWorker(Task{
		Server: server, Sources: []netip.Addr{netip.MustParseAddr("127.0.7.3")},
		Message: Message{Op: wire.Binary, Send: hello, Want: hello},
	})
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, w.Open(10, time.Minute))
	require.NoError(t, w.Open(5, time.Minute))
	require.NoError(t, w.EchoAll(4, time.Minute))
	times, err := w.Probe(7, time.Minute)
	require.NoError(t, err)
	assert.Len(t, times, 7)
	c, err := w.Counts()
	require.NoError(t, err)
	assert.Equal(t, 15, c.Open)
	assert.Equal(t, 22, c.Replies)
	u, err := w.Usage()
	require.NoError(t, err)
	assert.Positive(t, u.RSS)
}

func TestSharedPort(t *testing.T) {
	a, err := Listen("127.0.0.1:0", true)
	require.NoError(t, err)
	defer a.Close()
	b, err := Listen(a.Addr().String(), true)
	require.NoError(t, err)
	defer b.Close()
	_, err = Listen(a.Addr().String(), false)
	assert.Error(t, err)
}
