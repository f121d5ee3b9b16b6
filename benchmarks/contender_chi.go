package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// chiRouter is chi: handlers as for net/http, values of the request in its
// context.
type chiRouter struct{}

func (chiRouter) name() string         { return "chi" }
func (chiRouter) absent(string) string { return "" }

func (chiRouter) pathInts() (server, error) {
	h, r := newHand(false), chi.NewRouter()
	r.Get("/sum/{a}/{b}", func(w http.ResponseWriter, r *http.Request) {
		h.sum(w, chi.URLParam(r, "a"), chi.URLParam(r, "b"))
	})
	return server{net: r}, nil
}

func (chiRouter) query() (server, error) {
	r := chi.NewRouter()
	r.Get("/search", newHand(false).search)
	return server{net: r}, nil
}

func (chiRouter) body() (server, error) {
	r := chi.NewRouter()
	r.Post("/orders", newHand(false).order)
	return server{net: r}, nil
}

// Keys of values in a request's context.
type (
	traceKey   struct{}
	sessionKey struct{}
	userKey    struct{}
)

// Middleware for routers on net/http: each puts one value into the context.
func withTrace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), traceKey{}, newTrace(r.Header.Get("X-Request-Id")))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func withSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := newSession(r.Header.Get("Authorization"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, s)))
	})
}

func withUser(store *Store) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u, err := newUser(store, r.Context().Value(sessionKey{}).(*Session))
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, u)))
		})
	}
}

// meOf takes the values out of a context.
func meOf(ctx context.Context) Me {
	return me(ctx.Value(traceKey{}).(*Trace), ctx.Value(sessionKey{}).(*Session), ctx.Value(userKey{}).(*User))
}

func (chiRouter) scoped() (server, error) {
	h, r := newHand(false), chi.NewRouter()
	r.Use(withTrace, withSession, withUser(newStore()))
	r.Get("/me", func(w http.ResponseWriter, r *http.Request) { h.answer(w, meOf(r.Context())) })
	return server{net: r}, nil
}

func (chiRouter) class() (server, error) {
	g, r := &greeter{newHand(false), newPhrases()}, chi.NewRouter()
	// chi sets the request's PathValue too.
	r.Route("/greetings/{name}", func(r chi.Router) {
		r.Get("/", g.get)
		r.Post("/", g.post)
	})
	return server{net: r}, nil
}

func (chiRouter) routes(n int) (server, error) {
	h, r := newHand(false), chi.NewRouter()
	for i := range n {
		r.Get(fmt.Sprintf(routePattern, i), func(w http.ResponseWriter, r *http.Request) {
			h.item(w, chi.URLParam(r, "id"))
		})
	}
	return server{net: r}, nil
}
