package fleet

import (
	"context"
	"net"
)

// Listen listens on an address. With shared, several processes may do so on the
// same, and the kernel spreads connections over them by a hash of both ends'
// addresses (SO_REUSEPORT).
//
// The connections have no keep-alive of TCP: Go's sends a probe every 15 s, and
// WebSockets have pings.
func Listen(addr string, shared bool) (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1}
	if shared {
		lc.Control = sharePort
	}
	return lc.Listen(context.Background(), "tcp4", addr)
}
