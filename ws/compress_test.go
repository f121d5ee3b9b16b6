package ws_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/deflate"
	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/internal/poll"
	"github.com/gofogo/fogo/ws"
)

const (
	rsv1 = 0x40
	rsv2 = 0x20

	extensions = "Sec-Websocket-Extensions"
)

// packer is the other side's compression, by the leaf package: it is tested against an oracle of its own.
type packer struct {
	deflate.Compressor
	deflate.Decompressor
}

// pack returns the frame of a compressed message.
func (k *packer) pack(p *peer, op byte, message string) string {
	payload, err := k.Compressor.Append(nil, []byte(message))
	require.NoError(p.t, err)
	return p.frame(fin|rsv1|op, string(payload))
}

func (k *packer) unpack(t testing.TB, payload string) string {
	t.Helper()
	message, err := k.Decompressor.Append(nil, []byte(payload), 1<<30)
	require.NoError(t, err)
	return string(message)
}

// offering makes a handshake offer compression.
func offering(offer string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(extensions, offer) }
}

// packed returns a served connection whose peer has offered what a browser offers; and the peer's compression.
func packed(t testing.TB, opts *ws.Options, h ws.Handler) (*ws.WebSocket, *peer, *packer) {
	t.Helper()
	server, client := memnet.Pipe(memnet.DefaultBuffer)
	c, p := pairOver(t, server, client, "", opts, offering("permessage-deflate; client_max_window_bits"))
	require.NoError(t, c.Accept())
	k := p.agreed()
	if h != nil {
		require.NoError(t, c.Serve(h))
	}
	return c, p, k
}

// agreed reads the 101 and returns the compression that it agrees to.
func (p *peer) agreed() *packer {
	p.t.Helper()
	cfg := deflate.Config{Takeover: true, PeerTakeover: true}
	params, err := deflate.Agree(p.answer().Header[extensions], cfg)
	require.NoError(p.t, err)
	require.True(p.t, params.Agreed())
	return &packer{deflate.NewCompressor(params.FromClient(), cfg), deflate.NewDecompressor(params.FromServer())}
}

// pieces are messages of random size and kind: some alike, some noise.
func pieces(seed uint64, n int) []ws.Message {
	r := rand.New(rand.NewPCG(seed, 7))
	list := make([]ws.Message, n)
	for i := range list {
		size := []int{r.IntN(20), r.IntN(600), r.IntN(5000), r.IntN(40_000)}[r.IntN(4)]
		b := make([]byte, 0, size+50)
		for len(b) < size {
			switch r.IntN(3) {
			case 0:
				b = fmt.Appendf(b, `{"id":%d,"name":"somebody","tags":["a","b"]}`, r.IntN(1000))
			case 1:
				for range r.IntN(40) {
					b = append(b, byte(' '+r.IntN(90)))
				}
			default:
				b = append(b, "the same again and again "...)
			}
		}
		list[i] = ws.Message{Kind: ws.Kind(1 + r.IntN(2)), Data: b[:min(size, len(b))]}
	}
	return list
}

// exchange has a client's messages echoed by a server, some at a time.
func exchange(t testing.TB, client *ws.WebSocket, list []ws.Message) {
	t.Helper()
	errs := make(chan error, 1)
	go func() {
		for _, m := range list {
			if err := client.Send(m.Kind, m.Data); err != nil {
				errs <- err
				return
			}
		}
		errs <- nil
	}()
	for i, want := range list {
		got, err := client.Receive(soon(t))
		require.NoError(t, err)
		require.Equal(t, want.Kind, got.Kind, "message %d", i)
		require.True(t, bytes.Equal(want.Data, got.Data), "message %d, %d bytes", i, len(want.Data))
	}
	require.NoError(t, <-errs)
}

// Whatever the two sides ask for, they understand each other.
func TestCompressionOfServerAndClient(t *testing.T) {
	sides := []*ws.Compression{nil, {}}
	for i := range 4 {
		sides = append(sides, &ws.Compression{From: -1, Takeover: i&1 != 0, PeerTakeover: i&2 != 0})
	}
	sides = append(sides,
		&ws.Compression{From: -1, Level: 9, Takeover: true, PeerTakeover: true, WindowBits: 15, PeerWindowBits: 15},
		&ws.Compression{From: -1, Level: -2, Takeover: true, PeerTakeover: true, WindowBits: 9},
		&ws.Compression{From: 1, Takeover: true, PeerTakeover: true, WindowBits: 8, PeerWindowBits: 10})
	for i, server := range sides {
		l := serve(t, &ws.Options{Compression: server}, func(c *ws.WebSocket) { _ = c.Serve(newEchoing()) })
		for j, client := range sides {
			t.Run(fmt.Sprintf("%d-%d", i, j), func(t *testing.T) {
				t.Parallel()
				conn, err := l.Dial(soon(t))
				require.NoError(t, err)
				c, resp, err := ws.Client(soon(t), conn, "ws://example.com/ws", &ws.ClientOptions{Options: ws.Options{Compression: client}})
				require.NoError(t, err)
				defer c.Finish()
				answer := resp.Header.Get(extensions)
				require.Equal(t, server != nil && client != nil, answer != "", answer)
				if answer != "" {
					require.Equal(t, !server.Takeover || !client.PeerTakeover, strings.Contains(answer, "server_no_context_takeover"), answer)
					if !client.Takeover || !server.PeerTakeover {
						require.Contains(t, answer, "client_no_context_takeover")
					}
				}
				exchange(t, c, pieces(uint64(i*100+j), 8))
			})
		}
	}
}

// All sizes of the window, of both sides.
func TestCompressionWindows(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/%v", bits, takeover), func(t *testing.T) {
				t.Parallel()
				l := serve(t, &ws.Options{Compression: &ws.Compression{
					From: -1, Takeover: takeover, PeerTakeover: takeover, WindowBits: bits, PeerWindowBits: 23 - bits,
				}}, func(c *ws.WebSocket) { _ = c.Serve(newEchoing()) })
				c := dial(t, l, &ws.ClientOptions{Options: ws.Options{Compression: &ws.Compression{
					From: -1, Takeover: true, PeerTakeover: true, WindowBits: 15, PeerWindowBits: 15,
				}}})
				exchange(t, c, pieces(uint64(bits), 12))
			})
		}
	}
}

func TestCompressionFrom(t *testing.T) {
	for _, row := range []struct{ from, smallest int }{{0, ws.DefaultCompressFrom}, {-1, 0}, {1, 1}, {100, 100}} {
		for _, takeover := range []bool{false, true} {
			c, p, k := packed(t, &ws.Options{Compression: &ws.Compression{From: row.from, Takeover: takeover}}, nil)
			for range 2 {
				for n := max(0, row.smallest-2); n < row.smallest+2; n++ {
					want := strings.Repeat("x", n)
					require.NoError(t, c.SendText(want))
					first, payload := p.read()
					if n < row.smallest {
						require.Equal(t, byte(fin|opText), first, "%d bytes", n)
						require.Equal(t, want, payload)
						continue
					}
					require.Equal(t, byte(fin|rsv1|opText), first, "%d bytes", n)
					require.Equal(t, want, k.unpack(t, payload))
				}
			}
			// Fragments and control frames are never compressed.
			require.NoError(t, c.SendReader(soon(t), ws.KindText, strings.NewReader(strings.Repeat("x", 1000))))
			p.expect(fin|opText, strings.Repeat("x", 1000))
			go c.Fail(4000, strings.Repeat("x", 110))
			require.Equal(t, strings.Repeat("x", 110), p.expectClose(4000))
		}
	}
}

// Many senders, and history: frames leave in the order in which they were compressed.
func TestCompressionBySeveralSenders(t *testing.T) {
	const senders, each = 6, 30
	rows := []struct {
		name string
		opts ws.Options
	}{
		{"block", ws.Options{}},
		{"queue", ws.Options{QueueMessages: 20}},
		{"drop newest", ws.Options{Overflow: ws.OverflowDropNewest, QueueMessages: 20}},
		{"drop oldest", ws.Options{Overflow: ws.OverflowDropOldest, QueueMessages: 20}},
	}
	for _, row := range rows {
		for _, takeover := range []bool{false, true} {
			for _, m := range []string{"mem", "tcp", "parked"} {
				t.Run(fmt.Sprintf("%s/%v/%s", row.name, takeover, m), func(t *testing.T) {
					t.Parallel()
					opts := row.opts
					opts.Compression = &ws.Compression{From: 300, Takeover: takeover}
					opts.Tracker = &ws.Tracker{}
					ws.SetLinger(opts.Tracker, always)
					server, client := memnet.Pipe(2000)
					if m != "mem" {
						server, client = narrowPair(t)
						opts.NoParking = m == "tcp"
					}
					c, p := pairOver(t, server, client, "", &opts, offering("permessage-deflate"))
					require.NoError(t, c.Accept())
					k := p.agreed()
					// Its replies are collected, in competition with the others.
					replies := 0
					h := answering(func(c *ws.WebSocket, _ ws.Message) {
						_ = c.SendText(numbered(99, replies, 300+replies%50)) // up to the end
						replies++
					})
					require.NoError(t, c.Serve(h))
					shared, err := ws.Prepare(ws.KindText, []byte(numbered(98, 0, 400)))
					require.NoError(t, err)
					var wg sync.WaitGroup
					for s := range senders {
						wg.Go(func() {
							for i := range each {
								switch (i + s) % 10 {
								case 3:
									assert.NoError(t, c.SendPrepared(shared))
								case 6:
									assert.NoError(t, c.SendTextContext(soon(t), numbered(97, 0, 350)))
								}
								assert.NoError(t, c.SendText(numbered(s, i, 200+i*31%2000)))
							}
						})
					}
					wg.Go(func() {
						for range 20 {
							_, _ = io.WriteString(p.conn, p.texts("a", "b", "c", "d", "e", "f"))
						}
					})
					got := make(chan []string, 1)
					go func() {
						var list []string
						defer func() {
							_ = p.conn.Close()
							got <- list
						}()
						for {
							first, payload, err := p.tryRead()
							if err != nil {
								break
							}
							if first&0x0f == opClose {
								break
							}
							if first&rsv1 != 0 {
								b, err := k.Decompressor.Append(nil, []byte(payload), 1<<20)
								if !assert.NoError(t, err) {
									break
								}
								payload = string(b)
							}
							if !strings.HasPrefix(payload, "98/") && !strings.HasPrefix(payload, "97/") {
								list = append(list, payload)
							}
						}
					}()
					wg.Wait()
					_ = c.Close(4000)
					count := requireOrder(t, <-got)
					if row.opts.Overflow == ws.OverflowBlock {
						for s := range senders {
							require.Equal(t, each, count[s])
						}
					}
					_ = p.conn.Close()
					h.wait(t)
				})
			}
		}
	}
}

// A collected reply must not overtake, in the history, who stood in line before it.
func TestCompressionOrderOfCollectedReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := memnet.Pipe(600)
		c, p := pairOver(t, server, client, "", &ws.Options{Compression: &ws.Compression{From: -1, Takeover: true}},
			offering("permessage-deflate"))
		errs := make(chan error, 1)
		go func() { errs <- c.Accept() }()
		k := p.agreed()
		require.NoError(t, <-errs)
		similar := func(s string) string { return s + strings.Repeat(" much the same text as in all the others", 3) }
		h := answering(func(c *ws.WebSocket, m ws.Message) {
			assert.NoError(t, c.SendText(similar(string(m.Data))))
		})
		require.NoError(t, c.Serve(h))
		noise := make([]byte, 5000)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		go func() { assert.NoError(t, c.SendBytes(noise)) }() // fills the network
		synctest.Wait()
		go func() { assert.NoError(t, c.SendText(similar("in line"))) }()
		synctest.Wait()
		p.write(p.texts("1", "2", "3"))
		synctest.Wait()
		want := []string{string(noise), similar("in line"), similar("1"), similar("2"), similar("3")}
		for i := range want {
			first, payload := p.read()
			require.NotZero(t, first&rsv1)
			require.True(t, want[i] == k.unpack(t, payload), "message %d", i)
		}
		_ = client.Close()
		h.wait(t)
	})
}

func TestDropOldestHasNoHistory(t *testing.T) {
	opts := &ws.Options{Overflow: ws.OverflowDropOldest, Compression: &ws.Compression{Takeover: true, PeerTakeover: true}}
	c, p := pair(t, opts, offering("permessage-deflate"))
	require.NoError(t, c.Accept())
	require.Contains(t, p.answer().Header.Get(extensions), "server_no_context_takeover")
}

// One message for many: with and without compression, history, and on clients.
func TestPrepared(t *testing.T) {
	text, err := ws.Prepare(ws.KindText, []byte(strings.Repeat("prepared ", 100)))
	require.NoError(t, err)
	require.Equal(t, ws.KindText, text.Kind())
	raw := []byte("small and binary")
	small, err := ws.Prepare(ws.KindBinary, raw)
	require.NoError(t, err)
	raw[0] = 'X' // it was copied
	huge, err := ws.Prepare(ws.KindBinary, bytes.Repeat([]byte("0123456789"), 30_000))
	require.NoError(t, err)
	empty, err := ws.Prepare(ws.KindText, nil)
	require.NoError(t, err)

	_, err = ws.Prepare(ws.KindText, []byte("\xff"))
	require.ErrorIs(t, err, ws.ErrInvalidText)
	_, err = ws.Prepare(7, nil)
	require.Error(t, err)

	all := []ws.Message{
		{Kind: ws.KindText, Data: []byte(strings.Repeat("prepared ", 100))},
		{Kind: ws.KindBinary, Data: []byte("small and binary")},
		{Kind: ws.KindBinary, Data: bytes.Repeat([]byte("0123456789"), 30_000)},
		{Kind: ws.KindText, Data: []byte{}},
	}
	compressions := []*ws.Compression{
		nil, {}, {From: -1, Level: 9}, {WindowBits: 9}, {Takeover: true, From: -1}, {Takeover: true, WindowBits: 8}, {Takeover: true, WindowBits: 15},
	}
	var wg sync.WaitGroup
	for i, server := range compressions {
		for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest, ws.OverflowDropOldest} {
			for _, clientSends := range []bool{false, true} {
				l := memnet.Listen()
				wg.Go(func() {
					defer func() { _ = l.Close() }()
					opts := &ws.Options{Compression: server, Overflow: policy, QueueMessages: 1000, QueueBytes: 1 << 26}
					sender := make(chan *ws.WebSocket, 1)
					srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						c, err := ws.New(w, r, opts)
						if assert.NoError(t, err) && assert.NoError(t, c.Accept()) {
							sender <- c
						}
					})}
					go func() { _ = srv.Serve(l) }()
					defer func() { _ = srv.Close() }()
					conn, err := l.Dial(soon(t))
					if !assert.NoError(t, err) {
						return
					}
					other := &ws.ClientOptions{Options: *opts}
					other.Compression = &ws.Compression{PeerTakeover: true, Takeover: true, From: 10}
					from, _, err := ws.Client(soon(t), conn, "ws://example.com", other)
					if !assert.NoError(t, err) {
						return
					}
					to := <-sender
					if !clientSends {
						from, to = to, from
					}
					defer from.Finish()
					defer to.Finish()
					errs := make(chan error, 1)
					go func() {
						var err error
						for round := range 5 {
							for _, m := range []*ws.Prepared{text, small, huge, empty} {
								if err == nil {
									err = from.SendPrepared(m)
								}
								if err == nil {
									err = from.SendPreparedContext(soon(t), m)
								}
								if err == nil { // refers back to what was prepared
									err = from.SendText(strings.Repeat("prepared ", 90+round))
								}
							}
						}
						errs <- err
					}()
					for round := range 5 {
						for _, want := range all {
							for range 2 {
								m, err := to.Receive(soon(t))
								if !assert.NoError(t, err, "compression %d, %v", i, policy) {
									return
								}
								assert.Equal(t, want.Kind, m.Kind)
								assert.True(t, bytes.Equal(want.Data, m.Data))
							}
							s, err := to.ReceiveText(soon(t))
							assert.NoError(t, err)
							assert.Equal(t, strings.Repeat("prepared ", 90+round), s)
						}
					}
					assert.NoError(t, <-errs)
				})
			}
		}
	}
	wg.Wait()
}

func TestPreparedOnAClosedConnection(t *testing.T) {
	m, err := ws.Prepare(ws.KindText, []byte("x"))
	require.NoError(t, err)
	c, p := open(t, nil)
	c.Fail(4000, "")
	p.expectClose(4000)
	requireClosed(t, c.SendPrepared(m), 4000)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	requireClosed(t, c.SendPreparedContext(ctx, m), 4000)
}

// What a peer must not send, and what it is told.
func TestCompressionViolations(t *testing.T) {
	with := &ws.Options{Compression: &ws.Compression{PeerTakeover: true}, MaxMessage: 10_000}
	rows := []struct {
		name  string
		opts  *ws.Options // nil: no agreement
		bytes func(p *peer, k *packer) string
		code  ws.Code
	}{
		{"compressed without agreement", nil, func(p *peer, k *packer) string { return k.pack(p, opText, "Hello") }, 1002},
		{"RSV1 on a continuation", with, func(p *peer, k *packer) string {
			return p.frame(opText, "a") + p.frame(fin|rsv1|opCont, "b")
		}, 1002},
		{"RSV1 on a continuation of a compressed message", with, func(p *peer, k *packer) string {
			return p.frame(rsv1|opText, "\xf2\x48") + p.frame(fin|rsv1|opCont, "\xcd\xc9\xc9\x07\x00")
		}, 1002},
		{"RSV1 on a ping", with, func(p *peer, k *packer) string { return p.frame(fin|rsv1|opPing, "") }, 1002},
		{"RSV1 on a close", with, func(p *peer, k *packer) string { return p.frame(fin|rsv1|opClose, "") }, 1002},
		{"RSV2", with, func(p *peer, k *packer) string { return p.frame(fin|rsv2|opText, "") }, 1002},
		{"RSV1 and RSV2", with, func(p *peer, k *packer) string { return p.frame(fin|rsv1|rsv2|opText, "\x00") }, 1002},
		{"corrupt", with, func(p *peer, k *packer) string { return p.frame(fin|rsv1|opBinary, "\xff\xff\xff\xff") }, 1007},
		{"cut short", with, func(p *peer, k *packer) string { return p.frame(fin|rsv1|opBinary, "\xf2\x48\xcd") }, 1007},
		{"invalid UTF-8", with, func(p *peer, k *packer) string { return k.pack(p, opText, "Hello \xff") }, 1007},
		{"invalid UTF-8 in fragments", with, func(p *peer, k *packer) string {
			payload, err := k.Compressor.Append(nil, []byte("Hello \xe2\x82"))
			require.NoError(p.t, err)
			return p.frame(rsv1|opText, string(payload[:3])) + p.frame(fin|opCont, string(payload[3:]))
		}, 1007},
		{"a bomb", with, func(p *peer, k *packer) string { return k.pack(p, opBinary, strings.Repeat("\x00", 8<<20)) }, 1009},
		{"a byte too much", with, func(p *peer, k *packer) string { return k.pack(p, opBinary, strings.Repeat("x", 10_001)) }, 1009},
		{"a bomb in fragments", with, func(p *peer, k *packer) string {
			payload, err := k.Compressor.Append(nil, make([]byte, 1<<20))
			require.NoError(p.t, err)
			var b strings.Builder
			b.WriteString(p.frame(rsv1|opBinary, ""))
			for _, c := range payload {
				b.WriteString(p.frame(opCont, string([]byte{c})))
			}
			return b.String() + p.frame(fin|opCont, "")
		}, 1009},
	}
	for _, row := range rows {
		for _, way := range []string{"Serve", "Receive"} {
			t.Run(row.name+"/"+way, func(t *testing.T) {
				opts := row.opts
				if opts == nil {
					opts = &ws.Options{}
				}
				server, client := memnet.Pipe(1 << 20)
				c, p := pairOver(t, server, client, "", opts, offering("permessage-deflate"))
				require.NoError(t, c.Accept())
				k := &packer{}
				if row.opts == nil {
					p.answer()
				} else {
					k = p.agreed()
					// A good one first.
					p.write(k.pack(p, opText, "good"))
				}
				got := make(chan ws.Message, 1)
				h := answering(func(_ *ws.WebSocket, m ws.Message) { got <- m })
				if way == "Serve" {
					require.NoError(t, c.Serve(h))
				} else {
					go func() {
						for {
							m, err := c.Receive(context.Background())
							if err != nil {
								c.Finish()
								code, _, _ := c.CloseCode()
								h.closed <- code
								return
							}
							got <- m
						}
					}()
				}
				if row.opts != nil {
					require.Equal(t, "good", string((<-got).Data))
				}
				p.write(row.bytes(p, k))
				p.expectClose(row.code)
				_ = client.Close()
				require.Equal(t, row.code, h.wait(t))
				require.Empty(t, got)
			})
		}
	}
}

// Without takeover nothing may refer to a message before.
func TestCompressionWithoutTakeoverForgets(t *testing.T) {
	_, p, _ := packed(t, &ws.Options{Compression: &ws.Compression{From: -1}}, newEchoing())
	const hello, again = "\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x00\x11\x00\x00" // RFC 7692 section 7.2.3.2
	p.send(fin|rsv1|opText, hello)
	first, payload := p.read()
	require.Equal(t, byte(fin|rsv1|opText), first)
	require.Equal(t, "Hello", (&packer{}).unpack(t, payload))
	p.send(fin|rsv1|opText, again)
	p.expectClose(ws.CodeInvalidPayload)
}

// A peer may send its compressed messages in any number of fragments, with control frames between, byte by byte.
func TestCompressionOfFragments(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		_, p, k := packed(t, &ws.Options{Compression: &ws.Compression{PeerTakeover: takeover}}, newEchoing())
		r := rand.New(rand.NewPCG(3, 4))
		for i, m := range pieces(9, 60) {
			message := m.Data[:min(len(m.Data), 400)] // the echo is not compressed
			payload, err := k.Compressor.Append(nil, message)
			require.NoError(t, err)
			first := byte(rsv1 | opBinary)
			var raw strings.Builder
			for pings := 0; ; {
				n := r.IntN(len(payload) + 1)
				if i%3 == 0 {
					n = min(1, len(payload))
				}
				last := byte(0)
				if n == len(payload) {
					last = fin
				}
				raw.WriteString(p.frame(last|first, string(payload[:n])))
				payload, first = payload[n:], opCont
				if last != 0 {
					break
				}
				if pings++; pings <= 1 {
					raw.WriteString(p.frame(fin|opPing, "p"))
				}
			}
			for b := raw.String(); b != ""; {
				n := min(len(b), 1+r.IntN(500))
				p.write(b[:n])
				b = b[n:]
			}
			in := p.takeN(1)
			require.NoError(t, in.err)
			require.True(t, string(message) == in.messages[0], "message %d", i)
		}
	}
}

// History survives the parking.
func TestCompressionWhileParked(t *testing.T) {
	if !poll.Supported {
		t.Skip("no poller here")
	}
	for _, takeover := range []bool{false, true} {
		t.Run(fmt.Sprint(takeover), func(t *testing.T) {
			tr := &ws.Tracker{}
			ws.SetLinger(tr, always)
			server, client := tcpPair(t)
			c, p := pairOver(t, server, client, "", &ws.Options{
				Tracker: tr, Compression: &ws.Compression{From: -1, Takeover: takeover, PeerTakeover: takeover},
			}, offering("permessage-deflate"))
			require.NoError(t, c.Accept())
			h := newEchoing()
			require.NoError(t, c.Serve(h))
			k := p.agreed()
			message := strings.Repeat(`{"type":"position","x":17,"y":23} `, 5)
			var sizes []int
			for i := range 30 {
				isParked(t, tr)
				want := fmt.Sprint(message, i)
				if i%3 == 2 { // from our side first, without waking
					require.NoError(t, c.SendText(want))
				} else {
					p.write(k.pack(p, opText, want))
				}
				first, payload := p.read()
				require.Equal(t, byte(fin|rsv1|opText), first)
				require.Equal(t, want, k.unpack(t, payload))
				sizes = append(sizes, len(payload))
			}
			if takeover {
				require.Less(t, sizes[20], sizes[0]/2, "it does refer back")
			}
			_ = p.conn.Close()
			h.wait(t)
		})
	}
}
