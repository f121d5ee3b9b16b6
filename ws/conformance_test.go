package ws_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/internal/wsconform"
	"github.com/gofogo/fogo/ws"
)

// conformOptions are the options of the servers; conform describes them.
func conformOptions() *ws.Options {
	return &ws.Options{
		MaxMessage: 100_000, Subprotocols: []string{"chat", "superchat"},
		Compression: &ws.Compression{From: -1, Takeover: true, PeerTakeover: true, WindowBits: 15},
	}
}

var conform = wsconform.Options{
	MaxMessage: 100_000, Subprotocols: []string{"chat", "superchat"}, SameOrigin: true, Deflate: true,
}

// conformEchoes are the ways in which a server may read and answer.
var conformEchoes = map[string]func(*ws.WebSocket){
	"Serve":   func(c *ws.WebSocket) { _ = c.Serve(conformHandler{}) },
	"Receive": conformLoop(func(c *ws.WebSocket, m ws.Message) error { return c.Send(m.Kind, m.Data) }),
	"stream": conformLoop(func(c *ws.WebSocket, m ws.Message) error {
		return c.SendReader(context.Background(), m.Kind, bytes.NewReader(m.Data))
	}),
	// A receive that is cancelled again and again must not lose a byte.
	"cancelled": func(c *ws.WebSocket) {
		defer c.Finish()
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Microsecond)
			m, err := c.Receive(ctx)
			cancel()
			switch {
			case errors.Is(err, ws.ErrClosed):
				return
			case err == nil:
				_ = c.Send(m.Kind, m.Data)
			}
		}
	},
}

type conformHandler struct{}

func (conformHandler) Message(c *ws.WebSocket, m ws.Message) { _ = c.Send(m.Kind, m.Data) }

func (conformHandler) Closed(*ws.WebSocket, ws.Code, ws.Reason) {}

func conformLoop(answer func(*ws.WebSocket, ws.Message) error) func(*ws.WebSocket) {
	return func(c *ws.WebSocket) {
		defer c.Finish()
		for {
			m, err := c.Receive(context.Background())
			if err != nil || answer(c, m) != nil {
				return
			}
		}
	}
}

// conformServer upgrades every request.
func conformServer(opts *ws.Options, echo func(*ws.WebSocket)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.New(w, r, opts)
		if err != nil {
			var he *ws.HandshakeError
			errors.As(err, &he)
			maps.Copy(w.Header(), he.Header)
			http.Error(w, he.Detail, he.Status)
			return
		}
		echo(c)
	})
}

func TestConformance(t *testing.T) {
	for name, echo := range conformEchoes {
		t.Run("mem "+name, func(t *testing.T) {
			t.Parallel()
			l := memnet.Listen()
			srv := &http.Server{Handler: conformServer(conformOptions(), echo), ReadHeaderTimeout: time.Minute}
			done := make(chan error)
			go func() { done <- srv.Serve(l) }()
			defer func() {
				_ = srv.Close()
				<-done
			}()
			wsconform.Run(t, func(t testing.TB) net.Conn {
				conn, err := l.Dial(soon(t))
				require.NoError(t, err)
				return conn
			}, conform)
		})
	}
	for name, change := range map[string]func(*ws.Options){
		"Receive": func(*ws.Options) {},
		"Serve":   func(*ws.Options) {},
		"Serve, parked after each batch": func(o *ws.Options) {
			o.Tracker = &ws.Tracker{}
			ws.SetLinger(o.Tracker, always)
		},
		"Serve, parked when quiet": func(o *ws.Options) {
			o.Tracker = &ws.Tracker{}
			ws.SetLinger(o.Tracker, time.Millisecond)
		},
		"Serve, borrowing":     func(o *ws.Options) { o.Tracker, o.Borrow = &ws.Tracker{}, true },
		"Serve, never waiting": func(o *ws.Options) { o.Tracker, o.Overflow = &ws.Tracker{}, ws.OverflowClose },
		"Serve, uncompressed":  func(o *ws.Options) { o.Compression = nil },
	} {
		t.Run("tcp "+name, func(t *testing.T) {
			t.Parallel()
			opts, conform := conformOptions(), conform
			change(opts)
			conform.Deflate = opts.Compression != nil
			kind, _, _ := strings.Cut(name, ",")
			srv := httptest.NewServer(conformServer(opts, conformEchoes[kind]))
			defer srv.Close()
			wsconform.Run(t, func(t testing.TB) net.Conn {
				conn, err := net.Dial("tcp", srv.Listener.Addr().String())
				require.NoError(t, err)
				return conn
			}, conform)
		})
	}
	t.Run("tls Serve", func(t *testing.T) {
		t.Parallel()
		srv := httptest.NewTLSServer(conformServer(conformOptions(), conformEchoes["Serve"]))
		defer srv.Close()
		pool := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		o := conform
		o.TLS = true
		config := &tls.Config{RootCAs: pool, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		wsconform.Run(t, func(t testing.TB) net.Conn {
			conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), config)
			require.NoError(t, err)
			return conn
		}, o)
	})
	t.Run("limit for frames", func(t *testing.T) {
		t.Parallel()
		opts, o := conformOptions(), conform
		opts.MaxFrame, o.MaxFrame = 20_000, 20_000
		srv := httptest.NewServer(conformServer(opts, conformEchoes["Serve"]))
		defer srv.Close()
		wsconform.Run(t, func(t testing.TB) net.Conn {
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			return conn
		}, o)
	})
}
