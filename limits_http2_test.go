package fogo_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/stretchr/testify/assert"
)

// Frames of HTTP/2, RFC 9113 section 6.
const (
	frameHeaders      = 1
	frameSettings     = 4
	frameContinuation = 9
	endStream         = 1
	endHeaders        = 4
)

// frame is a frame of HTTP/2 (RFC 9113 section 4.1).
func frame(kind, flags byte, stream uint32, payload string) string {
	b := []byte{0, 0, byte(len(payload)), kind, flags}
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// getBig is a header block for GET http://x/big (RFC 7541 appendix A).
const getBig = "\x82\x86\x04\x04/big\x41\x01x"

// preface begins a connection, with windows of no size for answers.
func preface() string {
	return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(frameSettings, 0, 0, "\x00\x04\x00\x00\x00\x00")
}

// TestSlowHTTP2Connections: whatever a client leaves unfinished, its connection is
// closed, or its handler is let go.
func TestSlowHTTP2Connections(t *testing.T) {
	for _, row := range []struct {
		name   string
		send   string
		drip   string // sent again and again, every five seconds
		within time.Duration
	}{
		{"half of the preface", preface()[:20], "", 11 * time.Second},
		{"nothing behind the preface", preface(), "", 3 * time.Minute},
		{"a frame that never ends", preface() + frame(frameHeaders, endStream|endHeaders, 1, getBig)[:12], "", 3 * time.Minute},
		{"a header that never ends", preface() + frame(frameHeaders, endStream, 1, getBig[:2]), "", 3 * time.Minute},
		{"a header in drops", preface() + frame(frameHeaders, endStream, 1, getBig[:2]), frame(frameContinuation, 0, 1, "\x82"), 3 * time.Minute},
		{"an answer that nobody reads", preface() + frame(frameHeaders, endStream|endHeaders, 1, getBig), "", 5 * time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(app *fogo.App) {
				app.Get("/big", func() []byte { return make([]byte, 1<<20) })
			}, []fogo.Option{fogo.WithH2C()}, func(s *served) {
				c := s.send(row.send)
				begin := time.Now()
				over := make(chan time.Duration, 1)
				go func() {
					_, _ = io.Copy(io.Discard, c)
					over <- time.Since(begin)
				}()
				for row.drip != "" {
					time.Sleep(5 * time.Second)
					if _, err := io.WriteString(c, row.drip); err != nil || time.Since(begin) > time.Hour {
						break
					}
				}
				select {
				case took := <-over:
					assert.LessOrEqual(t, took, row.within)
				case <-time.After(time.Hour):
					assert.Fail(t, "it is still open")
				}
				c.Close()
			})
		})
	}
}

// A handler whose answer is not read over HTTP/2 is let go as over HTTP/1, while
// the connection serves others.
func TestSlowReadersOverHTTP2(t *testing.T) {
	var ended chan time.Duration
	bubble(t, func(app *fogo.App) {
		ended = make(chan time.Duration, 1)
		app.Handle("GET /big", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			begin := time.Now()
			for range 16 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					break
				}
			}
			ended <- time.Since(begin)
		}))
	}, []fogo.Option{fogo.WithH2C()}, func(s *served) {
		c := s.send(preface() + frame(frameHeaders, endStream|endHeaders, 1, getBig))
		go func() { _, _ = io.Copy(io.Discard, c) }()
		assert.LessOrEqual(t, <-ended, 31*time.Second)
		c.Close()
	})
}

// TestSlowTLSHandshake: a handshake has the time of a header.
func TestSlowTLSHandshake(t *testing.T) {
	cert, key, _ := pemFiles(t)
	bubble(t, bodies, []fogo.Option{fogo.WithTLSFiles(cert, key)}, func(s *served) {
		for _, begin := range []string{"", "\x16\x03\x01\x02"} {
			c := s.send(begin)
			at := time.Now()
			_, err := io.Copy(io.Discard, c)
			assert.NoError(t, ignoreReset(err))
			assert.LessOrEqual(t, time.Since(at), 11*time.Second)
		}
	})
}

func ignoreReset(err error) error {
	if _, ok := err.(net.Error); ok {
		return nil
	}
	return err
}
