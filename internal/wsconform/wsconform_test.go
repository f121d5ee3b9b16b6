package wsconform

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/internal/leak"
	"github.com/gofogo/fogo/internal/memnet"
)

func TestMain(m *testing.M) { leak.Main(m) }

// described is what the server of the tests is like.
var described = Options{
	MaxMessage: 50_000, Subprotocols: []string{"chat", "superchat"}, SameOrigin: true,
	Deflate: true, CompressFrom: compressFrom,
}

// start runs a server and returns how to reach it. It ends with the test.
func start(t testing.TB, sv *server) func(testing.TB) net.Conn {
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	if sv.max == 0 {
		sv.max = described.MaxMessage
	}
	sv.subs = described.Subprotocols
	return func(testing.TB) net.Conn {
		a, b := memnet.Pipe(memnet.DefaultBuffer)
		wg.Go(func() { sv.serve(a) })
		return b
	}
}

func TestACorrectServer(t *testing.T) {
	t.Parallel()
	Run(t, start(t, &server{deflate: true}), described)
}

func TestACorrectServerWithoutDeflate(t *testing.T) {
	t.Parallel()
	o := described
	o.Deflate, o.MaxFrame = false, 20_000
	Run(t, start(t, &server{frames: 20_000}), o)
}

func TestNamesAreUnique(t *testing.T) {
	for _, o := range []Options{described, {}, {MaxMessage: 1 << 20, MaxFrame: 1 << 14}, {Deflate: true, AnyRequest: true}} {
		seen := map[string]bool{}
		for _, c := range Cases(o) {
			require.False(t, seen[c.Name], c.Name)
			require.True(t, strings.HasPrefix(c.Section, "RFC "), c.Name)
			require.NotNil(t, c.run, c.Name)
			seen[c.Name] = true
		}
	}
}

// The data of the cases about broken deflate is broken for compress/flate, too.
func TestBrokenDataIsBroken(t *testing.T) {
	for _, p := range []string{"\x06\xff\xff", "\x04\x00\xfe\xff\xff\xff\xff\xff\xff\xff"} {
		f := inflater{}
		_, err := f.message(p)
		require.Error(t, err, "% x", p)
	}
}

func TestCheckTells(t *testing.T) {
	o := described
	o.Patience = time.Second
	dial := start(t, &server{bug: "a byte is lost"})
	err := find(t, Cases(o), "framing/text of 125").Check(dial(t), o)
	require.ErrorContains(t, err, "framing/text of 125 (RFC 6455 5.2): want a text of 125 bytes")
	require.ErrorContains(t, err, "> 81 fd 37 fa 21 3d")
}

func find(t testing.TB, list []Case, name string) Case {
	for _, c := range list {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no such case", name)
	return Case{}
}
