package inject_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shop has a connection's providers that tell when they run.
type shop struct {
	journal
	n int
}

func (s *shop) session(id pathID, d *db) (*session, func(error) error) {
	s.n++
	s.add("make session %d", id)
	return &session{d}, func(err error) error { s.add("finish session: %v", err); return err }
}

func (s *shop) cart(x *session) (*cart, func()) {
	s.add("make cart")
	return &cart{x}, func() { s.add("release cart") }
}

func (s *shop) tx(c *cart) (*tx, func(error) error) {
	s.add("begin")
	return &tx{c.db}, func(err error) error { s.add("commit: %v", err); return err }
}

func (s *shop) level(t *testing.T) *inject.Injector {
	return level(t, singleton(newConfig), singleton(newDB), perConnection(s.session), perConnection(s.cart), perCall(s.tx))
}

func (s *shop) program(t *testing.T, connection bool) *inject.Program {
	in := s.level(t)
	return program(t, assemble(t, in), inject.Spec{
		Level: in, Binder: &fakeBinder{}, Connection: connection,
		Calls: []inject.Call{
			{Name: "handshake", Handler: handler(func() { s.add("connect") })},
			{Name: "message", Handler: handler(func(x *tx, c *cart, m message) error {
				s.add("message %s", m)
				if m == "fail" {
					return errors.New("failed")
				}
				return nil
			})},
			{Name: "close", Handler: handler(func(c *cart) { s.add("disconnect") })},
		},
	})
}

func TestConnectionScope(t *testing.T) {
	s := &shop{}
	p := s.program(t, true)
	scope := p.NewScope(t.Context)
	h := &fakeHost{id: 7, text: "one", ctx: t.Context()}
	require.NoError(t, run(p.Plan(0), h, scope))
	require.NoError(t, run(p.Plan(1), h, scope))
	h.text = "fail"
	require.EqualError(t, run(p.Plan(1), h, scope), "failed")
	require.NoError(t, run(p.Plan(2), h, scope))
	require.EqualError(t, scope.Close(t.Context(), errors.New("gone")), "gone")
	assert.Equal(t, []string{
		"make session 7", "make cart", "connect",
		"begin", "message one", "commit: <nil>",
		"begin", "message fail", "commit: failed",
		"disconnect",
		"finish session: gone", "release cart",
	}, s.lines, "finishers come before releases, each in reverse order")
	assert.NoError(t, scope.Close(t.Context(), nil), "closing again does nothing")
	assert.Len(t, s.lines, 12)
}

func TestScopeFinishedBeforeItIsClosed(t *testing.T) {
	s := &shop{}
	p := s.program(t, true)
	scope := p.NewScope(t.Context)
	require.NoError(t, run(p.Plan(0), &fakeHost{id: 7, ctx: t.Context()}, scope))
	s.lines = nil
	require.EqualError(t, scope.Finish(t.Context(), errors.New("gone")), "gone")
	assert.Equal(t, []string{"finish session: gone"}, s.lines)
	require.EqualError(t, scope.Finish(t.Context(), errors.New("again")), "again")
	require.NoError(t, scope.Close(t.Context(), nil))
	assert.Equal(t, []string{"finish session: gone", "release cart"}, s.lines, "each runs once")
}

func TestScopesAreApart(t *testing.T) {
	s := &shop{}
	p := s.program(t, true)
	seen := map[*inject.Scope]*session{}
	for range 3 {
		scope := p.NewScope(t.Context)
		require.NoError(t, run(p.Plan(0), &fakeHost{}, scope))
		seen[scope] = nil
		require.NoError(t, scope.Close(t.Context(), nil))
	}
	assert.Equal(t, 3, s.n, "once for a connection")
}

// A handshake that fails half-way leaves what was made to Close.
func TestScopeOfAFailedHandshake(t *testing.T) {
	j := &journal{}
	refused := errors.New("refused")
	in := level(t, perConnection(func() (*session, func()) {
		return &session{}, func() { j.add("release session") }
	}), perConnection(func(*session) (*cart, func(), error) {
		return nil, func() { j.add("release of what was not made") }, refused
	}))
	p := program(t, assemble(t, in), inject.Spec{Level: in, Connection: true, Calls: []inject.Call{
		{Handler: handler(func() { t.Error("called") })}, {Handler: handler(handleCart)},
	}})
	scope := p.NewScope(t.Context)
	err := run(p.Plan(0), &fakeHost{}, scope)
	require.Equal(t, refused, err)
	require.Equal(t, refused, scope.Close(t.Context(), err))
	assert.Equal(t, []string{"release session"}, j.lines, "the clean-up of a constructor that failed is not called")
}

// What later calls need is read in the handshake, so that its faults answer the
// request, even if the handshake's own function does not take it.
func TestHandshakeReadsForLaterCalls(t *testing.T) {
	in := inject.New()
	connected := false
	p := program(t, assemble(t, in), inject.Spec{Level: in, Binder: &fakeBinder{}, Connection: true, Calls: []inject.Call{
		{Handler: handler(func() { connected = true })},
		{Handler: handler(func(id pathID, m message) { assert.Equal(t, pathID(5), id) })},
	}})
	scope := p.NewScope(t.Context)
	require.EqualError(t, run(p.Plan(0), &fakeHost{id: -1}, scope), "id is negative")
	assert.False(t, connected)

	scope = p.NewScope(t.Context)
	require.NoError(t, run(p.Plan(0), &fakeHost{id: 5}, scope))
	h := &fakeHost{id: 99, text: "m"}
	require.NoError(t, run(p.Plan(1), h, scope))
	assert.Equal(t, []string{"message", "check"}, h.reads, "the handshake's values are remembered")
}

func TestHandshakeWithoutFunction(t *testing.T) {
	s := &shop{}
	in := s.level(t)
	p := program(t, assemble(t, in), inject.Spec{Level: in, Binder: &fakeBinder{}, Connection: true, Calls: []inject.Call{
		{Name: "handshake"}, {Name: "message", Handler: handler(handleCart)},
	}})
	scope := p.NewScope(t.Context)
	require.NoError(t, run(p.Plan(0), &fakeHost{id: 1}, scope))
	require.NoError(t, run(p.Plan(1), &fakeHost{id: 1}, scope))
	assert.Equal(t, []string{"make session 1", "make cart"}, s.lines)
	require.NoError(t, scope.Close(t.Context(), nil))
}

// Over HTTP a call is a connection of its own.
func TestPerConnectionWithoutConnection(t *testing.T) {
	s := &shop{}
	p := s.program(t, false)
	for id := 1; id <= 2; id++ {
		require.NoError(t, run(p.Plan(1), &fakeHost{id: id, text: "m", ctx: t.Context()}, nil))
	}
	assert.Equal(t, []string{
		"make session 1", "make cart", "begin", "message m", "commit: <nil>", "finish session: <nil>", "release cart",
		"make session 2", "make cart", "begin", "message m", "commit: <nil>", "finish session: <nil>", "release cart",
	}, s.lines)
}

// A PerConnection provider must not keep the context of the handshake, which
// ends when the handshake is answered.
func TestContextOfPerConnectionProviders(t *testing.T) {
	type key string
	name := func(ctx context.Context) any { return ctx.Value(key("of")) }
	of := func(what string) context.Context { return context.WithValue(t.Context(), key("of"), what) }
	var wide, narrow any
	in := level(t,
		perConnection(func(ctx context.Context) *session { wide = name(ctx); return nil }),
		perCall(func(ctx context.Context, _ *session) *cart { narrow = name(ctx); return nil }))
	spec := inject.Spec{Level: in, Connection: true, Calls: []inject.Call{{Handler: handler(handleCart)}}}
	p := program(t, assemble(t, in), spec)
	scope := p.NewScope(func() context.Context { return of("connection") })
	require.NoError(t, run(p.Plan(0), &fakeHost{ctx: of("call")}, scope))
	assert.Equal(t, []any{"connection", "call"}, []any{wide, narrow})

	spec.Connection = false
	p, err := assemble(t, in).Compile(spec)
	require.NoError(t, err)
	require.NoError(t, run(p.Plan(0), &fakeHost{ctx: of("call")}, nil))
	assert.Equal(t, []any{"call", "call"}, []any{wide, narrow})
}

func (c *class) Connect(id pathID) error {
	c.own += "+connect"
	if c.id != id {
		return errors.New("the field is not filled")
	}
	return nil
}

func (c *class) Receive(m message) (string, *class) {
	c.own += "+" + string(m)
	return c.own, c
}

func TestClassOfAConnection(t *testing.T) {
	in := level(t, singleton(newConfig), singleton(newDB), perConnection(newSession), perConnection(newCart))
	p := program(t, assemble(t, in), inject.Spec{
		Route: "WEBSOCKET /{id}", Level: in, Binder: &fakeBinder{class: inject.PerConnection}, Connection: true,
		Calls: []inject.Call{{Name: "handshake", Handler: method((*class).Connect)}, {Name: "message", Handler: method((*class).Receive)}},
	})
	t.Run("dump", func(t *testing.T) { golden(t, dump(p, "handshake", "message")) })
	scope := p.NewScope(t.Context)
	h := &fakeHost{id: 3, text: "a", ctx: t.Context()}
	require.NoError(t, run(p.Plan(0), h, scope))
	var own string
	for range 2 {
		r := p.Plan(1).Begin(h.ctx, h, scope)
		require.NoError(t, r.Do())
		own = r.Result(0).Box(reflect.TypeFor[string]()).(string)
		r.End()
	}
	assert.Equal(t, "prototype+connect+a+a", own, "fields keep their state between the calls of a connection")
	require.NoError(t, scope.Close(t.Context(), nil))
}

func TestClassOfACall(t *testing.T) {
	in := level(t, singleton(newConfig), singleton(newDB), perCall(newSession), perCall(newCart))
	var kept []*class
	p := program(t, assemble(t, in), inject.Spec{
		Level: in, Binder: &fakeBinder{class: inject.PerCall},
		Calls: []inject.Call{{Handler: method(func(c *class) { kept = append(kept, c) })}},
	})
	for id := 1; id <= 3; id++ {
		require.NoError(t, run(p.Plan(0), &fakeHost{id: id, ctx: t.Context()}, nil))
	}
	for i, c := range kept {
		require.NotNil(t, c.cart)
		assert.Equal(t, pathID(i+1), c.id, "an instance that was kept is never used again")
		assert.Equal(t, "prototype", c.own)
	}
}

func TestClassThatKeepsTooLittle(t *testing.T) {
	in := level(t, singleton(newConfig), singleton(newDB), perConnection(newSession), perCall(newCart))
	golden(t, problem(t, in, inject.Spec{
		Route: "WEBSOCKET /x", Level: in, Binder: &fakeBinder{class: inject.PerConnection}, Connection: true,
		Calls: []inject.Call{{Name: "handshake"}, {Name: "message", Handler: method((*class).Receive)}},
	}))
}
