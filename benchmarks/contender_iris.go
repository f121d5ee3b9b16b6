package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-playground/validator/v10"
	"github.com/kataras/iris/v12"
	"github.com/kataras/iris/v12/mvc"
)

// irisHero is iris with its dependency injection (hero, and mvc for the class).
type irisHero struct{}

func (irisHero) name() string         { return "iris hero" }
func (irisHero) absent(string) string { return "" }

func (irisHero) app() *iris.Application {
	app := iris.New()
	app.Logger().SetLevel("disable")
	return app
}

// built makes an application servable without a server of its own.
func (irisHero) built(app *iris.Application) (server, error) { return server{net: app}, app.Build() }

func (i irisHero) pathInts() (server, error) {
	app := i.app()
	app.ConfigureContainer().Get("/sum/{a:int}/{b:int}", func(a, b int) Sum { return Sum{A: a, B: b, Sum: a + b} })
	return i.built(app)
}

func (i irisHero) query() (server, error) {
	app := i.app()
	app.ConfigureContainer().Get("/search", func(s Search) Found { return find(s) })
	return i.built(app)
}

func (i irisHero) body() (server, error) {
	app := i.app()
	app.Validator = validator.New()
	app.ConfigureContainer().Post("/orders", func(o Order) Receipt { return buy(o) })
	return i.built(app)
}

func (i irisHero) scoped() (server, error) {
	app := i.app()
	api := app.ConfigureContainer()
	store := newStore()
	api.OnError(func(ctx iris.Context, err error) { ctx.StopWithError(http.StatusUnauthorized, err) })
	api.RegisterDependency(store)
	api.RegisterDependency(func(ctx iris.Context) *Trace { return newTrace(ctx.GetHeader("X-Request-Id")) })
	api.RegisterDependency(func(ctx iris.Context) (*Session, error) { return newSession(ctx.GetHeader("Authorization")) })
	api.RegisterDependency(func(ctx iris.Context, store *Store, s *Session) (*User, error) { return newUser(store, s) })
	api.Get("/me", me)
	return i.built(app)
}

// IrisGreeter is a controller of iris' mvc.
type IrisGreeter struct{ Phrases *Phrases }

// GetBy greets with the usual phrase.
func (g *IrisGreeter) GetBy(name string) Greeting { return greet(g.Phrases.hello, name) }

// PostBy greets with a text.
func (g *IrisGreeter) PostBy(name string, h Hello) Greeting { return greet(h.Text, name) }

func (i irisHero) class() (server, error) {
	app := i.app()
	m := mvc.New(app.Party("/greetings"))
	m.Register(newPhrases())
	m.Handle(new(IrisGreeter))
	return i.built(app)
}

func (i irisHero) routes(n int) (server, error) {
	app := i.app()
	api := app.ConfigureContainer()
	for k := range n {
		// iris takes the type of a variable from the path.
		api.Get(strings.Replace(fmt.Sprintf(routePattern, k), "{id}", "{id:int}", 1), func(id int) Item { return Item{ID: id} })
	}
	return i.built(app)
}
