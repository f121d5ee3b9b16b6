package inject

import (
	"fmt"
	"strings"
)

// captive is the fault of a function whose value outlives one of its
// parameters, or of a class that outlives what one of its fields holds.
func (c *compiler) captive(fn *Function, n *node) string {
	if b := n.binding; b != nil && b.Fresh != nil {
		for _, p := range n.parts {
			if b.Lifetime.outlives(p.of.lifetime) {
				return fmt.Sprintf("a field of %s would keep %s, which lives %s; take it as a parameter of the methods that use it",
					b.Fresh, p.of.what, p.of.lifetime.phrase())
			}
		}
	}
	if !fn.Lifetime.outlives(n.lifetime) {
		return ""
	}
	return fmt.Sprintf("a %s value would keep %s, which lives %s; make the provider %s, or take what it needs where it is used",
		fn.Lifetime, n.what, n.lifetime.phrase(), n.lifetime)
}

func (l Lifetime) phrase() string {
	switch l {
	case PerConnection:
		return "no longer than its connection or request (PerConnection)"
	case PerCall:
		return "for one call (PerCall)"
	}
	return "as long as the application"
}

// routeFaults reports what is wrong with the route as a whole, in a block
// with the table of its handler.
func (c *compiler) routeFaults() {
	faults := c.spec.Binder.Done()
	if len(faults) == 0 {
		return
	}
	p := &Problem{Route: c.spec.Route, Faults: faults}
	for _, call := range c.spec.Calls {
		if call.Handler != nil {
			b := c.bound[call.Handler]
			p.Func, p.Rows = b.fn.String(), b.rows
			break
		}
	}
	c.merge(p)
}

// merge adds the faults to the handler's own block if it has one.
func (c *compiler) merge(p *Problem) {
	for _, err := range c.problems {
		if old := err.(*Problem); old.Func == p.Func && old.Needed == nil {
			old.Faults = append(old.Faults, p.Faults...)
			return
		}
	}
	c.problems = append(c.problems, p)
}

// report adds a problem. One of a provider is reported for the first route
// that needs it, unless the route itself is part of what is wrong.
func (c *compiler) report(p *Problem, fn *Function) {
	if fn.Role == RoleProvider {
		key := p.Func + "\n" + strings.Join(p.Faults, "\n")
		if c.a.reported[key] {
			c.suppressed = true
			return
		}
		c.a.reported[key] = true
	}
	c.problems = append(c.problems, p)
}

// needed is the chain that led to the function being compiled, which is its
// last element, innermost first.
func (c *compiler) needed() []string {
	var chain []string
	for i := len(c.chain) - 2; i >= 0; i-- {
		chain = append(chain, c.chain[i])
	}
	if len(c.chain) > 0 && c.spec.Route != "" {
		chain = append(chain, "the handlers of "+c.spec.Route)
	}
	return chain
}

// checkHold refuses a call that streams while it holds a resource that was
// made for one call.
func (c *compiler) checkHold(call *Call, fns []*bound) {
	if !call.Stream || c.spec.Hold {
		return
	}
	var held []string
	seen := map[*node]bool{}
	for _, b := range fns {
		c.held(b, seen, &held)
	}
	if len(held) == 0 {
		return
	}
	b := fns[len(fns)-1]
	fault := fmt.Sprintf("%s, so it would hold %s until the stream ends; say so with the route option inject.Hold, "+
		"make the provider PerConnection or Singleton, or take the resource only while it is used", call.StreamWhy, strings.Join(held, " and "))
	c.merge(&Problem{Route: c.spec.Route, Func: b.fn.String(), Rows: b.rows, Faults: []string{fault}})
}

// held collects the PerCall providers with a clean-up below b.
func (c *compiler) held(b *bound, seen map[*node]bool, held *[]string) {
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if p := n.provider; p != nil && p.lifetime == PerCall && p.shape.cleanup != noCleanup {
			*held = append(*held, fmt.Sprintf("%s of %s", p.typ, p))
		}
		for _, below := range []*bound{n.make, n.extract} {
			if below != nil {
				c.held(below, seen, held)
			}
		}
		for _, p := range n.parts {
			visit(p.of)
		}
	}
	for _, n := range b.args {
		visit(n)
	}
}
