// A file app.js may lie beside app.js.br, app.js.zst and app.js.gz, which are
// the same compressed. Which one is sent is the client's choice, by its
// Accept-Encoding (RFC 9110 section 12.5.3).
//
// The surprise is that a variant may be stale: who changes app.js may forget to
// compress it again. One that is older than its file is passed over.

package router

import (
	"io/fs"
	"strconv"
	"strings"
)

// variant is a form of a file that can be sent.
type variant struct {
	name     string
	encoding string // "" for the file itself
	info     fs.FileInfo
}

// encodings are those that files are looked for in, the better first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}

// variants are the compressed variants of a file.
func (f *files) variants(name string, info fs.FileInfo) (list []variant) {
	for _, e := range encodings {
		v, err := f.stat(name + e.suffix)
		if err != nil || v.IsDir() || v.ModTime().Before(info.ModTime()) {
			continue
		}
		list = append(list, variant{name: name + e.suffix, encoding: e.name, info: v})
	}
	return list
}

// choose picks the variant that a client likes best, the better one of those it
// likes equally; nil for the file itself. That is acceptable unless the client
// says otherwise, and sent even then if there is nothing else.
func choose(list []variant, accept []string) *variant {
	var best *variant
	bestQ := 0.0
	wants := acceptEncoding(accept)
	for i := range list {
		if q := wants.quality(list[i].encoding); q > bestQ {
			best, bestQ = &list[i], q
		}
	}
	if q, named := wants["identity"]; named && q > bestQ {
		return nil
	}
	return best
}

// codings are the qualities of the content codings in an Accept-Encoding.
type codings map[string]float64

func acceptEncoding(lines []string) codings {
	all := codings{}
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
				continue
			}
			if name == "x-gzip" { // RFC 9110 section 8.4.1.3
				name = "gzip"
			}
			all[name] = qualityOf(params)
		}
	}
	return all
}

// qualityOf is the weight among the parameters of an element, 1 if there is
// none. One that is malformed means that the coding is not wanted: what can be
// read by everybody is sent instead.
func qualityOf(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(p, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

func (c codings) quality(name string) float64 {
	if q, ok := c[name]; ok {
		return q
	}
	return c["*"]
}
