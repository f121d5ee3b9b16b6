package inject_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Named functions for dumps.

type (
	left  struct{ *db }
	right struct{ *db }
)

func newLeft(d *db) left                              { return left{d} }
func newRight(d *db) right                            { return right{d} }
func handleDiamond(context.Context, left, right, *db) {}
func connect(pathID) error                            { return nil }
func receive(*cart, message, pathID)                  {}
func disconnect(*session)                             {}
func guardID(pathID) error                            { return nil }
func sessionOfID(pathID) (*session, func())           { return &session{}, func() {} }
func userOfMessage(m message) user                    { return user(m) }
func handleMessage(pathID, user, *db) error           { return nil }
func handleParams(params) error                       { return nil }

// dump is the plans of a program under their names.
func dump(p *inject.Program, calls ...string) string {
	var b strings.Builder
	for i, name := range calls {
		b.WriteString(name + "\n" + p.Plan(i).Dump())
	}
	return b.String()
}

func connection(in *inject.Injector, b inject.Binder) inject.Spec {
	return inject.Spec{
		Route: "WEBSOCKET /carts/{id}", Level: in, Binder: b, Connection: true,
		Calls: []inject.Call{
			{Name: "handshake", Guards: []*inject.Function{guard(guardID)}, Handler: handler(connect)},
			{Name: "message", Handler: handler(receive)},
			{Name: "close", Handler: handler(disconnect)},
		},
	}
}

func TestPlanOfDiamond(t *testing.T) {
	in := level(t, singleton(newConfig), perCall(newDB), perCall(newLeft), perCall(newRight))
	p := program(t, assemble(t, in), route(in, "GET /x", handleDiamond))
	golden(t, dump(p, "call"))
	assert.Len(t, providersOf(p, 0), 3, "the top of the diamond is made once")
}

// The handshake makes and saves what later calls need; those load it and make
// nothing again.
func TestPlansOfConnection(t *testing.T) {
	in := level(t, perConnection(sessionOfID), perConnection(newCart))
	p := program(t, assemble(t, in), connection(in, &fakeBinder{}))
	t.Run("dump", func(t *testing.T) { golden(t, dump(p, "handshake", "message", "close")) })
	t.Run("explain", func(t *testing.T) {
		// How functions are called depends on the platform.
		golden(t, regexp.MustCompile(`called by .*`).ReplaceAllString(p.Explain(), "called by (way)"))
	})
	assert.Len(t, providersOf(p, 0), 2)
	assert.Empty(t, providersOf(p, 1))
	assert.Empty(t, providersOf(p, 2))
}

// Sources are read before the check, the check comes before the providers, and
// those before the handler.
func TestPlanOrder(t *testing.T) {
	in := level(t, singleton(newConfig), perCall(newDB), perCall(userOfMessage))
	spec := route(in, "POST /{id}", handleMessage)
	spec.Binder = &fakeBinder{}
	spec.Calls[0].Guards = []*inject.Function{guard(guardID)}
	p := program(t, assemble(t, in), spec)
	golden(t, dump(p, "call"))
}

func TestPlanOfParts(t *testing.T) {
	in := level(t, singleton(newConfig), perCall(newDB))
	spec := route(in, "GET /{id}", handleParams)
	spec.Binder = &fakeBinder{}
	golden(t, dump(program(t, assemble(t, in), spec), "call"))
}

func TestFaultsStopBeforeProviders(t *testing.T) {
	made := false
	in := level(t, perCall(func(m message) user { made = true; return user(m) }))
	spec := route(in, "POST /{id}", func(pathID, user) { t.Error("called") })
	spec.Binder = &fakeBinder{}
	p := program(t, assemble(t, in), spec)
	h := &fakeHost{id: -1}
	err := run(p.Plan(0), h, nil)
	assert.EqualError(t, err, "id is negative\nmessage is empty", "all faults of the call are told together")
	assert.False(t, made, "a provider never sees what could not be read")
	assert.Equal(t, []string{"id", "message", "check"}, h.reads)
}

func TestGuardsRunBeforeProvidersOfTheHandler(t *testing.T) {
	j := &journal{}
	denied := errors.New("denied")
	in := level(t, perCall(func() user { j.add("user"); return "u" }), perCall(func() *db { j.add("db"); return &db{} }))
	for _, tt := range []struct {
		name   string
		second error
		lines  []string
		want   error
	}{
		{"both pass", nil, []string{"user", "first", "second", "db", "handler"}, nil},
		{"the second denies", denied, []string{"user", "first", "second"}, denied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j.lines = nil
			spec := route(in, "GET /x", func(*db, user) { j.add("handler") })
			spec.Calls[0].Guards = []*inject.Function{
				guard(func(user) error { j.add("first"); return nil }),
				guard(func() error { j.add("second"); return tt.second }),
			}
			p := program(t, assemble(t, in), spec)
			assert.Equal(t, tt.want, run(p.Plan(0), &fakeHost{}, nil))
			assert.Equal(t, tt.lines, j.lines)
		})
	}
}

// A guard's source that fails keeps the handler's from being read.
func TestFaultsOfGuardsComeFirst(t *testing.T) {
	in := level(t)
	spec := route(in, "POST /{id}", func(message) { t.Error("called") })
	spec.Binder = &fakeBinder{}
	spec.Calls[0].Guards = []*inject.Function{guard(guardID)}
	h := &fakeHost{id: -1}
	assert.EqualError(t, run(program(t, assemble(t, in), spec).Plan(0), h, nil), "id is negative")
	assert.Equal(t, []string{"id", "check"}, h.reads)
}

func TestSourcesAreReadOnce(t *testing.T) {
	in := level(t, perCall(userOfMessage), perCall(func(m message) *db { return &db{config{string(m)}} }))
	spec := route(in, "POST /", func(u user, d *db, m message) string { return string(u) + d.cfg.name + string(m) })
	spec.Binder = &fakeBinder{}
	p := program(t, assemble(t, in), spec)
	h := &fakeHost{text: "a"}
	r := p.Plan(0).Begin(t.Context(), h, nil)
	require.NoError(t, r.Do())
	assert.Equal(t, []string{"message", "check"}, h.reads, "bindings with one key share a value")
	r.End()
}

func TestExtract(t *testing.T) {
	in := level(t, perCall(userOfMessage))
	var got []*claims
	spec := route(in, "POST /", func(c claims, again claims) {
		got = append(got, c.self)
		assert.Equal(t, "ann", c.name)
		assert.Equal(t, c, again, "extracted once for a call")
	})
	spec.Binder = &fakeBinder{}
	p := program(t, assemble(t, in), spec)
	t.Run("plan", func(t *testing.T) {
		golden(t, strings.ReplaceAll(dump(p, "call"), "TestExtract.func1", "handler"))
	})
	for range 2 {
		require.NoError(t, run(p.Plan(0), &fakeHost{text: "ann"}, nil))
	}
	assert.NotSame(t, got[0], got[1], "the method may keep its receiver: it is never used again")
	assert.Equal(t, "ann", got[0].name)
	assert.EqualError(t, run(p.Plan(0), &fakeHost{text: "eve"}, nil), "no eve")
}

// claims extracts itself, and keeps the address it was extracted at.
type claims struct {
	name string
	self *claims
}

func (c *claims) Extract(u user) error {
	if u == "eve" {
		return errors.New("no eve")
	}
	assertZero := c.name == "" && c.self == nil
	if !assertZero {
		return errors.New("the receiver is not new")
	}
	c.name, c.self = string(u), c
	return nil
}

func TestLoggerAndContextOfTheCall(t *testing.T) {
	in := inject.New()
	own := slog.New(slog.DiscardHandler)
	base := slog.New(slog.DiscardHandler)
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 1)
	a, err := inject.Assemble(in, inject.Options{Logger: base})
	require.NoError(t, err)
	var gotCtx context.Context
	var gotLog *slog.Logger
	p := program(t, a, route(in, "", func(c context.Context, l *slog.Logger) { gotCtx, gotLog = c, l }))
	for _, tt := range []struct {
		name string
		ctx  context.Context
		host any
		want context.Context
		log  *slog.Logger
	}{
		{"given", ctx, nil, ctx, base},
		{"given wins over the host's", ctx, &fakeHost{ctx: t.Context()}, ctx, base},
		{"made by the host", nil, &fakeHost{ctx: ctx, log: own}, ctx, own},
		{"none at all", nil, nil, context.Background(), base},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := p.Plan(0).Begin(tt.ctx, tt.host, nil)
			require.NoError(t, r.Do())
			r.End()
			assert.Equal(t, tt.want, gotCtx)
			assert.Same(t, tt.log, gotLog)
		})
	}
}

func TestRouteFaults(t *testing.T) {
	in := inject.New()
	b := &fakeBinder{done: []string{"the variable {n} is taken by nobody", "and more"}}
	spec := route(in, "GET /{n}", handleParams)
	spec.Binder = b
	add(t, in, singleton(newConfig), singleton(newDB))
	golden(t, problem(t, in, spec))
	assert.Equal(t, 1, b.reached)
}
