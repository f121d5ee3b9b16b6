package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-macaron/binding"
	"gopkg.in/macaron.v1"
)

// macaronMacaron is macaron without the middleware of Classic, with its
// renderer and its binding, which has rules of its own.
type macaronMacaron struct{}

func (macaronMacaron) name() string         { return "macaron" }
func (macaronMacaron) absent(string) string { return "" }

func (macaronMacaron) macaron() *macaron.Macaron {
	macaron.Env = macaron.PROD
	m := macaron.NewWithLogger(io.Discard)
	m.Use(macaron.Renderer())
	return m
}

// param parses a variable of the path; ParamsInt takes what is no integer for 0.
func (macaronMacaron) param(ctx *macaron.Context, name string) (int, bool) {
	n, err := strconv.Atoi(ctx.Params(":" + name))
	if err != nil {
		ctx.JSON(http.StatusBadRequest, err.Error())
	}
	return n, err == nil
}

func (m macaronMacaron) pathInts() (server, error) {
	s := m.macaron()
	s.Get("/sum/:a/:b", func(ctx *macaron.Context) {
		a, ok := m.param(ctx, "a")
		if !ok {
			return
		}
		b, ok := m.param(ctx, "b")
		if !ok {
			return
		}
		ctx.JSON(http.StatusOK, Sum{A: a, B: b, Sum: a + b})
	})
	return server{net: s}, nil
}

func (m macaronMacaron) query() (server, error) {
	s := m.macaron()
	s.Get("/search", binding.Form(Search{}), func(ctx *macaron.Context, q Search) { ctx.JSON(http.StatusOK, find(q)) })
	return server{net: s}, nil
}

// macaronOrder is Order with macaron's rules.
type macaronOrder struct {
	Customer string `json:"customer" binding:"Required;Email"`
	Item     string `json:"item" binding:"Required;MinSize(3);MaxSize(40)"`
	Quantity int    `json:"quantity" binding:"Range(1,100)"`
	Note     string `json:"note" binding:"MaxSize(200)"`
}

func (m macaronMacaron) body() (server, error) {
	s := m.macaron()
	s.Post("/orders", binding.Json(macaronOrder{}), func(ctx *macaron.Context, o macaronOrder, errs binding.Errors) {
		if len(errs) > 0 {
			ctx.JSON(http.StatusUnprocessableEntity, errs)
			return
		}
		ctx.JSON(http.StatusOK, buy(Order{Customer: o.Customer, Item: o.Item, Quantity: o.Quantity, Note: o.Note}))
	})
	return server{net: s}, nil
}

func (m macaronMacaron) scoped() (server, error) {
	srv := m.macaron()
	srv.Map(newStore())
	srv.Use(func(ctx *macaron.Context) { ctx.Map(newTrace(ctx.Req.Header.Get("X-Request-Id"))) })
	srv.Use(func(ctx *macaron.Context) {
		s, err := newSession(ctx.Req.Header.Get("Authorization"))
		if err != nil {
			ctx.JSON(http.StatusUnauthorized, err.Error())
			return
		}
		ctx.Map(s)
	})
	srv.Use(func(ctx *macaron.Context, store *Store, s *Session) {
		u, err := newUser(store, s)
		if err != nil {
			ctx.JSON(http.StatusUnauthorized, err.Error())
			return
		}
		ctx.Map(u)
	})
	srv.Get("/me", func(ctx *macaron.Context, t *Trace, s *Session, u *User) { ctx.JSON(http.StatusOK, me(t, s, u)) })
	return server{net: srv}, nil
}

type macaronGreeter struct{ phrases *Phrases }

func (g *macaronGreeter) get(ctx *macaron.Context) {
	ctx.JSON(http.StatusOK, greet(g.phrases.hello, ctx.Params(":name")))
}

func (g *macaronGreeter) post(ctx *macaron.Context, h Hello) {
	ctx.JSON(http.StatusOK, greet(h.Text, ctx.Params(":name")))
}

func (m macaronMacaron) class() (server, error) {
	s, g := m.macaron(), &macaronGreeter{newPhrases()}
	s.Get("/greetings/:name", g.get)
	s.Post("/greetings/:name", binding.Json(Hello{}), g.post)
	return server{net: s}, nil
}

func (m macaronMacaron) routes(n int) (server, error) {
	s := m.macaron()
	for i := range n {
		s.Get(colons(fmt.Sprintf(routePattern, i)), func(ctx *macaron.Context) {
			if id, ok := m.param(ctx, "id"); ok {
				ctx.JSON(http.StatusOK, Item{ID: id})
			}
		})
	}
	return server{net: s}, nil
}
