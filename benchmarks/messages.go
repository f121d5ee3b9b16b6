package main

import (
	"errors"
	"strings"
)

// What the HTTP scenarios read and answer. All contenders share these types,
// but for those whose validation has tags of its own.

// Sum is the answer of path-ints.
type Sum struct {
	A   int `json:"a"`
	B   int `json:"b"`
	Sum int `json:"sum"`
}

// Search is the query of query-struct, with the tags of everybody.
type Search struct {
	Q     string `json:"q" query:"q" form:"q" url:"q"`
	Limit int    `json:"limit" query:"limit" form:"limit" url:"limit"`
	Page  int    `json:"page" query:"page" form:"page" url:"page"`
	Exact bool   `json:"exact" query:"exact" form:"exact" url:"exact"`
}

// Found is the answer of query-struct.
type Found struct {
	Search Search `json:"search"`
	Offset int    `json:"offset"`
}

func find(s Search) Found { return Found{Search: s, Offset: (s.Page - 1) * s.Limit} }

// Order is the body of post-json. Its rules are those of
// go-playground/validator, which has a tag of its own in gin.
type Order struct {
	Customer string `json:"customer" validate:"required,email" binding:"required,email"`
	Item     string `json:"item" validate:"required,min=3,max=40" binding:"required,min=3,max=40"`
	Quantity int    `json:"quantity" validate:"gte=1,lte=100" binding:"gte=1,lte=100"`
	Note     string `json:"note" validate:"max=200" binding:"max=200"`
}

// Receipt is the answer of post-json.
type Receipt struct {
	Item  string `json:"item"`
	Total int    `json:"total"`
}

func buy(o Order) Receipt { return Receipt{Item: o.Item, Total: 7 * o.Quantity} }

// Trace, Session and User are made for each request of request-scope: the
// first from a header, the second from another, which may fail, the third from
// the second and a store that lives as long as the application.
type (
	Trace   struct{ ID string }
	Session struct{ Name string }
	User    struct {
		Name  string
		Admin bool
	}
	Store struct{ users map[string]bool }
)

var errDenied = errors.New("denied")

func newStore() *Store { return &Store{users: map[string]bool{"ada": true, "bob": false}} }

func newTrace(id string) *Trace { return &Trace{ID: id} }

func newSession(authorization string) (*Session, error) {
	name, ok := strings.CutPrefix(authorization, "Bearer token-")
	if !ok {
		return nil, errDenied
	}
	return &Session{Name: name}, nil
}

func newUser(store *Store, s *Session) (*User, error) {
	admin, ok := store.users[s.Name]
	if !ok {
		return nil, errDenied
	}
	return &User{Name: s.Name, Admin: admin}, nil
}

// Me is the answer of request-scope.
type Me struct {
	Trace   string `json:"trace"`
	Session string `json:"session"`
	User    string `json:"user"`
	Admin   bool   `json:"admin"`
}

func me(t *Trace, s *Session, u *User) Me {
	return Me{Trace: t.ID, Session: s.Name, User: u.Name, Admin: u.Admin}
}

// Phrases is what the class of class-view depends on.
type Phrases struct{ hello string }

func newPhrases() *Phrases { return &Phrases{hello: "Hello"} }

// Hello is the body of class-view's POST.
type Hello struct {
	Text string `json:"text"`
}

// Greeting is the answer of class-view.
type Greeting struct {
	Greeting string `json:"greeting"`
}

func greet(text, name string) Greeting { return Greeting{Greeting: text + ", " + name + "!"} }

// Item is the answer of the routes of growth.
type Item struct {
	ID int `json:"id"`
}
