package compress

import (
	"mime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAcceptEncoding(t *testing.T) {
	all := []Encoding{Zstd, Brotli, Gzip}
	rows := []struct {
		lines   []string
		offered []Encoding
		want    string // "" for none
	}{
		{nil, all, ""},
		{[]string{""}, all, ""},
		{[]string{"gzip"}, all, "gzip"},
		{[]string{"gzip, deflate, br, zstd"}, all, "zstd"},
		{[]string{"gzip", "br"}, all, "br"},
		{[]string{"gzip, deflate, br, zstd"}, []Encoding{Gzip, Zstd}, "gzip"},
		{[]string{"gzip;q=0.5, br;q=0.9, zstd;q=0.1"}, all, "br"},
		{[]string{"gzip;q=1.000, br;q=0.999"}, all, "gzip"},
		{[]string{"gzip ; q=0.5 , br;Q=0.4"}, all, "gzip"},
		{[]string{"gzip;q=0"}, all, ""},
		{[]string{"gzip;q=0, *"}, all, "zstd"},
		{[]string{"*"}, []Encoding{Gzip}, "gzip"},
		{[]string{"*;q=0"}, all, ""},
		{[]string{"*;q=0, gzip;q=0.1"}, all, "gzip"},
		{[]string{"zstd;q=0, *;q=0.5"}, all, "br"},
		{[]string{"GZIP"}, all, "gzip"},
		{[]string{"x-gzip"}, all, "gzip"},
		{[]string{"identity"}, all, ""},
		{[]string{"identity, gzip;q=0.5"}, all, ""},
		{[]string{"identity;q=0.5, gzip"}, all, "gzip"},
		{[]string{"identity, gzip"}, all, "gzip"},
		{[]string{"identity;q=0"}, all, ""},
		{[]string{"deflate, compress"}, all, ""},
		{[]string{"gzip;q=2"}, all, ""},
		{[]string{"gzip;q=1.001"}, all, ""},
		{[]string{"gzip;q=-1"}, all, ""},
		{[]string{"gzip;q=0.5555"}, all, ""},
		{[]string{"gzip;q=NaN, br;q=0.001"}, all, "br"},
		{[]string{"gzip;level=9"}, all, ""},
		{[]string{"gzip;q="}, all, ""},
		{[]string{"gzip;"}, all, "gzip"},
		{[]string{"gzip;q=1."}, all, "gzip"},
		{[]string{",,; ,gzip"}, all, "gzip"},
		{[]string{strings.Repeat("a;q=0.1,", 100_000) + "br"}, all, "br"},
		{[]string{strings.Repeat(";", 100_000)}, all, ""},
	}
	for _, row := range rows {
		e, ok := choose(row.lines, row.offered)
		got := ""
		if ok {
			got = e.String()
		}
		name := strings.Join(row.lines, " | ")
		assert.Equal(t, row.want, got, name[:min(len(name), 60)])
	}
}

// naive is choose as one would write it first.
func naive(line string, offered []Encoding) (Encoding, bool) {
	q := map[string]float64{}
	for item := range strings.SplitSeq(line, ",") {
		name, params, _ := strings.Cut(item, ";")
		name, params = strings.ToLower(strings.Trim(name, " \t")), strings.Trim(params, " \t")
		if name == "x-gzip" {
			name = "gzip"
		}
		q[name] = 0
		if params == "" {
			q[name] = 1
		} else if v, ok := strings.CutPrefix(strings.Replace(params, "Q", "q", 1), "q="); ok && len(v) <= 5 && !strings.ContainsAny(v, "eExXpP_+-nNiI") && v != "" && v[0] != '.' {
			if f, err := strconv.ParseFloat(v, 64); err == nil && f >= 0 && f <= 1 && (len(v) < 2 || v[1] == '.') {
				q[name] = f
			}
		}
	}
	best, top := Encoding(0), 0.0
	for _, e := range offered {
		v, ok := q[e.String()]
		if !ok {
			v = q["*"]
		}
		if v > top {
			best, top = e, v
		}
	}
	return best, top > 0 && top >= q["identity"]
}

func FuzzAcceptEncoding(f *testing.F) {
	for _, s := range []string{"gzip, br;q=0.5", "*;q=0, x-gzip", "identity;q=0.3,zstd;q=0.2", "gzip;q=1.", "br;q=0.,gzip;q=00", ";,;"} {
		f.Add(s, uint8(0))
	}
	orders := [][]Encoding{{Zstd, Brotli, Gzip}, {Gzip}, {Brotli, Gzip}}
	f.Fuzz(func(t *testing.T, line string, order uint8) {
		offered := orders[int(order)%len(orders)]
		e, ok := choose([]string{line}, offered)
		want, wantOK := naive(line, offered)
		if ok != wantOK || ok && e != want {
			t.Fatalf("%q: %v %v, not %v %v", line, e, ok, want, wantOK)
		}
		if ok && !slices.Contains(offered, e) {
			t.Fatalf("%v is not offered", e)
		}
	})
}

// FuzzMediaType: whatever is well-formed is read as package mime reads it.
func FuzzMediaType(f *testing.F) {
	f.Add("Text/HTML; charset=utf-8")
	f.Add("application/json;x=\";\"")
	f.Fuzz(func(t *testing.T, s string) {
		if want, _, err := mime.ParseMediaType(s); err == nil && mediaType(s) != want {
			t.Fatalf("%q: %q, not %q", s, mediaType(s), want)
		}
	})
}

func TestTypes(t *testing.T) {
	d := newTypes(DefaultTypes())
	for s, want := range map[string]bool{
		"text/html": true, "TEXT/PLAIN; charset=utf-8": true, "application/json": true, "application/problem+json": true,
		"application/vnd.api+json": true, "image/svg+xml": true, "application/wasm": true, "application/x-ndjson": true,
		"image/png": false, "font/woff2": false, "application/octet-stream": false, "video/mp4": false, "application/zip": false,
		"": false, "text": false, "application/jsonx": false,
	} {
		assert.Equal(t, want, d.match(s), s)
	}
	every := newTypes([]string{"*/*"})
	assert.True(t, every.match("image/png"))
}
