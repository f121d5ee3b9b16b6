package compress

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The limits of [Requests] where nothing else is configured.
const (
	// DefaultMaxSize is 8 MiB.
	DefaultMaxSize = 8 << 20
	// DefaultMaxRatio is beyond what text and JSON reach; zeros shrink to a
	// thousandth with gzip, and further with the others.
	DefaultMaxRatio = 100
)

// ratioFrom is the size from which on the ratio is limited: a small body that
// is all repetition does no harm.
const ratioFrom = 64 << 10

// RequestOptions are for [Requests]. The zero value has the defaults.
type RequestOptions struct {
	// Encodings that are accepted: Gzip and Zstd by default. Brotli is not
	// among them because hardly a client compresses with it.
	Encodings []Encoding
	// MaxSize limits a body after decompression, in bytes; DefaultMaxSize by default.
	MaxSize int64
	// MaxRatio limits how many times longer a body becomes, from 64 KiB on;
	// DefaultMaxRatio by default.
	MaxRatio int
}

// Requests decompresses the bodies of requests by their Content-Encoding. The
// handler sees a request without that field and of unknown length. It panics if
// the options name an encoding that there is not.
//
// A coding that is not accepted, or more than one, is answered with 415 as a
// problem object, with the accepted ones in Accept-Encoding (RFC 9110 section
// 15.5.16). A body over a limit fails while it is read, with an
// *http.MaxBytesError, and a malformed one with an error that says so. Fogo
// answers these with 413 and 400; if another handler returns without having
// answered, Requests does.
//
// What is limited here is what comes out. Limit what goes in with BodyLimit of
// package middleware, outside of this.
func Requests(opts RequestOptions) func(http.Handler) http.Handler {
	c, err := newRequestConfig(opts)
	if err != nil {
		panic(err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body == nil || r.Body == http.NoBody || len(r.Header["Content-Encoding"]) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			e, plain, ok := c.encodingOf(r.Header["Content-Encoding"])
			switch {
			case plain:
				next.ServeHTTP(w, r)
			case !ok:
				w.Header()["Accept-Encoding"] = []string{c.accepted}
				answer(w, r, http.StatusUnsupportedMediaType, "The Content-Encoding is none of: "+c.accepted+".")
			default:
				c.serve(next, w, r, e)
			}
		})
	}
}

// requestConfig is RequestOptions with defaults, and the pools of decoders.
type requestConfig struct {
	encodings []Encoding
	accepted  string
	maxSize   int64
	maxRatio  int64
	pools     [encodings]decoderPool
}

func newRequestConfig(o RequestOptions) (*requestConfig, error) {
	c := &requestConfig{
		encodings: slices.Clone(o.Encodings),
		maxSize:   cmp.Or(max(o.MaxSize, 0), DefaultMaxSize),
		maxRatio:  int64(cmp.Or(max(o.MaxRatio, 0), DefaultMaxRatio)),
	}
	if len(c.encodings) == 0 {
		c.encodings = []Encoding{Gzip, Zstd}
	}
	if err := checkEncodings(c.encodings); err != nil {
		return nil, err
	}
	list := make([]string, len(c.encodings))
	for i, e := range c.encodings {
		list[i] = e.String()
	}
	c.accepted = strings.Join(list, ", ")
	for e := range c.pools {
		c.pools[e].encoding = Encoding(e)
	}
	return c, nil
}

// encodingOf finds the one coding of a body; plain says that there is none.
// Several on top of each other are how bombs are built, and nobody else does it.
func (c *requestConfig) encodingOf(lines []string) (e Encoding, plain, ok bool) {
	found := ""
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			item = strings.Trim(item, " \t")
			if item == "" || strings.EqualFold(item, "identity") {
				continue
			}
			if found != "" {
				return 0, false, false
			}
			found = item
		}
	}
	if found == "" {
		return 0, true, true
	}
	e, ok = byName(found)
	return e, false, ok && slices.Contains(c.encodings, e)
}

func (c *requestConfig) serve(next http.Handler, w http.ResponseWriter, r *http.Request, e Encoding) {
	b := &body{pool: &c.pools[e], maxSize: c.maxSize, maxRatio: c.maxRatio}
	b.in.r = r.Body
	defer b.retire()

	d := new(http.Request)
	*d = *r
	d.Body, d.ContentLength = b, -1
	d.Header = maps.Clone(r.Header)
	delete(d.Header, "Content-Encoding")
	delete(d.Header, "Content-Length")
	own := &observer{ResponseWriter: w}
	serveCopy(next, own, r, d)
	if own.began {
		return
	}
	switch failure(b.failed.Load()) {
	case tooLarge:
		answer(own, r, http.StatusRequestEntityTooLarge, fmt.Sprintf(
			"The body is larger than %d bytes after decompression, or more than %d times larger than before.", c.maxSize, c.maxRatio))
	case tooLong:
		answer(own, r, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is larger than %d bytes.", b.outside.Load()))
	case malformed:
		detail := "The body is not valid " + e.String() + "."
		if e == Zstd {
			detail = fmt.Sprintf("The body is not valid zstd, or needs a window of more than %d bytes.", maxWindow)
		}
		answer(own, r, http.StatusBadRequest, detail)
	}
}
