package resolve

import (
	"fmt"
	"slices"

	"github.com/gofogo/fogo/inject"
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
	keeps bool          // see KeepsMessages
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

func placeOf(f *inject.Function) *Place {
	p, _ := f.Context.(*Place)
	return p
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
	if c.body.err != nil {
		c.faults = c.faults[:0]
		return c.body.err
	}
	return c.takeFaults()
}
