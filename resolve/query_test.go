package resolve

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func callWithQuery(raw string) *Call {
	return &Call{Request: &http.Request{URL: &url.URL{RawQuery: raw}}}
}

// sameAsParsed compares what a name has in a query with what url.ParseQuery
// says, whichever way the query is read.
func sameAsParsed(t *testing.T, raw, name string) {
	t.Helper()
	parsed, err := url.ParseQuery(raw)
	var faults Faults
	if err != nil {
		faults = Faults{{Location: "query", Message: "is not a valid query string", Status: 400}}
	}
	c := callWithQuery(raw)
	for range 2 { // the second time it is known how to read
		value, ok := c.queryValue(name)
		if value != parsed.Get(name) || ok != parsed.Has(name) {
			t.Fatalf("%q in %q is %q (%t), parsed %q", name, raw, value, ok, parsed[name])
		}
		if got := c.queryList(name); !assert.ObjectsAreEqual(parsed[name], got) {
			t.Fatalf("%q in %q has %q, parsed %q", name, raw, got, parsed[name])
		}
	}
	all := c.queryValues()
	if !assert.ObjectsAreEqual(parsed, all) || !assert.ObjectsAreEqual(parsed[name], c.queryList(name)) {
		t.Fatalf("%q is %q, parsed %q", raw, all, parsed)
	}
	if !assert.ObjectsAreEqual(faults, c.faults) {
		t.Fatalf("%q has the faults %v, want %v", raw, c.faults, faults)
	}
}

// All short queries over the characters that mean something.
func TestQueryAsParsed(t *testing.T) {
	const most = 6
	pieces := []string{"a", "b", "=", "&", "%", "+", ";", "61"}
	if testing.Short() {
		pieces = pieces[:6]
	}
	names := []string{"a", "b", "ab", "a b", "", "=", "aa", "a&"}
	var each func(raw string, left int)
	each = func(raw string, left int) {
		for _, name := range names {
			sameAsParsed(t, raw, name)
		}
		if left == 0 {
			return
		}
		for _, p := range pieces {
			each(raw+p, left-1)
		}
	}
	each("", most-2)
	for _, raw := range []string{
		"a=1&b=2&a=3", "a&a=&a==&=a&&a=b=c", "%61=1&a=%62&a+b=c+d&a%20b=%2B", "a=%zz&a=1", "a=1&a=%6", "a=1;b=2&a=3", "a=\xff&%ff=\x00",
		"ab=1&a=2", "%3D=1", "a%26=1", strings.Repeat("a=1&", maxScanned-1) + "b=2", strings.Repeat("a=1&", maxScanned) + "b=2",
		strings.Repeat("&", 20000),
	} {
		for _, name := range names {
			sameAsParsed(t, raw, name)
		}
	}
}

// A value that was scanned is no copy, and nothing is allocated for it.
func TestQueryIsScanned(t *testing.T) {
	c := callWithQuery("a=1&b=%32&c=3")
	var value string
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		c.query = query{}
		value, _ = c.queryValue("c")
	}))
	assert.Equal(t, "3", value)
	assert.Nil(t, c.query.parsed)
	c.Request.URL.RawQuery = "c=4"
	assert.Equal(t, []string{"3"}, c.queryList("c"), "a call has one query")
	assert.Equal(t, "3", c.queryValues().Get("c"), "a call has one query")
}

func FuzzQueryAsParsed(f *testing.F) {
	f.Add("a=1&b=2&a=3", "a")
	f.Add("%61=%zz&a;b=1", "a")
	f.Add("a+b=c+d&a%20b=%2B", "a b")
	f.Add(strings.Repeat("&", maxScanned), "")
	f.Fuzz(func(t *testing.T, raw, name string) { sameAsParsed(t, raw, name) })
}
