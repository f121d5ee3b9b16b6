package rules

import (
	"fmt"
	"slices"
)

// body is a parameter that reads the body or the message.
type body struct {
	param int
	what  string
	use   BodyUse
	// nested is true where an Extract method reads it, whose own faults say
	// what is wrong with that alone.
	nested bool
}

// fieldBody notes that field f of parameter i reads the body. All form fields
// of a struct are one form, which streams if one of them is a file.
func (b *binder) fieldBody(i int, f Binding, l leaf) {
	if f.Class == Wrapper || f.Source != Body && f.Source != Form {
		return
	}
	next := body{param: i, what: l.where()}
	if f.Shape == FileShape || f.Shape == FilesShape {
		next.use = Streams
	}
	if f.Source == Form {
		if b.env.Role != Fields && isWrapper(b.sig.In[i]) {
			return // the wrapper is the body
		}
		next.what = fmt.Sprintf("the form in %q", b.sig.In[i])
		same := slices.IndexFunc(b.bodies, func(o body) bool { return o.param == i && o.what == next.what })
		if same >= 0 {
			b.bodies[same].use = max(b.bodies[same].use, next.use)
			return
		}
	}
	b.bodies = append(b.bodies, next)
}

// useOf is what a form does with the body.
func useOf(fields []Binding) BodyUse {
	if slices.ContainsFunc(fields, func(f Binding) bool { return f.Shape == FileShape || f.Shape == FilesShape }) {
		return Streams
	}
	return Decodes
}

// checkBodies finds a second body, and a body where there should be none.
func (b *binder) checkBodies() {
	var first, bytes *body
	for n := range b.bodies {
		at := &b.bodies[n]
		b.checkMethod(at)
		switch {
		case at.use == Keeps && bytes == nil:
			bytes = at
		case at.use == Keeps:
		case first == nil:
			first = at
		default:
			b.fault(at.param, "%s reads the %s, which %s reads already: there is one; decode it once, into one type",
				at.what, b.bodyNoun(), first.what)
		}
	}
	if first != nil && bytes != nil && first.use == Streams {
		b.fault(bytes.param, "%s holds the bytes of the body, which %s reads as they arrive and nobody keeps: drop one of the two",
			bytes.what, first.what)
	}
	if b.env.Role == Handler && b.env.Protocol == HTTP {
		b.checkTaken(first, bytes)
	}
}

// checkTaken finds a body that something else on the route takes.
func (b *binder) checkTaken(first, bytes *body) {
	for _, c := range b.env.Taken {
		switch {
		case c.Var != "":
		case first != nil && c.Use == Keeps && first.use == Streams:
			b.fault(first.param, "%s reads the body as it arrives, but %s holds its bytes: drop one of the two", first.what, c.By)
		case first != nil && c.Use != Keeps && (c.Use == Streams || first.use == Streams):
			b.fault(first.param, "%s reads the body, which %s reads already: there is one; decode it in one of the two", first.what, c.By)
		case first != nil && c.Use != Keeps:
			b.fault(first.param, "%s reads the body, which %s reads already: there is one; decode it in one of the two, "+
				"or take \"resolve.RawBody\" in the other", first.what, c.By)
		case bytes != nil && c.Use == Streams:
			b.fault(bytes.param, "%s holds the bytes of the body, which %s reads as they arrive and nobody keeps: drop one of the two",
				bytes.what, c.By)
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
