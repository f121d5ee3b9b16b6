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
	"github.com/gofogo/fogo/observe"
)

// emit compiles the calls. Those after a connection's handshake come first,
// for they decide what the handshake must leave in the scope.
func (c *compiler) emit(fns [][]*bound) *Program {
	p := &Program{spec: c.spec, assembly: c.a, plans: make([]*Plan, len(fns))}
	scope := &scopeSlots{}
	for i := len(fns) - 1; i >= 0; i-- {
		e := newEmitter(c.spec.Connection, scope)
		e.observed = len(c.a.opts.Observers) > 0
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
	e.observed = len(c.a.opts.Observers) > 0
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
	err        int            // the slot of the errors that end the call, -1 if there is none yet
	filled     map[*node]bool // written from its source, or loaded
	made       map[*node]bool // complete
	faulty     bool           // a source that can fail was read since the last check
	drafts     []draft
	observed   bool // somebody wants to know what providers do
	watched    []observe.Provider
}

// draft is a step before the layout is known.
type draft struct {
	step
	what     string
	at, from int         // slots
	site     *frame.Site // opProvide, opCall
}

func newEmitter(connection bool, scope *scopeSlots) *emitter {
	return &emitter{
		connection: connection, scope: scope, err: -1,
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
		out := e.target(b, isHandler)
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
		e.step(step{op: opSave, move: frame.MoverOf(n.typ)}, n.what, e.slot(n), n.slot)
	}
}

// target emits one function of the call and returns its result slots.
func (e *emitter) target(b *bound, handler bool) []int {
	e.sources(b.args)
	e.check()
	for _, n := range b.args {
		e.makeNode(n)
	}
	// The results of the handler are the caller's to read.
	out := e.results(b.fn.Type(), handler)
	e.call(step{op: opCall}, b.fn.String(), b, out)
	return out
}

// results adds the slots of a function's results. An error as the last one ends
// the call: at most one of those is ever not nil, so that all but the handler's
// share a slot.
func (e *emitter) results(t reflect.Type, handler bool) []int {
	out := make([]int, t.NumOut())
	for i := range out {
		if !handler && i == len(out)-1 && t.Out(i) == errorType {
			out[i] = e.errSlot()
		} else {
			out[i] = e.b.Add(t.Out(i))
		}
	}
	return out
}

func (e *emitter) errSlot() int {
	if e.err < 0 {
		e.err = e.b.Add(errorType)
	}
	return e.err
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
	e.step(step{op: opLoad, move: frame.MoverOf(n.typ)}, n.what, e.slot(n), e.scope.save(n))
}

func (e *emitter) fill(n *node, b *Binding) {
	at := e.slot(n)
	if b.Fresh != nil {
		e.step(step{op: opFresh, fill: freshOf(b.Fresh)}, b.Fresh.String(), at, -1)
	}
	if b.Fill != nil {
		e.step(step{op: opFill, fill: b.Fill, ind: b.Fresh != nil}, n.what, at, -1)
		e.faulty = e.faulty || b.Lifetime != 0
	}
}

func (e *emitter) check() {
	if e.faulty {
		e.step(step{op: opCheck}, "faults of the sources", -1, -1)
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
		e.step(step{op: opCell}, n.what, e.slot(n), -1)
	case n.extract != nil:
		e.extract(n)
	case n.provider != nil:
		e.provide(n)
	}
	for _, p := range n.parts {
		e.makeNode(p.of)
		e.step(step{op: opPart, off: uint32(p.offset), ind: n.binding.Fresh != nil, move: frame.MoverOf(p.of.typ)},
			p.of.what, e.slot(n), e.slot(p.of))
	}
}

func (e *emitter) provide(n *node) {
	for _, arg := range n.make.args {
		e.makeNode(arg)
	}
	out := e.results(n.provider.fn.Type(), false)
	e.slots[n] = out[0]
	s := step{op: opProvide}
	if kind := n.provider.shape.cleanup; kind != noCleanup {
		s.clean = &disposal{kind: kind, at: uintptr(out[1]), scoped: e.kept(n), what: n.what}
	}
	e.watch(n, func() { e.call(s, n.what, n.make, out) })
}

func (e *emitter) extract(n *node) {
	for _, arg := range n.extract.args {
		e.makeNode(arg)
	}
	out := e.results(n.extract.fn.Type(), false)
	e.call(step{op: opCall}, n.what, n.extract, out)
	// The receiver is new memory that the method may have kept; the argument
	// is its value as the method left it.
	e.step(step{op: opDeref, move: frame.MoverOf(n.typ)}, n.what, e.slot(n), e.slot(n.extract.args[0]))
}

// call emits the step that calls a function.
func (e *emitter) call(s step, what string, b *bound, out []int) {
	in := make([]int, len(b.args))
	for i, n := range b.args {
		in[i] = e.slot(n)
	}
	site := e.b.AddCall(b.fn.fn, in, out)
	e.drafts = append(e.drafts, draft{step: s, what: what, site: &site})
}

// slot is where the value of a node stands. A Singleton never changes while the
// application runs, so that frames keep it.
func (e *emitter) slot(n *node) int {
	s, ok := e.slots[n]
	switch {
	case ok:
		return s
	case n.cell != nil:
		s = e.b.AddFixed(n.typ, n.cell.cell)
	default:
		s = e.b.Add(n.typ)
	}
	e.slots[n] = s
	return s
}

func (e *emitter) step(s step, what string, at, from int) {
	e.drafts = append(e.drafts, draft{step: s, what: what, at: at, from: from})
}

// finish makes the layout and turns slots into offsets.
func (e *emitter) finish(results []int) *Plan {
	l := e.b.Build()
	plan := &Plan{layout: l, watched: e.watched}
	var last *frame.Call // of the step before, if a call can follow it
	for i := range e.drafts {
		d := &e.drafts[i]
		at := line{op: d.op, what: d.what}
		if d.site != nil {
			at.call = l.Call(*d.site)
		}
		plan.listing = append(plan.listing, at)
		switch {
		case d.op == opCell:
		case d.site == nil:
			plan.steps, last = append(plan.steps, d.resolve(l)), nil
		default:
			last = plan.append(d, at.call, last)
		}
	}
	for _, r := range results {
		plan.results = append(plan.results, l.Offset(r))
	}
	return plan
}

// append appends a call, to the step of the call before it if nothing has to be
// done in between. It returns the call that another may follow.
func (p *Plan) append(d *draft, c, last *frame.Call) *frame.Call {
	if d.clean != nil {
		d.clean.at = p.layout.Offset(int(d.clean.at))
	}
	if last != nil {
		last.Then(c)
		p.steps[len(p.steps)-1].clean = d.clean
	} else {
		d.step.call = c
		p.steps = append(p.steps, d.step)
	}
	if d.clean != nil {
		return nil
	}
	return c
}

// resolve turns the slots of a step into offsets.
func (d *draft) resolve(l *frame.Layout) step {
	s := d.step
	switch d.op {
	case opFill, opFresh:
		s.at = offset(l, d.at)
	case opLoad, opSave:
		s.at, s.from = offset(l, d.at), uint32(d.from) // see resolveScope
	case opPart, opDeref:
		s.at, s.from = offset(l, d.at), offset(l, d.from)
	case opWatch, opMade:
		s.from = uint32(d.from)
	}
	return s
}

func offset(l *frame.Layout, slot int) uint32 { return uint32(l.Offset(slot)) }

// resolveScope turns the scope's slots into offsets.
func (p *Plan) resolveScope(l *frame.Layout) {
	for i := range p.steps {
		if s := &p.steps[i]; s.op == opLoad || s.op == opSave {
			s.from = offset(l, int(s.from))
		}
	}
}

// freshOf allocates a T for a slot that is a pointer to one.
func freshOf(t reflect.Type) Fill {
	return func(_ *Run, at frame.Ref) { at.Point(frame.New(t)) }
}

// cellOf allocates the memory of a Singleton.
func cellOf(t reflect.Type, v reflect.Value) frame.Ref {
	cell := frame.New(t)
	if v.IsValid() {
		cell.Value(t).Set(v)
	}
	return cell
}
