package main

import (
	stdjson "encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-playground/validator/v10"
	"github.com/goccy/go-json"
)

// netHTTP is net/http with handlers written by hand: http.ServeMux, the values
// parsed and the faults answered in the handler, the answer encoded into one
// slice and written once.
type netHTTP struct{ stdJSON bool }

func (h netHTTP) name() string {
	if h.stdJSON {
		return "net/http (encoding/json)"
	}
	return "net/http by hand"
}

func (netHTTP) absent(string) string { return "" }

// hand has what handlers written by hand share.
type hand struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
	validate  *validator.Validate
}

func newHand(std bool) *hand {
	h := &hand{marshal: json.Marshal, unmarshal: func(b []byte, v any) error { return json.Unmarshal(b, v) }}
	if std {
		h.marshal, h.unmarshal = stdjson.Marshal, stdjson.Unmarshal
	}
	h.validate = validator.New(validator.WithRequiredStructEnabled())
	return h
}

// answer writes a value as JSON.
func (h *hand) answer(w http.ResponseWriter, v any) {
	b, err := h.marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(b)
}

// sum answers with two texts of a path.
func (h *hand) sum(w http.ResponseWriter, textA, textB string) {
	a, err := strconv.Atoi(textA)
	if err != nil {
		http.Error(w, "a is not an integer", http.StatusBadRequest)
		return
	}
	b, err := strconv.Atoi(textB)
	if err != nil {
		http.Error(w, "b is not an integer", http.StatusBadRequest)
		return
	}
	h.answer(w, Sum{A: a, B: b, Sum: a + b})
}

func (h *hand) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s := Search{Q: q.Get("q")}
	var err error
	if s.Limit, err = strconv.Atoi(q.Get("limit")); err != nil {
		http.Error(w, "limit is not an integer", http.StatusBadRequest)
		return
	}
	if s.Page, err = strconv.Atoi(q.Get("page")); err != nil {
		http.Error(w, "page is not an integer", http.StatusBadRequest)
		return
	}
	if s.Exact, err = strconv.ParseBool(q.Get("exact")); err != nil {
		http.Error(w, "exact is not a bool", http.StatusBadRequest)
		return
	}
	h.answer(w, find(s))
}

// read decodes a body of at most 1 MiB.
func (h *hand) read(w http.ResponseWriter, r *http.Request, v any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		err = h.unmarshal(data, v)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

func (h *hand) order(w http.ResponseWriter, r *http.Request) {
	var o Order
	if !h.read(w, r, &o) {
		return
	}
	if err := h.validate.Struct(&o); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	h.answer(w, buy(o))
}

// greeter is a type with methods that are handlers.
type greeter struct {
	*hand
	phrases *Phrases
}

func (g *greeter) get(w http.ResponseWriter, r *http.Request) {
	g.answer(w, greet(g.phrases.hello, r.PathValue("name")))
}

func (g *greeter) post(w http.ResponseWriter, r *http.Request) {
	var hello Hello
	if g.read(w, r, &hello) {
		g.answer(w, greet(hello.Text, r.PathValue("name")))
	}
}

func (n netHTTP) pathInts() (server, error) {
	h, mux := newHand(n.stdJSON), http.NewServeMux()
	mux.HandleFunc("GET /sum/{a}/{b}", func(w http.ResponseWriter, r *http.Request) {
		h.sum(w, r.PathValue("a"), r.PathValue("b"))
	})
	return server{net: mux}, nil
}

func (n netHTTP) query() (server, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /search", newHand(n.stdJSON).search)
	return server{net: mux}, nil
}

func (n netHTTP) body() (server, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", newHand(n.stdJSON).order)
	return server{net: mux}, nil
}

func (n netHTTP) scoped() (server, error) {
	h, mux, store := newHand(n.stdJSON), http.NewServeMux(), newStore()
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		t := newTrace(r.Header.Get("X-Request-Id"))
		s, err := newSession(r.Header.Get("Authorization"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		u, err := newUser(store, s)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		h.answer(w, me(t, s, u))
	})
	return server{net: mux}, nil
}

func (n netHTTP) class() (server, error) {
	g, mux := &greeter{newHand(n.stdJSON), newPhrases()}, http.NewServeMux()
	mux.HandleFunc("GET /greetings/{name}", g.get)
	mux.HandleFunc("POST /greetings/{name}", g.post)
	return server{net: mux}, nil
}

func (n netHTTP) routes(count int) (server, error) {
	h, mux := newHand(n.stdJSON), http.NewServeMux()
	for i := range count {
		mux.HandleFunc("GET "+fmt.Sprintf(routePattern, i), func(w http.ResponseWriter, r *http.Request) {
			h.item(w, r.PathValue("id"))
		})
	}
	return server{net: mux}, nil
}

func (h *hand) item(w http.ResponseWriter, text string) {
	id, err := strconv.Atoi(text)
	if err != nil {
		http.Error(w, "id is not an integer", http.StatusBadRequest)
		return
	}
	h.answer(w, Item{ID: id})
}
