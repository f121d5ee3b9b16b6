package resolve

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// body is the state of a request's body: read once, shared by whoever takes
// it.
type body struct {
	read   bool
	failed bool // a fault was recorded; whoever else asks stays silent
	given  bool // the user has the bytes: they are not used again
	data   []byte
	form   url.Values

	// Of a form with files, and of Parts.
	spec   *formSpec
	files  map[string][]File
	count  map[string]int // files that came, those refused among them
	stored []*stored      // of all files, also of those that a fault left over
	parts  *partReader
	err    error // of the server, see Binder.Check
}

// bodyBytes reads the body up to the limit. It reports false after recording a
// fault.
func (c *Call) bodyBytes() ([]byte, bool) {
	if c.body.read {
		return c.body.data, !c.body.failed
	}
	c.body.read = true
	data, err := readBody(c.Request, c.maxBody, c.buffer[:0])
	if err != nil {
		c.body.failed = true
		c.fault(bodyFault(err, c.maxBody))
		return nil, false
	}
	c.body.data, c.buffer = data, data
	return data, true
}

var errTooLarge = errors.New("resolve: body too large")

// readBody reads a whole body into b, which it grows with what arrives and not
// with what the client declared, so that a lie about the length costs the
// client and not us.
func readBody(r *http.Request, limit int64, b []byte) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return b, nil
	}
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	if n := r.ContentLength; n > 0 {
		// One byte more lets the read that finds the end fit.
		b = slices.Grow(b, int(min(n, 64<<10))+1)
	}
	for {
		b = slices.Grow(b, 1)
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, errTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}

func bodyFault(err error, limit int64) Fault {
	f := Fault{Location: "body", Message: "could not be read to its end", Status: http.StatusBadRequest}
	_, limited := errors.AsType[*http.MaxBytesError](err)
	switch {
	case errors.Is(err, errTooLarge), limited:
		f.Status = http.StatusRequestEntityTooLarge
		f.Message = "is larger than " + strconv.FormatInt(limit, 10) + " bytes"
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.Status, f.Message = http.StatusRequestTimeout, "did not arrive in time"
	}
	return f
}

const urlencodedForm = "application/x-www-form-urlencoded"

// maxFormFields is what url.ParseQuery takes, whose error does not tell that from
// others: each field costs many times the memory of its two bytes.
const maxFormFields = 10_000

var ampersand = []byte("&")

// formValues reads the body as a form, urlencoded or multipart (RFC 7578). It
// reports false after recording a fault. What a form with files has of texts is
// here, too.
func (c *Call) formValues() (url.Values, bool) {
	switch {
	case c.body.failed:
		return nil, false
	case c.body.form != nil:
		return c.body.form, true
	}
	if !c.readForm() || !c.fieldSizes() {
		c.body.form, c.body.failed = nil, true
		return nil, false
	}
	return c.body.form, true
}

func (c *Call) readForm() bool {
	if c.encoded() {
		return false
	}
	media, charset := charsetOf(c.contentType())
	if charset != "" {
		c.fault(Fault{Location: "header.Content-Type", Message: charset, Status: http.StatusUnsupportedMediaType})
		return false
	}
	if media == multipartForm && c.body.spec != nil && c.body.spec.files {
		return c.streamForm()
	}
	data, ok := c.bodyBytes()
	if !ok {
		return false
	}
	switch {
	case media == urlencodedForm && bytes.Count(data, ampersand) >= maxFormFields:
		c.fault(Fault{Location: "form", Message: "has more than " + strconv.Itoa(maxFormFields) + " fields", Status: http.StatusRequestEntityTooLarge})
		return false
	case media == urlencodedForm:
		form, err := url.ParseQuery(string(data))
		if err != nil {
			c.malformed("form", "is not a valid urlencoded form")
			return false
		}
		c.body.form = form
		return true
	case media == multipartForm:
		return c.multipartTexts(data)
	case len(data) == 0 && c.contentType() == "":
		c.body.form = url.Values{}
		return true
	}
	if c.body.spec != nil && c.body.spec.files {
		c.unsupported(multipartForm)
	} else {
		c.unsupported(urlencodedForm, multipartForm)
	}
	return false
}

// multipartTexts takes the text fields of a multipart form that is in memory.
// Files are passed over.
func (c *Call) multipartTexts(data []byte) bool {
	_, params, _ := mime.ParseMediaType(c.contentType())
	r, fault := newPartReader(bytes.NewReader(data), params["boundary"], &c.cfg.Uploads, c.maxBody)
	form := url.Values{}
	for fault == nil {
		var p *Part
		if p, fault = r.next(); fault != nil {
			break
		}
		if p == nil {
			c.body.form = form
			return true
		}
		if p.file {
			continue
		}
		text, err := io.ReadAll(p.body)
		if err != nil {
			fault = r.fail()
			break
		}
		form.Add(p.Name, string(text))
	}
	c.fault(*fault)
	return false
}

// fieldSizes checks the texts of a form against their tags.
func (c *Call) fieldSizes() bool {
	if c.body.spec == nil {
		return true
	}
	ok := true
	for i := range c.body.spec.fields {
		f := &c.body.spec.fields[i]
		for _, text := range c.body.form[f.name] {
			if f.max > 0 && int64(len(text)) > f.max {
				c.fault(*tooLarge(f.location, f.max, f.size))
				ok = false
			}
		}
	}
	return ok
}

// encoded records that the body has a content coding. The middleware that decodes
// removes the field, so one that is still here is one that nobody knows. RFC 9110
// section 15.5.16: the 415 can be "due to the request's indicated Content-Type or
// Content-Encoding".
func (c *Call) encoded() bool {
	for _, codings := range c.Request.Header["Content-Encoding"] {
		if s := strings.TrimSpace(codings); s != "" && !strings.EqualFold(s, "identity") {
			c.fault(Fault{
				Location: atContentEncoding, Message: quoted(s) + " is not supported; send the body as it is",
				Status: http.StatusUnsupportedMediaType,
			})
			return true
		}
	}
	return false
}

const atContentEncoding = "header.Content-Encoding"

// unsupported records that the body is of a type that is not read. The media
// types that are go into a header field of the answer, see [Faults.Header].
func (c *Call) unsupported(want ...string) {
	contentType := c.contentType()
	msg := "is missing; send " + orList(want)
	if contentType != "" {
		msg = quoted(contentType) + " is not supported; send " + orList(want)
	}
	c.fault(Fault{
		Location: "header.Content-Type", Message: msg, Status: http.StatusUnsupportedMediaType,
		accept: strings.Join(want, ", "), method: c.Request.Method,
	})
}
