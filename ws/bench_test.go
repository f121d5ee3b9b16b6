package ws_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/ws"
)

// Results are to be read as ratios of one run: the client's part is in them.

// BenchmarkServe echoes over TCP with some messages in flight.
func BenchmarkServe(b *testing.B) {
	for _, inFlight := range []int{1, 16} {
		for _, policy := range []ws.Overflow{ws.OverflowBlock, ws.OverflowDropNewest} {
			b.Run(fmt.Sprintf("inflight=%d/%v", inFlight, policy), func(b *testing.B) {
				server, client := tcpPair(b)
				h := newEchoing()
				_, p := servedOver(b, server, client, &ws.Options{Tracker: &ws.Tracker{}, Overflow: policy, Borrow: true}, h)
				in := []byte(strings.Repeat(p.frame(fin|opBinary, strings.Repeat("x", 125)), inFlight))
				out := make([]byte, inFlight*(2+125))
				b.ReportAllocs()
				for b.Loop() {
					_, _ = client.Write(in)
					_, _ = io.ReadFull(client, out)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*inFlight), "ns/msg")
				_ = client.Close()
				<-h.closed
			})
		}
	}
}

// BenchmarkBroadcast sends one message to many connections.
func BenchmarkBroadcast(b *testing.B) {
	const connections = 64
	text := strings.Repeat(`{"id":17,"name":"somebody"} `, 36) // about 1 KB
	message, err := ws.Prepare(ws.KindText, []byte(text))
	require.NoError(b, err)
	for _, compression := range []*ws.Compression{nil, {}, {Takeover: true}} {
		for _, way := range []string{"Send", "SendPrepared"} {
			b.Run(fmt.Sprintf("%s/%s", describe(compression), way), func(b *testing.B) {
				tr := &ws.Tracker{}
				conns := make([]*ws.WebSocket, connections)
				clients := make([]net.Conn, connections)
				handlers := make([]*echoing, connections)
				for i := range conns {
					var server net.Conn
					server, clients[i] = tcpPair(b)
					c, p := pairOver(b, server, clients[i], "", &ws.Options{Tracker: tr, Compression: compression}, offering("permessage-deflate"))
					require.NoError(b, c.Accept())
					p.answer()
					handlers[i] = newEchoing()
					require.NoError(b, c.Serve(handlers[i]))
					conns[i] = c
					go func() { _, _ = io.Copy(io.Discard, clients[i]) }()
				}
				b.ReportAllocs()
				for b.Loop() {
					for _, c := range conns {
						var err error
						if way == "Send" {
							err = c.SendText(text)
						} else {
							err = c.SendPrepared(message)
						}
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*connections), "ns/msg")
				for i := range clients {
					_ = clients[i].Close()
					<-handlers[i].closed
				}
			})
		}
	}
}

func describe(c *ws.Compression) string {
	switch {
	case c == nil:
		return "plain"
	case c.Takeover:
		return "takeover"
	}
	return "compressed"
}
