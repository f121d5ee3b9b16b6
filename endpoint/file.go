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
	"syscall"

	"github.com/gofogo/fogo/internal/conditional"
)

// File is a file of a file system, with the content type of its name's
// extension, application/octet-stream if that is unknown; with ranges,
// Last-Modified and an ETag, and the conditions of requests (RFC 9110 sections
// 13 and 14). A file that does not exist, a directory or whatever else is no
// regular file, and a name that is no valid path of the file system ("../x") are
// answered with 404.
//
// A file that somebody uploaded as page.html is a page of your site: send it as
// an Attachment, or under names that the program made.
//
// os.DirFS follows symbolic links out of its directory, the FS of an os.Root
// does not: use that where others can make links.
type File struct {
	FS   fs.FS
	Name string
	// Attachment is the name under which a browser saves the file, instead of
	// showing it; "" shows it. It may have any characters.
	Attachment string
	// Inline is the name under which a browser that shows the file saves it if
	// asked to; "" is the last part of the request's path. A file has one of the
	// two names.
	Inline string
	// Tag tells versions of the file apart, without blanks and quotes. If "" it
	// is made of the time of the last change and the size; a file system that
	// has no times, such as an embed.FS, or the same for all files, has no tags
	// then.
	Tag string
	// Header is added to the answer, such as a Cache-Control. A Content-Type in
	// it takes the place of that of the extension.
	Header http.Header
}

func (v File) respond(s *state) error {
	if !fs.ValidPath(v.Name) {
		return &Error{Status: http.StatusNotFound, Err: &fs.PathError{Op: "open", Path: v.Name, Err: fs.ErrInvalid}}
	}
	// Opening a pipe waits for somebody to write into it. A file system that has
	// pipes can look at one without opening it.
	if fsys, ok := v.FS.(fs.StatFS); ok {
		if err := v.regular(fsys.Stat(v.Name)); err != nil {
			return err
		}
	}
	f, err := v.FS.Open(v.Name)
	if err != nil {
		return fileError(err)
	}
	s.closer = f
	info, err := f.Stat()
	if err := v.regular(info, err); err != nil {
		return err
	}
	return v.open(s, f, info)
}

// regular refuses what is no regular file.
func (v File) regular(info fs.FileInfo, err error) error {
	switch {
	case err != nil:
		return fileError(err)
	case !info.Mode().IsRegular():
		return &Error{Status: http.StatusNotFound, Err: fmt.Errorf("%s is no regular file: %v", v.Name, info.Mode())}
	}
	return nil
}

// open decides what is sent of an open file.
func (v File) open(s *state, f fs.File, info fs.FileInfo) error {
	tag := v.Tag
	if tag == "" {
		tag = FileTag(info)
	}
	known, header, err := validators(tag, false, conditional.FileTime(info.ModTime()))
	if err != nil {
		return err
	}
	if err := v.describe(header, info); err != nil {
		return err
	}
	s.out.header = header
	switch s.condition(known) {
	case http.StatusNotModified:
		conditional.Strip(header)
		s.out.status = http.StatusNotModified
	case http.StatusPreconditionFailed:
		return errPrecondition
	default:
		s.out.handler = fileHandler{f, info}
	}
	return nil
}

// describe adds the header fields that say what the file is.
func (v File) describe(h http.Header, info fs.FileInfo) error {
	h["Content-Type"] = octetStream
	if typ := mime.TypeByExtension(path.Ext(info.Name())); typ != "" {
		h["Content-Type"] = []string{typ}
	}
	// What others uploaded is not taken for a page because it looks like one.
	h["X-Content-Type-Options"] = noSniff
	switch {
	case v.Attachment != "" && v.Inline != "":
		return fmt.Errorf("endpoint: the file %s is an attachment and inline; choose one", v.Name)
	case v.Attachment != "":
		h["Content-Disposition"] = []string{disposition("attachment", v.Attachment)}
	case v.Inline != "":
		h["Content-Disposition"] = []string{disposition("inline", v.Inline)}
	}
	mergeHeader(h, v.Header)
	return nil
}

func (File) body() reflect.Type { return nil }
func (File) usual() int         { return http.StatusOK }

// FileTag makes an entity tag, without its quotes, of a file's size and the time
// of its last change; "" if there is none, or the beginning of Unix time, which
// build tools give to all files.
func FileTag(info fs.FileInfo) string {
	at := conditional.FileTime(info.ModTime())
	if at.IsZero() {
		return ""
	}
	return strconv.FormatInt(at.UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
}

// fileHandler sends an open file.
type fileHandler struct {
	file fs.File
	info fs.FileInfo
}

func (h fileHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if content, ok := h.file.(io.ReadSeeker); ok {
		http.ServeContent(w, conditional.Evaluated(r, h.info.Size()), h.info.Name(), conditional.FileTime(h.info.ModTime()), content)
		return
	}
	// A file that cannot seek, as those of a zip archive, is sent as a whole.
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
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid), isNoName(err):
		status = http.StatusNotFound
	case errors.Is(err, fs.ErrPermission):
		status = http.StatusForbidden
	}
	return &Error{Status: status, Err: err}
}

// isNoName reports whether an error is about a name that no file can have: one
// with a NUL, one below a file, or one that is too long. Clients make names up,
// which is no fault of the server.
func isNoName(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}
