package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// counted counts the writes of a connection.
type counted struct {
	net.Conn
	writes atomic.Int32
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// replier is a handler made of a function.
type replier struct {
	*echoing
	message func(*ws.WebSocket, ws.Message)
}

func answering(f func(*ws.WebSocket, ws.Message)) *replier { return &replier{newEchoing(), f} }

func (r *replier) Message(c *ws.WebSocket, m ws.Message) { r.message(c, m) }

// bubble runs a test over memory with a clock of its own.
func bubble(t *testing.T, opts *ws.Options, h ws.Handler, f func(t *testing.T, c *ws.WebSocket, p *peer, conn *counted)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, client := memnet.Pipe(memnet.DefaultBuffer)
		conn := &counted{Conn: server}
		c, p := servedOver(t, conn, client, opts, h)
		conn.writes.Store(0)
		defer func() {
			_ = client.Close()
			<-c.Done()
		}()
		f(t, c, p, conn)
	})
}

// texts returns the frames of messages.
func (p *peer) texts(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(p.frame(fin|opText, m))
	}
	return b.String()
}

func (p *peer) expectTexts(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		p.expect(fin|opText, m)
	}
}

func TestCorkRepliesLeaveTogether(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprint("message ", i)
	}
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest} {
		t.Run(policy.String(), func(t *testing.T) {
			bubble(t, &ws.Options{Overflow: policy}, newEchoing(), func(t *testing.T, _ *ws.WebSocket, p *peer, conn *counted) {
				start := time.Now()
				p.write(p.texts(many...))
				p.expectTexts(many...)
				require.Equal(t, int32(1), conn.writes.Load())
				require.Zero(t, time.Since(start), "nobody waited for a clock")

				p.write(p.texts("alone"))
				p.expectTexts("alone")
				require.Equal(t, int32(2), conn.writes.Load())
				require.Zero(t, time.Since(start), "nor does a lone message")

				// With half a message behind them, too.
				more := p.texts("a", "b", "half")
				p.write(more[:len(more)-1])
				p.expectTexts("a", "b")
				require.Equal(t, int32(3), conn.writes.Load())
				p.write(more[len(more)-1:])
				p.expectTexts("half")
				require.Zero(t, time.Since(start))
			})
		})
	}
}

// Over TCP the clock is real: a batch may be cut in two, but not more often.
func TestCorkOverTCP(t *testing.T) {
	const batches, each = 20, 50
	server, client := tcpPair(t)
	conn := &counted{Conn: server}
	h := newEchoing()
	_, p := servedOver(t, conn, client, &ws.Options{}, h)
	conn.writes.Store(0)
	batch := make([]string, each)
	for b := range batches {
		for i := range batch {
			batch[i] = fmt.Sprint(b, "/", i)
		}
		p.write(p.texts(batch...))
		p.expectTexts(batch...)
	}
	require.Less(t, conn.writes.Load(), int32(batches*each/4))
	_ = client.Close()
	h.wait(t)
}

// A handler may block after it has sent: what it sent arrives.
func TestCorkDoesNotHoldBackWhatABlockedHandlerSent(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropOldest} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				release := make(chan struct{})
				h := answering(func(c *ws.WebSocket, m ws.Message) {
					assert.NoError(t, c.SendText("reply to "+string(m.Data)))
					if string(m.Data) == "b" {
						<-release
					}
				})
				_, p := m.open(t, ws.Options{Overflow: policy}, h)
				require.NoError(t, p.conn.SetReadDeadline(time.Now().Add(10*time.Second)))
				p.write(p.texts("a", "b", "c"))
				p.expectTexts("reply to a", "reply to b")
				close(release)
				p.expectTexts("reply to c")
				_ = p.conn.Close()
				h.wait(t)
			})
		}
	}
	bubble(t, nil, answering(func(c *ws.WebSocket, m ws.Message) {
		_ = c.SendText("reply")
		time.Sleep(10 * time.Second)
	}), func(t *testing.T, _ *ws.WebSocket, p *peer, _ *counted) {
		start := time.Now()
		p.write(p.texts("a", "b"))
		p.expectTexts("reply")
		require.LessOrEqual(t, time.Since(start), 200*time.Microsecond)
		p.expectTexts("reply")
		require.LessOrEqual(t, time.Since(start), 10*time.Second+200*time.Microsecond)
	})
}

// The bound holds for a reply, not for each message after it.
func TestCorkBoundIsNotProlonged(t *testing.T) {
	const work = 150 * time.Microsecond
	bubble(t, nil, answering(func(c *ws.WebSocket, m ws.Message) {
		_ = c.SendText(string(m.Data))
		time.Sleep(work)
	}), func(t *testing.T, _ *ws.WebSocket, p *peer, conn *counted) {
		batch := strings.Split(strings.Repeat("x", 50), "")
		start := time.Now()
		p.write(p.texts(batch...))
		for i := range batch {
			p.expectTexts("x")
			require.LessOrEqual(t, time.Since(start), time.Duration(i)*work+200*time.Microsecond, "reply %d", i)
		}
		require.LessOrEqual(t, conn.writes.Load(), int32(30), "two at a time")
	})
}

// Connections share a timer: whenever a batch begins, its replies wait for less than twice the bound.
func TestCorkBoundOfManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := &ws.Options{Tracker: new(ws.Tracker)}
		var wg sync.WaitGroup
		for i := range 50 {
			server, client := memnet.Pipe(memnet.DefaultBuffer)
			c, p := servedOver(t, server, client, opts, answering(func(c *ws.WebSocket, m ws.Message) {
				_ = c.SendText(string(m.Data))
				time.Sleep(time.Second)
			}))
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 17 * time.Microsecond)
				start := time.Now()
				p.write(p.texts("a", "b"))
				p.expectTexts("a")
				assert.Less(t, time.Since(start), 400*time.Microsecond)
				p.expectTexts("b")
				assert.Less(t, time.Since(start), time.Second+400*time.Microsecond)
				_ = client.Close()
				<-c.Done()
			})
		}
		wg.Wait()
	})
}

func TestCorkOfBigReplies(t *testing.T) {
	sizes := []int{10, 3000, 3000, 3000, 3000, 3000, 3000, 3000, 100_000, 0, 16 << 10, 16<<10 - 14, 20, 70_000, 16<<10 + 1}
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest, ws.OverflowClose} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				h := answering(func(c *ws.WebSocket, m ws.Message) {
					var i int
					_, _ = fmt.Sscan(string(m.Data), &i)
					assert.NoError(t, c.SendText(numbered(0, i, sizes[i])))
				})
				c, p := m.open(t, ws.Options{Overflow: policy, WriteTimeout: 20 * time.Second}, h)
				for range 3 {
					var batch strings.Builder
					for i := range sizes {
						batch.WriteString(p.texts(fmt.Sprint(i)))
					}
					p.write(batch.String())
					for i, size := range sizes {
						p.expectTexts(numbered(0, i, size))
					}
				}
				require.Zero(t, c.Dropped())
				_ = p.conn.Close()
				h.wait(t)
			})
		}
	}
}

// A policy that drops is for slow peers: one that reads gets all replies, though the queue is
// shorter than a batch, for what is collected does not count. But collecting ends by a timer, and where the reader gets no
// processor for that long the rest of its batch has to find room in the queue. So not every batch must be whole.
func TestCorkDropsNothingForAPeerThatReads(t *testing.T) {
	const batches = 20
	for _, policy := range []ws.Overflow{ws.OverflowDropNewest, ws.OverflowDropOldest, ws.OverflowClose} {
		for _, parks := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/parks=%v", policy, parks), func(t *testing.T) {
				whole := 0
				for range batches {
					tr := &ws.Tracker{}
					ws.SetLinger(tr, always)
					if repliesToABatch(t, &ws.Options{Overflow: policy, QueueMessages: 2, Tracker: tr, NoParking: !parks}) == 10 {
						whole++
					}
				}
				require.Greater(t, whole, batches/2)
			})
		}
	}
}

// repliesToABatch sends ten messages and a Close frame, and counts the replies, which must be in order.
func repliesToABatch(t *testing.T, opts *ws.Options) (n int) {
	reply := strings.Repeat("x", 2000)
	h := answering(func(c *ws.WebSocket, m ws.Message) { _ = c.SendText(string(m.Data) + "/" + reply) })
	server, client := tcpPair(t)
	_, p := servedOver(t, server, client, opts, h)
	p.write(p.texts("0", "1", "2", "3", "4", "5", "6", "7", "8", "9") + p.frame(fin|opClose, closeBody(1000, "")))
	for last := -1; ; n++ {
		first, payload, err := p.tryRead()
		if err != nil || first == fin|opClose {
			break
		}
		require.Equal(t, byte(fin|opText), first)
		number, text, _ := strings.Cut(payload, "/")
		i, err := strconv.Atoi(number)
		require.NoError(t, err)
		require.Greater(t, i, last)
		require.Equal(t, reply, text)
		last = i
	}
	_ = p.conn.Close()
	h.wait(t)
	return n
}

// And one that doesn't read gets whole frames, in order, and the count is right.
func TestCorkWithAPolicyThatDrops(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowDropNewest, ws.OverflowDropOldest} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				t.Parallel()
				const batches, each = 150, 10
				var sent atomic.Int32
				h := answering(func(c *ws.WebSocket, _ ws.Message) {
					assert.NoError(t, c.SendText(numbered(0, int(sent.Add(1)), 3000)))
				})
				c, p := m.open(t, ws.Options{Overflow: policy, QueueMessages: 3}, h)
				for range batches {
					p.write(p.texts(strings.Split(strings.Repeat("x", each), "")...))
				}
				eventually(t, func() bool { return sent.Load() == batches*each })
				require.NotZero(t, c.Dropped())
				go func() { _ = c.Close(4000) }()
				in := p.take(nil)
				require.Equal(t, ws.Code(4000), in.code, "error %v", in.err)
				require.Equal(t, batches*each, len(in.messages)+int(c.Dropped()))
				requireOrder(t, in.messages)
			})
		}
	}
}

// Others send during a batch: everybody's order is kept.
func TestCorkBesideOtherSenders(t *testing.T) {
	const senders, each, batches = 4, 200, 20
	for _, messages := range []int{0, 5} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%d/%s", messages, m.name), func(t *testing.T) {
				t.Parallel()
				replies := 0
				h := answering(func(c *ws.WebSocket, _ ws.Message) {
					assert.NoError(t, c.SendText(numbered(100, replies, replies%700)))
					replies++
				})
				c, p := m.open(t, ws.Options{QueueMessages: messages, PingInterval: time.Millisecond, PongTimeout: -1}, h)
				var wg sync.WaitGroup
				for s := range senders {
					wg.Go(func() {
						for i := range each {
							if s == 0 && i%20 == 0 {
								assert.NoError(t, c.SendReader(soon(t), ws.KindText, strings.NewReader(numbered(s, i, 20_000))))
								continue
							}
							assert.NoError(t, c.SendText(numbered(s, i, i*7%900)))
							if i%16 == 0 {
								runtime.Gosched()
							}
						}
					})
				}
				wg.Go(func() {
					for range batches {
						_, _ = io.WriteString(p.conn, p.texts(strings.Split(strings.Repeat("x", each), "")...)+p.frame(fin|opPing, ""))
					}
				})
				const all = senders*each + batches*each
				in := p.take(func(in *intake) bool { return len(in.messages) == all && in.pongs == batches })
				require.NoError(t, in.err)
				wg.Wait()
				require.Len(t, requireOrder(t, in.messages), senders+1)
				_ = p.conn.Close()
				h.wait(t)
			})
		}
	}
}

// A handler that closes in the middle of a batch: its replies leave before the Close frame, nothing behind it.
func TestCorkAndClose(t *testing.T) {
	type end struct {
		name string
		code ws.Code
		do   func(c *ws.WebSocket)
	}
	for _, e := range []end{
		{"Close", 4000, func(c *ws.WebSocket) { _ = c.Close(4000) }},
		{"Fail", 4000, func(c *ws.WebSocket) { c.Fail(4000, "") }},
		{"panic", ws.CodeInternalError, func(*ws.WebSocket) { panic("on purpose") }},
		{"Goexit", ws.CodeInternalError, func(*ws.WebSocket) { runtime.Goexit() }},
	} {
		for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowClose} {
			for _, m := range media {
				t.Run(fmt.Sprintf("%s/%v/%s", e.name, policy, m.name), func(t *testing.T) {
					h := answering(func(c *ws.WebSocket, m ws.Message) {
						assert.NoError(t, c.Send(m.Kind, m.Data))
						if string(m.Data) == "b" {
							e.do(c)
							requireClosed(t, c.SendText("late"), e.code)
						}
					})
					_, p := m.open(t, ws.Options{Overflow: policy}, h)
					p.write(p.texts("a", "b", "c", "d"))
					p.expectTexts("a", "b")
					p.expectClose(e.code)
					p.send(fin|opClose, closeBody(int(e.code), ""))
					p.expectEOF()
					_ = p.conn.Close()
					require.Equal(t, e.code, h.wait(t))
				})
			}
		}
	}
}

// The peer's Close frame comes in the batch, or its end, or nonsense: replies come first.
func TestCorkAndTheEndOfABatch(t *testing.T) {
	for _, m := range media {
		for name, row := range map[string]struct {
			last func(p *peer) string
			code ws.Code
		}{
			"close":    {func(p *peer) string { return p.frame(fin|opClose, closeBody(4001, "")) }, 4001},
			"nonsense": {func(p *peer) string { return p.frame(fin|opCont, "") }, ws.CodeProtocolError},
			"bad text": {func(p *peer) string { return p.frame(fin|opText, "\xff") }, ws.CodeInvalidPayload},
		} {
			t.Run(m.name+"/"+name, func(t *testing.T) {
				h := newEchoing()
				_, p := m.open(t, ws.Options{}, h)
				p.write(p.texts("a", "b", "c") + row.last(p))
				p.expectTexts("a", "b", "c")
				p.expectClose(row.code)
				_ = p.conn.Close()
				require.Equal(t, row.code, h.wait(t))
			})
		}
	}
}

// Pings in a batch are answered, with or without replies around them.
func TestCorkAndPings(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropOldest} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				quiet := atomic.Bool{}
				h := answering(func(c *ws.WebSocket, m ws.Message) {
					if !quiet.Load() {
						assert.NoError(t, c.Send(m.Kind, m.Data))
					}
				})
				_, p := m.open(t, ws.Options{Overflow: policy}, h)
				for range 10 {
					p.write(p.texts("a") + p.frame(fin|opPing, "1") + p.texts("b") + p.frame(fin|opPing, "2"))
					in := p.take(func(in *intake) bool { return len(in.messages) == 2 && in.pongs > 0 })
					require.NoError(t, in.err)
					require.Equal(t, []string{"a", "b"}, in.messages)
					if in.pongs == 1 {
						p.expect(fin|opPong, "2")
					}
				}
				quiet.Store(true)
				p.write(p.texts("a", "b") + p.frame(fin|opPing, "3") + p.texts("c"))
				p.expect(fin|opPong, "3")
				_ = p.conn.Close()
				h.wait(t)
			})
		}
	}
}

// A send with a context is held up by no more than that, though it finds collected replies to be sent first.
func TestCorkKeepsToTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := memnet.Pipe(1000)
		took := make(chan time.Duration, 1)
		h := answering(func(c *ws.WebSocket, m ws.Message) {
			if string(m.Data) == "b" {
				return
			}
			assert.NoError(t, c.SendText(strings.Repeat("x", 10_000)))
			start := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			assert.ErrorIs(t, c.SendTextContext(ctx, strings.Repeat("y", 10_000)), context.DeadlineExceeded)
			took <- time.Since(start)
		})
		c, p := servedOver(t, server, client, nil, h)
		p.write(p.texts("a", "b"))
		require.Equal(t, time.Second, <-took)
		require.NoError(t, c.Context().Err(), "it goes on")
		p.expectTexts(strings.Repeat("x", 10_000))
		_ = client.Close()
		h.wait(t)
	})
}
