package deflate

import (
	"errors"
	"fmt"
)

// Window sizes are given in bits, as in RFC 7692 section 7.1.2: 8 is a window of 256
// bytes, 15 one of 32,768.
const (
	minBits = 8
	maxBits = 15
)

// extensionName is the registered name (RFC 7692 section 7).
const extensionName = "permessage-deflate"

// Params is what both sides agreed on (RFC 7692 section 7.1). The zero value is no
// agreement: messages are not compressed.
type Params struct {
	// The server, or the client, begins every message with an empty window.
	ServerNoContextTakeover bool
	ClientNoContextTakeover bool
	// The window that the server, or the client, refers back to, in bits, 8 to 15. 15 is all that the format has.
	ServerMaxWindowBits int
	ClientMaxWindowBits int
}

// Agreed reports whether there is an agreement.
func (p Params) Agreed() bool { return p.ServerMaxWindowBits != 0 }

// FromServer returns what holds for messages of the server.
func (p Params) FromServer() Direction {
	return Direction{Takeover: p.Agreed() && !p.ServerNoContextTakeover, WindowBits: p.ServerMaxWindowBits}
}

// FromClient returns what holds for messages of the client.
func (p Params) FromClient() Direction {
	return Direction{Takeover: p.Agreed() && !p.ClientNoContextTakeover, WindowBits: p.ClientMaxWindowBits}
}

// Direction is what was agreed on for the messages of one side.
type Direction struct {
	Takeover   bool // a message may refer to those before it
	WindowBits int  // how far, in bits: 8 to 15; 0 is 15
}

// Config is what one side wants, a server or a client. The zero value keeps no
// history in either direction, costs an idle connection nothing, and compresses with [Fastest].
type Config struct {
	// Takeover lets messages of this side refer to earlier ones. They get
	// smaller and each costs the time to look through the history again: see the figures in the package
	// documentation.
	Takeover bool
	// PeerTakeover lets the peer do so. This side must then keep the history of its messages.
	PeerTakeover bool

	// WindowBits, 8 to 15, bounds the history kept for Takeover; 0 is 15. It needs no consent and holds in any
	// case. A window that became part of the agreement also bounds the distances within a message.
	WindowBits int
	// PeerWindowBits, 8 to 15, bounds the history kept for PeerTakeover; 0 is
	// 15. A server can ask only clients for it that offer client_max_window_bits, as all
	// browsers do; a client that asks for it gets no compression from a server that refuses.
	PeerWindowBits int

	// Level is how hard messages of this side are compressed.
	Level Level
}

// Check returns an error if a number is out of its range. All else takes a
// Config that passed it.
func (c Config) Check() error {
	return errors.Join(
		checkBits("WindowBits", c.WindowBits),
		checkBits("PeerWindowBits", c.PeerWindowBits),
		c.Level.check(),
	)
}

func checkBits(field string, n int) error {
	if n == 0 || minBits <= n && n <= maxBits {
		return nil
	}
	return fmt.Errorf("deflate: %s is %d: want 8 to 15, or 0 for 15", field, n)
}

// bits is a window size with its default filled in.
func bits(n int) int {
	if n == 0 {
		return maxBits
	}
	return n
}

// terms are the parameters of one offer or answer.
type terms struct {
	serverNoTakeover bool
	clientNoTakeover bool
	serverBits       int // 0: not there
	clientBits       int // 0: not there; 15: there without a value
}

// readTerms reads parameters. RFC 7692 section 7.1: an offer is declined, and
// an answer fails the connection, if it has a parameter that is not defined, one with an invalid
// value, or two of the same name. Only in an offer may
// client_max_window_bits have no value (section 7.1.2.2).
func readTerms(params []param, answer bool) (t terms, err error) {
	for i, p := range params {
		for _, q := range params[:min(i, 4)] { // four known names: a fifth was an error already
			if q.name == p.name {
				return t, fmt.Errorf("parameter %q is there twice", p.name)
			}
		}
		if err := t.read(p, answer); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *terms) read(p param, answer bool) (err error) {
	switch p.name {
	case "server_no_context_takeover":
		t.serverNoTakeover, err = true, noValue(p)
	case "client_no_context_takeover":
		t.clientNoTakeover, err = true, noValue(p)
	case "server_max_window_bits":
		t.serverBits, err = bitsValue(p)
	case "client_max_window_bits":
		if !p.hasValue && !answer {
			t.clientBits = maxBits
			break
		}
		t.clientBits, err = bitsValue(p)
	default:
		err = fmt.Errorf("parameter %q is not defined", p.name)
	}
	return err
}

// noValue refuses a value: RFC 7692 section 7.1.1 defines the parameters without one.
func noValue(p param) error {
	if p.hasValue {
		return fmt.Errorf("parameter %q has the value %q and takes none", p.name, p.value)
	}
	return nil
}

// bitsValue reads a window size. RFC 7692 section 7.1.2: "a decimal integer value
// without leading zeroes between 8 to 15, inclusive".
func bitsValue(p param) (int, error) {
	switch p.value {
	case "8", "9":
		return int(p.value[0] - '0'), nil
	case "10", "11", "12", "13", "14", "15":
		return 10 + int(p.value[1]-'0'), nil
	}
	return 0, fmt.Errorf("parameter %q has the value %q: want 8 to 15", p.name, p.value)
}
