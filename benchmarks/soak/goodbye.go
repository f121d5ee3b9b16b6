package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gofogo/fogo/ws"
)

// staying is how many WebSockets there are of each kind when the server ends.
const staying = 10

// stayFor opens WebSockets, most of which are parked when it returns, and a
// stream, for the end of the server. The function that it returns waits for
// that, and says what was wrong.
func (r *runner) stayFor() (func() error, error) {
	var all []*session
	for i := range 3 * staying {
		path, hello, want := "/ws/count", "hello", "1 hello"
		switch i % 3 {
		case 0:
			path, hello, want = "/ws/echo", encode(Say{i, "hello"}), encode(Said{i, "hello", ""})
		case 1:
			path, want = "/ws/room/end", "hello"
		}
		s, err := r.client.open(path, i%2 == 0)
		if err != nil {
			return nil, err
		}
		if err := s.asks(hello, want); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	time.Sleep(1500 * time.Millisecond) // the server parks what is quiet for a second
	for _, s := range all[:staying] {   // and these have just talked
		if err := s.conn.Send(ws.KindText, []byte("{}")); err != nil {
			return nil, err
		}
	}
	stream, err := r.openStream()
	if err != nil {
		return nil, err
	}
	return func() error {
		var errs []error
		for _, s := range all {
			if err := s.ends(ws.CodeGoingAway); err != nil {
				errs = append(errs, fmt.Errorf("a WebSocket when the server ends: %w", err))
				continue
			}
			r.report.GoingAway++
		}
		return errors.Join(append(errs, stream())...)
	}, nil
}

// openStream opens one without an end of its own.
func (r *runner) openStream() (func() error, error) {
	q, err := r.client.request(context.Background(), ask{method: "GET", path: "/events"})
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Transport: r.client.http.Transport}).Do(q)
	if err != nil {
		return nil, err
	}
	return func() error {
		defer resp.Body.Close()
		all, err := io.ReadAll(resp.Body)
		if err != nil || !strings.HasSuffix(string(all), "\n\n") {
			return fmt.Errorf("a stream when the server ends: %w", err)
		}
		return nil
	}, nil
}
