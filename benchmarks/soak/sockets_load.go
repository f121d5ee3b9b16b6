package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofogo/fogo/ws"
)

// session is a WebSocket of a client, that somebody receives from all the time.
type session struct {
	conn *ws.WebSocket
	tcp  *net.TCPConn
	in   chan string // closed at the end
	end  error       // and this is why
}

// open opens a connection, compressed or not.
func (c *client) open(path string, packed bool, header ...string) (*session, error) {
	s := &session{in: make(chan string, 256)}
	opts := &ws.DialOptions{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := c.dial.DialContext(ctx, network, addr)
		if err == nil {
			s.tcp = conn.(*net.TCPConn)
		}
		return conn, err
	}}
	opts.HandshakeTimeout, opts.Header = patience, http.Header{}
	if packed {
		opts.Compression = &ws.Compression{From: -1}
	}
	for i := 0; i < len(header); i += 2 {
		opts.Header.Set(header[i], header[i+1])
	}
	var err error
	if s.conn, _, err = ws.Dial(context.Background(), "ws://"+c.addr+path, opts); err != nil {
		return nil, err
	}
	go s.receive()
	return s, nil
}

func (s *session) receive() {
	defer close(s.in)
	for {
		m, err := s.conn.Receive(context.Background())
		if err != nil {
			s.end = err
			return
		}
		s.in <- string(m.Data)
	}
}

// next is the next message.
func (s *session) next() (string, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case m, ok := <-s.in:
		if !ok {
			return "", fmt.Errorf("instead of a message the end came: %w", s.end)
		}
		return m, nil
	case <-late.C:
		return "", errors.New("no message came")
	}
}

// asks sends a text and compares what comes.
func (s *session) asks(text, want string) error {
	if err := s.conn.Send(ws.KindText, []byte(text)); err != nil {
		return err
	}
	got, err := s.next()
	if err != nil || got != want {
		return unlike(err, "%s was answered with %s instead of %s", short([]byte(text)), short([]byte(got)), short([]byte(want)))
	}
	return nil
}

// close closes in good order.
func (s *session) close() error {
	if err := s.conn.Close(ws.CodeNormal); err != nil {
		return fmt.Errorf("closing: %w", err)
	}
	return s.ends(ws.CodeNormal)
}

// reset breaks the connection.
func (s *session) reset() error {
	err := errors.Join(s.tcp.SetLinger(0), s.tcp.Close())
	for range s.in {
	}
	return err
}

// ends waits for the end, and compares its code.
func (s *session) ends(want ws.Code) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case _, ok := <-s.in:
			if ok {
				continue
			}
		case <-late.C:
			return fmt.Errorf("no end came, with %d or otherwise", want)
		}
		var ce *ws.CloseError
		if !errors.As(s.end, &ce) || ce.Code != want {
			return fmt.Errorf("the end came with %w instead of %d", s.end, want)
		}
		return nil
	}
}

// talk says something, and in one of eight times something that is refused.
func talk(s *session, rnd *rand.Rand, trace string) error {
	say := Say{rnd.IntN(1000), strings.Repeat(word(rnd), 1+rnd.IntN(20))}
	switch rnd.IntN(32) {
	case 0:
		say.Text = strings.Repeat("long ", 4001)
	case 1, 2, 3:
		say.Text = strings.Repeat("much ", 3000)
	}
	text := encode(say)
	if len(say.Text) <= 20000 {
		return s.asks(text, encode(Said{say.N, say.Text, trace}))
	}
	if err := s.conn.Send(ws.KindText, []byte(text)); err != nil {
		return err
	}
	got, err := s.next()
	if err != nil || !strings.Contains(got, `"location":"message.text"`) {
		return unlike(err, "a text that is too long was answered with %s", short([]byte(got)))
	}
	return nil
}

// openEcho opens a connection to the typed view.
func openEcho(c *client, rnd *rand.Rand) (s *session, trace string, err error) {
	trace = word(rnd)
	s, err = c.open("/ws/echo", rnd.IntN(2) == 0, traceHeader, trace)
	return s, trace, err
}

// talkAndClose talks and closes.
func talkAndClose(_ context.Context, c *client, rnd *rand.Rand) error {
	s, trace, err := openEcho(c, rnd)
	if err != nil {
		return err
	}
	for range 1 + rnd.IntN(5) {
		if err := talk(s, rnd, trace); err != nil {
			return errors.Join(err, s.reset())
		}
	}
	return s.close()
}

// countUp talks to a class, whose fields remember, and has it close.
func countUp(_ context.Context, c *client, rnd *rand.Rand) error {
	s, err := c.open("/ws/count", rnd.IntN(2) == 0)
	if err != nil {
		return err
	}
	for n := range 1 + rnd.IntN(5) {
		text := word(rnd)
		if err := s.asks(text, strconv.Itoa(n+1)+" "+text); err != nil {
			return errors.Join(err, s.reset())
		}
	}
	if rnd.IntN(2) == 0 {
		return s.close()
	}
	if err := s.conn.Send(ws.KindText, []byte("leave")); err != nil {
		return err
	}
	return s.ends(4001)
}

// parkAndWake talks, is quiet for long enough that the server parks the
// connection, talks again, and leaves in one of three ways.
func parkAndWake(ctx context.Context, c *client, rnd *rand.Rand) error {
	s, trace, err := openEcho(c, rnd)
	if err != nil {
		return err
	}
	for range 1 + rnd.IntN(3) {
		if err := talk(s, rnd, trace); err != nil {
			return errors.Join(err, s.reset())
		}
		sleep(ctx, time.Duration(1100+rnd.IntN(2000))*time.Millisecond)
	}
	switch rnd.IntN(3) {
	case 0:
		return s.reset()
	case 1:
		err = talk(s, rnd, trace)
	}
	return errors.Join(err, s.close())
}

// talkAndReset breaks the connection with a message under way.
func talkAndReset(_ context.Context, c *client, rnd *rand.Rand) error {
	s, trace, err := openEcho(c, rnd)
	if err != nil {
		return err
	}
	if err := talk(s, rnd, trace); err != nil {
		return errors.Join(err, s.reset())
	}
	err = s.conn.Send(ws.KindText, []byte(encode(Say{1, word(rnd)})))
	return errors.Join(err, s.reset())
}

// stay is a connection that lasts as long as the load, and talks now and then.
func stay(ctx context.Context, c *client, rnd *rand.Rand) error {
	s, trace, err := openEcho(c, rnd)
	if err != nil {
		return err
	}
	for sleep(ctx, time.Duration(rnd.IntN(4000))*time.Millisecond) {
		if err := talk(s, rnd, trace); err != nil {
			return errors.Join(err, s.reset())
		}
	}
	return s.close()
}

// meet has three meet in a room, of whom each says something four times. All of
// them hear all of it in the same order.
func meet(_ context.Context, c *client, rnd *rand.Rand) (err error) {
	room := "/ws/room/" + word(rnd)
	var guests []*session
	defer func() {
		for _, s := range guests {
			if err != nil || rnd.IntN(3) == 0 {
				err = errors.Join(err, s.reset())
			} else {
				err = s.close()
			}
		}
	}()
	for i := range 3 {
		s, err := c.open(room, i == 1)
		if err != nil {
			return err
		}
		guests = append(guests, s)
		// Whoever hears himself is in.
		if err := s.asks("hello", "hello"); err != nil {
			return err
		}
	}
	if err := guests[0].conn.Send(ws.KindText, []byte("begin")); err != nil {
		return err
	}
	var said []string
	for i := range 12 {
		text := strings.Repeat(word(rnd), 1+rnd.IntN(100))
		said = append(said, text)
		if err := guests[i%3].conn.Send(ws.KindText, []byte(text)); err != nil {
			return err
		}
	}
	return hear(guests, said)
}

// hear compares what guests hear, from "begin" on. Between guests, there is no
// order in what they say; but the first may begin before the others have heard it.
func hear(guests []*session, said []string) error {
	var first []string
	for i, s := range guests {
		var heard []string
		for len(heard) < len(said)+1 {
			text, err := s.next()
			if err != nil {
				return err
			}
			if text != "hello" {
				heard = append(heard, text)
			}
		}
		if i == 0 {
			first = heard
		} else if !slices.Equal(first, heard) {
			return fmt.Errorf("two guests of a room heard %q and %q", first, heard)
		}
	}
	want := append([]string{"begin"}, said...)
	if slices.Sort(first); !slices.Equal(first, slices.Sorted(slices.Values(want))) {
		return fmt.Errorf("in a room %q was heard instead of %q", first, want)
	}
	return nil
}

// refusals are handshakes that get no connection.
var refusals = []struct {
	path, name, value string
	status            int
}{
	{"/guarded/ws", userHeader, "me", http.StatusForbidden},
	{"/guarded/ws", userHeader, "nobody", http.StatusUnauthorized},
	{"/ws/echo", "Origin", "https://evil.example", http.StatusForbidden},
	{"/ws/nowhere", userHeader, "me", http.StatusNotFound},
	{"/users/1", userHeader, "me", http.StatusOK},
}

// beRefused opens a connection in vain.
func beRefused(_ context.Context, c *client, rnd *rand.Rand) error {
	r := refusals[rnd.IntN(len(refusals))]
	s, err := c.open(r.path, false, r.name, r.value)
	var he *ws.HandshakeError
	if err == nil {
		return errors.Join(fmt.Errorf("a connection to %s with %s: %s was accepted", r.path, r.name, r.value), s.reset())
	}
	if !errors.As(err, &he) || he.Status != r.status {
		return fmt.Errorf("a connection to %s with %s: %s: %w instead of %d", r.path, r.name, r.value, err, r.status)
	}
	return nil
}
