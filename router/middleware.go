package router

import (
	"context"
	"net/http"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/internal/pattern"
)

// passage carries the result of matching through middleware, to the end of the
// chain, in the request's context. It is not pooled: a middleware may leave its
// next handler running when it returns, as http.TimeoutHandler does.
type passage struct {
	context.Context
	built *Built
	entry *entry // nil: see miss
	vals  pattern.Values
	miss  miss
}

// Value implements context.Context: the key is the Built, so that one mounted
// in another has its own.
func (p *passage) Value(key any) any {
	if key == any(p.built) {
		return p
	}
	return p.Context.Value(key)
}

// pass sends a matched request through the middleware.
func (b *Built) pass(w http.ResponseWriter, r *http.Request, p *passage) {
	p.Context, p.built = r.Context(), b
	r = r.WithContext(p)
	if b.root != nil {
		b.root.ServeHTTP(w, r)
		return
	}
	p.entry.chain.ServeHTTP(w, r)
}

// finish ends the passage: it serves the request or says why not.
func (p *passage) finish(w http.ResponseWriter, r *http.Request) {
	if p.entry != nil {
		p.entry.serve(w, r, &p.vals)
		return
	}
	p.built.answer(w, r, p.miss)
}

// afterRoot is what comes after the middleware for every request.
func (b *Built) afterRoot(w http.ResponseWriter, r *http.Request) {
	p := b.passage(w, r)
	if p == nil {
		return
	}
	if e := p.entry; e != nil && e.chain != nil {
		e.chain.ServeHTTP(w, r)
		return
	}
	p.finish(w, r)
}

// afterGroup is what comes after the middleware of a group.
func (b *Built) afterGroup(w http.ResponseWriter, r *http.Request) {
	if p := b.passage(w, r); p != nil {
		p.finish(w, r)
	}
}

// passage finds the result of matching, or answers 500.
func (b *Built) passage(w http.ResponseWriter, r *http.Request) *passage {
	p, ok := r.Context().Value(b).(*passage)
	if !ok {
		b.cfg.Answer(w, r, &endpoint.Error{Err: errLost})
		return nil
	}
	return p
}

// errLost tells whoever reads the log what a middleware did wrong.
const errLost = lost("router: a middleware passed on a request whose context does not come from the one it was given; use r.WithContext or r.Clone with r.Context()")

type lost string

func (l lost) Error() string { return string(l) }
