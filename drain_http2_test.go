package fogo_test

import (
	"crypto/tls"
	"fmt"
	"io"
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
