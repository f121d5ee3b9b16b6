package resolve

import (
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"os"
)

// File is an uploaded file, a field of a [Form] or of a params struct:
//
//	type Upload struct {
//		Title  string         `form:"title"`
//		Avatar resolve.File   `form:"avatar" maxsize:"5MB" accept:"image/png,image/jpeg"`
//		Photos []resolve.File `form:"photos"`
//		Notes  *resolve.File  `form:"notes"` // nil if absent
//	}
//
// The file input of a page that nothing was chosen in counts as absent. Where
// one file is taken, a second of the name is a fault.
//
// A file may be read any number of times, by several goroutines, until the call
// is over: after the last byte of its answer. Then its content is gone, unless
// it was kept. What is still open is closed.
type File struct {
	// Filename is the base name that the client gave, without anything that
	// could do harm: no path, no control characters, no characters or device
	// names that some system gives a meaning, at most 255 bytes, never empty.
	// It may be used twice by two clients or files, and its extension proves
	// nothing.
	Filename string
	// RawFilename is the name as the client sent it. It is the client's text:
	// never use it as the name of a file.
	RawFilename string
	// Size is the number of bytes.
	Size int64
	// ContentType is the type that the client declared, which proves nothing;
	// "" if it declared none.
	ContentType string
	// Header is the header of the part.
	Header textproto.MIMEHeader

	sniffed string
	dir     string // for Keep
	stored  *stored
}

// Sniff returns the media type that the first 512 bytes look like, as
// [http.DetectContentType] tells it; "application/octet-stream" if nothing is
// known to look like that. It is what the tag `accept` is compared with. Text of
// every kind, CSV and JSON among it, looks like "text/plain; charset=utf-8", and SVG
// like that or, with an XML declaration, like "text/xml; charset=utf-8".
func (f File) Sniff() string {
	if f.sniffed == "" {
		return "application/octet-stream"
	}
	return f.sniffed
}

// Open opens the file for reading, from any place: what package archive/zip, say,
// needs of a file is there too. The caller should close it, and the end of the
// call does.
func (f File) Open() (multipart.File, error) {
	if f.stored == nil {
		return nil, os.ErrNotExist
	}
	return f.stored.reader()
}

// WriteTo implements io.WriterTo: it writes the whole content to w.
func (f File) WriteTo(w io.Writer) (int64, error) {
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(w, r)
}

// SaveTo writes the content to a new file in a directory. The root sees to it
// that no name, and no symbolic link on the way, leads out of the directory. A
// file that is there already is never written to: the error is [os.ErrExist]
// then. What fails leaves no file behind.
//
//	root, err := os.OpenRoot("/var/lib/shop/avatars")
//	…
//	err = avatar.SaveTo(root, userID.String()+".png")
//
// Prefer a name of your own to Filename: two clients may send the same.
func (f File) SaveTo(root *os.Root, name string) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = saveTo(root, name, r)
	return err
}

// saveTo copies r to a new file. Between two files the system does that without
// the bytes passing through the program where it can.
func saveTo(root *os.Root, name string, r io.Reader) (int64, error) {
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, r)
	if err = errors.Join(err, out.Close()); err != nil {
		_ = root.Remove(name)
		return n, err
	}
	return n, nil
}

// Keep puts the file beyond the end of the call and returns its path, in the
// directory of [Uploads]. From then on it is the caller's, who renames or removes
// it, and does not count to MaxSpool of [Uploads] any more.
func (f File) Keep() (path string, err error) {
	if f.stored == nil {
		return "", os.ErrNotExist
	}
	return f.stored.keep(f.dir)
}
