package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/playground"
)

// fogoApp is this project.
type fogoApp struct{}

func (fogoApp) name() string         { return "fogo" }
func (fogoApp) absent(string) string { return "" }

// start makes the Singletons, so that no request does.
func (fogoApp) start(app *fogo.App) (server, error) {
	return server{net: app}, app.Start(context.Background())
}

func (f fogoApp) pathInts() (server, error) {
	app := fogo.New()
	app.Get("/sum/{a}/{b}", func(a, b int) Sum { return Sum{A: a, B: b, Sum: a + b} })
	return f.start(app)
}

func (f fogoApp) query() (server, error) {
	app := fogo.New()
	app.Get("/search", func(q resolve.Query[Search]) Found { return find(q.Value) })
	return f.start(app)
}

func (f fogoApp) body() (server, error) {
	app := fogo.New(playground.Validation())
	app.Post("/orders", func(o resolve.Body[Order]) Receipt { return buy(o.Value) })
	return f.start(app)
}

// denied is how a provider refuses a request.
func denied[T any](v T, err error) (T, error) {
	if err != nil {
		err = endpoint.NewError(http.StatusUnauthorized, "Sign in first.")
	}
	return v, err
}

func (f fogoApp) scoped() (server, error) {
	app := fogo.New()
	app.Provide(inject.Singleton, newStore)
	app.Provide(inject.PerCall, func(h http.Header) *Trace { return newTrace(h.Get("X-Request-Id")) })
	app.Provide(inject.PerCall, func(h http.Header) (*Session, error) { return denied(newSession(h.Get("Authorization"))) })
	app.Provide(inject.PerCall, func(store *Store, s *Session) (*User, error) { return denied(newUser(store, s)) })
	app.Get("/me", me)
	return f.start(app)
}

// Greetings is a class: a copy of it is made for each request.
type Greetings struct {
	Phrases *Phrases `inject:""`
}

// Get greets with the usual phrase.
func (g *Greetings) Get(name string) Greeting { return greet(g.Phrases.hello, name) }

// Post greets with a text.
func (g *Greetings) Post(name string, body resolve.Body[Hello]) Greeting {
	return greet(body.Value.Text, name)
}

func (f fogoApp) class() (server, error) {
	app := fogo.New()
	app.Provide(inject.Singleton, newPhrases)
	app.Endpoint("/greetings/{name}", Greetings{})
	return f.start(app)
}

func (f fogoApp) routes(n int) (server, error) {
	app := fogo.New()
	for i := range n {
		app.Get(fmt.Sprintf(routePattern, i), func(id int) Item { return Item{ID: id} })
	}
	return f.start(app)
}
