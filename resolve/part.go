package resolve

import (
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parts are the parts of a multipart form as they arrive, for uploads that are
// too large to wait for or to keep anywhere:
//
//	func Import(ctx context.Context, store *Store, parts resolve.Parts) error {
//		for part, err := range parts {
//			if err != nil {
//				return err // 400, 413 or 408, with the place
//			}
//			if err := store.Put(ctx, part.Filename, part); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// Nothing else may read the body of such a route. The limits are those of
// [Uploads], and that of the whole body: give the view endpoint.MaxBody. The body
// can be read once, on one goroutine, and not after the call. What is wrong with
// it is found out only on the way: a handler that must do all or nothing has to
// be able to undo.
//
// That the body is a multipart form is known before the handler is called.
type Parts iter.Seq2[*Part, error]

// Part is one part of a multipart form. It can be read until the next one is
// asked for.
type Part struct {
	// Name is the field's. It is the client's text, valid UTF-8 and not empty.
	Name string
	// Filename and RawFilename are those of a file, see [File]; "" for a text.
	Filename    string
	RawFilename string
	// ContentType is the type that the client declared, "" if none.
	ContentType string
	// Header is the header of the part.
	Header textproto.MIMEHeader

	file   bool
	number int
	r      *partReader
	body   *multipart.Part
	gone   bool // the next part was asked for
}

// IsFile reports whether the part is a file: whether it has a filename, if an
// empty one.
func (p *Part) IsFile() bool { return p.file }

// Read implements io.Reader. Its errors, but for io.EOF, say what is wrong with
// the body, and can be returned by the handler.
func (p *Part) Read(b []byte) (int, error) {
	switch {
	case p.r.over:
		return 0, ErrUploadOver
	case p.gone:
		return 0, io.ErrClosedPipe
	case p.r.fault != nil:
		return 0, Faults{*p.r.fault}
	}
	n, err := p.body.Read(b)
	if err != nil && err != io.EOF {
		err = Faults{*p.r.fail()}
	}
	return n, err
}

// Text reads the part as text: valid UTF-8, no larger than MaxField of
// [Uploads]. It need not be that of a text field.
func (p *Part) Text() (string, error) {
	limit := p.r.limits.MaxField
	b, err := io.ReadAll(io.LimitReader(p, limit+1))
	switch {
	case err != nil:
		return "", err
	case int64(len(b)) > limit:
		return "", Faults{*tooLarge(p.location(), limit, "")}
	case !utf8.Valid(b):
		return "", Faults{{Location: p.location(), Message: "is not valid UTF-8", Status: http.StatusBadRequest}}
	}
	return string(b), nil
}

// SaveTo writes the rest of the part to a new file in a directory, as
// [File.SaveTo] does, and returns its size.
func (p *Part) SaveTo(root *os.Root, name string) (int64, error) { return saveTo(root, name, p) }

// location is that of faults with the part.
func (p *Part) location() string { return "form." + clip(p.Name) }

// clip cuts a text short that a client made up.
func clip(text string) string {
	const most = 40
	head := text[:min(len(text), most*utf8.UTFMax)] // all that forty characters can have
	if r := []rune(head); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// newPart reads the header of a part.
func newPart(r *partReader, body *multipart.Part) (*Part, *Fault) {
	p := &Part{r: r, body: body, number: r.n, Header: body.Header, ContentType: body.Header.Get("Content-Type")}
	disposition, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	name := params["name"]
	switch {
	case err != nil || disposition != "form-data" || len(p.Header["Content-Disposition"]) > 1:
		// RFC 7578 section 4.2: "Each part MUST contain a Content-Disposition
		// header field where the disposition type is 'form-data'."
		return nil, p.wrong("has no valid Content-Disposition")
	case name == "":
		// "The Content-Disposition header field MUST also contain an additional
		// parameter of 'name'".
		return nil, p.wrong("has no name")
	case !utf8.ValidString(name):
		return nil, p.wrong("has a name that is not valid UTF-8")
	}
	p.Name = name
	if p.RawFilename, p.file = params["filename"]; p.file {
		p.Filename = safeFilename(p.RawFilename)
	}
	if _, charset := charsetOf(p.ContentType); !p.file && charset != "" {
		return nil, &Fault{Location: p.location(), Message: charset, Status: http.StatusUnsupportedMediaType}
	}
	return p, nil
}

// wrong is a fault of the part that has no name to be located by.
func (p *Part) wrong(what string) *Fault {
	return &Fault{Location: "form", Message: "part " + strconv.Itoa(p.number) + " " + what, Status: http.StatusBadRequest}
}

// tooLarge is a fault of something over its limit. size is the limit as a tag
// has it, or "".
func tooLarge(at string, limit int64, size string) *Fault {
	if size == "" {
		size = strconv.FormatInt(limit, 10) + " bytes"
	}
	return &Fault{Location: at, Message: "is larger than " + size, Status: http.StatusRequestEntityTooLarge}
}

const multipartForm = "multipart/form-data"

// openParts begins to read the body as a multipart form. It returns nil after
// recording a fault.
func (c *Call) openParts() *partReader {
	c.body.read = true
	media, params, err := mime.ParseMediaType(c.contentType())
	if err != nil || media != multipartForm {
		c.unsupported(multipartForm)
		return nil
	}
	if c.Request.ContentLength > c.maxBody {
		c.fault(bodyFault(errTooLarge, c.maxBody))
		return nil
	}
	r, fault := newPartReader(c.Request.Body, params["boundary"], &c.cfg.Uploads, c.maxBody)
	if fault != nil {
		c.fault(*fault)
		return nil
	}
	return r
}

// parts makes the Parts of the call. They don't refer to the call, which will
// be used again.
func (c *Call) parts() Parts {
	if c.body.parts == nil && !c.body.failed {
		if !c.encoded() {
			c.body.parts = c.openParts()
		}
		c.body.failed = c.body.parts == nil
	}
	if c.body.parts == nil {
		return nil
	}
	return c.body.parts.all
}

// all is the iterator.
func (r *partReader) all(yield func(*Part, error) bool) {
	for {
		if r.over {
			yield(nil, ErrUploadOver)
			return
		}
		p, fault := r.next()
		switch {
		case fault != nil:
			yield(nil, Faults{*fault})
			return
		case p == nil || !yield(p, nil):
			return
		}
	}
}

// charsetOf splits a Content-Type. What is wrong with its charset is said in
// words for the client: all text is UTF-8, of which US-ASCII is a part.
func charsetOf(contentType string) (media, problem string) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", ""
	}
	charset, ok := params["charset"]
	for _, known := range []string{"utf-8", "utf8", "us-ascii", "ascii"} {
		ok = ok && !strings.EqualFold(charset, known)
	}
	if !ok {
		return media, ""
	}
	return media, "has the charset " + quoted(charset) + "; send utf-8"
}
