package compress

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Encoding is a content coding.
type Encoding uint8

const (
	// Gzip is RFC 1952; every client has it.
	Gzip Encoding = iota
	// Zstd is RFC 8878: fast, and smaller than gzip.
	Zstd
	// Brotli is RFC 7932: small, and slower.
	Brotli

	encodings // their number
)

// names are those of the content-coding registry.
var names = [encodings]string{"gzip", "zstd", "br"}

func (e Encoding) String() string {
	if e < encodings {
		return names[e]
	}
	return fmt.Sprintf("Encoding(%d)", uint8(e))
}

// Level weighs time against size.
type Level uint8

const (
	// Balanced is for answers that are made while somebody waits.
	Balanced Level = iota
	Fastest
	// Smallest takes several times longer than Balanced.
	Smallest

	levels // their number
)

// DefaultMinSize is the size from which on answers are compressed: what fits
// into one packet gains nothing.
const DefaultMinSize = 1024

// DefaultTypes are the media types that shrink. A type ends with "/*" for all
// of its subtypes, or starts with "+" for all with that suffix. Those of images,
// sounds, films, archives and web fonts are compressed already.
func DefaultTypes() []string {
	return []string{
		"text/*", "+json", "+xml", "+text",
		"application/json", "application/javascript", "application/ecmascript", "application/xml",
		"application/x-ndjson", "application/ndjson", "application/jsonl",
		"application/yaml", "application/toml", "application/sql", "application/graphql",
		"application/x-www-form-urlencoded", "application/wasm",
		"image/svg+xml", "image/bmp", "font/ttf", "font/otf", "application/vnd.ms-fontobject",
	}
}

// Options are for [Responses]. The zero value has the defaults.
type Options struct {
	// Encodings in order of preference, for clients that like several as much:
	// Zstd, Brotli, Gzip by default.
	Encodings []Encoding
	// Level is Balanced by default.
	Level Level
	// MinSize is the size in bytes from which on answers are compressed,
	// DefaultMinSize by default. That many are held back where a handler
	// doesn't say the length.
	MinSize int
	// Types are the media types to compress, see DefaultTypes.
	Types []string
	// Streams compresses streams too: text/event-stream, and whatever is flushed
	// before MinSize bytes were written. Each Flush goes through to the client.
	// Every stream then holds an encoder for its life: several hundred KiB.
	Streams bool
}

// Responses compresses answers by the Accept-Encoding of the request. It panics
// if the options name an encoding or level that there is not.
//
// Left alone are answers below the minimum size and of other types; those with
// a Content-Encoding, a Content-Range, a digest of their content or
// Cache-Control: no-transform; those to requests for a Range and to WebSocket
// handshakes; and 204, 206 and 304. The answer to HEAD has the fields of the
// one to GET.
//
// A compressed answer has no Content-Length and no Accept-Ranges, and a weak
// ETag, for it is another sequence of bytes. Vary names Accept-Encoding
// whenever an answer might have been compressed for another client. A client
// that has the weak tag only can say it in If-Match too: the handler of a method
// other than GET and HEAD sees it as the strong one that it was.
//
// If the handler panics, or writes less than the Content-Length that it set, what
// it wrote is not ended properly, so that nobody takes it for the whole. More
// than that it cannot write: http.ErrContentLength.
func Responses(opts Options) func(http.Handler) http.Handler {
	c, err := newConfig(opts)
	if err != nil {
		panic(err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isUpgrade(r) {
				next.ServeHTTP(w, r)
				return
			}
			own := &writer{ResponseWriter: w, c: c, r: r}
			own.encoding, own.accepted = choose(r.Header["Accept-Encoding"], c.encodings)
			defer own.release()
			if d := strengthened(r); d != nil {
				serveCopy(next, own, r, d)
			} else {
				next.ServeHTTP(own, r)
			}
			own.finish()
		})
	}
}

// config is Options with defaults, and the pools of encoders.
type config struct {
	encodings []Encoding
	minSize   int
	types     types
	streams   bool
	pools     [encodings]encoderPool
}

func newConfig(o Options) (*config, error) {
	c := &config{encodings: slices.Clone(o.Encodings), minSize: o.MinSize, streams: o.Streams}
	if len(c.encodings) == 0 {
		c.encodings = []Encoding{Zstd, Brotli, Gzip}
	}
	if c.minSize <= 0 {
		c.minSize = DefaultMinSize
	}
	if o.Types == nil {
		o.Types = DefaultTypes()
	}
	c.types = newTypes(o.Types)
	if o.Level >= levels {
		return nil, fmt.Errorf("compress: there is no level %d", o.Level)
	}
	if err := checkEncodings(c.encodings); err != nil {
		return nil, err
	}
	for e := range c.pools {
		c.pools[e].encoding, c.pools[e].level = Encoding(e), o.Level
	}
	return c, nil
}

func checkEncodings(list []Encoding) error {
	for _, e := range list {
		if e >= encodings {
			return fmt.Errorf("compress: there is no %v; use Gzip, Zstd and Brotli", e)
		}
	}
	return nil
}

// isUpgrade reports whether the connection may become something else: a
// WebSocket or a tunnel.
func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodConnect || hasToken(r.Header["Upgrade"], "websocket")
}

// hasToken looks for a token, given in lower case, in a list header.
func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(item, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// types are the media types to compress.
type types struct {
	exact, prefixes, suffixes []string
}

func newTypes(list []string) types {
	var t types
	for _, s := range list {
		s = strings.ToLower(strings.TrimSpace(s))
		switch {
		case s == "*/*":
			t.prefixes = append(t.prefixes, "")
		case strings.HasSuffix(s, "/*"):
			t.prefixes = append(t.prefixes, strings.TrimSuffix(s, "*"))
		case strings.HasPrefix(s, "+"):
			t.suffixes = append(t.suffixes, s)
		default:
			t.exact = append(t.exact, s)
		}
	}
	return t
}

// match takes the value of a Content-Type field.
func (t *types) match(contentType string) bool {
	m := mediaType(contentType)
	for _, s := range t.exact {
		if s == m {
			return true
		}
	}
	for _, s := range t.prefixes {
		if strings.HasPrefix(m, s) {
			return true
		}
	}
	for _, s := range t.suffixes {
		if strings.HasSuffix(m, s) {
			return true
		}
	}
	return false
}

// mediaType is a Content-Type without parameters, in lower case.
func mediaType(contentType string) string {
	m, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(m))
}
