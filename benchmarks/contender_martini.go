package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"

	"github.com/go-martini/martini"
	"github.com/go-playground/validator/v10"
	"github.com/martini-contrib/binding"
	"github.com/martini-contrib/render"
)

// martiniMartini is martini without the middleware of Classic, with the binding
// and the renderer of martini-contrib.
type martiniMartini struct{}

func (martiniMartini) name() string         { return "martini" }
func (martiniMartini) absent(string) string { return "" }

func (martiniMartini) martini() (martini.Router, *martini.Martini) {
	martini.Env = martini.Prod
	r, m := martini.NewRouter(), martini.New()
	m.Map(log.New(io.Discard, "", 0))
	m.Use(render.Renderer())
	m.MapTo(r, (*martini.Routes)(nil))
	m.Action(r.Handle)
	return r, m
}

// param parses a variable of the path.
func (martiniMartini) param(p martini.Params, r render.Render, name string) (int, bool) {
	n, err := strconv.Atoi(p[name])
	if err != nil {
		r.JSON(http.StatusBadRequest, err.Error())
	}
	return n, err == nil
}

func (m martiniMartini) pathInts() (server, error) {
	r, s := m.martini()
	r.Get("/sum/:a/:b", func(p martini.Params, r render.Render) {
		a, ok := m.param(p, r, "a")
		if !ok {
			return
		}
		b, ok := m.param(p, r, "b")
		if !ok {
			return
		}
		r.JSON(http.StatusOK, Sum{A: a, B: b, Sum: a + b})
	})
	return server{net: s}, nil
}

func (m martiniMartini) query() (server, error) {
	r, s := m.martini()
	r.Get("/search", binding.Form(Search{}), func(q Search, r render.Render) { r.JSON(http.StatusOK, find(q)) })
	return server{net: s}, nil
}

// martiniOrder is Order with a Validate method, which is how martini's binding
// is told more than what is required. It uses go-playground/validator.
type martiniOrder struct {
	Customer string `json:"customer" validate:"required,email" binding:"required"`
	Item     string `json:"item" validate:"required,min=3,max=40" binding:"required"`
	Quantity int    `json:"quantity" validate:"gte=1,lte=100"`
	Note     string `json:"note" validate:"max=200"`
}

var martiniValidate = validator.New(validator.WithRequiredStructEnabled())

// Validate implements binding.Validator.
func (o martiniOrder) Validate(errs binding.Errors, _ *http.Request) binding.Errors {
	if err := martiniValidate.Struct(&o); err != nil {
		errs.Add(nil, "validation", err.Error())
	}
	return errs
}

func (m martiniMartini) body() (server, error) {
	r, s := m.martini()
	r.Post("/orders", binding.Bind(martiniOrder{}), func(o martiniOrder, r render.Render) {
		r.JSON(http.StatusOK, buy(Order{Customer: o.Customer, Item: o.Item, Quantity: o.Quantity, Note: o.Note}))
	})
	return server{net: s}, nil
}

func (m martiniMartini) scoped() (server, error) {
	router, srv := m.martini()
	srv.Map(newStore())
	srv.Use(func(c martini.Context, req *http.Request) { c.Map(newTrace(req.Header.Get("X-Request-Id"))) })
	srv.Use(func(c martini.Context, req *http.Request, r render.Render) {
		s, err := newSession(req.Header.Get("Authorization"))
		if err != nil {
			r.JSON(http.StatusUnauthorized, err.Error())
			return
		}
		c.Map(s)
	})
	srv.Use(func(c martini.Context, store *Store, s *Session, r render.Render) {
		u, err := newUser(store, s)
		if err != nil {
			r.JSON(http.StatusUnauthorized, err.Error())
			return
		}
		c.Map(u)
	})
	router.Get("/me", func(t *Trace, s *Session, u *User, r render.Render) { r.JSON(http.StatusOK, me(t, s, u)) })
	return server{net: srv}, nil
}

type martiniGreeter struct{ phrases *Phrases }

func (g *martiniGreeter) get(p martini.Params, r render.Render) {
	r.JSON(http.StatusOK, greet(g.phrases.hello, p["name"]))
}

func (g *martiniGreeter) post(p martini.Params, h Hello, r render.Render) {
	r.JSON(http.StatusOK, greet(h.Text, p["name"]))
}

func (m martiniMartini) class() (server, error) {
	r, s := m.martini()
	g := &martiniGreeter{newPhrases()}
	r.Get("/greetings/:name", g.get)
	r.Post("/greetings/:name", binding.Bind(Hello{}), g.post)
	return server{net: s}, nil
}

func (m martiniMartini) routes(n int) (server, error) {
	r, s := m.martini()
	for i := range n {
		r.Get(colons(fmt.Sprintf(routePattern, i)), func(p martini.Params, r render.Render) {
			if id, ok := m.param(p, r, "id"); ok {
				r.JSON(http.StatusOK, Item{ID: id})
			}
		})
	}
	return server{net: s}, nil
}
