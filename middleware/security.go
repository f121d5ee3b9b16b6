package middleware

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Omit as the value of a header in [SecurityOptions] leaves it out.
const Omit = "-"

// SecurityOptions are for [SecurityHeaders]. The zero value has the defaults
// that the fields tell; [Omit] leaves a header out.
type SecurityOptions struct {
	// FrameAncestors says who may show a page in a frame, as the sources of that
	// directive of Content-Security-Policy: "'none'" by default. It is added to
	// the policy unless that has one, and X-Frame-Options is derived from it
	// where that can say the same: DENY for 'none', SAMEORIGIN for 'self'.
	FrameAncestors string
	// ContentSecurityPolicy is the policy besides frame-ancestors; none by
	// default, for only the application knows what its pages load.
	ContentSecurityPolicy string
	// ReferrerPolicy is "strict-origin-when-cross-origin" by default.
	ReferrerPolicy string
	// PermissionsPolicy is not sent by default.
	PermissionsPolicy string
	// OpenerPolicy is Cross-Origin-Opener-Policy, "same-origin" by default.
	OpenerPolicy string
	// ResourcePolicy is Cross-Origin-Resource-Policy, "same-origin" by default.
	// It does not concern requests by CORS.
	ResourcePolicy string
	// EmbedderPolicy is Cross-Origin-Embedder-Policy, not sent by default.
	EmbedderPolicy string
	// HSTS is for how long browsers shall use nothing but TLS for the host, as
	// Strict-Transport-Security: one year by default, not at all if negative. It
	// is sent over TLS only, see [Scheme].
	HSTS time.Duration
	// HSTSSubdomains extends that to all subdomains.
	HSTSSubdomains bool
	// HSTSPreload asks for a place in the lists that browsers are shipped with,
	// from which there is no quick way back.
	HSTSPreload bool
}

// SecurityHeaders sets header fields that tell browsers to be careful, on every
// answer, before the handler runs: a handler may change or delete them.
// X-Content-Type-Options is always nosniff; the others are those of the options.
func SecurityHeaders(opts SecurityOptions) func(http.Handler) http.Handler {
	fields, hsts := opts.fields(), opts.hsts()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			for i := range fields {
				h[fields[i].name] = fields[i].value
			}
			// RFC 6797 section 7.2: an HSTS host must not include the field in
			// answers over insecure transport.
			if hsts != nil && Scheme(r) == "https" {
				h["Strict-Transport-Security"] = hsts
			}
			next.ServeHTTP(w, r)
		})
	}
}

// field is a header field whose value is shared by all answers. It has no room
// to grow, so appending copies it.
type field struct {
	name  string
	value []string
}

func (o SecurityOptions) fields() []field {
	ancestors := o.FrameAncestors
	if ancestors == "" {
		ancestors = "'none'"
		if hasDirective(o.ContentSecurityPolicy, "frame-ancestors") {
			ancestors = Omit
		}
	}
	all := []field{
		{"X-Content-Type-Options", noSniff},
		{"X-Frame-Options", []string{frameOptions(ancestors)}},
		{"Content-Security-Policy", []string{policy(o.ContentSecurityPolicy, ancestors)}},
		{"Referrer-Policy", []string{cmp.Or(o.ReferrerPolicy, "strict-origin-when-cross-origin")}},
		{"Permissions-Policy", []string{cmp.Or(o.PermissionsPolicy, Omit)}},
		{"Cross-Origin-Opener-Policy", []string{cmp.Or(o.OpenerPolicy, "same-origin")}},
		{"Cross-Origin-Resource-Policy", []string{cmp.Or(o.ResourcePolicy, "same-origin")}},
		{"Cross-Origin-Embedder-Policy", []string{cmp.Or(o.EmbedderPolicy, Omit)}},
	}
	var sent []field
	for _, f := range all {
		if f.value[0] != Omit {
			sent = append(sent, f)
		}
	}
	return sent
}

// frameOptions says what X-Frame-Options can say of frame-ancestors.
func frameOptions(ancestors string) string {
	switch ancestors {
	case "'none'":
		return "DENY"
	case "'self'":
		return "SAMEORIGIN"
	}
	return Omit
}

// policy adds frame-ancestors to a policy that lacks it.
func policy(p, ancestors string) string {
	p = strings.TrimRight(strings.TrimSpace(p), "; ")
	if p == Omit {
		p = ""
	}
	switch {
	case ancestors == Omit || hasDirective(p, "frame-ancestors"):
		return cmp.Or(p, Omit)
	case p == "":
		return "frame-ancestors " + ancestors
	}
	return p + "; frame-ancestors " + ancestors
}

func hasDirective(p, name string) bool {
	for d := range strings.SplitSeq(p, ";") {
		first, _, _ := strings.Cut(strings.TrimSpace(d), " ")
		if strings.EqualFold(first, name) {
			return true
		}
	}
	return false
}

func (o SecurityOptions) hsts() []string {
	if o.HSTS < 0 {
		return nil
	}
	age := cmp.Or(o.HSTS, 365*24*time.Hour)
	v := "max-age=" + strconv.FormatInt(int64(age/time.Second), 10)
	if o.HSTSSubdomains {
		v += "; includeSubDomains"
	}
	if o.HSTSPreload {
		v += "; preload"
	}
	return []string{v}
}
