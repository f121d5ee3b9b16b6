package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-fuego/fuego"
	"github.com/go-fuego/fuego/option"
)

// fuegoServer is fuego over http.ServeMux, without its request log and without
// serving its OpenAPI document. It validates with go-playground/validator.
type fuegoServer struct{}

func (fuegoServer) name() string         { return "fuego" }
func (fuegoServer) absent(string) string { return "" }

func (fuegoServer) server() *fuego.Server {
	return fuego.NewServer(
		fuego.WithoutStartupMessages(),
		fuego.WithLogHandler(slog.DiscardHandler),
		fuego.WithLoggingMiddleware(fuego.LoggingConfig{DisableRequest: true, DisableResponse: true}),
		fuego.WithEngineOptions(fuego.WithOpenAPIConfig(fuego.OpenAPIConfig{Disabled: true, DisableLocalSave: true})),
	)
}

func (f fuegoServer) pathInts() (server, error) {
	s := f.server()
	fuego.Get(s, "/sum/{a}/{b}", func(c fuego.ContextNoBody) (Sum, error) {
		a, err := c.PathParamIntErr("a")
		if err != nil {
			return Sum{}, err
		}
		b, err := c.PathParamIntErr("b")
		if err != nil {
			return Sum{}, err
		}
		return Sum{A: a, B: b, Sum: a + b}, nil
	})
	return server{net: s.Mux}, nil
}

func (f fuegoServer) query() (server, error) {
	s := f.server()
	fuego.Get(s, "/search", func(c fuego.ContextNoBody) (Found, error) {
		return find(Search{Q: c.QueryParam("q"), Limit: c.QueryParamInt("limit"), Page: c.QueryParamInt("page"), Exact: c.QueryParamBool("exact")}), nil
	},
		option.Query("q", "What to look for"),
		option.QueryInt("limit", "Results per page"),
		option.QueryInt("page", "Page"),
		option.QueryBool("exact", "No similar words"),
	)
	return server{net: s.Mux}, nil
}

func (f fuegoServer) body() (server, error) {
	s := f.server()
	fuego.Post(s, "/orders", func(c fuego.ContextWithBody[Order]) (Receipt, error) {
		o, err := c.Body()
		if err != nil {
			return Receipt{}, err
		}
		return buy(o), nil
	})
	return server{net: s.Mux}, nil
}

func (f fuegoServer) scoped() (server, error) {
	s := f.server()
	fuego.Use(s, withTrace, withSession, withUser(newStore()))
	fuego.Get(s, "/me", func(c fuego.ContextNoBody) (Me, error) { return meOf(c.Context()), nil })
	return server{net: s.Mux}, nil
}

type fuegoGreeter struct{ phrases *Phrases }

func (g *fuegoGreeter) get(c fuego.ContextNoBody) (Greeting, error) {
	return greet(g.phrases.hello, c.PathParam("name")), nil
}

func (g *fuegoGreeter) post(c fuego.ContextWithBody[Hello]) (Greeting, error) {
	h, err := c.Body()
	if err != nil {
		return Greeting{}, err
	}
	return greet(h.Text, c.PathParam("name")), nil
}

func (f fuegoServer) class() (server, error) {
	s, g := f.server(), &fuegoGreeter{newPhrases()}
	fuego.Get(s, "/greetings/{name}", g.get)
	fuego.Post(s, "/greetings/{name}", g.post)
	return server{net: s.Mux}, nil
}

func (f fuegoServer) routes(n int) (server, error) {
	s := f.server()
	for i := range n {
		fuego.Get(s, fmt.Sprintf(routePattern, i), func(c fuego.ContextNoBody) (Item, error) {
			id, err := c.PathParamIntErr("id")
			return Item{ID: id}, err
		})
	}
	return server{net: http.Handler(s.Mux)}, nil
}
