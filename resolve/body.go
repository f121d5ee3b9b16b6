package resolve

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
)

// body is the state of a request's body: read once, shared by whoever takes
// it.
type body struct {
	read   bool
	failed bool // a fault was recorded; whoever else asks stays silent
	given  bool // the user has the bytes: they are not used again
	data   []byte
	form   url.Values
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

// formValues reads the body as a form, urlencoded or multipart (RFC 7578). It
// reports false after recording a fault, or if there is no body.
func (c *Call) formValues() (url.Values, bool) {
	if c.body.form != nil {
		return c.body.form, true
	}
	data, ok := c.bodyBytes()
	if !ok {
		return nil, false
	}
	form, err := parseForm(c.contentType(), data, len(data) == 0)
	if err != nil {
		c.body.failed = true
		c.fault(*err)
		return nil, false
	}
	c.body.form = form
	return form, true
}

func parseForm(contentType string, data []byte, empty bool) (url.Values, *Fault) {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case empty && contentType == "":
		return url.Values{}, nil
	case err == nil && media == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return nil, &Fault{Location: "form", Message: "is not a valid urlencoded form", Status: http.StatusBadRequest}
		}
		return form, nil
	case err == nil && media == "multipart/form-data":
		return parseMultipart(data, params["boundary"])
	}
	return nil, unsupported(contentType, "application/x-www-form-urlencoded or multipart/form-data")
}

// parseMultipart takes the text fields of a multipart form. The data is in
// memory already and its size is limited, so nothing is spooled; parts with a
// file name are not fields.
func parseMultipart(data []byte, boundary string) (url.Values, *Fault) {
	form := url.Values{}
	if boundary == "" {
		return nil, &Fault{Location: "header.Content-Type", Message: "has no boundary", Status: http.StatusBadRequest}
	}
	r := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) && ends(data, boundary) {
			return form, nil
		}
		if err == nil && part.FileName() == "" {
			var text []byte
			if text, err = io.ReadAll(part); err == nil {
				form.Add(part.FormName(), string(text))
			}
		}
		if err != nil {
			return nil, &Fault{Location: "form", Message: "is not a valid multipart form", Status: http.StatusBadRequest}
		}
	}
}

// ends reports whether the data has the line that ends a multipart body. The
// reader tells io.EOF for one that breaks off, too.
func ends(data []byte, boundary string) bool {
	end := "--" + boundary + "--"
	return bytes.HasPrefix(data, []byte(end)) || bytes.Contains(data, []byte("\n"+end))
}

func unsupported(contentType, want string) *Fault {
	msg := "is missing; send " + want
	if contentType != "" {
		msg = quoted(contentType) + " is not supported; send " + want
	}
	return &Fault{Location: "header.Content-Type", Message: msg, Status: http.StatusUnsupportedMediaType}
}
