package rules

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// isFile reports whether t is resolve.File, a file of a multipart form.
func isFile(t Type) bool { return key(t) == resolvePath+".File" }

// isFiles reports whether t is a slice of files.
func isFiles(t Type) bool { return t.Kind() == reflect.Slice && isFile(t.Elem()) }

// fileBehind finds a file in t, or in what t points to or lists.
func fileBehind(t Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return fileBehind(t.Elem())
	}
	return isFile(t)
}

// fileIn names the first file in a value that a codec fills, or "": a client
// would make one up.
func fileIn(t Type, seen []Type) string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		if contains(seen, t) {
			return ""
		}
		return fileIn(t.Elem(), append(seen, t))
	case reflect.Struct:
	default:
		return ""
	}
	if isFile(t) {
		return t.String()
	}
	if isStd(t) || contains(seen, t) {
		return ""
	}
	seen = append(seen, t)
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Exported && !f.Embedded {
			continue
		}
		if where := fileIn(f.Type, seen); where != "" {
			return where
		}
	}
	return ""
}

// setFile binds a field that is a file, or says why it cannot be one.
func (f *Binding) setFile(l leaf) string {
	switch {
	case f.Source != Form:
		return fmt.Sprintf("is a %s, but %q is a file of a form: tag it form:%q", f.Source.noun(), l.Type, Snake(l.Name))
	case f.HasDefault:
		return "has a default, but it is a file: take a pointer, which is nil where there is none"
	case isFile(f.Value):
		f.Shape = FileShape
	case isFiles(f.Value) && !f.Optional:
		f.Shape = FilesShape
	case isFiles(f.Value):
		return fmt.Sprintf("is a pointer to a slice: take %q, which is nil where there is no file", f.Value)
	default:
		return fmt.Sprintf("is a file of a form, but %q is not how one is taken: take resolve.File, *resolve.File for one "+
			"that may be absent, or []resolve.File", l.Type)
	}
	return ""
}

// formTags reads the tags that only the fields of a form have, maxsize and
// accept, or says what is wrong with them.
func (f *Binding) formTags(l leaf) string {
	if size, ok := l.Tag.Lookup("maxsize"); ok {
		n, err := parseSize(size)
		switch {
		case f.Source != Form:
			return "has a maxsize, which only the fields of a form have: drop it"
		case err != "":
			return fmt.Sprintf("has the maxsize %q, %s: write a number and B, KB, KiB, MB, MiB, GB or GiB", size, err)
		}
		f.MaxSize, f.SizeText = n, size
	}
	accept, ok := l.Tag.Lookup("accept")
	if !ok {
		return ""
	}
	if f.Shape != FileShape && f.Shape != FilesShape {
		return "has accept, which only files have: drop it"
	}
	for part := range strings.SplitSeq(accept, ",") {
		media := strings.ToLower(strings.TrimSpace(part))
		if why := badAccept(media); why != "" {
			return fmt.Sprintf("accepts %q, %s", media, why)
		}
		f.Accept = append(f.Accept, media)
	}
	return ""
}

// units are what sizes are written in.
var units = []struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1},
}

// parseSize parses "5MB", "512 KiB" or "1000". KB is 1000 bytes, KiB is 1024.
func parseSize(s string) (n int64, why string) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		switch {
		case err != nil:
			return 0, "which is no size"
		case n <= 0 || n > math.MaxInt64/u.bytes:
			return 0, "which is out of range"
		}
		return n * u.bytes, ""
	}
	return 0, "which is no size"
}

// sniffed are the types that the first bytes of a file tell, sorted: those of
// http.DetectContentType, without parameters.
var sniffed = []string{
	"application/octet-stream",
	"application/ogg",
	"application/pdf",
	"application/postscript",
	"application/vnd.ms-fontobject",
	"application/wasm",
	"application/x-gzip",
	"application/x-rar-compressed",
	"application/zip",
	"audio/aiff",
	"audio/midi",
	"audio/mpeg",
	"audio/wave",
	"font/collection",
	"font/otf",
	"font/ttf",
	"font/woff",
	"font/woff2",
	"image/bmp",
	"image/gif",
	"image/jpeg",
	"image/png",
	"image/webp",
	"image/x-icon",
	"text/html",
	"text/plain",
	"text/xml",
	"video/avi",
	"video/mp4",
	"video/webm",
}

// badAccept says why no file would ever be of a media type.
func badAccept(media string) string {
	typ, subtype, ok := strings.Cut(media, "/")
	if !ok || typ == "" || subtype == "" || strings.ContainsAny(media, "; ") {
		return `which is no media type: write types such as "image/png" or "image/*", with commas`
	}
	if subtype == "*" {
		if slices.ContainsFunc(sniffed, func(s string) bool { return strings.HasPrefix(s, typ+"/") }) {
			return ""
		}
	} else if slices.Contains(sniffed, media) {
		return ""
	}
	return "which the first bytes of a file do not tell, so that every file would be refused: " + takenFor(media)
}

// takenFor is the type that a file of an unknown one is taken for.
func takenFor(media string) string {
	switch {
	case media == "image/jpg":
		return `write "image/jpeg"`
	case strings.HasSuffix(media, "+xml") || media == "application/xml":
		return `accept "text/xml" and "text/plain", and look into it in the handler`
	case strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json"):
		return `accept "text/plain", and look into it in the handler`
	case strings.Contains(media, "officedocument") || strings.Contains(media, "opendocument"):
		return `accept "application/zip", and look into it in the handler`
	}
	return "drop accept, and look into it in the handler"
}
