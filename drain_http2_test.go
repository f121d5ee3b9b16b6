package fogo_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDrainOverHTTP2: under load, with many streams on each connection, every
// answer that begins is whole, and none fails before the end was told.
func TestDrainOverHTTP2(t *testing.T) {
	cert, key, roots := pemFiles(t)
	for name, row := range map[string]struct {
		opt    fogo.Option
		scheme string
		set    func(*http.Protocols)
	}{
		"over TLS": {fogo.WithTLSFiles(cert, key), "https", func(p *http.Protocols) { p.SetHTTP2(true) }},
		"h2c":      {fogo.WithH2C(), "http", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			app := fogo.New()
			app.Get("/echo/{text}", func(text string) string { return strings.Repeat(text, 5000) })
			begun := make(chan struct{})
			app.Get("/slow", func() string { close(begun); time.Sleep(500 * time.Millisecond); return "slow" })
			r := start(t, app, row.opt, fogo.WithDrainDelay(100*time.Millisecond))
			client := through(t, "tcp", r.addr)
			tr := client.Transport.(*http.Transport)
			tr.TLSClientConfig = &tls.Config{RootCAs: roots}
			tr.Protocols = new(http.Protocols)
			row.set(tr.Protocols)
			var told atomic.Bool
			var answered atomic.Int64
			var wg sync.WaitGroup
			for i := range 20 {
				text := fmt.Sprint("stream", i)
				wg.Go(func() {
					for {
						before := told.Load()
						resp, err := client.Get(row.scheme + "://example.com/echo/" + text)
						if err != nil {
							assert.True(t, before || told.Load(), "before the end: %v", err)
							return
						}
						b, err := io.ReadAll(resp.Body)
						resp.Body.Close()
						assert.Equal(t, 2, resp.ProtoMajor)
						if !assert.NoError(t, err) || !assert.True(t, strings.Repeat(text, 5000) == string(b), "%d bytes", len(b)) {
							return
						}
						answered.Add(1)
					}
				})
			}
			wg.Go(func() {
				resp, err := client.Get(row.scheme + "://example.com/slow")
				if assert.NoError(t, err) {
					defer resp.Body.Close()
					b, err := io.ReadAll(resp.Body)
					assert.NoError(t, err)
					assert.Equal(t, "slow", string(b))
				}
			})
			<-begun
			require.Eventually(t, func() bool { return answered.Load() > 200 }, 10*time.Second, time.Millisecond)
			told.Store(true)
			require.NoError(t, r.stop(t))
			wg.Wait()
		})
	}
}

// TestHTTP2BegunWhileDraining: net/http tells the connections that it knows to go
// away, once. One whose preface comes later ends all the same, though its client
// would keep it.
func TestHTTP2BegunWhileDraining(t *testing.T) {
	cert, key, roots := pemFiles(t)
	over := func(network func(addr string) (net.Conn, error), opt fogo.Option, sends string) func(*testing.T) {
		return func(t *testing.T) {
			app := fogo.New()
			begun := make(chan struct{})
			app.Get("/slow", func(ctx context.Context) { close(begun); <-fogo.Draining(ctx) })
			app.Get("/big", func() {})
			r := start(t, app, opt)
			early, err := network(r.addr) // accepted before the end
			require.NoError(t, err)
			defer early.Close()
			slow, err := network(r.addr)
			require.NoError(t, err)
			defer slow.Close()
			_, err = io.WriteString(slow, preface()+frame(frameHeaders, endStream|endHeaders, 1, getSlow))
			require.NoError(t, err)
			<-begun
			r.end()
			require.Eventually(t, func() bool {
				_, err := net.Dial("tcp", r.addr)
				return err != nil
			}, 10*time.Second, time.Millisecond)
			_, err = io.WriteString(early, preface()+sends)
			require.NoError(t, err)
			assert.NoError(t, r.stop(t))
			_, err = io.Copy(io.Discard, early)
			assert.NoError(t, ignoreReset(err))
		}
	}
	plain := func(addr string) (net.Conn, error) { return net.Dial("tcp", addr) }
	secure := func(addr string) (net.Conn, error) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		// The handshake is made by the first write.
		return tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "example.com", NextProtos: []string{"h2"}}), nil
	}
	asks := frame(frameHeaders, endStream|endHeaders, 1, getBig)
	t.Run("over TLS", over(secure, fogo.WithTLSFiles(cert, key), ""))
	t.Run("over TLS, with a request", over(secure, fogo.WithTLSFiles(cert, key), asks))
	t.Run("h2c", over(plain, fogo.WithH2C(), ""))
	t.Run("h2c, with a request", over(plain, fogo.WithH2C(), asks))
}

// getSlow is a header block for GET http://x/slow (RFC 7541 appendix A).
const getSlow = "\x82\x86\x04\x05/slow\x41\x01x"
