package cors

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"
)

// DefaultMaxAge is how long a browser may remember the answer to a preflight
// where nothing else is configured.
const DefaultMaxAge = 10 * time.Minute

// Options are for [New]. Who is not named in them is not let in: one of Origins
// and Allow must be set.
type Options struct {
	// Origins may read answers: "https://example.com". "https://*.example.com"
	// are all subdomains, at any depth, "http://localhost:*" all ports, that of
	// the scheme among them, and "*" is everybody.
	Origins []string
	// Allow decides instead of Origins. It must look at nothing of the request but
	// what Vary names, which is the Origin, or caches give one's answer to another.
	// With Credentials, whom it lets in can act for the visitors of his page; "null"
	// is the origin of every sandboxed frame.
	Allow func(r *http.Request, origin string) bool
	// Methods of requests; GET, HEAD and POST by default. HEAD goes with GET.
	Methods []string
	// Headers that requests may have, besides Accept, Content-Type and
	// X-Requested-With. "*" are all.
	Headers []string
	// Exposed are the header fields of answers that scripts may read, besides
	// those that they always may.
	Exposed []string
	// Credentials lets requests have cookies and HTTP authentication. It cannot
	// go with the origin "*".
	Credentials bool
	// PrivateNetwork lets pages from the internet ask a server in a private network.
	PrivateNetwork bool
	// MaxAge is how long a browser may remember the answer to a preflight,
	// DefaultMaxAge by default, not at all if negative.
	MaxAge time.Duration
}

// New makes a middleware that lets pages of other origins read answers. It
// answers preflights itself, with 204: an OPTIONS request that has
// Access-Control-Request-Method. All others are passed on, those of foreign
// origins too: browsers withhold the answer, the server does not refuse.
//
// The error tells everything that is wrong with the options.
func New(opts Options) (func(http.Handler) http.Handler, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	c := cors.New(cors.Options{
		AllowedOrigins:             opts.origins(),
		AllowOriginVaryRequestFunc: opts.allow(),
		AllowedMethods:             opts.methods(),
		AllowedHeaders:             append([]string{"Accept", "Content-Type", "X-Requested-With"}, opts.Headers...),
		ExposedHeaders:             opts.Exposed,
		AllowCredentials:           opts.Credentials,
		AllowPrivateNetwork:        opts.PrivateNetwork,
		MaxAge:                     opts.maxAge(),
	})
	return c.Handler, nil
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

func (o *Options) allow() func(*http.Request, string) (bool, []string) {
	if o.Allow == nil {
		return nil
	}
	return func(r *http.Request, origin string) (bool, []string) { return o.Allow(r, origin), nil }
}

// maxAge is in seconds, rounded up; -1 stands for none at all.
func (o *Options) maxAge() int {
	age := cmp.Or(o.MaxAge, DefaultMaxAge)
	if age < 0 {
		return -1
	}
	return int((age + time.Second - 1) / time.Second)
}

func (o *Options) methods() []string {
	if len(o.Methods) == 0 {
		return []string{http.MethodGet, http.MethodHead, http.MethodPost}
	}
	if slices.Contains(o.Methods, http.MethodGet) {
		return append(slices.Clip(o.Methods), http.MethodHead)
	}
	return o.Methods
}

// origins adds, to those with any port, the one with the scheme's port, which
// browsers leave out.
func (o *Options) origins() []string {
	all := slices.Clone(o.Origins)
	for _, origin := range o.Origins {
		if plain, ok := strings.CutSuffix(origin, ":*"); ok {
			all = append(all, plain)
		}
	}
	return all
}

// check finds all mistakes.
func (o *Options) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("cors: "+format, args...)) }
	switch {
	case o.Allow == nil && len(o.Origins) == 0:
		fail(`no origin is allowed: set Origins or Allow; Origins: []string{"*"} is everybody`)
	case o.Allow != nil && len(o.Origins) > 0:
		fail("both Origins and Allow are set, and Allow would decide alone: set one")
	}
	for _, origin := range o.Origins {
		if origin == "*" {
			if o.Credentials {
				fail(`Credentials with the origin "*": browsers refuse that, and it would let every page act for its visitors; name the origins`)
			}
			continue
		}
		if err := checkOrigin(origin); err != nil {
			errs = append(errs, err)
		}
	}
	for _, m := range o.Methods {
		if !isToken(m) || m == "*" {
			fail("%q is no method; name each", m)
		}
	}
	if o.Credentials && slices.Contains(o.Exposed, "*") {
		fail(`Exposed "*" with Credentials: browsers take that for a header field of this name; name each`)
	}
	for _, h := range append(o.Headers[:len(o.Headers):len(o.Headers)], o.Exposed...) {
		if !isToken(h) {
			fail("%q is no name of a header field", h)
		}
	}
	return errors.Join(errs...)
}

// checkOrigin finds what would never match, or match more than it looks like.
func checkOrigin(origin string) error {
	bad := func(why string) error { return fmt.Errorf("cors: origin %q %s", origin, why) }
	if origin == "null" {
		return bad("is that of every sandboxed frame, whoever made it")
	}
	// A wildcard is replaced by what it may stand for, and the rest must be an
	// origin.
	plain := strings.Replace(origin, "://*.", "://x.", 1)
	subdomains := plain != origin
	if p, ok := strings.CutSuffix(plain, ":*"); ok && !subdomains {
		plain = p
	}
	if strings.Contains(plain, "*") {
		return bad(`may have one "*", in the place of the first labels, https://*.example.com, or of the port, http://localhost:*`)
	}
	u, err := url.Parse(plain)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Hostname() == "" {
		return bad(`is not of the form "https://example.com"`)
	}
	if u.Scheme+"://"+u.Host != plain {
		return bad(`has more than scheme, host and port: the origin is "` + u.Scheme + "://" + u.Host + `"`)
	}
	if port := defaultPorts[u.Scheme]; port != "" && u.Port() == port {
		return bad("never matches, for browsers leave the port of the scheme out: write \"" + strings.TrimSuffix(plain, ":"+port) + `"`)
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' }) {
		return bad("never matches, for browsers write such hosts in ASCII: xn--…")
	}
	if domain := strings.TrimPrefix(u.Hostname(), "x."); subdomains && !strings.Contains(domain, ".") && domain != "localhost" {
		return bad("would allow a whole top-level domain")
	}
	return nil
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for _, b := range []byte(s) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
