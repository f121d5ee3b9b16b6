// A client sends a list of offers in its order of preference, the server takes one
// and answers with parameters of its own (RFC 7692 section 5). What may be said is not symmetric:
//
//	                              in an offer                  in an answer
//	server_no_context_takeover    a demand                     a promise, also unasked
//	client_no_context_takeover    a promise                    a demand, also unasked
//	server_max_window_bits=N      a demand                     a promise, also unasked, at most N
//	client_max_window_bits        "you may demand"             -
//	client_max_window_bits=N      a promise, and "you may"     a demand, only if that was said
//
// The surprise is in the last two rows: a server must not limit the window of a
// client that did not say it understands limits. So a server that wants to save
// memory with any client demands client_no_context_takeover.

package deflate

import (
	"errors"
	"fmt"
	"strconv"
)

// Accept chooses, for a server, the first acceptable offer of the client's
// Sec-WebSocket-Extensions lines and returns the agreement and the
// server's Sec-WebSocket-Extensions. Without one, ok is false and there is nothing to answer
// (RFC 7692 section 5.1): that is no error of the handshake.
//
// A malformed header has no offers. A server that wants to be strict asks [Valid].
func Accept(lines []string, cfg Config) (p Params, answer string, ok bool) {
	list, err := parse(lines)
	if err != nil {
		return Params{}, "", false
	}
	for _, e := range list {
		if e.name != extensionName {
			continue
		}
		// RFC 7692 section 7.1: the server "MUST decline" an offer with a parameter it cannot take.
		offer, err := readTerms(e.params, false)
		if err != nil {
			continue
		}
		reply := cfg.reply(offer)
		return reply.params(), reply.String(), true
	}
	return Params{}, "", false
}

// reply is the server's answer to an offer, which can always be fulfilled.
func (c Config) reply(offer terms) terms {
	reply := terms{
		// RFC 7692 section 7.1.1.1: a server accepts the demand by repeating it, and MAY promise it unasked.
		serverNoTakeover: offer.serverNoTakeover || !c.Takeover,
		// RFC 7692 section 7.1.1.2: a server MAY demand it. Repeating the client's promise makes it binding.
		clientNoTakeover: offer.clientNoTakeover || !c.PeerTakeover,
	}
	// RFC 7692 section 7.1.2.1: a server accepts the demand by repeating it "with the same or smaller value".
	// Unasked, nothing is said: a smaller window than agreed on is always right, and
	// within a message the whole one stays open to the faster writers.
	if offer.serverBits != 0 {
		reply.serverBits = min(offer.serverBits, bits(c.WindowBits))
	}
	// RFC 7692 section 7.1.2.2: without the parameter in the offer the answer "MUST NOT include" it; with a value there,
	// ours is "equal to or smaller".
	if n := min(offer.clientBits, bits(c.PeerWindowBits)); n < maxBits {
		reply.clientBits = n
	}
	return reply
}

// params is the agreement that an answer stands for.
func (t terms) params() Params {
	return Params{
		ServerNoContextTakeover: t.serverNoTakeover,
		ClientNoContextTakeover: t.clientNoTakeover,
		ServerMaxWindowBits:     bits(t.serverBits),
		ClientMaxWindowBits:     bits(t.clientBits),
	}
}

// String writes terms as an element of the header.
func (t terms) String() string {
	b := []byte(extensionName)
	if t.serverNoTakeover {
		b = append(b, "; server_no_context_takeover"...)
	}
	if t.clientNoTakeover {
		b = append(b, "; client_no_context_takeover"...)
	}
	if t.serverBits != 0 {
		b = strconv.AppendInt(append(b, "; server_max_window_bits="...), int64(t.serverBits), 10)
	}
	if t.clientBits != 0 {
		b = strconv.AppendInt(append(b, "; client_max_window_bits="...), int64(t.clientBits), 10)
	}
	return string(b)
}

// Offer returns the Sec-WebSocket-Extensions of a client.
func Offer(cfg Config) string {
	t := cfg.offer()
	if t.clientBits == maxBits {
		t.clientBits = 0
		return t.String() + "; client_max_window_bits" // as browsers have it
	}
	return t.String()
}

// offer is what a client asks for and promises.
func (c Config) offer() terms {
	t := terms{
		serverNoTakeover: !c.PeerTakeover,
		clientNoTakeover: !c.Takeover,
		clientBits:       bits(c.WindowBits),
	}
	// RFC 7692 section 7.1.2.1: "A server declines [...] if the server doesn't support it", so it is not said for nothing.
	if n := bits(c.PeerWindowBits); n < maxBits {
		t.serverBits = n
	}
	return t
}

// ErrAnswer is the error of [Agree].
var ErrAnswer = errors.New("deflate: the server's Sec-WebSocket-Extensions is no answer to the offer")

// Agree checks, for a client, the server's Sec-WebSocket-Extensions lines against
// [Offer] of the same Config and returns the agreement, which is the zero Params if the
// server declined. An error matches [ErrAnswer], and the client must fail the connection
// (RFC 6455 section 4.1, RFC 7692 section 5.1): the sides don't agree on what they send.
//
// The offer must have been the client's only extension.
func Agree(lines []string, cfg Config) (Params, error) {
	list, err := parse(lines)
	switch {
	case err != nil:
		return Params{}, refuse(errors.New("it is malformed"))
	case len(list) == 0:
		return Params{}, nil
	case list[0].name != extensionName:
		// RFC 6455 section 4.1 item 5: an extension "that was not present in the client's handshake".
		return Params{}, refuse(fmt.Errorf("extension %q was not offered", list[0].name))
	case len(list) > 1:
		return Params{}, refuse(errors.New("it accepts more than one offer"))
	}
	answer, err := readTerms(list[0].params, true)
	if err != nil {
		return Params{}, refuse(err)
	}
	return agree(cfg.offer(), answer)
}

// agree puts what was promised in the offer to what is said in the answer.
func agree(offer, answer terms) (Params, error) {
	switch {
	// RFC 7692 section 7.1.1.1: a server that accepts the demand says so.
	case offer.serverNoTakeover && !answer.serverNoTakeover:
		return Params{}, refuse(errors.New("server_no_context_takeover was asked for and is missing"))
	// RFC 7692 section 7.1.2.1: likewise, "with the same or smaller value".
	case offer.serverBits != 0 && answer.serverBits == 0:
		return Params{}, refuse(errors.New("server_max_window_bits was asked for and is missing"))
	case offer.serverBits != 0 && answer.serverBits > offer.serverBits:
		return Params{}, refuse(fmt.Errorf("server_max_window_bits is %d: at most %d was asked for", answer.serverBits, offer.serverBits))
	}
	// RFC 7692 sections 7.1.1.2 and 7.1.2.2: the client's promises hold also if the answer does not repeat them.
	answer.clientNoTakeover = answer.clientNoTakeover || offer.clientNoTakeover
	answer.clientBits = min(bits(answer.clientBits), offer.clientBits)
	return answer.params(), nil
}

func refuse(why error) error { return fmt.Errorf("%w: %w", ErrAnswer, why) }
