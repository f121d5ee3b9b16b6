package router

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/internal/conditional"
)

// redirectTo redirects to another place in the directory that the request is
// for, with its query.
func redirectTo(w http.ResponseWriter, r *http.Request, to string) {
	u := url.URL{Path: to, RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", u.String())
	w.WriteHeader(http.StatusMovedPermanently)
}

// send sends a file, or the variant of it that was compressed beforehand and
// that the client takes.
func (f *files) send(w http.ResponseWriter, r *http.Request, name string, info fs.FileInfo) {
	v := variant{name: name, info: info}
	if all := f.variants(name, info); len(all) > 0 {
		addVary(w.Header(), "Accept-Encoding")
		if c := choose(all, r.Header["Accept-Encoding"]); c != nil {
			v = *c
		}
	}
	file, err := f.fsys.Open(v.name)
	if err != nil {
		f.missing(w, r, err)
		return
	}
	defer func() { _ = file.Close() }() // nothing was written
	if v.info, err = file.Stat(); err != nil {
		f.missing(w, r, err)
		return
	}
	f.describe(w.Header(), name, v, file)
	known := conditional.Validators{Tag: w.Header().Get("Etag"), Modified: conditional.FileTime(v.info.ModTime())}
	switch known.Evaluate(r.Method, r.Header) {
	case http.StatusNotModified:
		conditional.Strip(w.Header())
		w.WriteHeader(http.StatusNotModified)
	case http.StatusPreconditionFailed:
		f.cfg.Answer(w, r, &endpoint.Error{Status: http.StatusPreconditionFailed})
	default:
		f.content(w, r, name, v, file)
	}
}

// describe sets the header fields of a file. The type is what the server says,
// and not what a browser finds in it.
func (f *files) describe(h http.Header, name string, v variant, file fs.File) {
	typ := mime.TypeByExtension(path.Ext(name))
	if typ == "" {
		typ = typeOf(v, file)
	}
	h.Set("Content-Type", typ)
	h.Set("X-Content-Type-Options", "nosniff")
	if v.encoding != "" {
		h.Set("Content-Encoding", v.encoding)
	}
	if tag := f.tag(v); tag != "" {
		h.Set("Etag", `"`+tag+`"`)
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", f.caching(name))
	}
}

const octetStream = "application/octet-stream"

// typeOf is the type of a file whose name doesn't tell it, by how it begins. It
// is never one in which a browser runs scripts: somebody may have uploaded it.
func typeOf(v variant, file fs.File) string {
	seeker, ok := file.(io.ReadSeeker)
	if !ok || v.encoding != "" {
		return octetStream // compressed, it looks like nothing else
	}
	var start [512]byte // what DetectContentType looks at
	n, err := io.ReadFull(seeker, start[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return octetStream
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return octetStream // and nothing can be sent, which net/http will say
	}
	typ := http.DetectContentType(start[:n])
	if strings.HasPrefix(typ, "text/html") || strings.HasPrefix(typ, "text/xml") {
		return "text/plain; charset=utf-8"
	}
	return typ
}

// content sends the bytes.
func (f *files) content(w http.ResponseWriter, r *http.Request, name string, v variant, file fs.File) {
	if content, ok := file.(io.ReadSeeker); ok {
		// net/http does not know that the length is that of what is compressed.
		w.Header().Set("Content-Length", strconv.FormatInt(v.info.Size(), 10))
		http.ServeContent(w, conditional.Evaluated(r, v.info.Size()), name, conditional.FileTime(v.info.ModTime()), content)
		return
	}
	// A file that cannot seek, as those of a zip archive, is sent as a whole.
	w.Header().Set("Content-Length", strconv.FormatInt(v.info.Size(), 10))
	if at := conditional.FileTime(v.info.ModTime()); !at.IsZero() {
		w.Header().Set("Last-Modified", at.UTC().Format(http.TimeFormat))
	}
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, file); err != nil && r.Context().Err() == nil {
		panic(fmt.Errorf("router: sending the file %s: %w", name, err))
	}
}

// caching is the Cache-Control of a file. Without one browsers guess how long a
// file will stay what it is; so those that may change are asked for each time,
// which costs a 304.
func (f *files) caching(name string) string {
	switch {
	case !f.isImmutable(name):
		return "no-cache"
	case f.private:
		return "private, max-age=31536000, immutable"
	}
	return "public, max-age=31536000, immutable"
}

func (f *files) isImmutable(name string) bool {
	base := path.Base(name)
	for _, p := range f.immutable {
		whole := base
		if strings.Contains(p, "/") {
			whole = name
		}
		if ok, _ := path.Match(p, whole); ok {
			return true
		}
	}
	return hasHash(base)
}

// hasHash reports whether a part of a name is a hash in hexadecimal digits:
// app.3f2a9c1b.js. A date, which has figures only, is none, nor is a word.
func hasHash(base string) bool {
	parts := strings.FieldsFunc(base, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	for i, part := range parts {
		if i > 0 && len(part) >= 8 && strings.Trim(part, "0123456789abcdef") == "" &&
			strings.ContainsAny(part, "0123456789") && strings.ContainsAny(part, "abcdef") {
			return true
		}
	}
	return false
}

// tag is the entity tag of a variant, without quotes; "" if none can be made.
// Embedded files have no times, but don't change either, so that their hashes
// are made once.
func (f *files) tag(v variant) string {
	tag := endpoint.FileTag(v.info)
	if tag == "" && f.embedded {
		tag = f.hash(v.name)
	}
	if tag != "" && v.encoding != "" {
		tag += "-" + v.encoding
	}
	return tag
}

func (f *files) hash(name string) string {
	if tag, ok := f.tags.Load(name); ok {
		return tag.(string)
	}
	data, err := fs.ReadFile(f.fsys, name)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	tag := base64.RawURLEncoding.EncodeToString(sum[:16])
	f.tags.Store(name, tag)
	return tag
}

// addVary says that the answer depends on a header of the request.
func addVary(h http.Header, name string) {
	for _, line := range h["Vary"] {
		for old := range strings.SplitSeq(line, ",") {
			if old = strings.TrimSpace(old); old == "*" || strings.EqualFold(old, name) {
				return
			}
		}
	}
	h["Vary"] = append(slices.Clone(h["Vary"]), name)
}
