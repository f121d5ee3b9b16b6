package deflate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// all is a Config that refuses nothing and asks for nothing.
var all = Config{Takeover: true, PeerTakeover: true}

func agreed(serverNo, clientNo bool, serverBits, clientBits int) Params {
	return Params{serverNo, clientNo, serverBits, clientBits}
}

func TestAccept(t *testing.T) {
	small := Config{Takeover: true, PeerTakeover: true, WindowBits: 11, PeerWindowBits: 10}
	for _, tt := range []struct {
		name   string
		lines  string // separated by |
		cfg    Config
		answer string // "" if declined
		want   Params
	}{
		// RFC 7692 section 7.1.3.
		{"7.1.3: the simplest", "permessage-deflate", all, "permessage-deflate", agreed(false, false, 15, 15)},
		{"7.1.3: limits, or else none", "permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
			all, "permessage-deflate; server_max_window_bits=10", agreed(false, false, 10, 15)},

		{"nothing offered", "", all, "", Params{}},
		{"only an unknown one", "permessage-bzip2", all, "", Params{}},
		{"unknown ones around", `foo; bar="b\az"; baz, permessage-deflate, x-webkit-deflate-frame`, all, "permessage-deflate", agreed(false, false, 15, 15)},
		{"several lines", "foo|permessage-deflate; server_no_context_takeover", all,
			"permessage-deflate; server_no_context_takeover", agreed(true, false, 15, 15)},
		{"names are compared exactly", "Permessage-Deflate", all, "", Params{}},

		{"server_no_context_takeover is obeyed", "permessage-deflate; server_no_context_takeover", all,
			"permessage-deflate; server_no_context_takeover", agreed(true, false, 15, 15)},
		{"and promised unasked", "permessage-deflate", Config{PeerTakeover: true},
			"permessage-deflate; server_no_context_takeover", agreed(true, false, 15, 15)},
		{"client_no_context_takeover is repeated", "permessage-deflate; client_no_context_takeover", all,
			"permessage-deflate; client_no_context_takeover", agreed(false, true, 15, 15)},
		{"and demanded unasked", "permessage-deflate", Config{Takeover: true},
			"permessage-deflate; client_no_context_takeover", agreed(false, true, 15, 15)},
		{"the zero Config keeps nothing", "permessage-deflate; client_max_window_bits", Config{},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover", agreed(true, true, 15, 15)},

		{"server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8", all,
			"permessage-deflate; server_max_window_bits=8", agreed(false, false, 8, 15)},
		{"server_max_window_bits=15 is repeated", "permessage-deflate; server_max_window_bits=15", all,
			"permessage-deflate; server_max_window_bits=15", agreed(false, false, 15, 15)},
		{"the smaller window: ours", "permessage-deflate; server_max_window_bits=12", small,
			"permessage-deflate; server_max_window_bits=11", agreed(false, false, 11, 15)},
		{"the smaller window: the client's", "permessage-deflate; server_max_window_bits=9", small,
			"permessage-deflate; server_max_window_bits=9", agreed(false, false, 9, 15)},
		{"a window of ours is not told unasked", "permessage-deflate", small, "permessage-deflate", agreed(false, false, 15, 15)},

		{"client_max_window_bits", "permessage-deflate; client_max_window_bits", small,
			"permessage-deflate; client_max_window_bits=10", agreed(false, false, 15, 10)},
		{"client_max_window_bits, nothing wanted", "permessage-deflate; client_max_window_bits", all, "permessage-deflate", agreed(false, false, 15, 15)},
		{"client_max_window_bits=9, below what is wanted", "permessage-deflate; client_max_window_bits=9", small,
			"permessage-deflate; client_max_window_bits=9", agreed(false, false, 15, 9)},
		{"client_max_window_bits=9, nothing wanted", "permessage-deflate; client_max_window_bits=9", all,
			"permessage-deflate; client_max_window_bits=9", agreed(false, false, 15, 9)},
		{"client_max_window_bits=15", "permessage-deflate; client_max_window_bits=15", small,
			"permessage-deflate; client_max_window_bits=10", agreed(false, false, 15, 10)},
		{"all of it", "permessage-deflate; client_max_window_bits=14; server_max_window_bits=14; client_no_context_takeover; server_no_context_takeover", small,
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=10",
			agreed(true, true, 11, 10)},
		{"a quoted value", `permessage-deflate; server_max_window_bits="10"`, all, "permessage-deflate; server_max_window_bits=10", agreed(false, false, 10, 15)},
		{"with an escape", `permessage-deflate; server_max_window_bits="\1\0"`, all, "permessage-deflate; server_max_window_bits=10", agreed(false, false, 10, 15)},
		{"space and empty elements", " ,\t, permessage-deflate ;server_max_window_bits = \"9\"\t,,", all,
			"permessage-deflate; server_max_window_bits=9", agreed(false, false, 9, 15)},

		// RFC 7692 section 7.1: declined; the next offer is tried.
		{"unknown parameter", "permessage-deflate; level=9", all, "", Params{}},
		{"a parameter without its name's case", "permessage-deflate; Server_no_context_takeover", all, "", Params{}},
		{"the next one", "permessage-deflate; level=9, permessage-deflate; server_no_context_takeover=1, permessage-deflate; server_max_window_bits, " +
			"permessage-deflate; server_max_window_bits=10, permessage-deflate", all, "permessage-deflate; server_max_window_bits=10", agreed(false, false, 10, 15)},
		{"the next one in another line", "permessage-deflate; level=9|permessage-deflate", all, "permessage-deflate", agreed(false, false, 15, 15)},
		{"twice", "permessage-deflate; server_no_context_takeover; server_no_context_takeover", all, "", Params{}},
		{"twice, with a value and without", "permessage-deflate; client_max_window_bits; client_max_window_bits=10", all, "", Params{}},
		{"twice, apart", "permessage-deflate; client_max_window_bits; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits",
			all, "", Params{}},
		{"the last of all twice", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits; client_max_window_bits",
			all, "", Params{}},
		{"server_no_context_takeover with a value", "permessage-deflate; server_no_context_takeover=true", all, "", Params{}},
		{"client_no_context_takeover with a value", "permessage-deflate; client_no_context_takeover=1", all, "", Params{}},
		{"server_max_window_bits without a value", "permessage-deflate; server_max_window_bits", all, "", Params{}},
		{"many parameters", "permessage-deflate" + strings.Repeat("; client_max_window_bits", 1000), all, "", Params{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, answer, ok := Accept(strings.Split(tt.lines, "|"), tt.cfg)
			assert.Equal(t, tt.answer != "", ok)
			assert.Equal(t, tt.answer, answer)
			assert.Equal(t, tt.want, p)
			assert.Equal(t, ok, p.Agreed())
			assert.True(t, Valid(strings.Split(tt.lines, "|")))
		})
	}
}

// Values that are no window size, in offers and answers.
func TestWindowBitsValues(t *testing.T) {
	for _, v := range []string{"7", "16", "0", "08", "010", "1", "8.0", "+8", "-8", "0x8", "1e1", "a", "150", "9a", `"7"`, `"\0\8"`} {
		for _, name := range []string{"server_max_window_bits", "client_max_window_bits"} {
			lines := []string{"permessage-deflate; " + name + "=" + v}
			require.True(t, Valid(lines), lines)
			_, _, ok := Accept(lines, all)
			assert.False(t, ok, lines)
			_, err := Agree(lines, all)
			assert.ErrorIs(t, err, ErrAnswer, lines)
		}
	}
	for n := minBits; n <= maxBits; n++ {
		v := [...]string{"8", "9", "10", "11", "12", "13", "14", "15"}[n-minBits]
		p, _, ok := Accept([]string{"permessage-deflate; client_max_window_bits=" + v + "; server_max_window_bits=" + v}, all)
		assert.True(t, ok)
		assert.Equal(t, agreed(false, false, n, n), p)
	}
}

// RFC 6455 section 9.1: what is no list of extensions.
func TestMalformed(t *testing.T) {
	for _, line := range []string{
		";", "=", `"`, `"permessage-deflate"`, "permessage-deflate;", "permessage-deflate;;", "permessage-deflate; ;", "permessage-deflate; =",
		"permessage-deflate; server_max_window_bits=", `permessage-deflate; server_max_window_bits=""`,
		`permessage-deflate; server_max_window_bits="10`, `permessage-deflate; server_max_window_bits="10\`, `permessage-deflate; server_max_window_bits="10\"`,
		`permessage-deflate; server_max_window_bits=10"`, `permessage-deflate; server_max_window_bits="10"1`, `permessage-deflate; x="a b"`, `permessage-deflate; x=" 10"`,
		"permessage-deflate; server_max_window_bits=10 11", "permessage-deflate server_max_window_bits", "permessage deflate", "permessage-deflate=1",
		"permessage-deflate; x=y=z", "permessage-deflate; x=,", "permessage-deflate; x==y", "permessage-deflat\u00e9", "permessage-deflate\r\n", "permessage-deflate\x00",
		"permessage-deflate(comment)", "permessage-deflate/1", "{}", "\x7f",
	} {
		// With something good in the same line or in another one, on either side.
		for _, lines := range [][]string{{line}, {"permessage-deflate, " + line}, {"permessage-deflate", line}, {line, "permessage-deflate"}} {
			assert.False(t, Valid(lines), "%q", lines)
			_, _, ok := Accept(lines, all)
			assert.False(t, ok, "%q", lines)
			_, err := Agree(lines, all)
			assert.ErrorIs(t, err, ErrAnswer, "%q", lines)
		}
	}
	for _, lines := range [][]string{nil, {""}, {" \t"}, {","}, {"", "foo"}, {"!#$%&'*+-.^_`|~09azAZ"}, {`a;b="\c"`}} {
		assert.True(t, Valid(lines), "%q", lines)
	}
}

func TestOffer(t *testing.T) {
	assert.Equal(t, "permessage-deflate; client_max_window_bits", Offer(all))
	assert.Equal(t, "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits", Offer(Config{}))
	assert.Equal(t, "permessage-deflate; server_max_window_bits=10; client_max_window_bits=8",
		Offer(Config{Takeover: true, PeerTakeover: true, WindowBits: 8, PeerWindowBits: 10}))
	assert.Equal(t, "permessage-deflate; client_max_window_bits",
		Offer(Config{Takeover: true, PeerTakeover: true, WindowBits: 15, PeerWindowBits: 15}))
}

func TestAgree(t *testing.T) {
	small := Config{Takeover: true, PeerTakeover: true, WindowBits: 11, PeerWindowBits: 10}
	for _, tt := range []struct {
		name  string
		lines string // separated by |
		cfg   Config
		want  Params
		fault string // in the error
	}{
		{"declined", "", all, Params{}, ""},
		{"declined, zero Config", "", Config{}, Params{}, ""},
		{"plain", "permessage-deflate", all, agreed(false, false, 15, 15), ""},
		{"7.1.3: the server limits itself unasked", "permessage-deflate; server_max_window_bits=10", all, agreed(false, false, 10, 15), ""},
		{"no takeover, unasked", "permessage-deflate; server_no_context_takeover; client_no_context_takeover", all, agreed(true, true, 15, 15), ""},
		{"client_max_window_bits", "permessage-deflate; client_max_window_bits=9", all, agreed(false, false, 15, 9), ""},
		{"client_max_window_bits beyond the promise", "permessage-deflate; client_max_window_bits=12; server_max_window_bits=10", small, agreed(false, false, 10, 11), ""},
		{"a promise holds that is not repeated", "permessage-deflate; server_no_context_takeover", Config{}, agreed(true, true, 15, 15), ""},
		{"a smaller window than asked for", "permessage-deflate; server_max_window_bits=8", small, agreed(false, false, 8, 11), ""},
		{"empty elements", ",permessage-deflate|,", all, agreed(false, false, 15, 15), ""},

		{"another extension", "permessage-bzip2", all, Params{}, `"permessage-bzip2" was not offered`},
		{"another extension, too", "permessage-deflate, foo", all, Params{}, "more than one"},
		{"twice", "permessage-deflate|permessage-deflate", all, Params{}, "more than one"},
		{"another case", "Permessage-deflate", all, Params{}, "was not offered"},
		{"malformed", "permessage-deflate;", all, Params{}, "malformed"},
		{"unknown parameter", "permessage-deflate; level=1", all, Params{}, `"level" is not defined`},
		{"parameter twice", "permessage-deflate; server_no_context_takeover; server_no_context_takeover", all, Params{}, "twice"},
		{"value where none is", "permessage-deflate; server_no_context_takeover=1", all, Params{}, "takes none"},
		{"no value where one is", "permessage-deflate; client_max_window_bits", all, Params{}, "want 8 to 15"},
		{"no value where one is", "permessage-deflate; server_max_window_bits", all, Params{}, "want 8 to 15"},
		{"server_no_context_takeover ignored", "permessage-deflate", Config{Takeover: true}, Params{}, "server_no_context_takeover was asked for"},
		{"server_max_window_bits ignored", "permessage-deflate", small, Params{}, "server_max_window_bits was asked for"},
		{"server_max_window_bits exceeded", "permessage-deflate; server_max_window_bits=11", small, Params{}, "at most 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Agree(strings.Split(tt.lines, "|"), tt.cfg)
			assert.Equal(t, tt.want, p)
			if tt.fault == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, err, ErrAnswer)
			assert.ErrorContains(t, err, tt.fault)
		})
	}
}

// configs are all that differ in what they say.
func configs() (list []Config) {
	for i := range 4 {
		for _, own := range []int{0, 8, 11, 15} {
			for _, peer := range []int{0, 8, 12, 15} {
				list = append(list, Config{Takeover: i&1 != 0, PeerTakeover: i&2 != 0, WindowBits: own, PeerWindowBits: peer})
			}
		}
	}
	return list
}

// Our client and our server always come to an agreement, the same on both sides,
// and both keep to what each of them wants.
func TestBothSides(t *testing.T) {
	for _, client := range configs() {
		require.NoError(t, client.Check())
		for _, server := range configs() {
			p, answer, ok := Accept([]string{Offer(client)}, server)
			require.True(t, ok)
			q, err := Agree([]string{answer}, client)
			require.NoError(t, err, "%+v %+v: %s", client, server, answer)
			require.Equal(t, p, q)
			require.LessOrEqual(t, p.ClientMaxWindowBits, min(bits(client.WindowBits), bits(server.PeerWindowBits)))
			require.LessOrEqual(t, p.ServerMaxWindowBits, bits(client.PeerWindowBits))
			require.Equal(t, client.Takeover && server.PeerTakeover, p.FromClient().Takeover)
			require.Equal(t, server.Takeover && client.PeerTakeover, p.FromServer().Takeover)
		}
	}
}

func TestNoAgreement(t *testing.T) {
	assert.False(t, Params{}.Agreed())
	assert.Zero(t, Params{}.FromServer())
	assert.Zero(t, Params{}.FromClient())
}

func TestConfigCheck(t *testing.T) {
	for _, n := range []int{-1, 1, 7, 16, 256} {
		assert.ErrorContains(t, Config{WindowBits: n}.Check(), "WindowBits")
		assert.ErrorContains(t, Config{PeerWindowBits: n}.Check(), "PeerWindowBits")
	}
}
