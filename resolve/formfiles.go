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

// check finds a tag that allows more than the body may have, and a file that
// would not find room if it were alone.
func (s *formSpec) check(maxBody int64, limits *Uploads) error {
	for i := range s.fields {
		f := &s.fields[i]
		if f.max > maxBody {
			return fmt.Errorf("%s has maxsize %q, but no body of this route may be larger than %d bytes: "+
				"raise that with the route option endpoint.MaxBody, or with fogo.WithMaxBody, or lower the tag", f.location, f.size, maxBody)
		}
		most, _ := f.limit(maxBody, limits)
		if f.file && most > limits.Memory && most > limits.MaxSpool && limits.MaxSpool < unlimited {
			return fmt.Errorf("%s may have %d bytes, but the files of all calls together may have no more than %d on disk: "+
				"raise MaxSpool of resolve.Uploads, or give the field a lower tag maxsize", f.location, most, limits.MaxSpool)
		}
	}
	return nil
}

// limit is that of one file of a field, and how its tag says it.
func (f *formField) limit(maxBody int64, limits *Uploads) (int64, string) {
	limit, size := maxBody, ""
	if n := limits.MaxFile; n > 0 {
		limit = min(limit, n)
	}
	if f.max > 0 && f.max <= limit {
		limit, size = f.max, f.size
	}
	return limit, size
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

	spooled int64 // on disk
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
		sniffed: sniffed, dir: f.r.limits.Dir, stored: &stored{space: f.r.limits.space},
	}
	body.stored = append(body.stored, file.stored)
	limit, size := field.limit(f.r.maxBody, f.r.limits)
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

// failed tells an error of our disk from one of the client.
func (f *formReader) failed(err error) *Fault {
	if disk, ok := errors.AsType[*spoolError](err); ok {
		f.c.body.err = disk
		return nil
	}
	if err == errSpoolAlone {
		limit := strconv.FormatInt(f.r.limits.MaxSpool, 10)
		return &Fault{Location: "form", Message: "has files of more than " + limit + " bytes together", Status: http.StatusRequestEntityTooLarge}
	}
	return f.r.fail()
}

// store keeps what r has, up to one byte more than limit, in memory or on disk.
func (f *formReader) store(s *stored, r io.Reader, limit int64) (int64, error) {
	if limit < unlimited {
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
	return spool(s, f.r.limits.Dir, &f.spooled, buf.Bytes(), r)
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
