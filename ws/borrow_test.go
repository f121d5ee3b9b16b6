package ws_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// A message that is lent is the handler's until Message returns, also if the connection is closed meanwhile, and
// somebody reads what the peer still sends.
func TestLentMessageOutlivesTheConnection(t *testing.T) {
	const size = 3000
	ours, theirs := strings.Repeat("a", size), strings.Repeat("b", 2*size)
	messages := map[string]func(p *peer) string{
		"in the buffer":     func(p *peer) string { return p.frame(fin|opBinary, ours) },
		"in fragments":      func(p *peer) string { return p.frame(opBinary, ours[:size/2]) + p.frame(fin|opCont, ours[size/2:]) },
		"with bytes behind": func(p *peer) string { return p.frame(fin|opBinary, ours) + p.frame(fin|opBinary, theirs)[:500] },
	}
	ends := map[string]func(c *ws.WebSocket){
		"Close":                        func(c *ws.WebSocket) { _ = c.Close(4000) },
		"Fail":                         func(c *ws.WebSocket) { c.Fail(4000, "") },
		"Close from another goroutine": func(c *ws.WebSocket) { go func() { _ = c.Close(4000) }(); <-c.Done() },
	}
	for message, raw := range messages {
		for name, end := range ends {
			t.Run(message+"/"+name, func(t *testing.T) {
				networks(t, func(t *testing.T, open func(testing.TB, *ws.Options) (*ws.WebSocket, *peer)) {
					c, p := open(t, &ws.Options{Borrow: true})
					left, kept := make(chan struct{}), make(chan bool, 1)
					h := answering(func(c *ws.WebSocket, m ws.Message) {
						end(c)
						<-left
						pollute(t)
						kept <- bytes.Equal(m.Data, []byte(ours))
					})
					require.NoError(t, c.Serve(h))
					p.write(raw(p))
					p.expectClose(4000)
					if message == "with bytes behind" {
						p.write(p.frame(fin|opBinary, theirs)[500:])
					}
					p.send(fin|opBinary, theirs)
					p.send(fin|opClose, closeBody(4000, ""))
					_, _ = io.Copy(io.Discard, p.br)
					_ = p.conn.Close()
					close(left)
					require.True(t, <-kept, "the handler's message has changed")
					h.wait(t)
				})
			})
		}
	}
}

// pollute uses every buffer that was given back.
func pollute(t *testing.T) {
	for range 4 {
		c, p := open(t, nil)
		for range 3 {
			go p.write(p.frame(opBinary, strings.Repeat("c", 3500)) + p.frame(fin|opCont, strings.Repeat("c", 60000)))
			_, err := c.Receive(soon(t))
			require.NoError(t, err)
		}
	}
}
