package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load is a client that sends the same request over and over.
type load struct {
	addr    string
	request []byte
	want    response // the answer that all must resemble
}

// newLoad sends the request once and checks the answer.
func newLoad(addr string, e expectation) (*load, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", e.method, e.target)
	for k, v := range e.header {
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	if e.body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(e.body))
	}
	fmt.Fprintf(&b, "\r\n%s", e.body)
	l := &load{addr: addr, request: []byte(b.String())}
	c, err := l.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if l.want, err = c.exchange(l.request); err != nil {
		return nil, err
	}
	l.want.body = bytes.Clone(l.want.body)
	return l, e.check(l.want)
}

// client is one connection.
type client struct {
	net.Conn
	r    *bufio.Reader
	body []byte
}

func (l *load) dial() (*client, error) {
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		return nil, err
	}
	return &client{Conn: c, r: bufio.NewReader(c)}, nil
}

// exchange sends a request and reads its answer, whose body is valid until the
// next.
func (c *client) exchange(request []byte) (response, error) {
	if _, err := c.Write(request); err != nil {
		return response{}, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return response{}, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return response{}, fmt.Errorf("status line %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return response{}, err
	}
	length, chunked, contentType := -1, false, ""
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return response{}, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return response{}, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Content-Type")):
			// A constant for what it always is, so that reading allocates nothing.
			if contentType = "application/json"; !bytes.HasPrefix(value, []byte(contentType)) {
				contentType = string(value)
			}
		}
	}
	c.body = c.body[:0]
	switch {
	case chunked:
		err = c.readChunks()
	case length >= 0:
		err = c.read(length)
	default:
		err = errors.New("an answer whose length is not told")
	}
	return response{status, contentType, c.body}, err
}

// read appends n bytes to the body.
func (c *client) read(n int) error {
	at := len(c.body)
	c.body = slices.Grow(c.body, n)[:at+n]
	_, err := io.ReadFull(c.r, c.body[at:])
	return err
}

// readChunks reads a chunked body (RFC 9112 section 7.1) and passes over its
// trailers.
func (c *client) readChunks() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err := c.read(int(n)); err != nil {
			return err
		}
		if _, err := c.r.Discard(len("\r\n")); err != nil {
			return err
		}
	}
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil || len(bytes.TrimRight(line, "\r\n")) == 0 {
			return err
		}
	}
}

// run sends requests over n connections for a while.
func (l *load) run(n int, d time.Duration) (sample, error) {
	clients := make([]*client, n)
	for i := range clients {
		c, err := l.dial()
		if err != nil {
			return nil, err
		}
		defer c.Close()
		clients[i] = c
		for range 3 { // connections and pools are warm
			if _, err := c.exchange(l.request); err != nil {
				return nil, err
			}
		}
	}
	var wg sync.WaitGroup
	times, errs := make([][]time.Duration, n), make([]error, n)
	start := time.Now()
	for i, c := range clients {
		times[i] = make([]time.Duration, 0, 1<<12)
		wg.Go(func() { times[i], errs[i] = l.repeat(c, start.Add(d), times[i]) })
	}
	wg.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, t := range times {
		all = append(all, t...)
	}
	median, tail := latencies(all)
	return sample{perSecond: float64(len(all)) / took.Seconds(), p50: median, p99: tail}, nil
}

// repeat sends requests over a connection until a time, at least one.
func (l *load) repeat(c *client, until time.Time, times []time.Duration) ([]time.Duration, error) {
	for before := time.Now(); ; {
		got, err := c.exchange(l.request)
		if err != nil {
			return nil, err
		}
		if got.status != l.want.status || len(got.body) != len(l.want.body) {
			return nil, fmt.Errorf("status %d and %q, want %d and %q", got.status, got.body, l.want.status, l.want.body)
		}
		now := time.Now()
		times = append(times, now.Sub(before))
		if now.After(until) {
			return times, nil
		}
		before = now
	}
}
