package inject

import "fmt"

// Lifetime says how long a provided value lives and how often it is made. A
// value may depend on values that live as long or longer, never on ones that
// are gone before it.
type Lifetime uint8

const (
	// Singleton values are made once per application, when it starts, and
	// closed when it stops, in reverse order.
	Singleton Lifetime = iota + 1
	// PerConnection values are made once per WebSocket connection, during its
	// handshake. Over HTTP they live as long as the request.
	PerConnection
	// PerCall values are made once per call: an HTTP request, the handshake of
	// a socket, one of its messages, or its disconnect.
	PerCall
)

// String returns the name of the constant.
func (l Lifetime) String() string {
	switch l {
	case 0:
		return "any lifetime"
	case Singleton:
		return "Singleton"
	case PerConnection:
		return "PerConnection"
	case PerCall:
		return "PerCall"
	}
	return fmt.Sprintf("Lifetime(%d)", uint8(l))
}

// outlives reports whether a value of lifetime l is still there when one of
// lifetime o is gone. The zero lifetime is that of whoever asks.
func (l Lifetime) outlives(o Lifetime) bool { return l != 0 && o != 0 && l < o }
