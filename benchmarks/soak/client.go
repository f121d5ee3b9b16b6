package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// client is what clients of all kinds share.
type client struct {
	addr string
	http *http.Client
	dial net.Dialer
}

// patience is how long anything may take that is not slow on purpose. It is
// ample, since the machine may be busy with something else.
const patience = 20 * time.Second

func newClient(addr string) *client {
	return &client{addr: addr, http: &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableCompression: true, MaxIdleConnsPerHost: 32,
		// Shorter than the server's, so that no request meets its end.
		IdleConnTimeout: 30 * time.Second,
	}}}
}

// ask is a request. What is "" or nil is left out.
type ask struct {
	method, path string
	body         io.Reader
	header       []string // names and values by turns
}

func (c *client) request(ctx context.Context, a ask) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, a.method, "http://"+c.addr+a.path, a.body)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(a.header); i += 2 {
		r.Header.Add(a.header[i], a.header[i+1])
	}
	return r, nil
}

// answer is a whole one.
type answer struct {
	asked  string
	status int
	header http.Header
	body   []byte
}

// do asks and reads the whole answer. The end of the load doesn't disturb it.
func (c *client) do(a ask) (*answer, error) {
	r, err := c.request(context.Background(), a)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: the answer breaks off after %d bytes: %w", a.method, a.path, len(body), err)
	}
	return &answer{a.method + " " + a.path, resp.StatusCode, resp.Header, body}, nil
}

// wants compares status and body.
func (a *answer) wants(status int, body string) error {
	if a.status != status || string(a.body) != body {
		return fmt.Errorf("%s: %d %s instead of %d %s", a.asked, a.status, short(a.body), status, short([]byte(body)))
	}
	return nil
}

// wantsJSON compares status and what the body decodes to.
func (a *answer) wantsJSON(status int, want any) error {
	got := reflect.New(reflect.TypeOf(want))
	err := json.Unmarshal(a.body, got.Interface())
	if err != nil || a.status != status || !reflect.DeepEqual(got.Elem().Interface(), want) {
		return unlike(err, "%s: %d %s instead of %d %+v", a.asked, a.status, short(a.body), status, want)
	}
	return nil
}

// wantsProblem compares a problem object's status, and looks for a text in it.
// What is secret must not be.
func (a *answer) wantsProblem(status int, text string) error {
	var p struct{ Status int }
	err := json.Unmarshal(a.body, &p)
	if err != nil || a.status != status || p.Status != status || !strings.Contains(string(a.body), text) || bytes.Contains(a.body, []byte("a secret")) {
		return unlike(err, "%s: %d %s instead of a problem %d with %q", a.asked, a.status, short(a.body), status, text)
	}
	return nil
}

// wantsHeader compares one field.
func (a *answer) wantsHeader(name, want string) error {
	if got := a.header.Get(name); got != want {
		return fmt.Errorf("%s: %s is %q instead of %q", a.asked, name, got, want)
	}
	return nil
}

// connect opens a plain connection, whose deadline is the patience with it.
func (c *client) connect() (*net.TCPConn, error) {
	conn, err := c.dial.Dial("tcp", c.addr)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), conn.SetDeadline(time.Now().Add(patience))
}

// unlike says that something is not what it has to be. If there is an error it
// is why.
func unlike(err error, format string, args ...any) error {
	return errors.Join(fmt.Errorf(format, args...), err)
}

func short(b []byte) string {
	if len(b) > 200 {
		return fmt.Sprintf("%q… (%d bytes)", b[:200], len(b))
	}
	return fmt.Sprintf("%q", b)
}
