package rules_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/gofogo/fogo/internal/rules"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// pool is what random signatures are made of: some of every class, and of
// every way to miss one.
var pool = []rules.Type{
	typeOf[context.Context](), typeOf[*http.Request](), typeOf[http.ResponseWriter](), typeOf[resolve.RawBody](),
	typeOf[*ws.WebSocket](), typeOf[ws.Data](), typeOf[ws.Code](), typeOf[http.Request](),
	typeOf[resolve.Path[UserID]](), typeOf[resolve.Query[Page]](), typeOf[resolve.Query[Filter]](),
	typeOf[resolve.Body[Chat]](), typeOf[resolve.Form[SignUp]](), typeOf[resolve.Message[Chat]](),
	typeOf[resolve.Optional[*DB]](), typeOf[resolve.Optional[Page]](), typeOf[resolve.Query[resolve.Query[Page]]](),
	typeOf[Token](), typeOf[Session](), typeOf[Tenant](), typeOf[*Session](), typeOf[TwoResults](), typeOf[A](),
	typeOf[Paging](), typeOf[ListUsers](), typeOf[Upload](), typeOf[WrongVar](), typeOf[Stamped](), typeOf[*Paging](),
	typeOf[*DB](), typeOf[DB](), typeOf[Store](), typeOf[Limit](), typeOf[CurrentUser](), typeOf[*CurrentUser](),
	typeOf[int](), typeOf[string](), typeOf[UserID](), typeOf[OrderID](), typeOf[Page](), typeOf[Slug](), typeOf[UUID](),
	typeOf[ID[UserID]](), typeOf[ID[OrderID]](), typeOf[time.Time](), typeOf[netip.Addr](), typeOf[time.Duration](),
	typeOf[Chat](), typeOf[[]Chat](), typeOf[Stamp](), typeOf[[]int](), typeOf[Tags](), typeOf[[]byte](), typeOf[*int](),
	typeOf[resolve.Parts](), typeOf[resolve.File](), typeOf[resolve.Form[Avatar]](), typeOf[AvatarParams](), typeOf[FromParts](),
	typeOf[any](), typeOf[error](), typeOf[chan int](), typeOf[func()](), typeOf[complex128](), typeOf[struct{}](),
}

var routes = []string{
	"GET /x", "POST /x/{id}", "POST /{user_id}/{n}", "GET /{id}/{user_id}/{page}", "PUT /{tenant}/{limit:int}",
	"DELETE /{id:uuid}", "GET /{rest...}", "WS /x", "WS /{user_id}/{id}", "POST /{a}/{b}/{c}/{d}",
}

// randomCase is a signature on a route, with some types provided.
func randomCase(r *rand.Rand) (rules.Signature, row) {
	pick := func(n int) int { return r.IntN(n) }
	var sig rules.Signature
	for range pick(6) {
		sig.In = append(sig.In, pool[pick(len(pool))])
	}
	sig.Variadic = len(sig.In) > 0 && pick(20) == 0 && sig.In[len(sig.In)-1].Name() == "" && sig.In[len(sig.In)-1].Kind().String() == "slice"
	c := row{name: "main.f (main.go:1)", route: routes[pick(len(routes))]}
	roles := []rules.Role{rules.Handler, rules.Handler, rules.Hook, rules.Provider, rules.Guard, rules.Extract, rules.Fields}
	role := roles[pick(len(roles))]
	if role == rules.Fields && len(sig.In) != 1 {
		role = rules.Handler
	}
	c.with = append(c.with, as(role))
	for _, o := range []option{perMessage(), perMessage(), allowBody(), validation(), closing(), taken("id", "auth"), taken("", "cart")} {
		if pick(3) == 0 {
			c.with = append(c.with, o)
		}
	}
	for range pick(4) {
		c.with = append(c.with, provideType(pool[pick(len(pool))]))
	}
	return sig, c
}

// provideType registers a provider of a type that can be provided.
func provideType(made rules.Type) option {
	return func(e *rules.Env) {
		if rules.CheckProvided(made) != "" {
			return
		}
		provided, known := e.Provided, e.Known()
		e.Provided = func(t rules.Type) string {
			if t.Identical(made) {
				return "New (main.go:1)"
			}
			return provided(t)
		}
		e.Known = func() []rules.Type { return append(known[:len(known):len(known)], made) }
	}
}

// FuzzBind: Bind never panics, each parameter is bound or has a fault, and one
// provider more moves no parameter to another source.
func FuzzBind(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, seed*seed)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { checkRandom(t, rand.New(rand.NewPCG(a, b))) })
}

func TestBindRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		checkRandom(t, r)
		if t.Failed() {
			return
		}
	}
}

func checkRandom(t *testing.T, r *rand.Rand) {
	t.Helper()
	sig, c := randomCase(r)
	before := rules.Bind(sig, c.env())
	checkInvariants(t, c.route, sig, before)

	one := pool[r.IntN(len(pool))]
	if r.IntN(2) == 0 && len(sig.In) > 0 {
		one = sig.In[r.IntN(len(sig.In))] // a provider that matters
	}
	c.with = append(c.with, provideType(one))
	after := rules.Bind(sig, c.env())
	checkInvariants(t, c.route, sig, after)
	for i := range sig.In {
		if !mayBecome(before.Bindings[i], after.Bindings[i]) {
			t.Errorf("%s %v: a provider of %s moves parameter %d from %q to %q", c.route, sig.In, one, i, before.Bindings[i].Text, after.Bindings[i].Text)
		}
		if after.Bindings[i].Class == rules.Unknown && !faulty(after, i) {
			t.Errorf("%s %v: a provider of %s leaves parameter %d without a source or a fault", c.route, sig.In, one, i)
		}
	}
}

// mayBecome reports whether a new provider may change the first binding into
// the second: from no source to one, or into a fault. A scalar that had no
// source may find its variable once another parameter became a component.
func mayBecome(old, now rules.Binding) bool {
	switch {
	case old.Class == rules.Unknown || now.Class == rules.Unknown:
		return true
	case old.Class == rules.Component && old.Optional:
		return now.Class == rules.Component && now.Optional
	}
	return old.Class == now.Class && old.Source == now.Source && old.Name == now.Name && old.Var == now.Var
}
