// Package poll waits for many bare socket descriptors to become readable, without a goroutine for each.
//
// # Who owns a descriptor
//
// A connection is either a [net.Conn] or a bare descriptor, an int, and has one owner at any time:
//
//	fd, err := poll.Detach(conn)  // a second descriptor of the socket
//	conn.Close()                  // gives up the first: nothing is sent
//	p.Add(fd, token)              // waits; ready(token) is called once
//	n, again, err := poll.Read(fd, buf)
//	p.Arm(fd, token)              // waits again, or
//	p.Remove(fd)                  // gives the descriptor back
//	conn, err = poll.Conn(fd)     // and makes it a connection
//
// A [Poller] never owns a descriptor: it neither reads, writes nor closes it. Between Add and Remove
// nobody else may close it. That is no formality: a registration belongs to the open socket and not to
// the number, so closing a descriptor that has a duplicate leaves the registration behind, and it can't
// be taken away any more. Its events arrive with the old token.
//
// # Tokens
//
// An event that was collected from the kernel before Remove may be delivered after it. So a [Token] says
// not only where the connection is kept but also which one of its tenants is meant, for example an index
// and a generation that grows with each use of it; ready drops what is out of date.
//
// # Performance
//
// A waiting descriptor costs the user's side nothing on Linux and an entry of a map elsewhere; on Linux
// the kernel takes about 200 bytes for the registration. Add, Arm, Remove, Read and Write don't allocate
// there; Conn, Detach and Close of a connection leave about 180 bytes of garbage each time round.
//
// An echo over TCP takes half as much processor time again if its connection was parked and is made and
// parked again for it, and a tenth more if the descriptor stays bare (BenchmarkEcho).
//
// # Platforms
//
// epoll on Linux, kqueue on macOS and the BSDs; [Supported] is false elsewhere, and what would need a
// poller returns [ErrUnsupported].
//
// With the build tag fogo_kqueue Linux has the queue of the BSDs, over a model of kqueue(2): that is how
// its tests run where there is no BSD. It is slower, and made for nothing else.
package poll
