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
// used again, unless a [Borrower] asks for that. Pings are answered and pongs taken note of while somebody reads, so somebody should.
//
// # Idle connections
//
// A connection under Serve that has nothing to do costs neither goroutine nor buffer nor net.Conn: it
// parks. Its descriptor waits in a poller of its [Tracker], is written to and pinged from there, and comes back
// with a goroutine when bytes arrive. One that talks keeps its goroutine until it has been quiet for a second.
// That needs a Tracker, a plain TCP or Unix socket, and Linux, macOS or a BSD; elsewhere, with TLS,
// with a net.Conn that wraps another, and with [Options].NoParking each connection keeps a goroutine, behind the same methods.
//
// # Writing
//
// Sends may come from any goroutine and leave in the order in which they came. One goroutine at a time writes.
// What the others do is a policy, [Options].Overflow: by default they wait, first come, first served, up to [Options].WriteTimeout
// or as long as their context allows; or they leave their message in a queue, bounded in messages and bytes, that
// drops the newest, or the oldest, or the connection, when it is full. [WebSocket.Dropped] counts. A message whose writing was
// cut short ends the connection, because a peer cannot make sense of half a frame.
//
// When several messages came in one piece, the replies of a Handler are collected and leave in one piece, at the
// end of the batch, at 16 KiB, or after 200 to 400 µs, whichever comes first.
//
// What goes to many connections is encoded once: [Prepare], [WebSocket.SendPrepared].
//
// # Compression
//
// permessage-deflate (RFC 7692) is off unless both sides ask for it: [Options].Compression. It costs two to three times
// an uncompressed message. Without history, the default, an idle connection holds nothing
// for it. The limit of a message holds for what comes out as well.
//
// # Closing
//
// [WebSocket.Close] does the closing handshake; [WebSocket.Fail] doesn't wait for it. The peer's Close is
// answered by whoever reads. Messages that wait in the queue leave before the Close frame. Closing again is nil, whatever the code. Once
// closing has begun everything returns an error that matches [ErrClosed] and holds a [CloseError].
//
// When a server stops, [Tracker.Shutdown] closes all connections with 1001 and waits for their handlers.
//
// # A client
//
// [Dial] connects to a server by its URL: through proxies (HTTP, HTTPS, SOCKS5), with TLS, within one
// timeout for all of it. [Client] performs the handshake over an existing [net.Conn]. From there on both sides are alike.
//
// # Limits
//
//	what                           default   option             what the peer sees
//	bytes of a message, also
//	  when decompressed            1 MiB     MaxMessage         1009
//	bytes of a frame               the same  MaxFrame           1009
//	time for a message             1 min     MessageTimeout     1008
//	Pings and Pongs in a second    100       MaxControlFrames   1008
//	silence before a Ping          30 s      PingInterval       a Ping
//	time for the Pong              20 s      PongTimeout        1008, the handler 1006
//	time for a write               10 s      WriteTimeout       the end of the TCP connection
//	messages that wait             0 or 256  QueueMessages      see Overflow; 1013
//	bytes that wait                1 MiB     QueueBytes         see Overflow; 1013
//	time for the peer's Close      5 s       CloseTimeout       the end of the TCP connection
//	time for the handshake         10 s      HandshakeTimeout   the end of the TCP connection
//	origins of pages               our own   Origins            403
//	connections of a Tracker       no limit  MaxConnections     503, Retry-After
//	connections of an address      no limit  Admit              429
//
// A Ping, Pong or Close frame has at most 125 bytes (RFC 6455 section 5.5, 1002). Pongs that wait because the peer
// doesn't read take 1 KiB, then only the latest is kept. A client reads 1 MiB of a server's answer to the handshake. What a message with
// compression may refer back to is in [Compression].
//
// The size of the handshake, and the time for it to arrive, are net/http's: [http.Server].MaxHeaderBytes (1 MiB
// unless it is set; the peer sees 431) and ReadHeaderTimeout (none unless it is set; the end of the TCP connection). So
// set them, as a fogo application does. Not limited here: the age of connections, and the rate of messages.
//
// # Performance
//
// A message that fits into 4 KiB is read with one system call and costs one
// allocation, its bytes, or none if it is borrowed; a connection with bigger messages reads 32 KiB at once while
// it talks. A send is one system call and no allocation, so an echo under Serve is two system calls. Contexts that can be cancelled cost some allocations per
// call, except the connection's own, which is made when somebody asks for it. A parked connection holds a few hundred bytes; to wake it costs some microseconds.
//
// UTF-8 is checked with utf8.Valid as bytes arrive, so bad text fails early and good text costs next to nothing.
//
// # Security
//
// Memory grows with the bytes that came, never with the length that a header declares. Pages of
// other origins are refused, or they could act with the user's cookies. The handshake is checked to the letter: a body would be read as
// frames, a stray key or header could be somebody else's request. Header values with line breaks are refused.
//
// Compression tells who can measure lengths how much texts have in common, see [Compression].
//
// [Dial] follows no redirects, checks certificates, asks proxies for a tunnel even for ws, and shows them
// neither the header fields nor the certificates meant for the server. What it sends to an http or SOCKS5
// proxy, the proxy's password too, anybody on the way can read.
//
// Reasons of a Close frame go to the peer; what a handler's panic says does not.
package ws
