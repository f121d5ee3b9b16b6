package router

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
)

type immutableKey struct{}

// Immutable is an option of Static: files whose names match one of the patterns
// never change, because a build put a hash of them into their names. Browsers
// keep them for a year without asking again. The patterns are those of
// path.Match; one without a slash is compared with the last part of the name,
// others with all of it: "assets/*".
//
// Names with a part of eight or more hexadecimal digits, not only figures, as
// in app.3f2a9c1b.js, are immutable without it.
func Immutable(patterns ...string) endpoint.Option {
	return func(s *inject.Settings) {
		old, _ := s.Get(immutableKey{}).([]string)
		s.Set(immutableKey{}, append(append([]string(nil), old...), patterns...))
	}
}

// static adds the files of a file system.
func (b *builder) static(rt *Route) {
	h := &files{cfg: b.cfg, private: len(rt.group.allGuards()) > 0}
	h.fsys, _ = rt.view.(fs.FS)
	h.immutable, _ = inject.SettingsOf(rt.opts...).Get(immutableKey{}).([]string)
	if faults := h.check(); len(faults) > 0 {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: faults})
		return
	}
	h.embedded = isEmbedded(h.fsys)
	for _, p := range b.subtree(rt.pattern) {
		var serve http.Handler = http.HandlerFunc(addSlash) // relative links of an index page need it
		if p == rt.pattern {
			serve = below{depth: depth(rt.pattern), inner: h}
		}
		e, programs := b.handler(rt, p, serve, rt.method)
		if e == nil {
			return
		}
		if p == rt.pattern {
			b.describe(rt, []*entry{e}, programs)
		}
	}
}

// addSlash redirects to the same path with a slash.
func addSlash(w http.ResponseWriter, r *http.Request) {
	redirectRelative(w, r, r.URL.EscapedPath()+"/")
}

// files serves a file system. What isn't there is answered as everywhere else
// in the application.
type files struct {
	fsys      fs.FS
	cfg       *endpoint.Config
	immutable []string // patterns
	private   bool     // guards decide who sees the files
	embedded  bool     // the files have no times, and never change
	tags      sync.Map // of embedded files, by name
}

// check finds what is wrong with the registration.
func (f *files) check() (faults []string) {
	if f.fsys == nil {
		faults = append(faults, "the file system is nil")
	}
	for _, p := range f.immutable {
		if _, err := path.Match(p, ""); err != nil {
			faults = append(faults, fmt.Sprintf("router.Immutable(%q): %v; the patterns are those of path.Match", p, err))
		}
	}
	return faults
}

// isEmbedded reports whether a file system is an embed.FS, or a part of one.
func isEmbedded(fsys fs.FS) bool {
	info, err := fs.Stat(fsys, ".")
	if err != nil {
		return false
	}
	t := reflect.TypeOf(info)
	return t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "embed"
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, slash, ok := fileName(r.URL.Path)
	if !ok || hidesSlash(r.URL) {
		f.missing(w, r, &fs.PathError{Op: "open", Path: r.URL.Path, Err: fs.ErrInvalid})
		return
	}
	info, err := f.stat(name)
	switch {
	case err != nil:
		f.missing(w, r, err)
	case info.IsDir():
		f.directory(w, r, name, slash)
	case slash:
		redirectTo(w, r, "../"+path.Base(name))
	case path.Base(name) == index:
		redirectTo(w, r, "./") // one page, one address
	default:
		f.send(w, r, name, info)
	}
}

const index = "index.html"

// directory answers with the index of a directory, which is never listed.
func (f *files) directory(w http.ResponseWriter, r *http.Request, name string, slash bool) {
	page := path.Join(name, index)
	info, err := f.stat(page)
	switch {
	case err != nil:
		f.missing(w, r, err)
	case info.IsDir():
		f.missing(w, r, fs.ErrNotExist)
	case !slash:
		redirectTo(w, r, path.Base(name)+"/")
	default:
		if bare, ok := r.Context().Value(bareKey{}).(string); ok && name == "." {
			redirectRelative(w, r, bare+"/")
			return
		}
		f.send(w, r, page, info)
	}
}

// fileName is the name that a path stands for, and whether the path ends in a
// slash. A path that is not as short as it could be is refused, and so is what
// programs and people hide: names that begin with a dot, but for
// /.well-known (RFC 8615).
func fileName(urlPath string) (name string, slash, ok bool) {
	name = strings.TrimPrefix(urlPath, "/")
	slash = name == "" || strings.HasSuffix(name, "/")
	if name = strings.TrimSuffix(name, "/"); name == "" {
		return ".", true, true
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return "", false, false
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(name+"/", ".well-known/"), "/") {
		if strings.HasPrefix(part, ".") || runtime.GOOS == "windows" && isShortName(part) {
			return "", false, false
		}
	}
	return name, slash, true
}

// isShortName reports whether a part of a name may be the short form of another:
// GIT~1 is .git on Windows.
func isShortName(part string) bool {
	_, after, ok := strings.Cut(part, "~")
	return ok && after != "" && after[0] >= '0' && after[0] <= '9'
}

// hidesSlash reports whether a client escaped a slash of the path. No name has
// one; and routes, with the guards on them, are found without taking it for a
// slash, so that "/private%2Fkey" would be read here as what they keep from
// "/private/key".
func hidesSlash(u *url.URL) bool {
	return u.RawPath != "" && strings.Contains(strings.ToUpper(u.EscapedPath()), "%2F")
}

// stat tells about a file or a directory. Others, such as a pipe, whose opening
// would wait for somebody to write, are not there.
func (f *files) stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(f.fsys, name)
	if err == nil && !info.IsDir() && info.Mode()&fs.ModeType != 0 {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return info, err
}

func (f *files) missing(w http.ResponseWriter, r *http.Request, err error) {
	f.cfg.Answer(w, r, &endpoint.Error{Status: http.StatusNotFound, Err: err})
}
