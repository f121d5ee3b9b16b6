package ws_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// A peer that takes nothing is given up after WriteTimeout, whoever waits for it and nobody.
func TestWriteTimeoutEndsAStuckPeer(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := memnet.Pipe(1000)
				c, p := pairOver(t, server, client, "", &ws.Options{Overflow: policy, QueueMessages: 5})
				require.NoError(t, c.Accept())
				p.answer()
				ctx := c.Context()
				start := time.Now()
				for i := range 4 {
					go func() { _ = c.SendText(numbered(i, 0, 2000)) }()
				}
				<-ctx.Done()
				took := time.Since(start)
				require.GreaterOrEqual(t, took, ws.DefaultWriteTimeout)
				require.LessOrEqual(t, took, ws.DefaultWriteTimeout*5/4)
				err := c.SendText("x")
				requireClosed(t, err, ws.CodeAbnormal)
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				in := p.take(nil)
				require.Error(t, in.err)
				require.Empty(t, in.messages, "half a frame, and nothing behind it")
			})
		})
		for _, m := range media[:3] { // crypto/tls takes 5 s to close over a socket that is full
			t.Run(policy.String()+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				h := newEchoing()
				c, _ := m.open(t, ws.Options{Overflow: policy, QueueMessages: 5, WriteTimeout: 100 * time.Millisecond}, h)
				for c.Context().Err() == nil {
					_ = c.SendText(numbered(0, 0, 10_000))
					if policy != ws.OverflowBlock {
						time.Sleep(time.Millisecond)
					}
				}
				require.Equal(t, ws.CodeAbnormal, h.wait(t))
			})
		}
	}
}

// Slow is not stuck: each piece of a big message has a WriteTimeout of its own, also in a queue.
func TestWriteTimeoutOfABigMessageInAQueue(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest} {
		for _, prepared := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/prepared=%v", policy, prepared), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server, client := memnet.Pipe(1000)
					c, p := pairOver(t, server, client, "", &ws.Options{Overflow: policy})
					require.NoError(t, c.Accept())
					p.answer()
					big := strings.Repeat("x", 4<<20)
					errs := make(chan error, 1)
					go func() {
						if !prepared {
							errs <- c.SendText(big)
							return
						}
						m, err := ws.Prepare(ws.KindText, []byte(big))
						assert.NoError(t, err)
						errs <- c.SendPrepared(m)
					}()
					start := time.Now()
					slow := &slowReader{p.br, 64 << 10, time.Second}
					p.br = bufio.NewReader(slow)
					p.expect(fin|opText, big)
					require.Greater(t, time.Since(start), 4*ws.DefaultWriteTimeout)
					require.NoError(t, <-errs)
					c.Fail(1000, "")
					_ = client.Close()
					<-c.Done()
				})
			})
		}
	}
}

// slowReader rests after every n bytes.
type slowReader struct {
	io.Reader
	n    int
	rest time.Duration
}

func (s *slowReader) Read(p []byte) (int, error) {
	if s.n <= 0 {
		s.n = 64 << 10
		time.Sleep(s.rest)
	}
	n, err := s.Reader.Read(p[:min(len(p), s.n)])
	s.n -= n
	return n, err
}

// Without a WriteTimeout no deadline is left behind, be it the handshake's or a context's.
func TestNoWriteTimeout(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := memnet.Pipe(1000)
				c, p := pairOver(t, server, client, "", &ws.Options{WriteTimeout: -1, PingInterval: -1, Overflow: policy})
				require.NoError(t, c.Accept())
				p.answer()
				echo := func(send func() error) {
					t.Helper()
					errs := make(chan error, 1)
					go func() { errs <- send() }()
					p.expect(fin|opText, "x")
					require.NoError(t, <-errs)
				}
				plain := func() error { return c.SendText("x") }
				time.Sleep(time.Hour)
				echo(plain)
				for _, end := range []func(context.CancelFunc){func(f context.CancelFunc) { f() }, func(context.CancelFunc) { time.Sleep(time.Minute) }} {
					ctx, cancel := context.WithTimeout(context.Background(), time.Second)
					echo(func() error { return c.SendTextContext(ctx, "x") })
					end(cancel)
					echo(plain)
					cancel()
				}
				c.Fail(1000, "")
				_ = client.Close()
				<-c.Done()
			})
		})
	}
}
