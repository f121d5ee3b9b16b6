package resolve_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// site is one route under test: a handler with its providers and guards, built
// as an endpoint does it, without the endpoint.
type site struct {
	pattern   string // "GET /users/{id}"
	handler   any
	guards    []any
	providers []provided
	inner     []provided // on a level inside, where the route is
	cfg       resolve.Config
	spec      resolve.RouteSpec
	replace   []reflect.Value
}

type provided struct {
	lifetime    inject.Lifetime
	constructor any
}

func singleton(fn any) provided { return provided{inject.Singleton, fn} }
func perCall(fn any) provided   { return provided{inject.PerCall, fn} }

// route is a site that was built.
type route struct {
	t       *testing.T
	tree    pattern.Tree[int]
	program *inject.Program
	cfg     *resolve.Config
	method  string
}

func (s site) build(t *testing.T) (*route, error) {
	t.Helper()
	in := inject.New()
	level := in.Child()
	for _, p := range s.providers {
		require.NoError(t, in.Provide(p.lifetime, p.constructor))
	}
	for _, p := range s.inner {
		require.NoError(t, level.Provide(p.lifetime, p.constructor))
	}
	cfg := s.cfg.WithDefaults()
	a, err := inject.Assemble(in, inject.Options{Neutral: resolve.Neutral(&cfg), Replace: s.replace})
	require.NoError(t, err)
	p, err := pattern.Parse(s.pattern)
	require.NoError(t, err)
	s.spec.Pattern, s.spec.Method = p, p.Method()
	call := inject.Call{Handler: inject.NewFunction(reflect.ValueOf(s.handler), inject.RoleHandler)}
	for _, g := range s.guards {
		call.Guards = append(call.Guards, inject.NewFunction(reflect.ValueOf(g), inject.RoleGuard))
	}
	prog, err := a.Compile(inject.Spec{
		Route: s.pattern, Level: level, Binder: resolve.NewBinder(&cfg, s.spec), Calls: []inject.Call{call},
	})
	if err != nil {
		return nil, err
	}
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, a.Stop(t.Context())) })
	r := &route{t: t, program: prog, cfg: &cfg, method: p.Method()}
	require.NoError(t, r.tree.Add(p, 0))
	return r, nil
}

// serves builds a site that must be right.
func (s site) serves(t *testing.T) *route {
	t.Helper()
	r, err := s.build(t)
	require.NoError(t, err)
	return r
}

// faults builds a site that must be wrong, and looks for parts of what is said.
func (s site) faults(t *testing.T, parts ...string) {
	t.Helper()
	_, err := s.build(t)
	require.Error(t, err)
	for _, part := range parts {
		assert.ErrorContains(t, err, part)
	}
}

// call runs the plan for a request.
func (r *route) call(req *http.Request) error {
	r.t.Helper()
	var vars pattern.Values
	_, _, ok := r.tree.Match(req.Method, "", req.URL.EscapedPath(), &vars)
	require.True(r.t, ok, "%s %s does not match", req.Method, req.URL)
	c := &resolve.Call{Request: req, Writer: httptest.NewRecorder(), Vars: &vars}
	c.Configure(r.cfg)
	run := r.program.Plan(0).Begin(req.Context(), c, nil)
	defer run.End()
	return run.Finish(run.Do())
}

// ok calls with a request line such as "/users/7?limit=3" and a body, which
// must go well.
func (r *route) ok(target string, edit ...func(*http.Request)) {
	r.t.Helper()
	require.NoError(r.t, r.call(r.request(target, edit)))
}

// wrong calls with a request that has faults and lists them.
func (r *route) wrong(target string, edit ...func(*http.Request)) (status int, faults []string) {
	r.t.Helper()
	err := r.call(r.request(target, edit))
	var fs resolve.Faults
	require.ErrorAs(r.t, err, &fs)
	for _, f := range fs {
		faults = append(faults, f.Error())
	}
	return fs.StatusCode(), faults
}

func (r *route) request(target string, edit []func(*http.Request)) *http.Request {
	req := httptest.NewRequestWithContext(r.t.Context(), r.method, target, http.NoBody)
	for _, e := range edit {
		e(req)
	}
	return req
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func cookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}

func body(contentType, text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
	}
}

func jsonBody(text string) func(*http.Request) { return body("application/json", text) }
