// Package testprog is a small application that uses what the check of the hot
// path is about: every source of a parameter, every lifetime, a class, results
// of each kind, and a WebSocket that is called per message.
package testprog

import (
	"context"
	"errors"
	"net/http"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
)

type (
	// Sum is a result as JSON.
	Sum struct {
		A   int `json:"a"`
		B   int `json:"b"`
		Sum int `json:"sum"`
	}

	// Limit and Token are scalars that are named by their types.
	Limit int
	Token string
	Theme string

	store   struct{ users int }
	visit   struct{ store *store }
	session struct{ visit *visit }
)

// ErrTooMany is what listing fails with.
var ErrTooMany = errors.New("too many")

func add(a, b int) Sum { return Sum{A: a, B: b, Sum: a + b} }

func list(l resolve.Query[Limit], t resolve.Header[Token], c resolve.Cookie[Theme]) (Sum, error) {
	if l.Value > 100 {
		return Sum{}, ErrTooMany
	}
	return Sum{A: int(l.Value), B: len(t.Value), Sum: len(c.Value)}, nil
}

func created(b resolve.Body[Sum]) (endpoint.Status[Sum], error) {
	return endpoint.Status[Sum]{Code: http.StatusCreated, Body: b.Value}, nil
}

// Upload is a form with files.
type Upload struct {
	Title string         `form:"title" maxsize:"1KB"`
	File  resolve.File   `form:"file" maxsize:"100KB" accept:"image/*"`
	More  []resolve.File `form:"more"`
	Note  *resolve.File  `form:"note"`
}

func upload(u Upload) Sum { return Sum{A: len(u.Title), B: int(u.File.Size), Sum: len(u.More)} }

func parts(parts resolve.Parts) (Sum, error) {
	var s Sum
	for p, err := range parts {
		if err != nil {
			return s, err
		}
		s.A += len(p.Name)
	}
	return s, nil
}

func newStore() *store { return &store{users: 1} }

func newVisit(s *store) (*visit, func(), error) { return &visit{store: s}, func() {}, nil }

func newSession(v *visit) (*session, func(error) error, error) {
	return &session{visit: v}, func(err error) error { return err }, nil
}

func users(s *session, v *visit, st *store) string {
	if s.visit == v && v.store == st {
		return "the same"
	}
	return "others"
}

// Room is a class.
type Room struct {
	Store *store `inject:""`
	count int
}

// Get answers with what a fresh copy counts.
func (r *Room) Get(id int) Sum {
	r.count++
	return Sum{A: id, B: r.Store.users, Sum: r.count}
}

// Echo is the message of a socket.
type Echo struct {
	Text string `json:"text"`
}

func echo(m resolve.Message[Echo], s *session) (Echo, error) { return m.Value, nil }

// New makes the application and its Singletons.
func New() (*fogo.App, error) {
	app := fogo.New()
	app.Provide(inject.Singleton, newStore)
	app.Provide(inject.PerConnection, newVisit)
	app.Provide(inject.PerCall, newSession)
	app.Get("/sum/{a}/{b}", add)
	app.Get("/list", list)
	app.Post("/sums", created)
	app.Post("/uploads", upload)
	app.Post("/parts", parts)
	app.Get("/users", users)
	app.Endpoint("/rooms/{id}", Room{})
	app.WebSocket("/echo", echo)
	return app, app.Start(context.Background())
}
