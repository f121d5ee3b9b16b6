package endpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"reflect"
	"strconv"
)

// File is a file of a file system, with the content type of its name's
// extension, ranges, and Last-Modified. A file that does not exist, a directory
// and a name that is no valid path of the file system ("../x") are answered
// with 404.
type File struct {
	FS   fs.FS
	Name string
	// Attachment is the name under which a browser saves the file, instead of
	// showing it; "" shows it.
	Attachment string
}

func (v File) respond(s *state) error {
	if !fs.ValidPath(v.Name) {
		return &Error{Status: http.StatusNotFound, Err: &fs.PathError{Op: "open", Path: v.Name, Err: fs.ErrInvalid}}
	}
	f, err := v.FS.Open(v.Name)
	if err != nil {
		return fileError(err)
	}
	s.closer = f
	info, err := f.Stat()
	if err != nil {
		return fileError(err)
	}
	if info.IsDir() {
		return &Error{Status: http.StatusNotFound, Err: fmt.Errorf("%s is a directory", v.Name)}
	}
	s.out.handler = fileHandler{f, info}
	if v.Attachment != "" {
		disposition := mime.FormatMediaType("attachment", map[string]string{"filename": v.Attachment})
		s.out.header = http.Header{"Content-Disposition": {disposition}}
	}
	return nil
}

func (File) body() reflect.Type { return nil }

// fileHandler sends an open file.
type fileHandler struct {
	file fs.File
	info fs.FileInfo
}

func (h fileHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if content, ok := h.file.(io.ReadSeeker); ok {
		http.ServeContent(w, r, h.info.Name(), h.info.ModTime(), content)
		return
	}
	// A file that cannot seek, as those of a zip archive, is sent as a whole.
	typ := mime.TypeByExtension(path.Ext(h.info.Name()))
	if typ == "" {
		typ = octetStream[0]
	}
	w.Header().Set("Content-Type", typ)
	w.Header().Set("Content-Length", strconv.FormatInt(h.info.Size(), 10))
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, h.file); err != nil && r.Context().Err() == nil {
		panic(fmt.Errorf("endpoint: sending the file %s: %w", h.info.Name(), err))
	}
}

func fileError(err error) error {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		status = http.StatusNotFound
	case errors.Is(err, fs.ErrPermission):
		status = http.StatusForbidden
	}
	return &Error{Status: status, Err: err}
}
