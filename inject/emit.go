package inject

// Emission turns the nodes of a call into steps, in two passes: first the steps
// with numbers of slots, then, when all slots are known and the layout is made,
// the numbers become offsets.
//
// The order within a call: for each function first every value that comes from
// a source, so that all faults of a request are found together; then a check;
// then what is made from those values, dependencies first; then the function.

import (
	"reflect"

	"github.com/gofogo/fogo/internal/frame"
)

// emit compiles the calls. Those after a connection's handshake come first,
// for they decide what the handshake must leave in the scope.
func (c *compiler) emit(fns [][]*bound) *Program {
	p := &Program{spec: c.spec, assembly: c.a, plans: make([]*Plan, len(fns))}
	scope := &scopeSlots{}
	for i := len(fns) - 1; i >= 0; i-- {
		e := newEmitter(c.spec.Connection, scope)
		e.handshake = i == 0 && c.spec.Connection
		p.plans[i] = e.plan(c.spec.Calls[i], fns[i])
		p.plans[i].program = p
	}
	if len(scope.nodes) > 0 {
		p.scope = scope.b.Build()
		for _, plan := range p.plans {
			plan.resolveScope(p.scope)
		}
	}
	for i, call := range c.spec.Calls {
		p.tables = append(p.tables, tableOf(call, fns[i], p.plans[i]))
	}
	return p
}

// emitSingleton compiles the making of one Singleton; result 0 is its value.
func (c *compiler) emitSingleton(p *provider, b *bound) *Plan {
	e := newEmitter(false, nil)
	n := &node{typ: p.typ, provider: p, make: b, what: p.typ.String() + " by " + p.String(), slot: -1}
	e.sources(b.args)
	e.check()
	e.makeNode(n)
	plan := e.finish([]int{e.slots[n]})
	plan.program = &Program{spec: c.spec, assembly: c.a}
	return plan
}

// scopeSlots are the values that a handshake saves for later calls.
type scopeSlots struct {
	b     frame.Builder
	nodes []*node
}

func (s *scopeSlots) save(n *node) int {
	if n.slot < 0 {
		n.slot = s.b.Add(n.typ)
		s.nodes = append(s.nodes, n)
	}
	return n.slot
}

// emitter collects the steps of one plan.
type emitter struct {
	connection bool // PerConnection values outlive the call
	handshake  bool // and this call makes them
	scope      *scopeSlots
	b          frame.Builder
	slots      map[*node]int
	filled     map[*node]bool // written from its source, or loaded
	made       map[*node]bool // complete
	faulty     bool           // a source that can fail was read since the last check
	steps      []step
	calls      []site
}

// site is a step whose frame.Call is made when the layout is known.
type site struct {
	step int
	call frame.Site
}

func newEmitter(connection bool, scope *scopeSlots) *emitter {
	return &emitter{
		connection: connection, scope: scope,
		slots: map[*node]int{}, filled: map[*node]bool{}, made: map[*node]bool{},
	}
}

// plan emits one call.
func (e *emitter) plan(call Call, fns []*bound) *Plan {
	var results []int
	for i, b := range fns {
		isHandler := call.Handler != nil && i == len(fns)-1
		if isHandler && e.handshake {
			e.saveAll(b.args)
		}
		out := e.target(b)
		if isHandler {
			results = out
		}
	}
	if call.Handler == nil && e.handshake {
		e.saveAll(nil)
	}
	plan := e.finish(results)
	plan.Name = call.Name
	return plan
}

// saveAll makes what later calls of the connection need, together with the
// values of the handshake's last function, so that their faults are found
// together.
func (e *emitter) saveAll(also []*node) {
	e.sources(e.scope.nodes)
	e.sources(also)
	e.check()
	for _, n := range e.scope.nodes {
		e.makeNode(n)
	}
	for _, n := range e.scope.nodes {
		e.step(step{op: opSave, move: frame.MoverOf(n.typ), what: n.what}, e.slot(n), n.slot)
	}
}

// target emits one function of the call and returns its result slots.
func (e *emitter) target(b *bound) []int {
	e.sources(b.args)
	e.check()
	for _, n := range b.args {
		e.makeNode(n)
	}
	out := e.results(b.fn.Type())
	s := step{op: opCall, what: b.fn.String()}
	last := len(out) - 1
	// The result of a guard or of an error-only handler ends the call; the
	// other results are the caller's to read.
	s.hasErr = last >= 0 && b.fn.Type().Out(last) == errorType
	e.call(s, b, out, last, -1)
	return out
}

func (e *emitter) results(t reflect.Type) []int {
	out := make([]int, t.NumOut())
	for i := range out {
		out[i] = e.b.Add(t.Out(i))
	}
	return out
}

// kept reports whether the node's value outlives this call.
func (e *emitter) kept(n *node) bool { return e.connection && n.lifetime == PerConnection }

// sources fills every value below the nodes that comes from a source.
func (e *emitter) sources(nodes []*node) {
	for _, n := range nodes {
		e.source(n)
	}
}

func (e *emitter) source(n *node) {
	if e.filled[n] || n.cell != nil {
		return
	}
	e.filled[n] = true
	if e.kept(n) && !e.handshake {
		e.load(n)
		return
	}
	if n.make != nil {
		e.sources(n.make.args)
	}
	if n.extract != nil {
		e.sources(n.extract.args)
	}
	if b := n.binding; b != nil && n.extract == nil {
		e.fill(n, b)
	}
	for _, p := range n.parts {
		e.source(p.of)
	}
}

// load takes a whole value from the connection's scope.
func (e *emitter) load(n *node) {
	e.made[n] = true
	e.step(step{op: opLoad, move: frame.MoverOf(n.typ), what: n.what}, e.slot(n), e.scope.save(n))
}

func (e *emitter) fill(n *node, b *Binding) {
	at := e.slot(n)
	if b.Fresh != nil {
		e.step(step{op: opFresh, typ: b.Fresh, what: b.Fresh.String()}, at, -1)
	}
	if b.Fill != nil {
		e.step(step{op: opFill, fill: b.Fill, ind: b.Fresh != nil, what: n.what}, at, -1)
		e.faulty = e.faulty || b.Lifetime != 0
	}
}

func (e *emitter) check() {
	if e.faulty {
		e.step(step{op: opCheck, what: "faults of the sources"}, -1, -1)
		e.faulty = false
	}
}

// makeNode completes a value whose sources are filled.
func (e *emitter) makeNode(n *node) {
	if e.made[n] {
		return
	}
	e.made[n] = true
	switch {
	case n.cell != nil:
		e.step(step{op: opCell, cell: n.cell.cell, move: frame.MoverOf(n.typ), what: n.what}, e.slot(n), -1)
	case n.extract != nil:
		e.extract(n)
	case n.provider != nil:
		e.provide(n)
	}
	for _, p := range n.parts {
		e.makeNode(p.of)
		e.step(step{op: opPart, off: p.offset, ind: n.binding.Fresh != nil, move: frame.MoverOf(p.of.typ), what: p.of.what},
			e.slot(n), e.slot(p.of))
	}
}

func (e *emitter) provide(n *node) {
	for _, arg := range n.make.args {
		e.makeNode(arg)
	}
	t, shape := n.provider.fn.Type(), n.provider.shape
	out := []int{e.slot(n)}
	for i := 1; i < t.NumOut(); i++ {
		out = append(out, e.b.Add(t.Out(i)))
	}
	s := step{op: opProvide, hasErr: shape.err, cleanup: shape.cleanup, scoped: e.kept(n), what: n.what}
	clean := -1
	if shape.cleanup != noCleanup {
		clean = out[1]
	}
	e.call(s, n.make, out, len(out)-1, clean)
}

func (e *emitter) extract(n *node) {
	for _, arg := range n.extract.args {
		e.makeNode(arg)
	}
	out := e.results(n.extract.fn.Type())
	e.call(step{op: opCall, hasErr: true, what: n.what}, n.extract, out, len(out)-1, -1)
	// The receiver is new memory that the method may have kept; the argument
	// is its value as the method left it.
	e.step(step{op: opDeref, move: frame.MoverOf(n.typ), what: n.what}, e.slot(n), e.slot(n.extract.args[0]))
}

// call emits the step that calls a function.
func (e *emitter) call(s step, b *bound, out []int, errSlot, cleanSlot int) {
	in := make([]int, len(b.args))
	for i, n := range b.args {
		in[i] = e.slot(n)
	}
	if s.hasErr {
		s.err = uintptr(out[errSlot])
	}
	if s.cleanup != noCleanup {
		s.clean = uintptr(cleanSlot)
	}
	e.calls = append(e.calls, site{step: len(e.steps), call: e.b.AddCall(b.fn.fn, in, out)})
	e.steps = append(e.steps, s)
}

func (e *emitter) slot(n *node) int {
	s, ok := e.slots[n]
	if !ok {
		s = e.b.Add(n.typ)
		e.slots[n] = s
	}
	return s
}

// step appends a step on slots, which finish turns into offsets.
func (e *emitter) step(s step, at, from int) {
	s.at, s.from = uintptr(at), uintptr(from)
	e.steps = append(e.steps, s)
}

// finish makes the layout and turns slots into offsets.
func (e *emitter) finish(results []int) *Plan {
	l := e.b.Build()
	for i := range e.steps {
		s := &e.steps[i]
		switch s.op {
		case opFill, opFresh, opCell, opLoad, opSave:
			s.at = l.Offset(int(s.at))
		case opPart, opDeref:
			s.at, s.from = l.Offset(int(s.at)), l.Offset(int(s.from))
		}
		if s.hasErr {
			s.err = l.Offset(int(s.err))
		}
		if s.cleanup != noCleanup {
			s.clean = l.Offset(int(s.clean))
		}
	}
	for _, c := range e.calls {
		e.steps[c.step].call = l.Call(c.call)
	}
	plan := &Plan{steps: e.steps, layout: l}
	for _, r := range results {
		plan.results = append(plan.results, l.Offset(r))
	}
	return plan
}

// resolveScope turns the scope's slots into offsets.
func (p *Plan) resolveScope(l *frame.Layout) {
	for i := range p.steps {
		if s := &p.steps[i]; s.op == opLoad || s.op == opSave {
			s.from = l.Offset(int(s.from))
		}
	}
}

// cellOf allocates the memory of a Singleton.
func cellOf(t reflect.Type, v reflect.Value) frame.Ref {
	cell := frame.New(t)
	if v.IsValid() {
		cell.Value(t).Set(v)
	}
	return cell
}
