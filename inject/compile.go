package inject

import (
	"errors"
	"fmt"
	"reflect"

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
