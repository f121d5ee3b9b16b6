package ws_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// A peer that doesn't read: nobody is stalled, memory is bounded, nothing is miscounted, each
// sender's order is kept, and what was queued leaves before the Close frame.
func TestQueueThatDrops(t *testing.T) {
	const senders, each, size = 8, 150, 700
	for _, policy := range []ws.Overflow{ws.OverflowDropNewest, ws.OverflowDropOldest} {
		for _, limit := range []struct {
			name            string
			messages, bytes int
		}{{"messages", 20, 0}, {"bytes", 1000, 10_000}} {
			for _, m := range media {
				t.Run(fmt.Sprintf("%v/%s/%s", policy, limit.name, m.name), func(t *testing.T) {
					t.Parallel()
					c, p := m.open(t, ws.Options{
						Overflow: policy, QueueMessages: limit.messages, QueueBytes: limit.bytes,
					}, newEchoing())
					// First, the network is filled.
					sent := 0
					for ; c.Dropped() == 0; sent++ {
						require.NoError(t, c.SendText(numbered(99, sent, 10*size)))
					}
					var wg sync.WaitGroup
					for s := range senders {
						wg.Go(func() {
							for i := range each {
								assert.NoError(t, c.SendText(numbered(s, i, size)))
								messages, bytes := c.Queued()
								assert.LessOrEqual(t, messages, limit.messages)
								if limit.bytes > 0 {
									// One that found nothing in its way is not from the queue, but what the network leaves of it counts.
									assert.LessOrEqual(t, bytes, limit.bytes+10*size+14)
								}
							}
						})
					}
					wg.Wait()
					require.NoError(t, c.SendText(numbered(100, 0, 0)))
					sent += senders*each + 1
					dropped := c.Dropped()
					require.NotZero(t, dropped)
					go func() { _ = c.Close(4000) }()
					in := p.take(nil)
					require.Equal(t, ws.Code(4000), in.code, "error %v", in.err)
					require.Equal(t, sent, len(in.messages)+int(dropped))
					require.Equal(t, dropped, c.Dropped())
					count := requireOrder(t, in.messages)
					if policy == ws.OverflowDropOldest {
						require.Equal(t, 1, count[100], "the last is the one that counts")
					}
				})
			}
		}
	}
}

// A peer that reads slowly: the same, while the queue moves.
func TestQueueThatDropsWhileItMoves(t *testing.T) {
	const senders, each, size = 6, 300, 900
	for _, policy := range []ws.Overflow{ws.OverflowDropNewest, ws.OverflowDropOldest} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				t.Parallel()
				c, p := m.open(t, ws.Options{Overflow: policy, QueueMessages: 10, PingInterval: 2 * time.Millisecond, PongTimeout: -1}, newEchoing())
				got := make(chan *intake)
				go func() {
					i := 0
					got <- p.take(func(*intake) bool {
						if i++; i%30 == 0 {
							time.Sleep(time.Millisecond)
							_, _ = io.WriteString(p.conn, p.frame(fin|opPing, "p"))
						}
						return false
					})
				}()
				var wg sync.WaitGroup
				for s := range senders {
					wg.Go(func() {
						for i := range each {
							assert.NoError(t, c.SendText(numbered(s, i, size)))
						}
					})
				}
				wg.Wait()
				go func() { _ = c.Close(4000) }()
				in := <-got
				require.Equal(t, ws.Code(4000), in.code, "error %v", in.err)
				require.Equal(t, senders*each, len(in.messages)+int(c.Dropped()))
				requireOrder(t, in.messages)
			})
		}
	}
}

// Nothing is lost when senders wait, with and without a queue.
func TestQueueThatBlocks(t *testing.T) {
	const senders, each, size = 8, 60, 1500
	for _, messages := range []int{0, 1, 10} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%d/%s", messages, m.name), func(t *testing.T) {
				t.Parallel()
				c, p := m.open(t, ws.Options{QueueMessages: messages, PingInterval: 2 * time.Millisecond, PongTimeout: -1}, newEchoing())
				var wg sync.WaitGroup
				for s := range senders {
					wg.Go(func() {
						for i := range each {
							if i%10 == 5 {
								assert.NoError(t, c.SendReader(soon(t), ws.KindText, strings.NewReader(numbered(s, i, 20*size))))
								continue
							}
							assert.NoError(t, c.SendText(numbered(s, i, size)))
							if messages > 0 {
								n, _ := c.Queued()
								assert.LessOrEqual(t, n, messages)
							}
						}
					})
				}
				time.Sleep(5 * time.Millisecond) // let it jam
				p.send(fin|opPing, "p")
				in := p.take(func(in *intake) bool { return len(in.messages) == senders*each && in.pongs == 1 })
				require.NoError(t, in.err)
				wg.Wait()
				require.Zero(t, c.Dropped())
				for s, n := range requireOrder(t, in.messages) {
					require.Equal(t, each, n, "sender %d", s)
				}
				eventually(t, func() bool { n, bytes := c.Queued(); return n == 0 && bytes == 0 })
			})
		}
	}
}

// Whoever has to wait waits with a context, a timeout, and up to the closing.
func TestQueueThatIsFullBlocks(t *testing.T) {
	for _, messages := range []int{0, 3} {
		t.Run(fmt.Sprint(messages), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := memnet.Pipe(400)
				c, p := pairOver(t, server, client, "", &ws.Options{QueueMessages: messages, WriteTimeout: time.Hour})
				require.NoError(t, c.Accept())
				p.answer()
				big := numbered(0, 0, 1000)
				writing := make(chan error, 1)
				go func() { writing <- c.SendText(big) }()
				synctest.Wait()
				for i := range messages {
					require.NoError(t, c.SendText(numbered(1, i, 50)))
				}
				n, _ := c.Queued()
				require.Equal(t, messages, n)

				start := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				require.ErrorIs(t, c.SendTextContext(ctx, "x"), context.DeadlineExceeded)
				cancel()
				require.Equal(t, time.Second, time.Since(start))

				ctx, cancel = context.WithCancel(context.Background())
				time.AfterFunc(time.Minute, cancel)
				require.ErrorIs(t, c.SendTextContext(ctx, "x"), context.Canceled)
				require.Equal(t, 61*time.Second, time.Since(start))
				_, err := c.Writer(ctx, ws.KindText)
				require.ErrorIs(t, err, context.Canceled)

				errs := make(chan error, 3)
				for range 2 {
					go func() { errs <- c.SendText("x") }()
				}
				go func() {
					_, err := c.Writer(context.Background(), ws.KindText)
					errs <- err
				}()
				synctest.Wait()
				go c.Fail(4000, "")
				for range 3 {
					requireClosed(t, <-errs, 4000)
				}
				in := p.take(nil)
				require.Equal(t, ws.Code(4000), in.code, "error %v", in.err)
				require.Len(t, in.messages, 1+messages, "what was accepted leaves before the Close frame")
				require.NoError(t, <-writing)
				_ = client.Close()
				<-c.Done()
			})
		})
	}
}

func TestQueueWaitsUpToWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := open(t, nil)
		w, err := c.Writer(context.Background(), ws.KindText)
		require.NoError(t, err)
		start := time.Now()
		err = c.SendText("x")
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NotErrorIs(t, err, ws.ErrClosed)
		require.Equal(t, ws.DefaultWriteTimeout, time.Since(start))
		require.NoError(t, w.Close())
		p.expect(fin|opText, "")
		require.NoError(t, c.SendText("y"))
		p.expect(fin|opText, "y")
		messages, bytes := c.Queued()
		require.Zero(t, messages+bytes)
	})
}

// OverflowClose gives the connection up, with 1013 if the peer comes to read it, and without a gap in what it got.
func TestQueueThatCloses(t *testing.T) {
	for _, m := range media {
		for _, reads := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/reads=%v", m.name, reads), func(t *testing.T) {
				t.Parallel()
				h := newEchoing()
				c, p := m.open(t, ws.Options{
					Overflow: ws.OverflowClose, QueueMessages: 10, CloseTimeout: 300 * time.Millisecond,
				}, h)
				ctx := c.Context()
				sent := 0
				var err error
				for ; err == nil; sent++ {
					err = c.SendText(numbered(0, sent, 2000))
				}
				requireClosed(t, err, ws.CodeTryAgainLater)
				require.ErrorIs(t, err, ws.ErrTooSlow)
				require.Equal(t, uint64(11), c.Dropped())
				<-ctx.Done()
				requireClosed(t, c.SendText("x"), ws.CodeTryAgainLater)
				if reads {
					in := p.take(nil)
					require.Equal(t, ws.CodeTryAgainLater, in.code, "error %v", in.err)
					require.Equal(t, sent-11, len(in.messages))
					require.Equal(t, sent-11, requireOrder(t, in.messages)[0])
				}
				require.Equal(t, ws.CodeTryAgainLater, h.wait(t), "also if the peer never reads")
			})
		}
	}
}

// A message beyond the bound of bytes goes alone, or not at all.
func TestQueueTakesOneBigMessage(t *testing.T) {
	const big = 50_000
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest, ws.OverflowClose} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := memnet.Pipe(1000)
				opts := &ws.Options{Overflow: policy, QueueBytes: 100, QueueMessages: 100, WriteTimeout: time.Minute}
				c, p := pairOver(t, server, client, "", opts)
				require.NoError(t, c.Accept())
				p.answer()
				for i := range 3 { // nothing waits: it leaves
					go func() { assert.NoError(t, c.SendText(numbered(0, i, big))) }()
					in := p.takeN(1)
					require.NoError(t, in.err)
					require.Len(t, in.messages[0], big)
					synctest.Wait()
				}
				require.Zero(t, c.Dropped())

				first, second := make(chan error, 1), make(chan error, 1)
				go func() { first <- c.SendText(numbered(0, 3, big)) }()
				synctest.Wait()
				go func() { second <- c.SendText(numbered(0, 4, big)) }()
				synctest.Wait()
				switch policy {
				case ws.OverflowDropNewest, ws.OverflowDropOldest:
					require.NoError(t, <-first)
					require.NoError(t, <-second)
					require.Equal(t, uint64(1), c.Dropped(), "beside one that is being written")
					require.NoError(t, p.takeN(1).err)
				case ws.OverflowClose:
					require.NoError(t, <-first)
					require.ErrorIs(t, <-second, ws.ErrTooSlow)
					in := p.take(nil)
					require.Len(t, in.messages, 1)
					require.Equal(t, ws.CodeTryAgainLater, in.code)
				default:
					in := p.takeN(2)
					require.NoError(t, in.err)
					require.Len(t, in.messages[1], big)
					require.NoError(t, <-first)
					require.NoError(t, <-second)
				}
				c.Fail(1000, "")
				_ = client.Close()
				<-c.Done()
			})
		})
	}
}

// While a message leaves in fragments others wait or queue, and pings and pongs pass.
func TestQueueBesideAFragmentedMessage(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest, ws.OverflowClose} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				h := newEchoing()
				c, p := m.open(t, ws.Options{Overflow: policy, QueueMessages: 3}, h)
				w, err := c.Writer(soon(t), ws.KindText)
				require.NoError(t, err)
				flush := w.(interface{ Flush() error }).Flush
				_, _ = io.WriteString(w, "frag")
				require.NoError(t, flush())
				for i := range 3 {
					require.NoError(t, c.SendText(numbered(0, i, 0)), "there is room")
				}
				n, _ := c.Queued()
				require.Equal(t, 3, n)
				p.send(fin|opPing, "p")
				p.expect(opText, "frag")
				p.expect(fin|opPong, "p")
				pinged := make(chan error, 1)
				go func() { pinged <- c.Ping(soon(t)) }()
				first, payload := p.read()
				require.Equal(t, byte(fin|opPing), first)
				p.send(fin|opPong, payload)
				require.NoError(t, <-pinged)

				rest := make(chan error, 1)
				switch policy {
				case ws.OverflowBlock:
					go func() { rest <- c.SendText(numbered(0, 3, 0)) }()
				case ws.OverflowClose:
					require.ErrorIs(t, c.SendText("x"), ws.ErrTooSlow)
					require.ErrorIs(t, w.Close(), ws.ErrTooSlow)
					in := p.take(nil)
					require.Equal(t, ws.CodeTryAgainLater, in.code, "error %v", in.err)
					require.Empty(t, in.messages)
					require.Equal(t, ws.CodeTryAgainLater, h.wait(t))
					return
				default:
					require.NoError(t, c.SendText(numbered(0, 3, 0)))
					require.Equal(t, uint64(1), c.Dropped())
					rest <- nil
				}
				_, _ = io.WriteString(w, "ment")
				require.NoError(t, w.Close())
				p.expect(fin|opCont, "ment")
				want := map[ws.Overflow]string{ws.OverflowBlock: "0123", ws.OverflowDropNewest: "012", ws.OverflowDropOldest: "123"}[policy]
				for _, i := range want {
					p.expect(fin|opText, numbered(0, int(i-'0'), 0))
				}
				require.NoError(t, <-rest)
				require.NoError(t, c.SendText("end"))
				p.expect(fin|opText, "end")
				_ = p.conn.Close()
				h.wait(t)
			})
		}
	}
}

// A Writer gets its turn, also when others fill the queue all the time.
func TestQueueDoesNotStarveAWriter(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := memnet.Pipe(1000)
				c, p := pairOver(t, server, client, "", &ws.Options{Overflow: policy, QueueMessages: 20})
				require.NoError(t, c.Accept())
				p.answer()
				stop := make(chan struct{})
				var wg sync.WaitGroup
				for s := range 3 {
					wg.Go(func() {
						for i := 0; ; i++ {
							select {
							case <-stop:
								return
							case <-time.After(time.Millisecond):
								_ = c.SendText(numbered(s, i, 1000))
							}
						}
					})
				}
				got := make(chan *intake)
				go func() {
					got <- p.take(func(*intake) bool { time.Sleep(time.Millisecond); return false })
				}()
				time.Sleep(time.Second)
				for range 10 {
					w, err := c.Writer(context.Background(), ws.KindText)
					if !assert.NoError(t, err) {
						break
					}
					_, _ = io.WriteString(w, numbered(3, 0, 0))
					assert.NoError(t, w.Close())
				}
				close(stop)
				wg.Wait()
				go func() { _ = c.Close(4000) }()
				in := <-got
				require.Equal(t, ws.Code(4000), in.code, "error %v", in.err)
				n := 0
				for _, m := range in.messages {
					if m == numbered(3, 0, 0) {
						n++
					}
				}
				require.Equal(t, 10, n)
				_ = client.Close()
				<-c.Done()
			})
		})
	}
}

// What is queued when the server stops leaves before the 1001.
func TestShutdownSendsTheQueue(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest, ws.OverflowClose} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				t.Parallel()
				const n = 40
				tr := &ws.Tracker{}
				h := newEchoing()
				c, p := m.open(t, ws.Options{Overflow: policy, QueueMessages: n, Tracker: tr}, h)
				big := make(chan error, 1)
				go func() { big <- c.SendText(numbered(1, 0, 4<<20)) }()
				eventually(t, func() bool { // it has the network for itself
					_, bytes := c.Queued()
					return bytes > 0 || policy == ws.OverflowBlock && ws.Writing(c)
				})
				for i := range n {
					_ = c.SendText(numbered(0, i, 0))
				}
				queued, _ := c.Queued()
				if policy != ws.OverflowBlock {
					// Bytes of one that is too big for the queue leave no room for more.
					require.Zero(t, queued)
				}
				stopped := make(chan error, 1)
				go func() { stopped <- tr.Shutdown(soon(t)) }()
				time.Sleep(5 * time.Millisecond)
				in := p.take(nil)
				want := ws.CodeGoingAway
				if policy == ws.OverflowClose {
					want = ws.CodeTryAgainLater
				}
				require.Equal(t, want, in.code, "error %v", in.err)
				require.NoError(t, <-big)
				count := requireOrder(t, only(in.messages, "0/", "1/"))
				require.Equal(t, queued, count[0])
				require.Equal(t, 1, count[1])
				p.send(fin|opClose, closeBody(int(want), ""))
				_ = p.conn.Close()
				require.NoError(t, <-stopped)
				require.Equal(t, want, h.wait(t))
			})
		}
	}
}

// only returns the messages with one of the prefixes.
func only(messages []string, prefixes ...string) (list []string) {
	for _, m := range messages {
		for _, p := range prefixes {
			if strings.HasPrefix(m, p) {
				list = append(list, m)
			}
		}
	}
	return list
}

// The network breaks while messages wait.
func TestQueueOfABrokenConnection(t *testing.T) {
	for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest, ws.OverflowClose} {
		for _, m := range media {
			t.Run(fmt.Sprintf("%v/%s", policy, m.name), func(t *testing.T) {
				t.Parallel()
				h := newEchoing()
				c, p := m.open(t, ws.Options{Overflow: policy, QueueMessages: 5}, h)
				errs := make(chan error)
				for s := range 4 {
					go func() {
						var err error
						for i := 0; err == nil; i++ {
							err = c.SendText(numbered(s, i, 3000))
							if policy != ws.OverflowBlock {
								time.Sleep(100 * time.Microsecond)
							}
						}
						errs <- err
					}()
				}
				time.Sleep(5 * time.Millisecond)
				_ = p.conn.Close()
				for range 4 {
					err := <-errs
					require.ErrorIs(t, err, ws.ErrClosed)
					var ce *ws.CloseError
					require.ErrorAs(t, err, &ce, "every one says with which code")
				}
				h.wait(t)
				<-c.Done()
			})
		}
	}
}

func TestOverflowString(t *testing.T) {
	for o, want := range map[ws.Overflow]string{0: "block", 1: "drop newest", 2: "drop oldest", 3: "close", 4: "overflow(?)"} {
		require.Equal(t, want, o.String())
	}
}
