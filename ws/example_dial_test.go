package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/gofogo/fogo/ws"
)

// A client that shows its token, and what becomes of one that doesn't.
func ExampleDial() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		conn, err := ws.New(w, r, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer conn.Finish()
		name, err := conn.ReceiveText(conn.Context())
		if err == nil {
			_ = conn.SendText("hello, " + name)
		}
	}))
	defer srv.Close()
	ctx, rawURL := context.Background(), strings.Replace(srv.URL, "http:", "ws:", 1)

	_, _, err := ws.Dial(ctx, rawURL, nil)
	var he *ws.HandshakeError
	if errors.As(err, &he) {
		fmt.Println(he.Status)
	}

	opts := &ws.DialOptions{}
	opts.Header = http.Header{"Authorization": {"Bearer secret"}}
	conn, _, err := ws.Dial(ctx, rawURL, opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Finish()
	_ = conn.SendText("Ada")
	answer, _ := conn.ReceiveText(ctx)
	fmt.Println(answer)
	// Output:
	// 401
	// hello, Ada
}

// To a service on a unix socket: the dialer ignores the address, and no proxy stands in between.
func ExampleDial_unixSocket() {
	opts := &ws.DialOptions{
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", "/run/service.sock")
		},
	}
	conn, _, err := ws.Dial(context.Background(), "ws://service/events", opts)
	if err != nil {
		return
	}
	defer conn.Finish()
}
