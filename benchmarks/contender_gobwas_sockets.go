package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"

	gobwas "github.com/gobwas/ws"
)

// gobwasSockets is what can be had from gobwas/ws by hand: a buffer of the
// connection's own, from which all frames of one read are answered with one
// write. It checks frames, joins fragments and answers control frames; deadlines,
// pings, UTF-8 and the check of origins are missing.
type gobwasSockets struct{}

func (gobwasSockets) name() string         { return "gobwas by hand" }
func (gobwasSockets) absent(string) string { return "" }

func (gobwasSockets) sockets(j socketJob) (socketServer, error) {
	reply, h := j.reply(), newHall[*gobwasConn](j)
	return socketServer{
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, _, err := gobwas.UpgradeHTTP(r, w)
			if err != nil {
				if conn != nil {
					_ = conn.Close()
				}
				return
			}
			c := &gobwasConn{Conn: conn, r: bufio.NewReaderSize(conn, 4096)}
			h.join(c)
			go func() {
				defer conn.Close()
				defer h.leave(c)
				_ = c.serve(reply)
			}()
		}),
		broadcast: func(data []byte) error {
			frame, err := gobwas.CompileFrame(gobwas.NewBinaryFrame(data))
			if err != nil {
				return err
			}
			h.each(func(c *gobwasConn) { _ = c.write(frame) })
			return nil
		},
	}, nil
}

// gobwasConn is a connection, whose buffers grow with its messages.
type gobwasConn struct {
	net.Conn
	r    *bufio.Reader
	head [gobwas.MaxHeaderSize]byte
	in   []byte // the message so far
	kind gobwas.OpCode
	out  []byte // frames to be written

	mu sync.Mutex // held while writing
}

func (c *gobwasConn) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.Conn.Write(b)
	return err
}

var errGobwas = errors.New("a frame that is too big, or a Close")

func (c *gobwasConn) serve(reply func([]byte) ([]byte, error)) error {
	state := gobwas.StateServerSide
	for {
		h, err := gobwas.ReadHeaderBuffer(c.r, c.head[:])
		if err != nil {
			return err
		}
		if err := gobwas.CheckHeader(h, state); err != nil {
			return err
		}
		if len(c.in)+int(h.Length) > maxMessage {
			return errGobwas
		}
		at := len(c.in)
		if err := c.read(int(h.Length)); err != nil {
			return err
		}
		gobwas.Cipher(c.in[at:], h.Mask, 0)
		switch {
		case h.OpCode.IsControl():
			err = c.control(h.OpCode, c.in[at:])
			c.in = c.in[:at]
		case h.Fin:
			state = state.Clear(gobwas.StateFragmented)
			err = c.message(h.OpCode, reply)
		case h.OpCode != gobwas.OpContinuation:
			state, c.kind = state.Set(gobwas.StateFragmented), h.OpCode
		}
		if err != nil {
			return err
		}
		if c.r.Buffered() == 0 && len(c.out) > 0 {
			if err := c.write(c.out); err != nil {
				return err
			}
			c.out = c.out[:0]
		}
	}
}

// read appends n bytes to the message.
func (c *gobwasConn) read(n int) error {
	at := len(c.in)
	if cap(c.in) < at+n {
		c.in = append(make([]byte, 0, at+n), c.in...)
	}
	c.in = c.in[:at+n]
	_, err := io.ReadFull(c.r, c.in[at:])
	return err
}

func (c *gobwasConn) message(kind gobwas.OpCode, reply func([]byte) ([]byte, error)) error {
	if kind == gobwas.OpContinuation {
		kind = c.kind
	}
	data, err := reply(c.in)
	if err != nil {
		return err
	}
	c.append(kind, data)
	c.in = c.in[:0]
	return nil
}

func (c *gobwasConn) control(kind gobwas.OpCode, payload []byte) error {
	switch kind {
	case gobwas.OpPing:
		c.append(gobwas.OpPong, payload)
	case gobwas.OpClose:
		c.append(gobwas.OpClose, payload)
		_ = c.write(c.out)
		return errGobwas
	}
	return nil
}

// append adds a frame to what is to be written.
func (c *gobwasConn) append(kind gobwas.OpCode, data []byte) {
	b := append(c.out, 0x80|byte(kind))
	switch n := len(data); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	c.out = append(b, data...)
}
