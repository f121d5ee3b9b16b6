package ws_test

// Peers that do everything at once that a server must survive, while others just want to be answered.

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/deflate"
	"github.com/gofogo/fogo/ws"
)

// castle is a server whose connections echo, under attack.
type castle struct {
	t    *testing.T
	addr string
	tr   *ws.Tracker
	opts *ws.Options

	mu     sync.Mutex
	opened map[string]int             // by the kind of the peer, which is the path
	closed map[string]map[ws.Code]int // likewise
	hold   []net.Conn                 // the ends of attackers
}

func newCastle(t *testing.T, change func(*ws.Options)) *castle {
	t.Helper()
	c := &castle{t: t, tr: &ws.Tracker{}, opened: map[string]int{}, closed: map[string]map[ws.Code]int{}}
	ws.SetLinger(c.tr, 5*time.Millisecond)
	c.opts = &ws.Options{
		Tracker: c.tr, Compression: &ws.Compression{},
		PingInterval: 300 * time.Millisecond, PongTimeout: 4 * time.Second,
		MessageTimeout: time.Second, WriteTimeout: time.Second, CloseTimeout: time.Second,
	}
	change(c.opts)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c.addr = l.Addr().String()
	srv := &http.Server{ReadHeaderTimeout: 3 * time.Second, Handler: c}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		c.giveUp()
		_ = srv.Close()
		<-done
	})
	return c
}

// giveUp ends the attack.
func (c *castle) giveUp() {
	for _, conn := range c.hold {
		_ = conn.Close()
	}
	c.hold = nil
}

// connect opens a connection that is held until the attack ends.
func (c *castle) connect(addr string) net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(c.t, err)
	c.hold = append(c.hold, conn)
	return conn
}

func (c *castle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := ws.New(w, r, c.opts)
	if !assert.NoError(c.t, err) {
		return
	}
	kind := r.URL.Path[1:]
	c.mu.Lock()
	c.opened[kind]++
	c.mu.Unlock()
	assert.NoError(c.t, conn.Serve(&inhabitant{c, kind}))
}

// inhabitant is the handler of one connection.
type inhabitant struct {
	*castle
	kind string
}

func (i *inhabitant) Message(c *ws.WebSocket, m ws.Message) { _ = c.Send(m.Kind, m.Data) }

func (i *inhabitant) Closed(_ *ws.WebSocket, code ws.Code, _ ws.Reason) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.castle.closed[i.kind] == nil {
		i.castle.closed[i.kind] = map[ws.Code]int{}
	}
	i.castle.closed[i.kind][code]++
}

// ends waits until all connections of a kind have ended, of which there must be n, and returns the codes.
func (c *castle) ends(kind string, n int) map[ws.Code]int {
	c.t.Helper()
	sum := func() (sum int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, k := range c.closed[kind] {
			sum += k
		}
		return sum
	}
	require.Eventually(c.t, func() bool { return sum() >= n }, 30*time.Second, 5*time.Millisecond, "%s: %d of %d", kind, sum(), n)
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Equal(c.t, n, c.opened[kind], kind)
	codes, total := map[ws.Code]int{}, 0
	for code, k := range c.closed[kind] {
		codes[code], total = k, total+k
	}
	require.Equal(c.t, n, total, "%s: each is told once: %v", kind, codes)
	return codes
}

// only requires that all connections of a kind ended with one of the codes.
func (c *castle) only(kind string, n int, allowed ...ws.Code) {
	c.t.Helper()
	codes := c.ends(kind, n)
	for code := range codes {
		require.Contains(c.t, allowed, code, "%s: %v", kind, codes)
	}
}

// friend talks with the server all the time.
type friend struct {
	rounds  atomic.Int64
	longest atomic.Int64
}

// befriend makes n friends, who stop when ctx ends and say goodbye.
func (c *castle) befriend(ctx context.Context, wg *sync.WaitGroup, n int) []*friend {
	c.t.Helper()
	list := make([]*friend, n)
	for i := range list {
		f := &friend{}
		list[i] = f
		conn, err := net.Dial("tcp", c.addr)
		require.NoError(c.t, err)
		client, _, err := ws.Client(soon(c.t), conn, "ws://"+c.addr+"/friend", nil)
		require.NoError(c.t, err)
		wg.Go(func() {
			for ctx.Err() == nil {
				if !f.talk(c.t, client) {
					return
				}
				time.Sleep(time.Millisecond)
			}
			assert.NoError(c.t, client.Close(ws.CodeNormal))
		})
	}
	return list
}

func (f *friend) talk(t *testing.T, c *ws.WebSocket) bool {
	start := time.Now()
	say := fmt.Sprint("round ", f.rounds.Load())
	if !assert.NoError(t, c.SendText(say)) {
		return false
	}
	m, err := c.Receive(context.Background())
	if !assert.NoError(t, err) || !assert.Equal(t, say, string(m.Data)) {
		return false
	}
	f.rounds.Add(1)
	f.longest.Store(max(f.longest.Load(), int64(time.Since(start))))
	return true
}

// areServed waits until each friend has been answered some more times.
func (c *castle) areServed(friends []*friend) {
	c.t.Helper()
	var longest int64
	for _, f := range friends {
		f.longest.Store(0)
		want := f.rounds.Load() + 20
		require.Eventually(c.t, func() bool { return f.rounds.Load() >= want }, 30*time.Second, time.Millisecond)
		longest = max(longest, f.longest.Load())
	}
	c.t.Logf("the longest round of a friend: %v", time.Duration(longest))
}

// attack opens a connection of a kind by hand, with more header lines.
func (c *castle) attack(addr, kind string, header ...string) net.Conn {
	c.t.Helper()
	conn := c.connect(addr)
	_, err := io.WriteString(conn, "GET /"+kind+" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+strings.Join(append(header, "\r\n"), ""))
	require.NoError(c.t, err)
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusSwitchingProtocols, res.StatusCode)
	return conn
}

// until writes what next returns until that fails.
func until(conn net.Conn, next func() string) {
	for {
		if _, err := io.WriteString(conn, next()); err != nil {
			return
		}
	}
}

// held returns the bytes that live on the heap and on stacks.
func held() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

func allocated() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

// TestSiege lets all kinds of hostile peers loose on a server. The others must be answered all the time, memory must
// stay within bounds, and the server must get rid of every one of them by itself, leaving nothing behind.
func TestSiege(t *testing.T) {
	for name, change := range map[string]func(*ws.Options){
		"parking":    func(*ws.Options) {},
		"no parking": func(o *ws.Options) { o.NoParking = true },
	} {
		t.Run(name, func(t *testing.T) { siege(t, newCastle(t, change)) })
	}
}

func siege(t *testing.T, c *castle) {
	goroutines, fds := runtime.NumGoroutine(), descriptors(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var wg, attackers sync.WaitGroup
	friends := c.befriend(ctx, &wg, 10)
	c.areServed(friends)

	c.bombs(20)
	c.areServed(friends)

	before := held()
	frozen := c.vanished(100)
	halfOpen := c.halfOpen(2000)
	c.garbage(200)
	c.crawlers(&attackers, 100)
	c.stalled(&attackers, 10)
	c.floods(&attackers, 20)
	grown := held() - before
	c.areServed(friends)
	late := c.befriend(ctx, &wg, 1)
	c.areServed(late)
	t.Logf("under siege the process holds %d KiB more, its attackers included", grown>>10)
	require.Less(t, grown, 128<<20, "a half-open handshake takes net/http, and us as its client, 25 KiB")

	// The server gets rid of all of them by itself.
	c.only("flood", 20, ws.CodePolicyViolation)
	c.only("stalled", 10, ws.CodeAbnormal)
	c.only("crawler", 100, ws.CodePolicyViolation)
	c.only("garbage", 200, ws.CodeProtocolError, ws.CodeInvalidPayload, ws.CodeMessageTooBig, ws.CodePolicyViolation, ws.CodeAbnormal)
	c.only("vanished", 100, ws.CodeAbnormal)
	for _, conn := range halfOpen {
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		_, err := io.Copy(io.Discard, conn)
		require.NoError(t, err, "an end that is no timeout")
	}
	attackers.Wait()
	c.areServed(append(friends, late...))
	eventually(t, func() bool { return c.tr.Len() == len(friends)+1 })

	stop()
	wg.Wait()
	c.only("friend", len(friends)+1, ws.CodeNormal)
	frozen.close()
	eventually(t, func() bool { return c.tr.Len() == 0 && c.tr.Parked() == 0 })
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }) // eventually has one of its own
	eventually(t, func() bool { return descriptors(t) <= fds+len(c.hold) })      // theirs are still open
}

// bombSize is what a bomb unfolds to.
const bombSize = 16 << 20

var bomb = sync.OnceValues(func() (string, error) {
	packed, err := deflate.Compress(nil, make([]byte, bombSize), 15, deflate.Fastest)
	return rawFrame(fin|0x40|opBinary, string(packed), true), err
})

// bombs send a little that unfolds to much.
func (c *castle) bombs(n int) {
	frame, err := bomb()
	require.NoError(c.t, err)
	require.Less(c.t, len(frame), bombSize/100)
	before := allocated()
	for range n {
		conn := c.attack(c.addr, "bomb", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
		_, _ = io.WriteString(conn, frame) // the server may hang up before all of it came
	}
	c.only("bomb", n, ws.CodeMessageTooBig)
	require.Less(c.t, allocated()-before, n*bombSize/4, "no more comes out than a message may have")
}

// halfOpen begins handshakes and doesn't end them.
func (c *castle) halfOpen(n int) []net.Conn {
	const request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgr"
	list := make([]net.Conn, n)
	for i := range list {
		conn := c.connect(c.addr)
		_, err := io.WriteString(conn, request[:i%len(request)])
		require.NoError(c.t, err)
		list[i] = conn
	}
	return list
}

func (c *castle) garbage(n int) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range n {
		b := make([]byte, 1+rnd.IntN(2000))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		_, _ = c.attack(c.addr, "garbage").Write(b)
	}
}

// crawlers send a message byte by byte.
func (c *castle) crawlers(wg *sync.WaitGroup, n int) {
	frame := rawFrame(fin|opBinary, strings.Repeat("x", 60000), true)
	for range n {
		conn := c.attack(c.addr, "crawler")
		i := 0
		wg.Go(func() {
			until(conn, func() string {
				time.Sleep(5 * time.Millisecond)
				i++
				return frame[i-1 : i]
			})
		})
	}
}

// stalled peers ask for much and read nothing.
func (c *castle) stalled(wg *sync.WaitGroup, n int) {
	frame := rawFrame(fin|opBinary, strings.Repeat("x", 64<<10), true)
	for range n {
		conn := c.attack(c.addr, "stalled")
		wg.Go(func() { until(conn, func() string { return frame }) })
	}
}

func (c *castle) floods(wg *sync.WaitGroup, n int) {
	pings := strings.Repeat(rawFrame(fin|opPing, "ping", true), 20)
	for range n {
		conn := c.attack(c.addr, "flood")
		wg.Go(func() { until(conn, func() string { return pings }) })
	}
}

// vanished connects peers through a network that breaks then: nothing arrives any more, in no direction, also no FIN.
func (c *castle) vanished(n int) *brokenNetwork {
	p := newBrokenNetwork(c.t, c.addr)
	for i := range n {
		conn := c.attack(p.addr, "vanished")
		if i%2 == 0 {
			_, _ = io.WriteString(conn, rawFrame(fin|opText, "hello", true))
		}
	}
	c.mu.Lock()
	require.Equal(c.t, n, c.opened["vanished"])
	c.mu.Unlock()
	p.broken.Store(true)
	return p
}

// brokenNetwork is a way to a server that can break.
type brokenNetwork struct {
	addr   string
	broken atomic.Bool
	l      net.Listener
	wg     sync.WaitGroup
	mu     sync.Mutex
	conns  []net.Conn
}

func newBrokenNetwork(t *testing.T, to string) *brokenNetwork {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &brokenNetwork{addr: l.Addr().String(), l: l}
	p.wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", to)
			if !assert.NoError(t, err) {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, a, b)
			p.mu.Unlock()
			p.wg.Go(func() { p.carry(a, b) })
			p.wg.Go(func() { p.carry(b, a) })
		}
	})
	t.Cleanup(p.close)
	return p
}

// carry carries bytes until the network breaks, and then loses them.
func (p *brokenNetwork) carry(from, to net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if !p.broken.Load() {
			_, _ = to.Write(buf[:n])
		}
	}
}

func (p *brokenNetwork) close() {
	_ = p.l.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
