// A multipart body is read by mime/multipart, part by part and as it arrives.
// What is added here is that everything has a limit, and that what is wrong has
// a place. The reader of the standard library allows a header 10 MiB and tells
// a body that breaks off inside of one by io.EOF, as it tells the end. So it
// reads through a meter, which ends its input when a header takes too much, and
// remembers the last bytes, among which the line that ends the body has to be.

package resolve

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
)

// maxBoundary is from RFC 2046 section 5.1.1: "Boundary delimiters must not
// [be] longer than 70 characters".
const maxBoundary = 70

// readAhead is no less than what mime/multipart reads ahead of what it gives.
const readAhead = 8 << 10

var errPartHeader = errors.New("resolve: header of a part too large")

// meter is the body as mime/multipart reads it.
type meter struct {
	r    io.Reader
	left int64 // of the limit of the body
	head int   // what may be read before the next part begins
	busy bool  // a part has begun: head does not count
	err  error // of the body or of a limit; the reader's own are others
	eof  bool
	tail []byte // the last bytes read
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	switch {
	case m.err != nil:
		return 0, m.err
	case !m.busy && m.head <= 0:
		m.err = errPartHeader
		return 0, m.err
	}
	n, err := m.r.Read(p)
	m.left -= int64(n)
	if !m.busy {
		m.head -= n
	}
	switch {
	case m.left < 0:
		m.err = errTooLarge
		return 0, m.err
	case err == io.EOF:
		m.eof = true
	case err != nil:
		m.err = err
	}
	m.remember(p[:n])
	return n, err
}

// remember keeps the last bytes read.
func (m *meter) remember(b []byte) {
	if over := len(m.tail) + len(b) - cap(m.tail); over > 0 {
		m.tail = m.tail[:copy(m.tail, m.tail[min(over, len(m.tail)):])]
	}
	m.tail = append(m.tail, b[max(0, len(b)-cap(m.tail)):]...)
}

// partReader reads the parts of one body.
type partReader struct {
	mr       *multipart.Reader
	meter    meter
	boundary string
	limits   *Uploads
	maxBody  int64
	n        int // parts that have begun
	part     *Part
	fault    *Fault // what ended the reading
	done     bool   // the end was read
	over     bool   // the call is
}

// newPartReader checks the boundary and returns the reader of a body.
func newPartReader(body io.Reader, boundary string, limits *Uploads, maxBody int64) (*partReader, *Fault) {
	switch {
	case boundary == "":
		return nil, &Fault{Location: "header.Content-Type", Message: "has no boundary", Status: http.StatusBadRequest}
	case len(boundary) > maxBoundary:
		return nil, &Fault{Location: "header.Content-Type", Message: "has a boundary of more than 70 characters", Status: http.StatusBadRequest}
	}
	r := &partReader{boundary: boundary, limits: limits, maxBody: maxBody}
	r.meter = meter{r: body, left: maxBody, tail: make([]byte, 0, readAhead+maxBoundary)}
	r.mr = multipart.NewReader(&r.meter, boundary)
	return r, nil
}

// next returns the next part, after what the last one has left unread; nil at
// the end, or with a fault.
func (r *partReader) next() (*Part, *Fault) {
	if r.fault != nil || r.done {
		return nil, r.fault
	}
	if r.part != nil {
		_, err := io.Copy(io.Discard, r.part.body)
		r.part.gone = true
		if err != nil {
			return nil, r.fail()
		}
	}
	r.meter.busy, r.meter.head = false, r.limits.MaxHeader
	part, err := r.mr.NextPart()
	r.meter.busy = true
	r.n++
	switch {
	case err == io.EOF && r.meter.err == nil && r.ended():
		r.done = true
		return nil, nil
	case err != nil:
		return nil, r.fail()
	case r.n > r.limits.MaxParts:
		r.fault = &Fault{Location: "form", Message: "has more than " + strconv.Itoa(r.limits.MaxParts) + " parts", Status: http.StatusRequestEntityTooLarge}
		return nil, r.fault
	}
	if r.part, r.fault = newPart(r, part); r.fault != nil {
		return nil, r.fault
	}
	return r.part, nil
}

// ended reports whether the line that ends a body was read. If there is more to
// be read it was.
func (r *partReader) ended() bool {
	end := []byte("--" + r.boundary + "--")
	return !r.meter.eof || bytes.HasPrefix(r.meter.tail, end) || bytes.Contains(r.meter.tail, append([]byte("\n"), end...))
}

// fail says what ended the reading: the meter, the end of the body in a place
// where it does not end, or else what mime/multipart had against it.
func (r *partReader) fail() *Fault {
	if r.fault != nil {
		return r.fault
	}
	f := Fault{Location: "form", Status: http.StatusBadRequest}
	switch cause := r.meter.err; {
	case cause == errPartHeader && r.n <= 1:
		f.Status = http.StatusRequestEntityTooLarge
		f.Message = "has more than " + strconv.Itoa(r.limits.MaxHeader) + " bytes before its first part, or in the header of that"
	case cause == errPartHeader:
		f.Status = http.StatusRequestEntityTooLarge
		f.Message = "has a header of more than " + strconv.Itoa(r.limits.MaxHeader) + " bytes in part " + strconv.Itoa(r.n)
	case cause != nil:
		f = bodyFault(cause, r.maxBody)
	case !r.ended():
		f.Message = "is not a valid multipart form: it breaks off in part " + strconv.Itoa(max(r.n, 1))
	default:
		f.Message = "is not a valid multipart form: part " + strconv.Itoa(max(r.n, 1)) + " is malformed"
	}
	r.fault = &f
	return r.fault
}
