package main

// A WebSocket message: read and unmask a frame, decode its JSON, make what the
// handler needs, call it, encode what it returned, write a frame.
//
//   - The handler takes a value of the application, one made for each message
//     (one allocation, in everybody's figure), and the message.
//   - "message" has no network and no second goroutine: the connection is a
//     net.Conn whose Read returns one frame after the other, one per call as a
//     socket would, and then io.EOF; what is written is counted and the last is
//     looked at. One handshake per batch of many thousand messages is in the
//     figure.
//   - "roundtrip" is a client and a server over an in-memory connection with a
//     buffer (internal/memnet), the client waiting for each reply. Most of it is
//     goroutines waking one another.
//   - Fogo checks origin, UTF-8 and limits, has deadlines for writes and sends
//     pings; the code by hand on gobwas/ws does what that project's README does.
//     "tuned" reads and writes the frames of small unfragmented messages itself,
//     and would have to be completed before it met RFC 6455.

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	gobwas "github.com/gobwas/ws"
	"github.com/gofogo/fogo/internal/memnet"
)

// Add is the message.
type Add struct {
	Op string `json:"op"`
	A  int    `json:"a"`
	B  int    `json:"b"`
}

// Stamp is made for each message.
type Stamp struct{ Seq int }

func newStamp() *Stamp { return &Stamp{Seq: 1} }

// Added is the reply.
type Added struct {
	Sum   int `json:"sum"`
	Users int `json:"users"`
	Seq   int `json:"seq"`
}

func add(store *Store, stamp *Stamp, m Add) (Added, error) {
	return Added{Sum: m.A + m.B, Users: len(store.users), Seq: stamp.Seq}, nil
}

const (
	addMessage = `{"op":"add","a":17,"b":4}`
	addReply   = `{"sum":21,"users":2,"seq":1}`
)

// messenger answers each message on the socket /ws.
type messenger interface {
	contender
	messages() (http.Handler, error)
}

func messengers() []messenger {
	return []messenger{gobwasByHand{}, gobwasByHand{tuned: true}, fogoSocket{}, fogoConn{}}
}

func websocketScenarios() []*scenario {
	return []*scenario{
		{
			id: "websocket/message", title: "A WebSocket message, in process",
			about:    "Frame in, JSON decoded, two values injected, handler called, JSON encoded, frame out; no network.",
			baseline: gobwasByHand{}.name(), open: openMessages,
		},
		{
			id: "websocket/roundtrip", title: "A WebSocket message and its reply, over a connection in memory",
			about:    "The same between two goroutines: a client that sends a message and waits for the reply.",
			baseline: gobwasByHand{}.name(), open: openRoundtrips,
		},
	}
}

func openMessages(*session) (*field, error) {
	f := &field{}
	for _, m := range messengers() {
		h, err := m.messages()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name(), err)
		}
		x := &socketExchange{handler: h}
		x.do(3)
		if err := x.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name(), err)
		}
		f.starters = append(f.starters, starter{contender: m.name(), run: timed(x.do, x.check)})
	}
	return f, nil
}

// socketExchange gives a handler a handshake and messages.
type socketExchange struct {
	handler http.Handler
	conn    *feed
	want    int
}

func (x *socketExchange) do(n int) {
	x.want = n
	x.conn = newFeed(n)
	r, _ := http.NewRequest("GET", "/ws", nil)
	r.RequestURI, r.Host, r.RemoteAddr = "/ws", "localhost", "127.0.0.1:1"
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	x.handler.ServeHTTP(&hijackable{writer{header: http.Header{}}, x.conn}, r)
	<-x.conn.closed
}

// check compares the replies.
func (x *socketExchange) check() error {
	if x.conn.replies != x.want {
		return fmt.Errorf("%d replies to %d messages; the last write was %q", x.conn.replies, x.want, x.conn.other)
	}
	return nil
}

// hijackable is a response writer that gives its connection away.
type hijackable struct {
	writer
	conn *feed
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// feed is a connection whose client sends a message again and again.
type feed struct {
	frame   []byte
	at      int // in the frame
	left    int // frames
	reply   []byte
	replies int
	partial []byte // of a reply
	other   []byte // the last that was no reply
	closed  chan struct{}
}

// addFrame is the message in a masked frame, replyFrame the reply in a plain one.
var (
	addFrame   = gobwas.MustCompileFrame(gobwas.MaskFrameWith(gobwas.NewTextFrame([]byte(addMessage)), [4]byte{1, 2, 3, 4}))
	replyFrame = gobwas.MustCompileFrame(gobwas.NewTextFrame([]byte(addReply)))
)

func newFeed(n int) *feed {
	return &feed{frame: addFrame, left: n, reply: replyFrame, closed: make(chan struct{})}
}

func (f *feed) Read(b []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := copy(b, f.frame[f.at:])
	if f.at += n; f.at == len(f.frame) {
		f.at, f.left = 0, f.left-1
	}
	return n, nil
}

// Write takes replies, which may come in pieces or several at once.
func (f *feed) Write(b []byte) (int, error) {
	if len(f.partial) == 0 && bytes.Equal(b, f.reply) {
		f.replies++
		return len(b), nil
	}
	f.partial = append(f.partial, b...)
	for bytes.HasPrefix(f.partial, f.reply) {
		f.replies++
		f.partial = append(f.partial[:0], f.partial[len(f.reply):]...)
	}
	if !bytes.HasPrefix(f.reply, f.partial) {
		f.other = append(f.other[:0], f.partial...)
		f.partial = f.partial[:0]
	}
	return len(b), nil
}

func (f *feed) Close() error {
	select {
	case <-f.closed:
	default:
		close(f.closed)
	}
	return nil
}

func (*feed) LocalAddr() net.Addr              { return memnet.Addr{} }
func (*feed) RemoteAddr() net.Addr             { return memnet.Addr{} }
func (*feed) SetDeadline(time.Time) error      { return nil }
func (*feed) SetReadDeadline(time.Time) error  { return nil }
func (*feed) SetWriteDeadline(time.Time) error { return nil }

func openRoundtrips(*session) (*field, error) {
	f := &field{}
	var closers []func()
	f.close = func() {
		for _, c := range closers {
			c()
		}
	}
	for _, m := range messengers() {
		h, err := m.messages()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name(), err)
		}
		x, err := newRoundtrip(h)
		if err != nil {
			f.close()
			return nil, fmt.Errorf("%s: %w", m.name(), err)
		}
		closers = append(closers, x.close)
		if x.do(3); x.err != nil {
			f.close()
			return nil, fmt.Errorf("%s: %w", m.name(), x.err)
		}
		f.starters = append(f.starters, starter{contender: m.name(), run: timed(x.do, func() error { return x.err })})
	}
	return f, nil
}

// roundtrip is a client of a server over an in-memory listener.
type roundtrip struct {
	server *http.Server
	conn   net.Conn
	buf    []byte
	err    error
}

func newRoundtrip(h http.Handler) (*roundtrip, error) {
	ln := memnet.Listen()
	x := &roundtrip{server: &http.Server{Handler: h}, buf: make([]byte, len(replyFrame))}
	go func() { _ = x.server.Serve(ln) }()
	d := gobwas.Dialer{NetDial: ln.DialContext}
	conn, early, _, err := d.Dial(context.Background(), "ws://localhost/ws")
	if err != nil {
		return nil, err
	}
	if early != nil {
		return nil, fmt.Errorf("%d bytes before the first message", early.Buffered())
	}
	x.conn = conn
	return x, nil
}

func (x *roundtrip) do(n int) {
	for range n {
		if _, x.err = x.conn.Write(addFrame); x.err != nil {
			return
		}
		if _, x.err = io.ReadFull(x.conn, x.buf); x.err != nil {
			return
		}
		if !bytes.Equal(x.buf, replyFrame) {
			x.err = fmt.Errorf("the reply is %q", x.buf)
			return
		}
	}
}

func (x *roundtrip) close() {
	_ = x.conn.Close()
	_ = x.server.Close()
}
