package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// readEvents reads a stream to its end.
func readEvents(_ context.Context, c *client, rnd *rand.Rand) error {
	many, trace := rnd.IntN(10), word(rnd)
	a, err := c.do(ask{method: "GET", path: "/events?many=" + strconv.Itoa(many), header: []string{traceHeader, trace}})
	if err != nil {
		return err
	}
	var want strings.Builder
	for n := 1; n <= many; n++ {
		want.WriteString(event(n, trace))
	}
	return a.wants(http.StatusOK, want.String())
}

func event(n int, trace string) string {
	return fmt.Sprintf("id: %d\nevent: tick\ndata: %s\n\n", n, encode(Tick{n, trace}))
}

// leaveEvents leaves a stream without an end in the middle.
func leaveEvents(_ context.Context, c *client, rnd *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	trace := word(rnd)
	r, err := c.request(ctx, ask{method: "GET", path: "/events", header: []string{traceHeader, trace}})
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return expect(resp.Body, event(1, trace)+event(2, trace)+event(3, trace))
}

// expect reads as much as it wants to read.
func expect(r io.Reader, want string) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(r, got); err != nil || string(got) != want {
		return unlike(err, "%s instead of %q", short(got[:n]), want)
	}
	return nil
}

// readLines reads a stream of lines.
func readLines(_ context.Context, c *client, rnd *rand.Rand) error {
	count := rnd.IntN(200)
	a, err := c.do(ask{method: "GET", path: "/lines/" + strconv.Itoa(count)})
	if err != nil {
		return err
	}
	var want strings.Builder
	for n := range count {
		want.WriteString(encode(Tick{N: n}) + "\n")
	}
	return a.wants(http.StatusOK, want.String())
}

// crawl sends a request in small pieces, and reads a large answer slowly.
func crawl(ctx context.Context, c *client, rnd *rand.Rand) error {
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if rnd.IntN(4) == 0 { // and one in four doesn't get done
		_, err := io.WriteString(conn, "GET /big HTTP/1.1\r\nHost: x\r\nX-Never: e")
		sleep(ctx, time.Duration(rnd.IntN(2000))*time.Millisecond)
		return err
	}
	_ = conn.SetReadBuffer(16 << 10)
	if err := drip(ctx, conn, "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 4<<10), nil)
	if err != nil {
		return err
	}
	got := make([]byte, 0, bigSize)
	for piece := make([]byte, 8<<10); ; sleep(ctx, 40*time.Millisecond) {
		n, err := io.ReadFull(resp.Body, piece)
		got = append(got, piece[:n]...)
		if err != nil {
			break
		}
	}
	return (&answer{asked: "GET /big", status: resp.StatusCode, body: got}).wants(http.StatusOK, bigText)
}

// drip sends a few bytes at a time.
func drip(ctx context.Context, conn net.Conn, text string) error {
	for len(text) > 0 {
		n := min(3, len(text))
		if _, err := io.WriteString(conn, text[:n]); err != nil {
			return err
		}
		text = text[n:]
		sleep(ctx, 50*time.Millisecond)
	}
	return nil
}

// nonsense is what servers are sent by those who mean no good, and the status
// that it gets; 0 if a connection that is left in the middle gets none.
var nonsense = []struct {
	text   string
	status int
}{
	{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 0}, // the beginning of TLS
	{"GET\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n\r\n", 400}, // no Host
	{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
	{"GET /users/1 HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n", 400},
	{"GET /users/1 HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", 431},
	{"GET /files/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 307},
	{"GET /files/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 0},
	{"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404},
	{"GET /search/a?page=%zz HTTP/1.1\r\nHost: x\r\nX-Client: a\r\n\r\n", 400},
	{"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
	{"POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
	{"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Type: application/json\r\n\r\n{]}", 400},
	{"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Type: image/png\r\n\r\n{}", 415},
	{"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\nContent-Type: application/json\r\n\r\n{", 413},
	{"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\nContent-Type: application/json\r\n\r\n{\"item\":", 0},
	{"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Type: multipart/form-data\r\n\r\nhello", 400},
	{"POST /packed/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello", 400},
	{"GET /ws/echo HTTP/1.1\r\nHost: x\r\n\r\n", 426},
}

// sendNonsense sends some.
func sendNonsense(_ context.Context, c *client, rnd *rand.Rand) error {
	s := nonsense[rnd.IntN(len(nonsense))]
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	// The server may have answered, and closed, before it was all sent.
	_, _ = io.WriteString(conn, s.text)
	if s.status == 0 {
		return nil
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", short([]byte(s.text)), err)
	}
	if resp.StatusCode != s.status {
		return fmt.Errorf("%s: %d instead of %d", short([]byte(s.text)), resp.StatusCode, s.status)
	}
	return nil
}
