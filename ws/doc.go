// Package ws is one WebSocket connection (RFC 6455), of the server's or the client's side.
//
// It sits on github.com/gobwas/ws, which parses frames and masks bytes, and adds
// what that leaves to its caller: limits, deadlines, UTF-8, control frames,
// fragmentation, both closing handshakes, heartbeats, the origin check, and writes from any goroutine.
//
// # A server
//
// [New] checks a handshake without writing anything; so an error, of the
// handshake or of whatever is checked next, is still an HTTP answer. The
// connection is accepted by [WebSocket.Accept] or by the first send or receive.
//
//	func echo(w http.ResponseWriter, r *http.Request) {
//		conn, err := ws.New(w, r, opts)
//		if err != nil {
//			var he *ws.HandshakeError
//			errors.As(err, &he)
//			maps.Copy(w.Header(), he.Header)
//			http.Error(w, he.Detail, he.Status)
//			return
//		}
//		defer conn.Finish()
//		for m, err := range conn.Messages(conn.Context()) {
//			if err != nil {
//				return
//			}
//			if conn.Send(m.Kind, m.Data) != nil {
//				return
//			}
//		}
//	}
//
// Don't use the request's context for a connection: net/http cancels it when the handler
// returns. [WebSocket.Context] has its values and lives as long as the connection.
//
// # Reading
//
// There are two styles. Pulling: [WebSocket.Receive], its relatives, and
// [WebSocket.Messages], in a goroutine of the caller's. Being called:
// [WebSocket.Serve] takes over, and a [Handler] is called for each message and once at the end.
//
// Either way messages are whole, within the limits, and the receiver's: no byte of them is
// used again. Pings are answered and pongs taken note of while somebody reads, so somebody should.
//
// # Writing
//
// Sends may come from any goroutine. They take turns, first come, first served. The methods
// without a context wait up to [Options].WriteTimeout for their turn and as long for the network; those
// named …Context can be cancelled too. A message whose writing was cut short ends the connection,
// because a peer cannot make sense of half a frame.
//
// # Closing
//
// [WebSocket.Close] does the closing handshake; [WebSocket.Fail] doesn't wait for it. The peer's Close is
// answered by whoever reads. Closing again is nil, whatever the code. Once
// closing has begun everything returns an error that matches [ErrClosed] and holds a [CloseError].
//
// When a server stops, [Tracker.Shutdown] closes all connections with 1001 and waits for their handlers.
//
// # A client
//
// [Client] performs the handshake over an existing [net.Conn]. From there on both sides are alike.
//
// # Performance
//
// A message that fits into 4 KiB is read with one system call and costs one
// allocation, its bytes; bigger ones are read straight to their place. A send is one system call and no
// allocation up to 64 KiB. Contexts that can be cancelled cost some allocations per
// call, except the connection's own. An idle connection holds no write buffer, and a read
// buffer only while somebody waits for a message. Its context and its channel are made when asked for.
//
// UTF-8 is checked with utf8.Valid as bytes arrive, so bad text fails early and good text costs next to nothing.
//
// # Security
//
// On by default, each with its option: messages above 1 MiB end the connection with 1009,
// and memory grows with the bytes that came, never with the length that a header declares. Pages of
// other origins are refused (403), or they could act with the user's cookies. A peer that takes no bytes for 10 s, or
// leaves a ping unanswered, is given up. The handshake is checked to the letter: a body would be read as
// frames, a stray key or header could be somebody else's request. Header values with line breaks are refused.
//
// Reasons of a Close frame go to the peer; what a handler's panic says does not. Not limited
// here: the number of connections, their rate, their age, and the rate of messages.
package ws
