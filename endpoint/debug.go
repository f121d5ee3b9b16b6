package endpoint

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/debugpage"
	"github.com/gofogo/fogo/resolve"
)

// Debug makes answers to errors say everything: with it browsers are sent a page
// with the error, its stack, the plan of the route and the request, and other
// clients a problem object with a member "debug". It belongs in [Config].Debug,
// is made by [NewDebug], and must never be in a program that serves others than
// who writes it.
//
// It is shown to peers on this machine, that ask for a name of this machine,
// without a proxy in between; others are answered as if there were none. The
// values of headers, cookies, and fields of queries and bodies that have names
// like those of secrets are masked; texts of errors are not.
//
// A Debug is for one application.
type Debug struct {
	opts DebugOptions
	mask debugpage.Mask
	// answer describes a failure, and adds to the header of the answer. It is
	// called through a field that NewDebug sets: a program that never calls that
	// is linked without the pages.
	answer func(*Debug, *failure, *Problem, http.Header) []byte

	mu      sync.Mutex // guards the rest
	sockets map[*DebugSocket]struct{}
	arrived map[*http.Request]*DebugSocket // whose handshake is at hand
}

// DebugOptions are those of [NewDebug].
type DebugOptions struct {
	// Remote shows everything to peers on other machines too.
	Remote bool
	// Mask has further names whose values are masked. Case, - and _ don't count.
	Mask []string
	// Index is the path of the pages about the application, "" if there are
	// none.
	Index string
}

// NewDebug returns what turns debug mode on.
func NewDebug(opts DebugOptions) *Debug {
	return &Debug{
		opts: opts, mask: debugpage.Mask{Names: opts.Mask}, answer: (*Debug).describe,
		sockets: map[*DebugSocket]struct{}{}, arrived: map[*http.Request]*DebugSocket{},
	}
}

// failure is an error to be answered, with what is known of its call.
type failure struct {
	r       *http.Request
	err     error
	id      func() string
	call    *resolve.Call   // nil if no view was reached
	program *inject.Program // likewise
}

// visitKey is what the visit of a request is found under.
type visitKey struct{}

// visit is what is noted of a request on its way in.
type visit struct {
	refusal string // why nothing is shown, "" if all is
	body    *readBody
}

// Enter notes of a request who sent it and, while it is read, how its body
// begins. It belongs before all middleware, which may change what it looks at.
// What the request's r.Pattern is set to, only the returned one has.
func (d *Debug) Enter(r *http.Request) *http.Request {
	v := &visit{refusal: d.refusal(r)}
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	if v.refusal == "" && r.Body != nil && r.Body != http.NoBody {
		v.body = &readBody{ReadCloser: r.Body}
		r.Body = v.body
	}
	return r
}

// Refusal says why nothing is shown to whoever sent a request, "" if everything
// is.
func (d *Debug) Refusal(r *http.Request) string {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		return v.refusal
	}
	return d.refusal(r)
}

func (d *Debug) refusal(r *http.Request) string {
	return debugpage.Access{Remote: d.opts.Remote}.Refusal(r)
}

// keptBody is how much of a body is shown.
const keptBody = 4 << 10

// readBody remembers the beginning of a body.
type readBody struct {
	io.ReadCloser
	mu   sync.Mutex // a handler may have left its reading to another goroutine
	head []byte
	read int64
}

func (b *readBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.head = append(b.head, p[:min(n, keptBody-len(b.head))]...)
	b.read += int64(n)
	return n, err
}

// seen returns the beginning, and how many bytes were read.
func (b *readBody) seen() ([]byte, int64) {
	if b == nil {
		return nil, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.head[:len(b.head):len(b.head)], b.read
}
