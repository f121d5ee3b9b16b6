package observe_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	store   struct{}
	session struct{ closed *list }
	broken  struct{}
	bad     struct{}
)

func registerProviders(app *fogo.App) {
	app.Provide(inject.Singleton, func() *store { return &store{} })
	app.Provide(inject.PerConnection, func(*store) (*session, func()) { return &session{}, func() {} })
	app.Provide(inject.PerCall, func(*session) *user { return &user{} })
	app.Provide(inject.PerCall, func(*user) (*broken, error) { return nil, errSecret })
	app.Provide(inject.PerCall, func(*user) *bad { panic("oops") })
	app.Get("/ok", func(*user, *session) {})
	app.Get("/fail", func(*broken) {})
	app.Get("/panic", func(*bad) {})
	app.Get("/later", func(*user) error { return errSecret })
	app.WebSocket("/echo", func(text ws.Text, _ *session, _ *user) string { return string(text) })
}

func TestProviders(t *testing.T) {
	s := serve(t, registerProviders)
	assert.Equal(t, []string{"made Singleton *observe_test.store ok, <nil>"}, s.all())
	const (
		made  = "made PerConnection *observe_test.session ok, call"
		user  = "made PerCall *observe_test.user ok, call"
		store = "made PerConnection *observe_test.session ok, call"
	)
	for target, want := range map[string][]string{
		"/ok":    {made, user},
		"/fail":  {made, user, "made PerCall *observe_test.broken failed, call secret"},
		"/panic": {made, user, "made PerCall *observe_test.bad panic, call panic oops, stack true"},
		"/later": {made, user},
	} {
		s.clear()
		s.do("GET", target)
		s.wait(t, 2+len(want))
		assert.Equal(t, want, only("made", s.all()), target)
	}
	s.clear()
	c, err := s.dial("/echo")
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, c.SendText("x"))
		hear(t, c)
	}
	require.NoError(t, c.Close(1000))
	s.wait(t, 11)
	perMessage := "made PerCall *observe_test.user ok, message"
	assert.Equal(t, []string{store, perMessage, perMessage}, only("made", s.all()))
}

// only are the lines of one event.
func only(event string, lines []string) []string {
	var out []string
	for _, l := range lines {
		if strings.HasPrefix(l, event) {
			out = append(out, l)
		}
	}
	return out
}

// Without an observer of providers plans have no steps for one.
func TestPlansWithoutSteps(t *testing.T) {
	dump := func(opts ...fogo.Option) string {
		app := fogo.New(opts...)
		registerProviders(app)
		var b strings.Builder
		for _, r := range app.Routes() {
			for i := range r.Program.Tables() {
				b.WriteString(r.Program.Plan(i).Dump())
			}
		}
		require.NotEmpty(t, b.String(), "%v", app.Build())
		return b.String()
	}
	l := &list{}
	plain := dump()
	assert.Equal(t, plain, dump(fogo.WithObserver(calls{l}), fogo.WithObserver(messages{l}), fogo.WithObserver(connections{l})))
	watched := dump(fogo.WithObserver(providers{l}))
	assert.NotContains(t, plain, "watch")
	assert.Equal(t, strings.Count(plain, " provide "), strings.Count(watched, " watch "))
	assert.Equal(t, strings.Count(plain, " provide "), strings.Count(watched, " made "))
}

// order notes when it is asked.
type order struct {
	*list
	name string
}

func (o order) BeginCall(ctx context.Context, _ observe.Call) context.Context {
	o.note("begin %s, %v", o.name, ctx.Value(key{}))
	return context.WithValue(ctx, key{}, o.name)
}

func (o order) EndCall(ctx context.Context, _ observe.Call, _ observe.CallEnd) {
	o.note("end %s, %v", o.name, ctx.Value(key{}))
}

// Several observers stand around each other, and each ends with its context.
func TestSeveralObservers(t *testing.T) {
	l := &list{}
	s := serveWith(t, l, func(app *fogo.App) {
		app.Get("/x", func(ctx context.Context) string { return ctx.Value(key{}).(string) })
	}, fogo.WithObserver(order{l, "a"}), fogo.WithObserver(order{l, "b"}), fogo.WithObserver(order{l, "c"}))
	assert.Equal(t, 200, s.do("GET", "/x"))
	assert.Equal(t, []string{"begin a, <nil>", "begin b, a", "begin c, b", "end c, c", "end b, b", "end a, a"}, s.wait(t, 6))
}
