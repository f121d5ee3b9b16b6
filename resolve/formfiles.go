package resolve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// formSpec is what the tags of a form say about its fields. A form with files
// is read as it arrives, so they have to be known then.
type formSpec struct {
	fields []formField
	byName map[string]*formField
	files  bool
}

// formField is one of them.
type formField struct {
	name, location string
	file, many     bool
	max            int64 // 0 without a tag
	size           string
	accept         []string
}

// formSpecOf returns the spec of the form fields among fields, nil if no tag
// says anything about them.
func formSpecOf(fields []rules.Binding) *formSpec {
	s := &formSpec{byName: map[string]*formField{}}
	needed := false
	for _, rb := range fields {
		if rb.Source != rules.Form {
			continue
		}
		f := formField{name: rb.Name, location: location(rb), max: rb.MaxSize, size: rb.SizeText, accept: rb.Accept}
		f.many = rb.Shape == rules.FilesShape
		f.file = f.many || rb.Shape == rules.FileShape
		s.files = s.files || f.file
		needed = needed || f.file || f.max > 0
		s.fields = append(s.fields, f)
	}
	if !needed {
		return nil
	}
	for i := range s.fields {
		s.byName[s.fields[i].name] = &s.fields[i]
	}
	return s
}

// check finds a tag that allows more than the body may have.
func (s *formSpec) check(maxBody int64) error {
	for _, f := range s.fields {
		if f.max > maxBody {
			return fmt.Errorf("%s has maxsize %q, but no body of this route may be larger than %d bytes: "+
				"raise that with the route option endpoint.MaxBody, or with fogo.WithMaxBody, or lower the tag", f.location, f.size, maxBody)
		}
	}
	return nil
}

// use tells the call what its form looks like. It is a filler that comes before
// those of the fields.
func (s *formSpec) use(c *Call, _ frame.Ref) { c.body.spec = s }

// fileFiller fills a field with a file, a pointer to one, or all of its name.
func fileFiller(rb rules.Binding) filler {
	name, loc := rb.Name, location(rb)
	if rb.Shape == rules.FilesShape {
		return func(c *Call, at frame.Ref) {
			if files, ok := c.formFiles(name); ok && len(files) > 0 {
				*frame.At[[]File](at) = files
			}
		}
	}
	return func(c *Call, at frame.Ref) {
		files, ok := c.formFiles(name)
		switch {
		case !ok:
		case len(files) == 0 && rb.Optional:
		case len(files) == 0 && c.body.count[name] == 0:
			c.malformed(loc, "is required")
		case len(files) == 0:
		case rb.Optional:
			own := files[0]
			*frame.At[*File](at) = &own
		default:
			*frame.At[File](at) = files[0]
		}
	}
}

// formFiles are the files of a name.
func (c *Call) formFiles(name string) ([]File, bool) {
	if _, ok := c.formValues(); !ok {
		return nil, false
	}
	return c.body.files[name], true
}

// streamForm reads a multipart form with files: texts into memory, files into
// memory or to disk. It reports false after recording a fault, or an error of
// the server.
func (c *Call) streamForm() bool {
	r := c.openParts()
	if r == nil {
		return false
	}
	f := formReader{c: c, r: r, memory: max(c.cfg.Uploads.Memory, 0), text: c.cfg.Uploads.MaxText}
	c.body.form, c.body.files, c.body.count = url.Values{}, map[string][]File{}, map[string]int{}
	for {
		p, fault := r.next()
		if p == nil && fault == nil {
			return true
		}
		if fault == nil {
			fault = f.take(p)
		}
		if fault != nil {
			c.fault(*fault)
		}
		if fault != nil || c.body.err != nil {
			c.body.form = nil
			return false
		}
	}
}

// sniffLen is what http.DetectContentType looks at.
const sniffLen = 512

// formReader is the state of reading a form.
type formReader struct {
	c      *Call
	r      *partReader
	memory int64 // left for files
	text   int64 // left for texts
	files  int
}

// take puts a part where it belongs. Fields that nobody takes are passed over.
func (f *formReader) take(p *Part) *Fault {
	field := f.c.body.spec.byName[p.Name]
	switch {
	case field == nil:
		return nil
	case field.file && !p.file:
		return &Fault{Location: field.location, Message: "is a text, not a file", Status: http.StatusBadRequest}
	case !field.file && p.file:
		return &Fault{Location: field.location, Message: "is a file, not a text", Status: http.StatusBadRequest}
	case field.file:
		return f.takeFile(p, field)
	}
	return f.takeText(p, field)
}

// takeText reads a text field.
func (f *formReader) takeText(p *Part, field *formField) *Fault {
	limits := f.r.limits
	limit, size := limits.MaxField, ""
	if field.max > 0 && field.max <= limit {
		limit, size = field.max, field.size
	}
	b, err := io.ReadAll(io.LimitReader(p.body, min(limit, f.text)+1))
	if err != nil {
		return f.r.fail()
	}
	if int64(len(b)) > limit {
		return tooLarge(field.location, limit, size)
	}
	if f.text -= int64(len(p.Name) + len(b)); f.text < 0 {
		return &Fault{Location: "form", Message: "has texts of more than " + strconv.FormatInt(limits.MaxText, 10) + " bytes", Status: http.StatusRequestEntityTooLarge}
	}
	f.c.body.form.Add(p.Name, string(b))
	return nil
}

// takeFile stores a file. One without a name and without content is what a page
// sends where nothing was chosen.
func (f *formReader) takeFile(p *Part, field *formField) *Fault {
	body := &f.c.body
	head, err := io.ReadAll(io.LimitReader(p.body, sniffLen))
	switch {
	case err != nil:
		return f.r.fail()
	case len(head) == 0 && p.RawFilename == "":
		return nil
	}
	at, fault := f.count(p, field)
	if fault != nil {
		return fault
	}
	sniffed := http.DetectContentType(head)
	if !allowed(field.accept, sniffed) {
		f.c.fault(Fault{Location: at, Message: "looks like " + mediaOf(sniffed) + "; send " + orList(field.accept), Status: http.StatusUnprocessableEntity})
		return nil
	}
	file := File{
		Filename: p.Filename, RawFilename: p.RawFilename, ContentType: p.ContentType, Header: p.Header,
		sniffed: sniffed, dir: f.r.limits.Dir, stored: &stored{},
	}
	body.stored = append(body.stored, file.stored)
	limit, size := f.limit(field)
	if file.Size, err = f.store(file.stored, io.MultiReader(bytes.NewReader(head), p.body), limit); err != nil {
		return f.failed(err)
	}
	if file.Size > limit {
		return tooLarge(at, limit, size)
	}
	body.files[p.Name] = append(body.files[p.Name], file)
	return nil
}

// count numbers the files of a name and returns the location of this one.
func (f *formReader) count(p *Part, field *formField) (string, *Fault) {
	body, at := &f.c.body, field.location
	n := body.count[p.Name]
	body.count[p.Name]++
	if f.files++; f.files > f.r.limits.MaxFiles {
		return at, &Fault{Location: "form", Message: "has more than " + strconv.Itoa(f.r.limits.MaxFiles) + " files", Status: http.StatusRequestEntityTooLarge}
	}
	if field.many {
		return at + "[" + strconv.Itoa(n) + "]", nil
	}
	if n > 0 {
		return at, &Fault{Location: at, Message: "is there more than once", Status: http.StatusBadRequest}
	}
	return at, nil
}

// limit is that of one file of a field, and how its tag says it.
func (f *formReader) limit(field *formField) (int64, string) {
	limit, size := f.r.maxBody, ""
	if n := f.r.limits.MaxFile; n > 0 {
		limit = min(limit, n)
	}
	if field.max > 0 && field.max <= limit {
		limit, size = field.max, field.size
	}
	return limit, size
}

// failed tells an error of our disk from one of the client.
func (f *formReader) failed(err error) *Fault {
	if disk, ok := errors.AsType[*spoolError](err); ok {
		f.c.body.err = disk
		return nil
	}
	return f.r.fail()
}

// store keeps what r has, up to one byte more than limit, in memory or on disk.
func (f *formReader) store(s *stored, r io.Reader, limit int64) (int64, error) {
	if limit < 1<<62 {
		r = io.LimitReader(r, limit+1)
	}
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(r, f.memory+1))
	if err != nil {
		return n, err
	}
	if n <= f.memory {
		f.memory -= n
		// The buffer has grown by doubling, and what it has too much counts too.
		s.data = slices.Clip(slices.Clone(buf.Bytes()))
		return n, nil
	}
	return spool(s, f.r.limits.Dir, buf.Bytes(), r)
}

// spool writes what was read and what is left to a file.
func spool(s *stored, dir string, head []byte, rest io.Reader) (int64, error) {
	out, err := createSpool(dir)
	if err != nil {
		return 0, &spoolError{err}
	}
	s.path = out.Name() // from here on the end of the call removes it
	w := diskWriter{out}
	n, err := w.Write(head)
	size := int64(n)
	if err == nil {
		var more int64
		more, err = io.Copy(w, rest)
		size += more
	}
	if closed := out.Close(); err == nil && closed != nil {
		err = &spoolError{closed}
	}
	return size, err
}

// diskWriter marks the errors of a disk.
type diskWriter struct{ w io.Writer }

func (d diskWriter) Write(b []byte) (int, error) {
	n, err := d.w.Write(b)
	if err != nil {
		err = &spoolError{err}
	}
	return n, err
}

// allowed reports whether a list of media types, in which "image/*" may stand,
// has the type that was sniffed. An empty list has all.
func allowed(list []string, sniffed string) bool {
	media := mediaOf(sniffed)
	typ, _, _ := strings.Cut(media, "/")
	return len(list) == 0 || slices.Contains(list, media) || slices.Contains(list, typ+"/*")
}

// mediaOf leaves out the parameters.
func mediaOf(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return media
}

// orList is "a, b or c".
func orList(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
