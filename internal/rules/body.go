package rules

import (
	"fmt"
	"slices"
)

// body is a parameter that reads the body or the message.
type body struct {
	param int
	what  string
	raw   bool // RawBody shares the bytes
	// nested is true where an Extract method reads it, whose own faults say
	// what is wrong with that alone.
	nested bool
}

// fieldBody notes that field f of parameter i reads the body. All form fields
// of a struct are one form.
func (b *binder) fieldBody(i int, f Binding, l leaf) {
	if f.Class == Wrapper || f.Source != Body && f.Source != Form {
		return
	}
	what := l.where()
	if f.Source == Form {
		if b.env.Role != Fields && isWrapper(b.sig.In[i]) {
			return // the wrapper is the body
		}
		what = fmt.Sprintf("the form in %q", b.sig.In[i])
		if slices.ContainsFunc(b.bodies, func(o body) bool { return o.param == i && o.what == what }) {
			return
		}
	}
	b.bodies = append(b.bodies, body{param: i, what: what})
}

// checkBodies finds a second body, and a body where there should be none.
func (b *binder) checkBodies() {
	var first *body
	for n := range b.bodies {
		at := &b.bodies[n]
		b.checkMethod(at)
		switch {
		case at.raw:
		case first == nil:
			first = at
		default:
			b.fault(at.param, "%s reads the %s, which %s reads already: there is one; decode it once, into one type",
				at.what, b.bodyNoun(), first.what)
		}
	}
	if first == nil || b.env.Role != Handler || b.env.Protocol != HTTP {
		return
	}
	for _, c := range b.env.Taken {
		if c.Var == "" {
			b.fault(first.param, "%s reads the body, which %s reads already: there is one; decode it in one of the two, "+
				"or take \"resolve.RawBody\" in the other", first.what, c.By)
		}
	}
}

func (b *binder) bodyNoun() string {
	if b.env.Protocol == Socket {
		return "message"
	}
	return "body"
}

// checkMethod: RFC 9110, 9.3.1: content in a GET request "has no generally
// defined semantics", and likewise for HEAD, DELETE and OPTIONS.
func (b *binder) checkMethod(at *body) {
	without := slices.Contains([]string{"GET", "HEAD", "DELETE", "OPTIONS"}, b.env.Method)
	if !without || b.env.AllowBody || b.env.Protocol != HTTP || at.nested {
		return
	}
	b.fault(at.param, "%s reads a body, which %s requests should not have: register the function for POST, PUT or PATCH, "+
		"or add the route option endpoint.AllowBody()", at.what, b.env.Method)
}
