package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	"github.com/gofogo/fogo/benchmarks/internal/wire"
	"github.com/gofogo/fogo/ws"
)

// raw is a WebSocket of a client that does nothing by itself.
type raw struct {
	*net.TCPConn
	buf []byte // what came and was not looked at
}

func (c *client) openRaw(path string) (*raw, error) {
	conn, err := c.connect()
	if err != nil {
		return nil, err
	}
	r := &raw{TCPConn: conn}
	if _, err = conn.Write(wire.Handshake(c.addr, path)); err == nil {
		err = r.accepted()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return r, nil
}

func (r *raw) accepted() error {
	for {
		n, err := wire.Accepted(r.buf)
		if n > 0 || err != nil {
			r.buf = r.buf[n:]
			return err
		}
		if err := r.more(); err != nil {
			return err
		}
	}
}

func (r *raw) more() error {
	piece := make([]byte, 4<<10)
	n, err := r.Read(piece)
	r.buf = append(r.buf, piece[:n]...)
	return err
}

// frame reads the next one.
func (r *raw) frame() (op byte, payload []byte, err error) {
	for {
		h, ok, err := wire.Parse(r.buf)
		if err != nil {
			return 0, nil, err
		}
		if ok && len(r.buf) >= h.Size+h.Len {
			payload, r.buf = r.buf[h.Size:h.Size+h.Len], r.buf[h.Size+h.Len:]
			return h.Op, payload, nil
		}
		if err := r.more(); err != nil {
			return 0, nil, err
		}
	}
}

// closed reads up to the Close frame and to the end, and compares the code. It
// reports the Pings that came before.
func (r *raw) closed(code ws.Code) (pings int, err error) {
	for {
		op, payload, err := r.frame()
		switch {
		case err != nil:
			return pings, fmt.Errorf("no Close frame with %d came: %w", code, err)
		case op == wire.Ping:
			pings++
			continue
		case op != wire.Close:
			continue
		}
		if got := wire.CloseCode(payload); got != int(code) {
			return pings, fmt.Errorf("a Close frame with %d instead of %d", got, code)
		}
		_, _ = r.Write(wire.Frame(nil, wire.Close, payload[:2]))
		if n, err := io.Copy(io.Discard, r); n > 0 || isTimeout(err) {
			return pings, fmt.Errorf("%d bytes came behind a Close frame, then %w", n, err)
		}
		return pings, nil
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// fallSilent talks once and then never again, not even to answer a Ping.
func fallSilent(_ context.Context, c *client, rnd *rand.Rand) error {
	r, err := c.openRaw("/ws/count")
	if err != nil {
		return err
	}
	defer r.Close()
	text := word(rnd)
	if _, err := r.Write(wire.Frame(nil, wire.Text, []byte(text))); err != nil {
		return err
	}
	op, payload, err := r.frame()
	if err != nil || op != wire.Text || string(payload) != "1 "+text {
		return unlike(err, "%q was answered with %q", text, payload)
	}
	if rnd.IntN(4) == 0 { // leaves without a word, by FIN
		return nil
	}
	pings, err := r.closed(ws.CodePolicyViolation)
	if err == nil && pings == 0 {
		return errors.New("a silent connection was closed without a Ping")
	}
	return err
}

// breaches are what breaks the protocol, and the code for it.
var breaches = []struct {
	bytes string
	code  ws.Code
}{
	{"\x81\x02hi", ws.CodeProtocolError},                                                            // no mask
	{"\xc1\x80\x00\x00\x00\x00", ws.CodeProtocolError},                                              // a reserved bit, and no extension
	{"\x83\x80\x00\x00\x00\x00", ws.CodeProtocolError},                                              // an unknown opcode
	{"\x09\x80\x00\x00\x00\x00", ws.CodeProtocolError},                                              // a Ping in pieces
	{"\x80\x80\x00\x00\x00\x00", ws.CodeProtocolError},                                              // goes on with what didn't begin
	{"\x88\x81\x00\x00\x00\x00\x03", ws.CodeProtocolError},                                          // half a code
	{"\x81\x82\x00\x00\x00\x00\xff\xfe", ws.CodeInvalidPayload},                                     // no UTF-8
	{"\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00", ws.CodeMessageTooBig},              // 1 MiB
	{"\x01\x83\x00\x00\x00\x00abc" + string(wire.Frame(nil, wire.Text, nil)), ws.CodeProtocolError}, // two messages at once
	{strings.Repeat(string(wire.Frame(nil, wire.Ping, nil)), 300), ws.CodePolicyViolation},          // a flood
}

// breakProtocol sends one of them.
func breakProtocol(_ context.Context, c *client, rnd *rand.Rand) error {
	b := breaches[rnd.IntN(len(breaches))]
	r, err := c.openRaw("/ws/count")
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.WriteString(r, b.bytes); err != nil {
		return err
	}
	if _, err = r.closed(b.code); err != nil {
		return fmt.Errorf("%s: %w", short([]byte(b.bytes)), err)
	}
	return nil
}
