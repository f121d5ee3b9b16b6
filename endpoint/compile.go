package endpoint

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/internal/rules"
	"github.com/gofogo/fogo/resolve"
)

// compiler compiles one view.
type compiler struct {
	asm     *inject.Assembly
	cfg     *Config
	values  *resolve.Config
	spec    Spec
	out     *Endpoint
	binders []*resolve.Binder
	errs    []error
	// declared are the methods of a class with value receivers, see class.
	declared map[string]reflect.Value
	uses     uses // of options, by the verbs together
}

func compile(asm *inject.Assembly, cfg *Config, spec Spec) (*Endpoint, error) {
	if spec.Settings == nil {
		spec.Settings = &inject.Settings{}
	}
	c := &compiler{asm: asm, cfg: cfg, values: &cfg.Values, spec: spec}
	c.out = &Endpoint{cfg: cfg, verbs: map[string]*HTTPView{}}
	if p := spec.Pattern; p != nil {
		c.out.label = p.Host() + p.Path()
	}
	if n, ok := spec.Settings.Get(maxBodyKey{}).(int64); ok {
		own := cfg.Values
		own.MaxBody = n
		c.values = &own
	}
	if t := reflect.TypeOf(spec.View); t != nil && t.Kind() == reflect.Func {
		c.function(t)
	} else {
		c.class()
	}
	return c.out, c.err()
}

// err joins the errors, leaving out those that say nothing new.
func (c *compiler) err() error {
	var told []error
	suppressed := false
	for _, err := range c.errs {
		if errors.Is(err, inject.ErrReported) {
			suppressed = true
			continue
		}
		told = append(told, err)
	}
	if len(told) == 0 && suppressed {
		return inject.ErrReported
	}
	return errors.Join(told...)
}

func (c *compiler) fail(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

func (c *compiler) flag(key any) bool {
	set, _ := c.spec.Settings.Get(key).(bool)
	return set
}

// function compiles a function view.
func (c *compiler) function(t reflect.Type) {
	if err := inject.CheckFunction(c.spec.View); err != nil {
		c.fail(fmt.Errorf("%s: %w", c.spec.Title, err))
		return
	}
	fn := inject.NewFunction(reflect.ValueOf(c.spec.View), inject.RoleHandler)
	if c.spec.Socket || c.flag(socketKey{}) || isSocket(t) {
		c.socketFunction(fn)
		return
	}
	c.verb(c.spec.Method, fn, false)
}

// class compiles the methods of a class: each verb on its own, the hooks of
// its socket together.
func (c *compiler) class() {
	k, err := inspectClass(c.spec.View)
	if err != nil {
		c.fail(fmt.Errorf("%s: %w", c.spec.Title, err))
		return
	}
	c.declared = k.declared
	instances := &resolve.Class{Type: k.typ, Prototype: k.proto, Lifetime: inject.PerCall}
	for _, v := range k.verbs {
		fn := c.method(v.fn, inject.RoleHandler)
		fn.Context = &resolve.Place{Class: instances}
		c.verb(v.method, fn, true)
	}
	if k.receive != nil {
		c.socketClass(k)
	}
	if len(c.errs) == 0 {
		c.unused(k)
	}
}

// method makes a function of a method expression.
func (c *compiler) method(m reflect.Method, role inject.Role) *inject.Function {
	fn := inject.NewFunction(m.Func, role)
	fn.Receiver = true
	if own, ok := c.declared[m.Name]; ok && fn.Position == "" {
		fn.Position = inject.NewFunction(own, role).Position
	}
	return fn
}

// unused reports the variables that no method of the class takes, and the
// options that none has a use for.
func (c *compiler) unused(k *class) {
	faults := append(resolve.Unused(c.binders...), c.uses.idle(c.spec.Settings)...)
	if len(faults) > 0 {
		c.fail(&inject.Problem{Route: c.spec.Title, Func: "class " + k.typ.String(), Faults: faults})
	}
}

// verb compiles one function for one HTTP method.
func (c *compiler) verb(method string, fn *inject.Function, shared bool) {
	res, faults := compileResult(fn, method, c.values, c.spec.Settings)
	if res != nil {
		if c.uses.add(method, res); !shared {
			faults = c.uses.idle(c.spec.Settings)
		}
	}
	binder := c.binder(resolve.RouteSpec{Method: method, Shared: shared})
	call := inject.Call{Handler: fn, Faults: faults}
	if res != nil {
		call.Stream, call.StreamWhy = res.stream, res.why
	}
	var err error
	if call.Guards, err = c.guards(nil); err != nil {
		c.fail(err)
		return
	}
	p, err := c.asm.Compile(inject.Spec{
		Route: c.title(method), Level: c.spec.Level, Binder: binder, Calls: []inject.Call{call}, Hold: c.spec.Settings.Hold,
	})
	if err != nil {
		c.fail(err)
		return
	}
	v := &HTTPView{
		cfg: c.cfg, values: c.values, plan: p.Plan(0), result: res, binder: binder, route: c.route(method), label: c.out.label,
		writer: binder.Takes("http.ResponseWriter"), request: binder.Takes("*http.Request") || res.handler,
	}
	c.out.verbs[method] = v
	c.out.order = append(c.out.order, method)
	c.out.programs = append(c.out.programs, p)
}

func (c *compiler) binder(spec resolve.RouteSpec) *resolve.Binder {
	spec.Pattern = c.spec.Pattern
	spec.AllowBody = c.flag(allowBodyKey{})
	spec.Ignore, _ = c.spec.Settings.Get(ignoreKey{}).([]string)
	b := resolve.NewBinder(c.values, spec)
	c.binders = append(c.binders, b)
	return b
}

// title is the route in messages; the methods of a class each have their own.
func (c *compiler) title(method string) string {
	if c.spec.Title != "" {
		return c.spec.Title
	}
	if c.spec.Pattern == nil {
		return method
	}
	return c.spec.Pattern.String()
}

func (c *compiler) route(method string) resolve.Route {
	r := resolve.Route{Method: method, Name: c.spec.Name}
	if c.spec.Pattern != nil {
		r.Pattern = c.spec.Pattern.Path()
	}
	return r
}

// guards checks the guards and makes functions of them.
func (c *compiler) guards(place *resolve.Place) ([]*inject.Function, error) {
	var fns []*inject.Function
	for _, g := range c.spec.Guards {
		if err := checkGuard(g); err != nil {
			return nil, fmt.Errorf("%s: %w", c.spec.Title, err)
		}
		fn := inject.NewFunction(reflect.ValueOf(g), inject.RoleGuard)
		if place != nil {
			fn.Context = place
		}
		fns = append(fns, fn)
	}
	return fns, nil
}

func checkGuard(g any) error {
	if err := inject.CheckFunction(g); err != nil {
		return fmt.Errorf("guard: %w", err)
	}
	t := reflect.TypeOf(g)
	if t.NumOut() != 1 || t.Out(0) != reflect.TypeFor[error]() {
		return fmt.Errorf("guard %s of type %s is not a func(deps…) error", inject.NewFunction(reflect.ValueOf(g), inject.RoleGuard), t)
	}
	return nil
}

// isSocket reports whether a function is a WebSocket view by its signature.
func isSocket(t reflect.Type) bool { return rules.IsSocket(rules.SignatureOf(t)) }

func (e *Endpoint) takesRequest(method string) bool {
	if method == pattern.Socket {
		return e.socket != nil && e.socket.binder.Takes("*http.Request")
	}
	v := e.verbs[method]
	return v != nil && v.request
}
