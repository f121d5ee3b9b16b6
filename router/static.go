package router

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gofogo/fogo/endpoint"
)

// static adds the files of a file system.
func (b *builder) static(rt *Route) {
	fsys, _ := rt.view.(fs.FS)
	if fsys == nil {
		b.fail(&Problem{What: rt.Pattern(), Position: rt.at.Position(), Faults: []string{"the file system is nil"}})
		return
	}
	h := &files{fsys: fsys, serve: http.FileServerFS(unlisted{fsys}), cfg: b.cfg}
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
	fsys  fs.FS
	serve http.Handler
	cfg   *endpoint.Config
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "."
	}
	file, err := unlisted{f.fsys}.Open(name)
	if err != nil {
		f.cfg.Answer(w, r, &endpoint.Error{Status: http.StatusNotFound, Err: err})
		return
	}
	_ = file.Close() // nothing was written
	f.serve.ServeHTTP(w, r)
}

// unlisted is a file system that hides directories without an index.html,
// which http.FileServerFS would list.
type unlisted struct{ fsys fs.FS }

// Open implements fs.FS.
func (u unlisted) Open(name string) (fs.File, error) {
	f, err := u.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		_, err = fs.Stat(u.fsys, path.Join(name, "index.html"))
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f, nil
}
