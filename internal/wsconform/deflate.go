package wsconform

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// agreement is what an answer to an offer of permessage-deflate says (RFC 7692 section 7.1).
type agreement struct {
	serverFresh, clientFresh bool // no_context_takeover
	serverBits, clientBits   int  // max_window_bits; 15 if not mentioned
	named                    map[string]bool
}

const extension = "permessage-deflate"

// parseAnswer reads the server's Sec-WebSocket-Extensions.
func parseAnswer(value string) (*agreement, error) {
	a := &agreement{serverBits: 15, clientBits: 15, named: map[string]bool{}}
	for i, item := range strings.Split(value, ";") {
		name, val, has := strings.Cut(strings.Trim(item, " \t"), "=")
		if i == 0 {
			if name != extension || has {
				return nil, fmt.Errorf("the extension %q, which was not offered", item)
			}
			continue
		}
		if a.named[name] {
			return nil, fmt.Errorf("the parameter %s twice", name)
		}
		a.named[name] = true
		if err := a.set(name, strings.Trim(val, `"`), has); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *agreement) set(name, value string, has bool) error {
	switch name {
	case "server_no_context_takeover", "client_no_context_takeover":
		if has {
			return fmt.Errorf("%s with a value", name)
		}
		if name[0] == 's' {
			a.serverFresh = true
		} else {
			a.clientFresh = true
		}
		return nil
	case "server_max_window_bits", "client_max_window_bits":
		n, err := strconv.Atoi(value)
		if err != nil || n < 8 || n > 15 || strconv.Itoa(n) != value {
			return fmt.Errorf("%s=%q: want a number from 8 to 15 (RFC 7692 section 7.1.2)", name, value)
		}
		if name[0] == 's' {
			a.serverBits = n
		} else {
			a.clientBits = n
		}
		return nil
	}
	return fmt.Errorf("the unknown parameter %q", name)
}

// use makes the connection one with deflate.
func (s *session) use(a *agreement) {
	s.deflate = a
	s.inflate = inflater{fresh: a.serverFresh}
	s.pack = compressor{fresh: a.clientFresh, narrow: a.clientBits < 15}
}

// tail is what a sender leaves out and a receiver adds (RFC 7692 section 7.2).
const tail = "\x00\x00\xff\xff"

// compressor makes compressed messages.
type compressor struct {
	fresh  bool // no context takeover
	narrow bool // a window below 32 KiB, which compress/flate cannot have: so no matches at all
	buf    bytes.Buffer
	w      *flate.Writer
}

func (c *compressor) message(p string) string {
	c.buf.Reset()
	switch {
	case c.w == nil:
		if c.narrow {
			c.w, _ = flate.NewWriter(&c.buf, flate.HuffmanOnly) // the level is valid
			break
		}
		c.w = writers.Get().(*flate.Writer)
		c.w.Reset(&c.buf)
	case c.fresh:
		c.w.Reset(&c.buf)
	}
	_, _ = io.WriteString(c.w, p) // into memory
	_ = c.w.Flush()
	return strings.TrimSuffix(c.buf.String(), tail)
}

// release gives back what the compressor has.
func (c *compressor) release() {
	if c.w != nil && !c.narrow {
		writers.Put(c.w)
	}
	c.w = nil
}

// writers recycles writers, which are most of a megabyte each.
var writers = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // the level is valid
	return w
}}

// inflater reads compressed messages.
type inflater struct {
	fresh  bool
	window string // the last 32 KiB of compressed messages
}

func (f *inflater) message(p string) (string, error) {
	// A final block behind the tail ends the stream for compress/flate.
	r := flate.NewReaderDict(strings.NewReader(p+tail+"\x01\x00\x00\xff\xff"), []byte(f.window))
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return "", err
	}
	if !f.fresh {
		f.window += string(b)
		f.window = f.window[max(0, len(f.window)-1<<15):]
	}
	return string(b), nil
}

// packed is a compressed message in one frame.
func (s *session) packed(op byte, p string) string {
	return frame(fin|rsv1|op, s.pack.message(p))
}

// fragmented is a compressed message in fragments of at most n bytes (RFC 7692 section 6.1: RSV1 on the first alone).
func (s *session) fragmented(op byte, p string, n int) []string {
	data := s.pack.message(p)
	var list []string
	first := op | rsv1
	for len(data) > n {
		list = append(list, frame(first, data[:n]))
		data, first = data[n:], opCont
	}
	return append(list, frame(first|fin, data))
}
