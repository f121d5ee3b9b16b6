package resolve

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/internal/rules"
)

// Place says where in the life of a route a function runs. It stands in
// inject.Function.Context; a nil one is that of an HTTP call.
type Place struct {
	// Handshake is true for what runs while the HTTP request is at hand:
	// guards and OnConnect of a socket, and a view that owns its connection.
	Handshake bool
	// PerMessage is true where a message is at hand.
	PerMessage bool
	// Closing is true in OnDisconnect.
	Closing bool
	// Codec decodes data structs; nil means the default one.
	Codec Codec
	// Class is the class that a method belongs to.
	Class *Class
}

// RouteSpec is what a Binder needs to know of its route.
type RouteSpec struct {
	// Pattern is the full pattern, with the prefixes of its groups; nil for a
	// handler without one.
	Pattern *pattern.Pattern
	// Method is the HTTP method, "" for any.
	Method string
	// Socket is true for the calls on a WebSocket.
	Socket bool
	// Messages is true if a function of the route is called per message.
	Messages bool
	// Codec decodes the messages that providers take; nil means the default one.
	Codec Codec
	// AllowBody permits a body on methods that usually have none.
	AllowBody bool
	// Ignore lists variables that nobody needs to take.
	Ignore []string
	// Shared is true if other binders serve the same pattern, as for the
	// methods of a class: then Unused has to be asked over all of them.
	Shared bool
}

// Binder binds the parameters of one route's functions to the request, the
// handshake and the messages. It implements inject.Binder.
type Binder struct {
	cfg     *Config
	spec    RouteSpec
	vars    []rules.Var
	pattern string
	results map[*inject.Function]rules.Result
	classes map[*Class]rules.Result
	// extractors has one function for each type and place it is used in, so
	// that a type whose Extract needs itself is seen to be a cycle.
	extractors map[extractorKey]*inject.Function
	now        []*inject.Function
	before     []*inject.Function // as it would be without overrides
	uses       func(*inject.Function) []*inject.Function
	// taken are the claims of guards, hooks and providers, once known.
	taken []rules.Claim
	moved []rules.Claim // claims that an override adds
}

// NewBinder returns the binder of a route.
func NewBinder(cfg *Config, spec RouteSpec) *Binder {
	b := &Binder{
		cfg: cfg, spec: spec,
		results:    map[*inject.Function]rules.Result{},
		classes:    map[*Class]rules.Result{},
		extractors: map[extractorKey]*inject.Function{},
	}
	if spec.Pattern != nil {
		b.pattern = spec.Pattern.Path()
		for _, v := range spec.Pattern.Vars() {
			b.vars = append(b.vars, rules.Var{Name: v.Name, Constraint: v.Constraint.String(), Multi: v.Multi})
		}
	}
	return b
}

// Neutral returns the binder of functions outside any route, such as the
// constructors of Singletons.
func Neutral(cfg *Config) *Binder { return NewBinder(cfg, RouteSpec{}) }

var roles = map[inject.Role]rules.Role{
	inject.RoleHandler:  rules.Handler,
	inject.RoleHook:     rules.Hook,
	inject.RoleGuard:    rules.Guard,
	inject.RoleProvider: rules.Provider,
	inject.RoleExtract:  rules.Extract,
}

// Bind implements inject.Binder.
func (b *Binder) Bind(f *inject.Function, see inject.View) ([]inject.Binding, []string) {
	env := b.env(f, see)
	res := rules.Bind(signatureOf(f), env)
	b.results[f] = res
	var faults []string
	for _, fault := range res.Faults {
		faults = append(faults, numbered(fault, len(f.Params())))
	}
	bs := make([]inject.Binding, len(res.Bindings))
	for i, rb := range res.Bindings {
		var err error
		if bs[i], err = b.binding(f, rb, see); err != nil {
			faults = append(faults, fmt.Sprintf("parameter %d (%s): %v", i+1, rb.Type, err))
		}
	}
	return bs, faults
}

// numbered puts the number of the parameter before its fault.
func numbered(f rules.Fault, params int) string {
	if f.Param < 0 || params < 2 {
		return f.Text
	}
	return fmt.Sprintf("parameter %d: %s", f.Param+1, f.Text)
}

func signatureOf(f *inject.Function) rules.Signature {
	sig := rules.SignatureOf(f.Type())
	if f.Receiver {
		sig.In = sig.In[1:]
	}
	return sig
}

func (b *Binder) env(f *inject.Function, see inject.View) rules.Env {
	env := rules.Env{
		Method: b.spec.Method, Role: roles[f.Role], Func: f.String(), Pattern: b.pattern, Vars: b.vars,
		Taken: b.takenVars(), AllowBody: b.spec.AllowBody, Validation: b.cfg.Validator != nil,
		Singleton: f.Lifetime == inject.Singleton,
		Provided:  func(t rules.Type) string { return see.Provided(rules.ReflectOf(t)) },
		Known: func() []rules.Type {
			var known []rules.Type
			for _, t := range see.Known() {
				known = append(known, rules.Reflect(t))
			}
			return known
		},
	}
	if b.spec.Socket {
		env.Protocol = rules.Socket
	}
	if p := placeOf(f); p != nil {
		env.PerMessage, env.Closing = p.PerMessage, p.Closing
	} else {
		env.PerMessage = b.spec.Messages && f.Lifetime != inject.PerConnection && f.Role != inject.RoleGuard
	}
	return env
}

// takenVars are the variables that are not left for positions. Claims of the
// body are counted over the whole route, see bodyFaults.
func (b *Binder) takenVars() []rules.Claim {
	var taken []rules.Claim
	for _, c := range b.taken {
		if c.Var != "" {
			taken = append(taken, c)
		}
	}
	for _, name := range b.spec.Ignore {
		taken = append(taken, rules.Claim{Var: name, By: "the route option that ignores it"})
	}
	return taken
}

func placeOf(f *inject.Function) *Place {
	p, _ := f.Context.(*Place)
	return p
}

// Reached implements inject.Binder: it learns what the providers, guards and
// hooks of the route take by name, which the positions in its handler skip.
func (b *Binder) Reached(now, before []*inject.Function, uses func(*inject.Function) []*inject.Function) {
	b.now, b.before, b.uses = now, before, uses
	b.taken = b.claims(now)
	old := b.claims(before)
	for _, c := range b.taken {
		if !hasVar(old, c.Var) {
			b.moved = append(b.moved, c)
		}
	}
	for _, c := range old {
		if !hasVar(b.taken, c.Var) {
			b.taken = append(b.taken, c)
		}
	}
}

func (b *Binder) claims(fns []*inject.Function) []rules.Claim {
	var claims []rules.Claim
	for _, res := range b.classes {
		claims = append(claims, res.Claims...)
	}
	for _, f := range fns {
		if f.Role == inject.RoleHandler || f.Role == inject.RoleExtract {
			continue // what an Extract method takes, its parameter's taker claims
		}
		claims = append(claims, b.results[f].Claims...)
	}
	return claims
}

func hasVar(claims []rules.Claim, name string) bool {
	return slices.ContainsFunc(claims, func(c rules.Claim) bool { return c.Var == name })
}

// Done implements inject.Binder.
func (b *Binder) Done() []string {
	var faults []string
	faults = append(faults, b.movedFaults()...)
	faults = append(faults, b.bodyFaults()...)
	faults = append(faults, b.messageFaults()...)
	if !b.spec.Shared {
		faults = append(faults, Unused(b)...)
	}
	return faults
}

// movedFaults refuses an override that would change which variables a handler
// takes by position.
func (b *Binder) movedFaults() []string {
	positional := slices.ContainsFunc(b.now, func(f *inject.Function) bool {
		return slices.ContainsFunc(b.results[f].Bindings, func(rb rules.Binding) bool { return rb.Position })
	})
	if !positional {
		return nil
	}
	var faults []string
	for _, c := range b.moved {
		if c.Var != "" {
			faults = append(faults, fmt.Sprintf("%s takes {%s} by name, which the provider it overrides does not: "+
				"the handler's parameters that bind by position would move; take them by name, with named types or resolve.Path", c.By, c.Var))
		}
	}
	return faults
}

// bodyFaults refuses a second reader of one body.
func (b *Binder) bodyFaults() []string {
	if b.spec.Socket {
		return nil
	}
	var by []string
	for _, res := range b.classes {
		by = append(by, bodyClaims(res)...)
	}
	for _, f := range b.now {
		if f.Role != inject.RoleExtract { // claimed by whoever takes the type
			by = append(by, bodyClaims(b.results[f])...)
		}
	}
	if len(by) < 2 {
		return nil
	}
	return []string{fmt.Sprintf("the body is decoded %d times, by %s; decode it in one place and provide the result", len(by), join2(by))}
}

func bodyClaims(res rules.Result) []string {
	var by []string
	for _, c := range res.Claims {
		if c.Var == "" {
			by = append(by, c.By)
		}
	}
	return by
}

// messageFaults refuses a provider that takes the message where there is none.
func (b *Binder) messageFaults() []string {
	if !b.spec.Socket {
		return nil
	}
	var faults []string
	for _, f := range b.now {
		if f.Role == inject.RoleProvider || f.Role == inject.RoleExtract || b.takesMessage(f) {
			continue
		}
		for _, p := range b.uses(f) {
			if p != f && b.takesMessage(p) {
				faults = append(faults, fmt.Sprintf("%s takes the message, but %s, which needs it, does not: "+
					"a provider may take the message for functions only that take it themselves", p, f))
			}
		}
	}
	return faults
}

func (b *Binder) takesMessage(f *inject.Function) bool { return hasVar(b.results[f].Claims, "") }

// Unused returns a fault for each variable that no function of the given
// binders' routes takes. They are those of one pattern: a class has one for
// each of its methods.
func Unused(bs ...*Binder) []string {
	if len(bs) == 0 {
		return nil
	}
	var all []rules.Result
	for _, b := range bs {
		// What an override replaces stays the taker of its variables.
		for _, f := range slices.Concat(b.now, b.before) {
			all = append(all, b.results[f])
		}
		for _, res := range b.classes {
			all = append(all, res)
		}
	}
	first := bs[0]
	var faults []string
	for _, name := range rules.Unused(first.vars, first.spec.Ignore, all...) {
		faults = append(faults, rules.UnusedText(first.pattern, name))
	}
	return faults
}

// Takes reports whether anything that the route calls takes the framework type
// of that name: "*http.Request".
func (b *Binder) Takes(name string) bool {
	return slices.ContainsFunc(b.now, func(f *inject.Function) bool {
		return slices.ContainsFunc(b.results[f].Bindings, func(rb rules.Binding) bool {
			return rb.Class == rules.Framework && rb.Name == name
		})
	})
}

// Check implements inject.Binder.
func (b *Binder) Check(r *inject.Run) error {
	c := callOf(r)
	if err := c.takeFailure(); err != nil {
		c.faults = c.faults[:0]
		return err
	}
	return c.takeFaults()
}

func join2(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	s := words[0]
	for _, w := range words[1 : len(words)-1] {
		s += ", " + w
	}
	return s + " and " + words[len(words)-1]
}

// binding turns what the rules found into what inject compiles.
func (b *Binder) binding(f *inject.Function, rb rules.Binding, see inject.View) (inject.Binding, error) {
	out := inject.Binding{Source: rb.Text}
	t := rules.ReflectOf(rb.Type)
	switch rb.Class {
	case rules.Unknown:
		return inject.Binding{}, nil
	case rules.Framework:
		return b.framework(f, rb, t)
	case rules.Component:
		return componentBinding(rb, t, see), nil
	case rules.Extractor:
		return b.extractor(f, rb, t), nil
	}
	out.Lifetime = lifetimeOf(rb)
	fill, err := b.valueFiller(f, rb, t)
	if err != nil {
		return out, err
	}
	out.Fill = fill
	out.Parts = partsOf(rb.Fields, t)
	return out, nil
}

// lifetimeOf is that of what a binding reads: the request, which is the
// handshake of a connection, or something of one call.
func lifetimeOf(rb rules.Binding) inject.Lifetime {
	switch rb.Source {
	case rules.Form, rules.Body, rules.RawBody, rules.MessageBody:
		return inject.PerCall
	}
	lt := inject.PerConnection
	for _, f := range rb.Fields {
		if f.Class != rules.Component {
			lt = max(lt, lifetimeOf(f))
		}
	}
	return lt
}

func (b *Binder) framework(f *inject.Function, rb rules.Binding, t reflect.Type) (inject.Binding, error) {
	out := inject.Binding{Source: rb.Text}
	if out, ok := inject.Ambient(f, t, nothing{}); ok {
		out.Source = rb.Text
		return out, nil
	}
	fill, lt := frameworkFill(rb.Name)
	if fill == nil {
		return out, fmt.Errorf("bug: framework type %s has no fill", rb.Name)
	}
	if b.spec.Socket && (placeOf(f) == nil || !placeOf(f).Handshake) && f.Role != inject.RoleGuard {
		if d := detachedFill(rb.Name); d != nil {
			fill = d
			out.Source += " (a detached copy of the handshake's)"
		}
	}
	out.Fill, out.Lifetime = fill, lt
	return out, nil
}

// nothing is a view without providers.
type nothing struct{}

func (nothing) Provided(reflect.Type) string { return "" }
func (nothing) Known() []reflect.Type        { return nil }

// componentBinding is a component as it is, or inside an Optional.
func componentBinding(rb rules.Binding, t reflect.Type, see inject.View) inject.Binding {
	out := inject.Binding{Source: rb.Text}
	if !rb.Optional {
		out.Parts = []inject.Part{{Type: t}}
		return out
	}
	if see.Provided(rules.ReflectOf(rb.Value)) == "" {
		out.Fill = func(*inject.Run, frame.Ref) {}
		return out
	}
	present := t.Field(1).Offset
	out.Fill = func(_ *inject.Run, at frame.Ref) { *frame.At[bool](at.Field(present)) = true }
	out.Parts = []inject.Part{{Type: rules.ReflectOf(rb.Value)}}
	return out
}

type extractorKey struct {
	typ      reflect.Type
	lifetime inject.Lifetime
	place    any
}

// extractor binds a T to a call of (*T).Extract on new memory.
func (b *Binder) extractor(f *inject.Function, rb rules.Binding, t reflect.Type) inject.Binding {
	key := extractorKey{t, f.Lifetime, f.Context}
	fn := b.extractors[key]
	if fn == nil {
		m, _ := reflect.PointerTo(t).MethodByName("Extract")
		fn = inject.NewFunction(m.Func, inject.RoleExtract)
		fn.Receiver, fn.Lifetime, fn.Context = true, f.Lifetime, f.Context
		b.extractors[key] = fn
	}
	return inject.Binding{Source: rb.Text, Extract: fn}
}

// partsOf are the components among the fields of a params struct.
func partsOf(fields []rules.Binding, t reflect.Type) []inject.Part {
	var parts []inject.Part
	for _, rb := range fields {
		if rb.Class != rules.Component {
			continue
		}
		var offset uintptr
		at := t
		for _, n := range rb.Index {
			f := at.Field(n)
			offset += f.Offset
			at = f.Type
		}
		parts = append(parts, inject.Part{Type: rules.ReflectOf(rb.Value), Offset: offset})
	}
	return parts
}

// valueFiller fills a wrapper, a params struct, a scalar or a message.
func (b *Binder) valueFiller(f *inject.Function, rb rules.Binding, t reflect.Type) (inject.Fill, error) {
	if rb.Source == rules.MessageBody {
		return b.messageFill(f, rb, t)
	}
	fill, err := b.fillerOf(rb)
	if err != nil {
		return nil, err
	}
	if rb.Optional {
		present, flag := presenceOf(rb), t.Field(1).Offset
		inner := fill
		fill = func(c *Call, at frame.Ref) {
			if present(c) || rb.HasDefault {
				inner(c, at)
				*frame.At[bool](at.Field(flag)) = true
			}
		}
	}
	return fill.fill(), nil
}

func (b *Binder) messageFill(f *inject.Function, rb rules.Binding, t reflect.Type) (inject.Fill, error) {
	codec := b.cfg.Codecs[0]
	if b.spec.Codec != nil {
		codec = b.spec.Codec
	}
	if p := placeOf(f); p != nil && p.Codec != nil {
		codec = p.Codec
	}
	v := rules.ReflectOf(rb.Value)
	k, err := compileCheck(b.cfg.Validator, v)
	if err != nil {
		return nil, err
	}
	return fillMessage(v, codec, k), nil
}
