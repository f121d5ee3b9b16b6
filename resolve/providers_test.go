package resolve_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Principal extracts itself from a header and a component.
type Principal struct {
	Name string
}

var errDenied = errors.New("denied")

func (p *Principal) Extract(ctx context.Context, tok resolve.Header[Token], s *service) error {
	if tok.Value == "bad" {
		return errDenied
	}
	p.Name = string(tok.Value) + "@" + s.name
	return ctx.Err()
}

// Tenant extracts itself from another type that does.
type Tenant struct{ Of string }

func (t *Tenant) Extract(p Principal, id UserID) error { t.Of = p.Name; return nil }

func TestExtractors(t *testing.T) {
	var got Principal
	var tenant Tenant
	r := site{pattern: "GET /users/{user_id}", providers: []provided{singleton(newService)},
		handler: func(tn Tenant, p Principal) { got, tenant = p, tn }}.serves(t)
	r.ok("/users/1", header("Token", "ann"))
	assert.Equal(t, "ann@svc", got.Name)
	assert.Equal(t, "ann@svc", tenant.Of)

	status, faults := r.wrong("/users/x")
	assert.Equal(t, 400, status)
	assert.ElementsMatch(t, []string{"header.Token is required", `path.user_id "x" is not an integer`}, faults)
	assert.Equal(t, errDenied, r.call(r.request("/users/1", []func(*http.Request){header("Token", "bad")})))
}

type (
	Chicken struct{}
	Egg     struct{}
	Narciss struct{}
	ByValue struct{}
)

func (*Chicken) Extract(Egg) error     { return nil }
func (*Egg) Extract(Chicken) error     { return nil }
func (*Narciss) Extract(Narciss) error { return nil }
func (ByValue) Extract() error         { return nil }

// A circle is an error of the build, and the build ends.
func TestExtractorCycles(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		site{pattern: "GET /", handler: func(Chicken) {}}.faults(t, "Chicken", "Egg", "cannot extract itself")
		site{pattern: "GET /", handler: func(Narciss) {}}.faults(t, "Narciss", "cannot extract itself")
		site{pattern: "GET /", providers: []provided{perCall(func(Egg) *service { return nil })}, handler: func(*service) {}}.
			faults(t, "cannot extract itself")
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the build does not end")
	}
}

// Caller and its provider need each other, through Extract.
type Caller struct{}

func (*Caller) Extract(*account) error { return nil }

type account struct{}

func TestCycleThroughAProvider(t *testing.T) {
	_, err := site{pattern: "GET /", providers: []provided{perCall(func(Caller) *account { return nil })},
		handler: func(Caller) {}}.build(t)
	require.ErrorContains(t, err, "cycle")
	assert.Len(t, inject.Problems(err), 1)
}

func TestNearExtractor(t *testing.T) {
	site{pattern: "GET /", handler: func(ByValue) {}}.faults(t, "does not extract itself")
}

// Each call extracts into memory of its own.
func TestExtractorsOfCallsAreApart(t *testing.T) {
	var kept []Principal
	r := site{pattern: "GET /", providers: []provided{singleton(newService)}, handler: func(p Principal) { kept = append(kept, p) }}.serves(t)
	r.ok("/", header("Token", "a"))
	r.ok("/", header("Token", "b"))
	assert.Equal(t, []string{"a@svc", "b@svc"}, []string{kept[0].Name, kept[1].Name})
}

// Profile is made by a provider that takes a variable by name.
type Profile struct{ ID UserID }

func profileOf(id UserID) *Profile { return &Profile{id} }

// A variable that a provider or guard takes by name is not left for positions.
func TestProvidersClaimVariables(t *testing.T) {
	var got []any
	r := site{pattern: "GET /{user_id}/{n}", providers: []provided{perCall(profileOf)},
		handler: func(p *Profile, n int) { got = []any{p.ID, n} }}.serves(t)
	r.ok("/7/8")
	assert.Equal(t, []any{UserID(7), 8}, got)

	r = site{pattern: "GET /{user_id}/{n}", guards: []any{func(id UserID) error {
		if id == 1 {
			return errDenied
		}
		return nil
	}}, handler: func(n int) { got = []any{n} }}.serves(t)
	r.ok("/7/8")
	assert.Equal(t, []any{8}, got)
	assert.Equal(t, errDenied, r.call(r.request("/1/8", nil)))

	site{pattern: "GET /{user_id}/{n}", handler: func(p int) {}}.faults(t, "/{user_id}/{n}")
}

// An override that takes other variables than what it overrides would move the
// handler's positions, and says so.
func TestOverrideThatMovesPositions(t *testing.T) {
	type N int
	anonymous := func() *Profile { return &Profile{} }
	ofN := func(n N) *Profile { return &Profile{UserID(n)} }
	handler := func(*Profile, int) {}
	site{pattern: "GET /{n}/{m}", providers: []provided{perCall(anonymous)}, inner: []provided{perCall(ofN)}, handler: handler}.
		faults(t, "takes {n} by name", "the provider it overrides does not")

	var got UserID
	r := site{pattern: "GET /{user_id}/{n}", providers: []provided{perCall(profileOf)}, inner: []provided{perCall(anonymous)},
		handler: func(p *Profile, n int) { got = UserID(n) }}.serves(t)
	r.ok("/7/8")
	assert.Equal(t, UserID(8), got, "what is overridden keeps its claims, so nothing moves")

	r = site{pattern: "GET /{user_id}/{n}", providers: []provided{perCall(profileOf)}, replace: []reflect.Value{reflect.ValueOf(&Profile{3})},
		handler: func(p *Profile, n int) { got = p.ID + UserID(n) }}.serves(t)
	r.ok("/7/8")
	assert.Equal(t, UserID(11), got, "a test's replacement, too")
}

// What a Singleton would keep of a request is one problem and not two.
func TestSingletonsKnowNoRequest(t *testing.T) {
	_, err := site{pattern: "GET /{user_id}",
		providers: []provided{perCall(profileOf), singleton(func(*Profile) *service { return nil })},
		handler:   func(*service, UserID) {}}.build(t)
	require.Error(t, err)
	assert.Len(t, inject.Problems(err), 1, "%v", err)
	assert.ErrorContains(t, err, "a Singleton value would keep")
	site{pattern: "GET /", providers: []provided{singleton(func(*http.Request) *service { return nil })}, handler: func(*service) {}}.
		faults(t, "Singleton")
}

func TestNothingTakesTheVariable(t *testing.T) {
	site{pattern: "GET /{id}", handler: func() {}}.faults(t, "{id}")
	site{pattern: "GET /{id}", spec: resolve.RouteSpec{Ignore: []string{"id"}}, handler: func() {}}.serves(t).ok("/1")
}
