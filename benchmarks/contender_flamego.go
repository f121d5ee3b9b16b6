package main

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/flamego/binding"
	"github.com/flamego/flamego"
)

// flamegoFlame is flamego without the middleware of Classic, with its binding
// for forms and bodies and its renderer for JSON.
type flamegoFlame struct{}

func (flamegoFlame) name() string         { return "flamego" }
func (flamegoFlame) absent(string) string { return "" }

func (flamegoFlame) flame() *flamego.Flame {
	flamego.SetEnv(flamego.EnvTypeProd)
	f := flamego.New()
	f.Use(flamego.Renderer())
	return f
}

// param parses a variable of the path; flamego's ParamInt takes what is no
// integer for 0.
func (flamegoFlame) param(c flamego.Context, r flamego.Render, name string) (int, bool) {
	n, err := strconv.Atoi(c.Param(name))
	if err != nil {
		r.JSON(http.StatusBadRequest, err.Error())
	}
	return n, err == nil
}

func (f flamegoFlame) pathInts() (server, error) {
	s := f.flame()
	s.Get("/sum/{a}/{b}", func(c flamego.Context, r flamego.Render) {
		a, ok := f.param(c, r, "a")
		if !ok {
			return
		}
		b, ok := f.param(c, r, "b")
		if !ok {
			return
		}
		r.JSON(http.StatusOK, Sum{A: a, B: b, Sum: a + b})
	})
	return server{net: s}, nil
}

func (f flamegoFlame) query() (server, error) {
	s := f.flame()
	s.Get("/search", func(c flamego.Context, r flamego.Render) {
		r.JSON(http.StatusOK, find(Search{Q: c.Query("q"), Limit: c.QueryInt("limit"), Page: c.QueryInt("page"), Exact: c.QueryBool("exact")}))
	})
	return server{net: s}, nil
}

func (f flamegoFlame) body() (server, error) {
	s := f.flame()
	s.Post("/orders", binding.JSON(Order{}), func(r flamego.Render, o Order, errs binding.Errors) {
		if len(errs) > 0 {
			r.JSON(http.StatusBadRequest, errs[0].Err.Error())
			return
		}
		r.JSON(http.StatusOK, buy(o))
	})
	return server{net: s}, nil
}

func (f flamegoFlame) scoped() (server, error) {
	srv := f.flame()
	srv.Map(newStore())
	srv.Use(
		func(c flamego.Context) { c.Map(newTrace(c.Request().Header.Get("X-Request-Id"))) },
		func(c flamego.Context, r flamego.Render) {
			s, err := newSession(c.Request().Header.Get("Authorization"))
			if err != nil {
				r.JSON(http.StatusUnauthorized, err.Error())
				return
			}
			c.Map(s)
		},
		func(c flamego.Context, r flamego.Render, store *Store, s *Session) {
			u, err := newUser(store, s)
			if err != nil {
				r.JSON(http.StatusUnauthorized, err.Error())
				return
			}
			c.Map(u)
		},
	)
	srv.Get("/me", func(r flamego.Render, t *Trace, s *Session, u *User) { r.JSON(http.StatusOK, me(t, s, u)) })
	return server{net: srv}, nil
}

type flamegoGreeter struct{ phrases *Phrases }

func (g *flamegoGreeter) get(c flamego.Context, r flamego.Render) {
	r.JSON(http.StatusOK, greet(g.phrases.hello, c.Param("name")))
}

func (g *flamegoGreeter) post(c flamego.Context, r flamego.Render, h Hello) {
	r.JSON(http.StatusOK, greet(h.Text, c.Param("name")))
}

func (f flamegoFlame) class() (server, error) {
	s, g := f.flame(), &flamegoGreeter{newPhrases()}
	s.Get("/greetings/{name}", g.get)
	s.Post("/greetings/{name}", binding.JSON(Hello{}), g.post)
	return server{net: s}, nil
}

func (f flamegoFlame) routes(n int) (server, error) {
	s := f.flame()
	for i := range n {
		s.Get(fmt.Sprintf(routePattern, i), func(c flamego.Context, r flamego.Render) {
			if id, ok := f.param(c, r, "id"); ok {
				r.JSON(http.StatusOK, Item{ID: id})
			}
		})
	}
	return server{net: s}, nil
}
