package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// humaAPI is huma over http.ServeMux (humago). It validates by the schema
// that it makes of the tags. The $schema member that it adds to answers by
// default is turned off, since the answers are to be the same.
type humaAPI struct{}

func (humaAPI) name() string         { return "huma" }
func (humaAPI) absent(string) string { return "" }

func (humaAPI) api() (huma.API, server) {
	mux := http.NewServeMux()
	cfg := huma.DefaultConfig("Benchmarks", "1.0.0")
	cfg.CreateHooks = nil // adds $schema
	return humago.New(mux, cfg), server{net: mux}
}

// humaOut is a response with a body of type T.
type humaOut[T any] struct{ Body T }

func humaAnswer[T any](v T) (*humaOut[T], error) { return &humaOut[T]{v}, nil }

func (h humaAPI) pathInts() (server, error) {
	api, s := h.api()
	huma.Get(api, "/sum/{a}/{b}", func(_ context.Context, in *struct {
		A int `path:"a"`
		B int `path:"b"`
	}) (*humaOut[Sum], error) {
		return humaAnswer(Sum{A: in.A, B: in.B, Sum: in.A + in.B})
	})
	return s, nil
}

func (h humaAPI) query() (server, error) {
	api, s := h.api()
	huma.Get(api, "/search", func(_ context.Context, in *Search) (*humaOut[Found], error) {
		return humaAnswer(find(*in))
	})
	return s, nil
}

// humaOrder is Order with huma's rules.
type humaOrder struct {
	Customer string `json:"customer" format:"email"`
	Item     string `json:"item" minLength:"3" maxLength:"40"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"100"`
	Note     string `json:"note" maxLength:"200"`
}

func (h humaAPI) body() (server, error) {
	api, s := h.api()
	huma.Register(api, huma.Operation{Method: http.MethodPost, Path: "/orders", OperationID: "post-order", DefaultStatus: http.StatusOK},
		func(_ context.Context, in *struct{ Body humaOrder }) (*humaOut[Receipt], error) {
			o := in.Body
			return humaAnswer(buy(Order{Customer: o.Customer, Item: o.Item, Quantity: o.Quantity, Note: o.Note}))
		})
	return s, nil
}

func (h humaAPI) scoped() (server, error) {
	api, srv := h.api()
	store := newStore()
	refuse := func(ctx huma.Context, err error) {
		_ = huma.WriteErr(api, ctx, http.StatusUnauthorized, err.Error())
	}
	api.UseMiddleware(
		func(ctx huma.Context, next func(huma.Context)) {
			next(huma.WithValue(ctx, traceKey{}, newTrace(ctx.Header("X-Request-Id"))))
		},
		func(ctx huma.Context, next func(huma.Context)) {
			s, err := newSession(ctx.Header("Authorization"))
			if err != nil {
				refuse(ctx, err)
				return
			}
			next(huma.WithValue(ctx, sessionKey{}, s))
		},
		func(ctx huma.Context, next func(huma.Context)) {
			u, err := newUser(store, ctx.Context().Value(sessionKey{}).(*Session))
			if err != nil {
				refuse(ctx, err)
				return
			}
			next(huma.WithValue(ctx, userKey{}, u))
		},
	)
	huma.Get(api, "/me", func(ctx context.Context, _ *struct{}) (*humaOut[Me], error) { return humaAnswer(meOf(ctx)) })
	return srv, nil
}

type humaGreeter struct{ phrases *Phrases }

func (g *humaGreeter) get(_ context.Context, in *struct {
	Name string `path:"name"`
}) (*humaOut[Greeting], error) {
	return humaAnswer(greet(g.phrases.hello, in.Name))
}

func (g *humaGreeter) post(_ context.Context, in *struct {
	Name string `path:"name"`
	Body Hello
}) (*humaOut[Greeting], error) {
	return humaAnswer(greet(in.Body.Text, in.Name))
}

func (h humaAPI) class() (server, error) {
	api, s := h.api()
	g := &humaGreeter{newPhrases()}
	huma.Get(api, "/greetings/{name}", g.get)
	huma.Register(api, huma.Operation{Method: http.MethodPost, Path: "/greetings/{name}", OperationID: "post-greeting", DefaultStatus: http.StatusOK}, g.post)
	return s, nil
}

func (h humaAPI) routes(n int) (server, error) {
	api, s := h.api()
	for i := range n {
		huma.Get(api, fmt.Sprintf(routePattern, i), func(_ context.Context, in *struct {
			ID int `path:"id"`
		}) (*humaOut[Item], error) {
			return humaAnswer(Item{ID: in.ID})
		})
	}
	return s, nil
}
