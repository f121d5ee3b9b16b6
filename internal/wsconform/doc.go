// Package wsconform tests that a WebSocket server keeps to RFC 6455 and RFC 7692.
//
// It is a table of cases over a raw client of its own, which shares no code with the servers it
// tests. The server under test echoes every message in its kind. Any way of running one
// will do, so the same table judges all engines: a goroutine for each connection, parked connections, TLS, a whole application.
//
//	func TestConformance(t *testing.T) {
//		wsconform.Run(t, func(t testing.TB) net.Conn {
//			conn, err := net.Dial("tcp", addr)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return conn
//		}, wsconform.Options{MaxMessage: 1 << 18})
//	}
//
// # What is demanded
//
// Each [Case] names the section that it proves. Where the connection must be failed, a dropped TCP connection is not
// enough: a Close frame with the right code has to come, then the end of the
// stream, and no reset. And every frame of every answer is checked as a client would have to: no mask,
// the shortest length, whole control frames, valid text, nothing behind a Close frame.
//
// Where the RFCs leave a choice all of it passes: answers in fragments or not, compressed or
// not, pongs for each ping or for the latest (section 5.5.3), any 4xx status where none is named. Some things
// they leave open are decided here:
//
//   - Faults are found as their bytes come, not when the message ends: section 8.1 allows more, but a server that
//     waits can be made to hold what it will refuse. So are lengths above the limit.
//   - Close codes above 4999 are refused as those below 1000: section 7.4.2 gives nobody a use for them.
//   - Codes 1012 to 1014 are accepted: the registry of section 11.7 has them.
//   - Another version than 13 is answered by 426, section 4.2.2's example.
//   - A body in a handshake is refused: its bytes could be read as frames.
//   - Data that cannot be inflated is closed with 1007 or 1002. RFC 7692 section 7.2.2 names no code. RFC 6455
//     section 7.4.1 has 1007 for "data within a message that was not consistent with the type of the message",
//     which is closest; 1002 is the general one for a peer that breaks an agreed protocol. Servers in use do either. 1011 would blame the server.
//
// # Deflate
//
// With [Options].Deflate the cases of RFC 7692 run, and all others a second time over a connection that has
// agreed on it: an uncompressed message means the same there.
//
// # A suite that fails
//
// The package's own tests run a correct server, which must pass, and many with one fault each, which
// must be found. Every case fails for one of them.
//
// # Other suites
//
// The fuzzing client of the Autobahn project is older and better known, and covers less: no handshakes, no
// limits, no broken deflate data, and where the connection must be failed it takes a drop for an answer. Its
// group 9 (big messages, timed) and groups 12 and 13 (all parameters of deflate with many sizes) go further.
package wsconform
