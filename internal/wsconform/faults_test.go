package wsconform

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// faults are what a server may do wrong, and a case that has to find it.
var faults = []struct{ bug, found string }{
	{"drops instead of failing", "reserved/opcode 3"},
	{"fails with another code", "reserved/opcode 3"},
	{"fails and goes on", "reserved/opcode 3"},
	{"fails with two Close frames", "reserved/opcode 3"},
	{"fails with a bad reason", "reserved/opcode 3"},
	{"an answer behind the fault", "reserved/opcode 3"},
	{"masks its answers", "framing/text of 1"},
	{"long lengths in answers", "framing/text of 1"},
	{"takes only frames that come whole", "framing/split at every offset"},
	{"takes only frames that come whole", "silence/7 bytes of a frame"},
	{"knows one mask", "masks/any key, any length"},
	{"no mask needed", "masks/text without"},
	{"lengths of any form", "framing/opcode 1, 16 bits for 125"},
	{"lengths of any form", "framing/opcode 2, 64 bits for 65535"},
	{"top bit of the length", "framing/opcode 1, top bit of 64"},
	{"opcodes are not checked", "reserved/opcode 3"},
	{"opcodes are not checked", "reserved/opcode 11"},
	{"RSV bits are not checked", "reserved/RSV 010 on text"},
	{"RSV bits are not checked", "reserved/RSV 001 on ping"},
	{"RSV2 with an extension", "deflate/reserved/RSV 010 on text"},
	{"long control frames", "control/ping of 126"},
	{"control frames in fragments", "control/ping unfinished"},
	{"continuations of nothing", "fragments/continuation of nothing"},
	{"messages within messages", "fragments/text within text"},
	{"fragments are not joined", "fragments/two"},
	{"text is not checked", "bad text/byte FF"},
	{"text is checked at the end", "fail fast/byte FF, first fragment"},
	{"text is checked at the end", "fail fast/byte FF, frame of which more is to come"},
	{"surrogates are text", "bad text/surrogate D800"},
	{"overlong forms are text", "bad text/overlong slash, 3 bytes"},
	{"above U+10FFFF is text", "bad text/U+110000"},
	{"runes end with their fragment", "text/fragments cut anywhere"},
	{"texts come back as binary", "framing/text of 0"},
	{"a byte is lost", "framing/binary of 127"},
	{"empty messages are not echoed", "framing/text of 0"},
	{"breaks its own text", "framing/text of 1"},
	{"its continuations repeat the opcode", "framing/text of 4096"},
	{"pongs are a fault", "pong/unasked"},
	{"pings are not answered", "ping/payloads come back"},
	{"pings are not answered", "ping/100 at once"},
	{"pings within messages are not answered", "ping/between fragments"},
	{"pongs are empty", "ping/payloads come back"},
	{"half a code is none", "close/half a code"},
	{"reasons are not checked", "close/bad reason, byte FF"},
	{"Close frames are not answered", "close code/1000"},
	{"Close frames are answered with 1001", "close code/1000"},
	{"Close frames are answered with 1005", "close/empty"},
	{"the client has to end TCP", "close/the server ends TCP first"},
	{"goes on after a Close", "close/text behind"},
	{"close codes are not checked", "close code/1005, refused"},
	{"any close code above 3000", "close code/5000, refused"},
	{"limits are seen late", "limits/header above"},
	{"the limit is that of a frame", "limits/one byte above, in fragments"},
	{"early frames are lost", "handshake/a frame in the same write"},
	{"early frames are lost", "handshake/half a frame in the same write"},

	{"another accept key", "handshake/plain"},
	{"a header is injected", "handshake/nothing of the request comes back"},
	{"reads the first line of a field", "handshake/Connection over two lines"},
	{"reads the first line of a field", "handshake/Upgrade over two lines"},
	{"fields have one token", "handshake/Connection with more tokens"},
	{"tokens are found within words", "handshake/Upgrade within a word"},
	{"tokens are found within words", "handshake/Connection within a word"},
	{"case of tokens matters", "handshake/Connection in other case"},
	{"any method", "handshake/POST"},
	{"HTTP 1.0 will do", "handshake/HTTP 1.0"},
	{"no Host needed", "handshake/no Host"},
	{"no Connection needed", "handshake/no Connection"},
	{"any version", "handshake/version 8"},
	{"does not say which version", "handshake/version 8"},
	{"any key", "handshake/key missing"},
	{"any key of 24 characters", "handshake/key of 24 characters that are not base64"},
	{"any key of 24 characters", "handshake/key of 18 bytes"},
	{"the first key", "handshake/key twice"},
	{"bodies are frames", "handshake/a body that is a frame"},
	{"any origin", "handshake/other origin"},
	{"origins by prefix", "handshake/own host as a prefix"},
	{"origins by suffix", "handshake/own host as a suffix"},
	{"null is an origin", "handshake/null origin"},
	{"the client's first subprotocol", "handshake/unknown subprotocols"},
	{"its subprotocol in any case", "handshake/no subprotocol"},

	{"bad offers fail the handshake", "declined/server_max_window_bits=7"},
	{"considers the first offer alone", "negotiation/bad offer, good offer"},
	{"unknown parameters are ignored", "declined/unknown=1"},
	{"repeated parameters are ignored", "declined/client_no_context_takeover; client_no_context_takeover"},
	{"any number of window bits", "declined/client_max_window_bits=16"},
	{"does not confirm server_no_context_takeover", "negotiation/permessage-deflate; server_no_context_takeover"},
	{"answers with a wider window", "negotiation/permessage-deflate; server_max_window_bits=10"},
	{"limits a client that did not offer it", "negotiation/permessage-deflate"},
	{"answers client_max_window_bits without value", "negotiation/permessage-deflate; client_max_window_bits"},
	{"looks back too far", "negotiation/permessage-deflate; server_max_window_bits=10"},
	{"looks back too far", "negotiation/permessage-deflate; server_max_window_bits=14"},
	{"takes over what it must not", "negotiation/permessage-deflate; server_no_context_takeover"},
	{"forgets what the client said", "takeover/the same again"},
	{"remembers 4 KiB", "takeover/from 8192 bytes back"},
	{"uncompressed messages enter the window", "takeover/past an uncompressed message"},
	{"RSV1 on continuations", "compressed/RSV1 on a continuation"},
	{"RSV1 on control frames", "compressed/RSV1 on a ping"},
	{"RSV1 on its continuations", "compressed/long"},
	{"RSV1 on its pongs", "deflate/ping/payloads come back"},
	{"compressed bytes have to be text", "compressed/one block"},
	{"compressed text is not checked", "compressed bad text/byte FF"},
	{"broken data is its own fault", "broken/all ones"},
	{"broken data ends the connection", "broken/all ones"},
	{"broken data is no message", "broken/all ones"},
	{"the limit is for what comes", "compressed limits/one byte above"},
	{"the limit is for what comes", "compressed limits/8 MiB of zeros in 8 KiB, opcode 2"},
	{"leaves the tail on", "takeover/answers of all sizes"},
	{"cuts off too much", "compressed/answers are"},
}

func TestFaultsAreFound(t *testing.T) {
	o := described
	o.Patience = 500 * time.Millisecond // for a server that says nothing
	list := Cases(o)
	for _, f := range faults {
		t.Run(f.bug+" - "+f.found, func(t *testing.T) {
			t.Parallel()
			c := find(t, list, f.found)
			err := c.Check(start(t, &server{bug: f.bug, deflate: true})(t), o)
			assert.Error(t, err)
			t.Log(err)
		})
	}
	t.Run("no limit for frames", func(t *testing.T) {
		o := o
		o.MaxFrame = 20_000
		c := find(t, Cases(o), "limits/frame above the limit")
		assert.Error(t, c.Check(start(t, &server{bug: "no limit for frames", frames: 20_000})(t), o))
	})
}

// blunt faults, of which each case finds one.
var blunt = []string{
	"drops instead of failing", "a byte is added", "pings are not answered", "another accept key",
	"any handshake", "no handshake", "speaks unasked", "Close frames are not answered", "compresses never",
}

// A case that cannot fail is worthless.
func TestEveryCaseCanFail(t *testing.T) {
	o := described
	o.Patience = 100 * time.Millisecond
	var mu sync.Mutex
	left := map[string]Case{}
	for _, c := range Cases(o) {
		if !strings.HasPrefix(c.Name, "deflate/") { // they are others, over another connection
			left[c.Name] = c
		}
	}
	for _, bug := range blunt {
		dial := start(t, &server{bug: bug, deflate: bug != "compresses never"})
		work := make(chan Case)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for c := range work {
					if c.Check(dial(t), o) != nil {
						mu.Lock()
						delete(left, c.Name)
						mu.Unlock()
					}
				}
			})
		}
		mu.Lock()
		todo := make([]Case, 0, len(left))
		for _, c := range left {
			todo = append(todo, c)
		}
		mu.Unlock()
		for _, c := range todo {
			work <- c
		}
		close(work)
		wg.Wait()
	}
	var names []string
	for name := range left {
		names = append(names, name)
	}
	slices.Sort(names)
	assert.Empty(t, names)
}

func TestASkipOfNothing(t *testing.T) {
	o := described
	o.Skip = map[string]string{"no such case": "because"}
	assert.Error(t, errors.Join(o.unknown(Cases(o))...))
}
