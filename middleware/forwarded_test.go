package middleware

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// elements splits a well-formed list from the left, as RFC 7239 reads.
func elements(s string) []string {
	var list []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			list, start = append(list, s[start:i]), i+1
		}
	}
	list = append(list, s[start:])
	for i := range list {
		list[i] = strings.Trim(list[i], " \t")
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// FuzzForwardedEnd: whatever a client wrote, the element that a proxy appended
// is found; and a list of nothing but good elements is read the same from both
// ends.
func FuzzForwardedEnd(f *testing.F) {
	for _, s := range []string{``, `for=1.1.1.1`, `for="`, `for="\`, `for="a\"`, `x="a,b", for="[::1]:80"`, `",\",",`, `for=a;;,=`} {
		f.Add(s)
	}
	const own = `for="203.0.113.7:80";proto=https;x="a,\"\\"`
	f.Fuzz(func(t *testing.T, claimed string) {
		var got []string
		good := true
		list := backwards{lines: []string{claimed + ", " + own}, cut: lastElement}
		for e, ok := list.next(); ok; e, ok = list.next() {
			if _, ok := parseElement(e); !ok {
				good = false
			}
			got = append(got, e)
		}
		if len(got) == 0 || got[0] != own {
			t.Fatalf("the proxy's element is not the last of %q", got)
		}
		e, ok := parseElement(got[0])
		if !ok || e.node != "203.0.113.7:80" || e.proto != "https" {
			t.Fatalf("%+v %v", e, ok)
		}
		if good {
			slices.Reverse(got)
			assert.Equal(t, elements(claimed+", "+own), got)
		}
	})
}

// FuzzNode: what is taken for an address is one, without a zone, and survives a
// round.
func FuzzNode(f *testing.F) {
	for _, s := range []string{"1.2.3.4", "1.2.3.4:5", "[::1]:5", "::1", "[::1", "unknown", "_x", "fe80::1%a", "::ffff:1.2.3.4", "[1.2.3.4]", "1:2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := parseNode(s)
		if !ok {
			return
		}
		if !a.Addr().IsValid() || a.Addr().Zone() != "" || a.Addr().Is4In6() {
			t.Fatalf("%q became %v", s, a)
		}
		if again, err := netip.ParseAddrPort(a.String()); err != nil || again != a {
			t.Fatalf("%q became %v, and that %v, %v", s, a, again, err)
		}
	})
}

// FuzzElement must not panic, and takes nothing that has no pair.
func FuzzElement(f *testing.F) {
	f.Add(`for=1.1.1.1;proto="ht\tp";host=a`)
	f.Add(`for="\`)
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := parseElement(s); ok && !strings.Contains(s, "=") {
			t.Fatalf("%q is no element", s)
		}
		isHost(s)
	})
}
