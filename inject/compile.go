package inject

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/gofogo/fogo/internal/rules"
)

// ErrReported is returned by Compile for a program whose every problem was
// already reported for an earlier one: a provider that cannot be made is one
// problem, however many routes need it.
var ErrReported = errors.New("inject: the problems of the program are reported already")

// Compile compiles the calls of a route. The error joins one *Problem for each
// function that something is wrong with.
func (a *Assembly) Compile(spec Spec) (*Program, error) {
	if spec.Binder == nil {
		spec.Binder = Plain()
	}
	c := &compiler{a: a, spec: spec, nodes: map[any]*node{}, bound: map[*Function]*bound{}}
	return c.compile()
}

// compiler compiles one program. Nodes are the values that its calls need, each
// found once however many functions ask for it.
type compiler struct {
	a     *Assembly
	spec  Spec
	nodes map[any]*node // by provider, by type for extractors, by Binding.Key
	bound map[*Function]*bound
	chain []string // the providers being compiled, outermost first
	// single is true while a Singleton is compiled. What lives shorter than it
	// is a fault there, and is not looked into: it is bound on a route.
	single bool

	problems   []error
	suppressed bool // a problem was reported for an earlier program
}

// bound is a function with the nodes of its parameters, the receiver first.
type bound struct {
	fn     *Function
	params []Binding
	args   []*node
	rows   []Row
}

// node is one value of a program.
type node struct {
	typ      reflect.Type
	lifetime Lifetime
	what     string
	binding  *Binding   // for a value from a source
	parts    []part     // the components inside it
	provider *provider  // for a component that is made per call or connection
	cell     *singleton // for a Singleton
	extract  *bound     // for a type that extracts itself
	make     *bound     // the constructor's parameters
	slot     int        // in the scope's layout, -1 if not saved
}

type part struct {
	of     *node
	offset uintptr
}

func (c *compiler) compile() (*Program, error) {
	if !c.survey() {
		return nil, c.fail()
	}
	handlers := make([][]*bound, len(c.spec.Calls))
	for i, call := range c.spec.Calls {
		for _, fn := range call.functions() {
			handlers[i] = append(handlers[i], c.function(fn))
		}
	}
	c.routeFaults()
	for i := range c.spec.Calls {
		call := &c.spec.Calls[i]
		c.checkHold(call, handlers[i])
		if len(call.Faults) > 0 {
			b := c.bound[call.Handler]
			c.merge(&Problem{Route: c.spec.Route, Func: b.fn.String(), Rows: b.rows, Faults: call.Faults})
		}
	}
	if len(c.problems) > 0 || c.suppressed {
		return nil, c.fail()
	}
	return c.emit(handlers), nil
}

func (c *compiler) fail() error {
	if len(c.problems) == 0 {
		return ErrReported
	}
	return errors.Join(c.problems...)
}

// functions lists the call's functions in the order in which they run.
func (call *Call) functions() []*Function {
	fns := append([]*Function(nil), call.Guards...)
	if call.Handler != nil {
		fns = append(fns, call.Handler)
	}
	return fns
}

// function binds the parameters of fn and finds their nodes.
func (c *compiler) function(fn *Function) *bound {
	if b := c.bound[fn]; b != nil {
		return b
	}
	b := &bound{fn: fn}
	c.bound[fn] = b
	var faults []string
	b.params, faults = c.bind(fn)
	b.rows = rowsOf(fn, b.params)
	if len(faults) == 0 {
		for i := range b.params {
			n := c.param(fn, &b.params[i], fn.Type().In(i))
			b.args = append(b.args, n)
			if fault := c.captive(fn, n); fault != "" {
				faults = append(faults, fault)
			}
		}
	}
	if len(faults) > 0 {
		c.report(&Problem{Route: c.spec.Route, Func: fn.String(), Needed: c.needed(), Rows: b.rows, Faults: faults}, fn)
	}
	return b
}

// bind asks the binder, and puts the receiver before the parameters.
func (c *compiler) bind(fn *Function) ([]Binding, []string) {
	bs, faults := c.spec.Binder.Bind(fn, view{c.a, c.spec.Level})
	if fn.Receiver {
		receiver, more := c.spec.Binder.BindReceiver(fn, view{c.a, c.spec.Level})
		bs, faults = append([]Binding{receiver}, bs...), append(more, faults...)
	}
	return bs, faults
}

func rowsOf(fn *Function, bs []Binding) []Row {
	var rows []Row
	for i, b := range bs {
		if fn.Receiver && i == 0 {
			rows = append(rows, b.Fields...)
			continue
		}
		index := i + 1
		if fn.Receiver {
			index = i
		}
		source := b.Source
		if source == "" {
			source = "???"
		}
		rows = append(rows, Row{Index: fmt.Sprint(index), Type: rules.Reflect(fn.Type().In(i)).String(), Source: source})
		rows = append(rows, b.Fields...)
	}
	return rows
}

// param finds the node of one parameter.
func (c *compiler) param(fn *Function, b *Binding, t reflect.Type) *node {
	if b.Extract != nil {
		return c.extractor(t, b)
	}
	if b.Fill == nil && b.Fresh == nil && len(b.Parts) == 1 && b.Parts[0].Offset == 0 && b.Parts[0].Type == t {
		return c.component(t)
	}
	if n := c.nodes[b.Key]; b.Key != nil && n != nil {
		return n
	}
	n := &node{typ: t, lifetime: b.Lifetime, what: t.String() + " from " + b.Source, binding: b, slot: -1}
	if b.Key != nil {
		c.nodes[b.Key] = n
	}
	for _, p := range b.Parts {
		of := c.component(p.Type)
		n.parts = append(n.parts, part{of, p.Offset})
		if of.lifetime > n.lifetime && b.Fresh == nil {
			n.lifetime = of.lifetime
		}
	}
	if c.spec.Connection && n.lifetime > b.Lifetime && b.Lifetime == PerConnection && b.Fill != nil && b.Fresh == nil {
		c.split(n, b)
	}
	return n
}

// split makes a value of two lifetimes out of two nodes: what is read from a
// handshake is read there, once, and the components are put into a copy.
func (c *compiler) split(n *node, b *Binding) {
	read := *b
	read.Parts, read.Key = nil, nil
	base := &node{typ: n.typ, lifetime: b.Lifetime, what: n.what, binding: &read, slot: -1}
	n.binding = &Binding{Source: b.Source}
	n.parts = append([]part{{base, 0}}, n.parts...)
}

// extractor finds the node of a type that extracts itself. Its value lives as
// long as the shortest-lived thing that the method takes: on a socket, one that
// looks at the handshake only is extracted during the handshake.
func (c *compiler) extractor(t reflect.Type, b *Binding) *node {
	if n := c.nodes[t]; n != nil {
		return n
	}
	n := &node{typ: t, lifetime: b.Lifetime, what: t.String() + " (Extract)", binding: b, slot: -1}
	c.nodes[t] = n
	c.chain = append(c.chain, b.Extract.String())
	n.extract = c.function(b.Extract)
	c.chain = c.chain[:len(c.chain)-1]
	for _, arg := range n.extract.args {
		n.lifetime = max(n.lifetime, arg.lifetime)
	}
	return n
}

// component finds the node of a provided type. The binder found the provider,
// and the survey found no cycle.
func (c *compiler) component(t reflect.Type) *node {
	p := c.a.lookup(c.spec.Level, t)
	if p == nil {
		panic(fmt.Sprintf("bug: binder bound %s, which has no provider", t))
	}
	c.a.used[p] = true
	if n := c.nodes[p]; n != nil {
		return n
	}
	n := &node{typ: t, lifetime: p.lifetime, what: t.String() + " by " + p.String(), slot: -1}
	c.nodes[p] = n
	if c.single && p.lifetime != Singleton {
		return n
	}
	c.chain = append(c.chain, p.lifetime.String()+" "+p.String())
	if p.lifetime == Singleton {
		n.cell = c.a.singleton(p, c)
	} else {
		n.provider = p
		n.make = c.function(p.fn)
	}
	c.chain = c.chain[:len(c.chain)-1]
	return n
}

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

// singleton compiles the making of a Singleton, once per assembly.
func (a *Assembly) singleton(p *provider, by *compiler) *singleton {
	if s := a.singletons[p]; s != nil {
		by.suppressed = by.suppressed || s.broken
		return s
	}
	s := &singleton{p: p}
	a.singletons[p] = s
	if p.fn == nil {
		s.cell = cellOf(p.typ, p.value)
		return s
	}
	s.cell = cellOf(p.typ, reflect.Value{})
	c := &compiler{
		a: a, spec: Spec{Route: by.spec.Route, Level: p.level, Binder: a.opts.Neutral},
		nodes: map[any]*node{}, bound: map[*Function]*bound{}, chain: by.chain, single: true,
	}
	b := c.function(p.fn)
	by.problems = append(by.problems, c.problems...)
	by.suppressed = by.suppressed || c.suppressed
	if s.broken = len(c.problems) > 0 || c.suppressed; s.broken {
		return s
	}
	s.plan = c.emitSingleton(p, b)
	a.order = append(a.order, s)
	return s
}

// view answers a binder's questions for one level.
type view struct {
	a     *Assembly
	level *Injector
}

func (v view) Provided(t reflect.Type) string {
	if p := v.a.lookup(v.level, t); p != nil {
		return p.String()
	}
	return ""
}

func (v view) Known() []reflect.Type { return v.level.known() }
