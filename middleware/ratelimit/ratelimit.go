package ratelimit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Headers says which header fields tell clients about their limit.
type Headers uint8

const (
	// Draft are RateLimit and RateLimit-Policy, structured fields of the IETF
	// draft ietf-httpapi-ratelimit-headers from its 8th revision on.
	Draft Headers = iota
	// Classic are RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset, in
	// seconds, of the earlier ones, which more clients know.
	Classic
	// None leaves them out. Retry-After is sent all the same.
	None
)

// Options are for [New]. Limit and Window must be set, or Limiter.
type Options struct {
	// Limit is the number of requests in each Window.
	Limit  int
	Window time.Duration
	// Burst is how many requests may come at once after a pause; Limit by
	// default. With that, the first window may see twice the limit: the burst, and
	// what is refilled meanwhile.
	Burst int
	// Key says who shares a limit; by default ByIP. Requests with the key "" are
	// not limited.
	Key func(*http.Request) string
	// Headers are Draft by default.
	Headers Headers
	// Name is that of the policy in the fields of Draft, "default" by default: printable
	// ASCII without quotes and backslashes.
	Name string
	// MaxKeys is the number of keys that are remembered, 100,000 by default.
	// Beyond it arbitrary ones are forgotten, and have their whole burst again.
	MaxKeys int
	// Limiter decides instead of a Memory, for limits that several machines
	// share. Burst and MaxKeys are its own matter then; Limit and Window, if
	// set, go into RateLimit-Policy.
	Limiter Limiter
	// Strict refuses requests with 503 while the Limiter fails. By default they
	// are let through.
	Strict bool
	// Logger is told when the Limiter fails.
	Logger *slog.Logger
}

// Limiter decides whether a request may pass. It is implemented by [Memory].
type Limiter interface {
	// Take counts one request of a key, unless it is over the limit. It must be
	// safe for concurrent use. An error means that nothing could be found out;
	// see Options.Strict.
	Take(ctx context.Context, key string) (Result, error)
}

// Result is what became of a request.
type Result struct {
	Allowed bool
	// Limit is the number of requests that may come at once after a pause,
	// Remaining how many of them are left.
	Limit, Remaining int
	// RetryAfter is when the next request may come; 0 if one may now.
	RetryAfter time.Duration
	// Reset is when everything that was used up is there again.
	Reset time.Duration
}

// New makes a middleware that limits the rate of requests. One that is over the
// limit is answered with 429, as a problem object, and Retry-After. A WebSocket
// counts once, at its handshake.
//
// The error tells everything that is wrong with the options.
func New(opts Options) (func(http.Handler) http.Handler, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	l := newLimit(opts)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if l.pass(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}, nil
}

// Must is [New] for options that stand in the source. It panics where New
// returns an error.
func Must(opts Options) func(http.Handler) http.Handler {
	m, err := New(opts)
	if err != nil {
		panic(err)
	}
	return m
}

// check finds all mistakes.
func (o *Options) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("ratelimit: "+format, args...)) }
	if o.Limiter == nil {
		if o.Limit <= 0 {
			fail("Limit is %d; it must be positive", o.Limit)
		}
		if o.Window <= 0 {
			fail("Window is %v; it must be positive", o.Window)
		}
	}
	if o.Burst < 0 {
		fail("Burst is %d; 0 means Limit", o.Burst)
	}
	if o.Headers > None {
		fail("there is no Headers(%d)", o.Headers)
	}
	for _, b := range []byte(o.Name) {
		if b < ' ' || b > '~' || b == '"' || b == '\\' {
			fail("Name %q must be printable ASCII without quotes and backslashes", o.Name)
			break
		}
	}
	return errors.Join(errs...)
}

// limit is Options with defaults.
type limit struct {
	limiter Limiter
	key     func(*http.Request) string
	headers Headers
	strict  bool
	logger  *slog.Logger

	policy []string // RateLimit-Policy; nil if not known
	name   string   // as a string of structured fields
}

func newLimit(o Options) *limit {
	l := &limit{limiter: o.Limiter, key: o.Key, headers: o.Headers, strict: o.Strict, logger: o.Logger}
	if l.key == nil {
		l.key = ByIP
	}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	if l.limiter == nil {
		l.limiter = NewMemory(o.Limit, o.Window, o.Burst, o.MaxKeys)
	}
	if o.Name == "" {
		o.Name = "default"
	}
	l.name = `"` + o.Name + `"`
	if o.Limit > 0 && o.Window > 0 {
		l.policy = []string{l.name + ";q=" + strconv.Itoa(o.Limit) + ";w=" + seconds(o.Window)}
	}
	return l
}

// pass reports whether a request may pass, and otherwise answers it.
func (l *limit) pass(w http.ResponseWriter, r *http.Request) bool {
	key := l.key(r)
	if key == "" {
		return true
	}
	res, err := l.limiter.Take(r.Context(), key)
	if err != nil {
		l.logger.LogAttrs(r.Context(), slog.LevelError, "the rate of requests is not limited",
			slog.Any("error", err), slog.Bool("refused", l.strict))
		if l.strict {
			refuse(w, r, http.StatusServiceUnavailable, unavailable)
		}
		return !l.strict
	}
	l.tell(w.Header(), &res)
	if !res.Allowed {
		// RFC 9110 section 10.2.3: whole seconds.
		w.Header()["Retry-After"] = []string{seconds(max(res.RetryAfter, time.Second))}
		refuse(w, r, http.StatusTooManyRequests, tooMany)
	}
	return res.Allowed
}

// tell sets the header fields about the limit.
func (l *limit) tell(h http.Header, res *Result) {
	switch l.headers {
	case Draft:
		if l.policy != nil {
			h["Ratelimit-Policy"] = l.policy
		}
		h["Ratelimit"] = []string{l.name + ";r=" + strconv.Itoa(res.Remaining) + ";t=" + seconds(res.Reset)}
	case Classic:
		h["Ratelimit-Limit"] = []string{strconv.Itoa(res.Limit)}
		h["Ratelimit-Remaining"] = []string{strconv.Itoa(res.Remaining)}
		h["Ratelimit-Reset"] = []string{seconds(res.Reset)}
	}
}

// seconds rounds up: who waits that long has waited long enough.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}

// The answers are made once, for they are sent when there is much to do.
var (
	tooMany     = problem(http.StatusTooManyRequests, "There are too many requests: see Retry-After.")
	unavailable = problem(http.StatusServiceUnavailable, "")
)

// problem is an application/problem+json (RFC 9457), of the form that Fogo's
// own errors have.
func problem(status int, detail string) []byte {
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", http.StatusText(status), status, detail})
	if err != nil {
		panic("ratelimit: bug: " + err.Error()) // strings and an int
	}
	return body
}

func refuse(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // there is nobody to tell
	}
}
