package inject_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
)

// The sources that the binder of these tests knows, each with a lifetime of its
// own, as the path of a handshake and the message on a socket have.
type (
	pathID  int    // from fakeHost.id, lives as long as the connection
	message string // from fakeHost.text, lives for one call
)

// fakeHost is what the calls of the tests read from.
type fakeHost struct {
	id     int
	text   string
	ctx    context.Context
	log    *slog.Logger
	reads  []string // the sources read, in order
	faults []string // recorded by sources, reported by Check
}

func (h *fakeHost) CallContext() context.Context { return h.ctx }

func (h *fakeHost) CallLogger(base *slog.Logger) *slog.Logger {
	if h.log != nil {
		return h.log
	}
	return base
}

func hostOf(r *inject.Run) *fakeHost { return r.Host.(*fakeHost) }

// params is a struct that holds a source and a component.
type params struct {
	ID pathID
	DB *db
}

// class is a type whose methods are calls, with a field of its own, one from a
// source and one from a provider.
type class struct {
	own  string
	id   pathID
	cart *cart
}

// fakeBinder binds the types above, what extracts itself, and components.
type fakeBinder struct {
	// class is the lifetime of the receivers of methods.
	class inject.Lifetime
	// done are the faults of the route.
	done     []string
	extracts map[reflect.Type]*inject.Function
	reached  int
}

func (b *fakeBinder) Bind(f *inject.Function, see inject.View) ([]inject.Binding, []string) {
	var faults []string
	var bs []inject.Binding
	for _, t := range f.Params() {
		binding, ok := b.one(f, t, see)
		if !ok {
			faults = append(faults, "no source for "+t.String())
		}
		bs = append(bs, binding)
	}
	return bs, faults
}

func (b *fakeBinder) one(f *inject.Function, t reflect.Type, see inject.View) (inject.Binding, bool) {
	switch t {
	case reflect.TypeFor[pathID]():
		return inject.Binding{Source: "path {id}", Lifetime: inject.PerConnection, Fill: fillID}, true
	case reflect.TypeFor[message]():
		return inject.Binding{Source: "message", Lifetime: inject.PerCall, Fill: fillMessage, Key: "message"}, true
	case reflect.TypeFor[params]():
		return inject.Binding{
			Source: "fields", Lifetime: inject.PerConnection, Fill: fillID, // ID is the first field
			Parts: []inject.Part{{Type: reflect.TypeFor[*db](), Offset: t.Field(1).Offset}},
		}, true
	}
	if _, ok := reflect.PointerTo(t).MethodByName("Extract"); ok {
		return b.extract(f, t), true
	}
	return inject.Ambient(f, t, see)
}

func (b *fakeBinder) extract(f *inject.Function, t reflect.Type) inject.Binding {
	if b.extracts[t] == nil {
		m, _ := reflect.PointerTo(t).MethodByName("Extract")
		fn := inject.NewFunction(m.Func, inject.RoleExtract)
		fn.Receiver, fn.Lifetime = true, f.Lifetime
		if b.extracts == nil {
			b.extracts = map[reflect.Type]*inject.Function{}
		}
		b.extracts[t] = fn
	}
	return inject.Binding{Source: "Extract", Extract: b.extracts[t]}
}

func (b *fakeBinder) BindReceiver(f *inject.Function, _ inject.View) (inject.Binding, []string) {
	t := f.Type().In(0).Elem()
	if f.Role == inject.RoleExtract {
		return inject.Binding{Source: "new", Fresh: t}, nil
	}
	field, _ := t.FieldByName("cart")
	return inject.Binding{
		Source: "class", Fresh: t, Lifetime: b.class, Key: t, Fill: fillClass,
		Parts:  []inject.Part{{Type: field.Type, Offset: field.Offset}},
		Fields: []inject.Row{{Index: "cart", Type: field.Type.String(), Source: "provider"}},
	}, nil
}

func (b *fakeBinder) Reached(_, _ []*inject.Function, _ func(*inject.Function) []*inject.Function) {
	b.reached++
}

func (b *fakeBinder) Done() []string { return b.done }

func (b *fakeBinder) Check(r *inject.Run) error {
	h := hostOf(r)
	h.reads = append(h.reads, "check")
	if len(h.faults) == 0 {
		return nil
	}
	errs := make([]error, len(h.faults))
	for i, f := range h.faults {
		errs[i] = errors.New(f)
	}
	h.faults = nil
	return errors.Join(errs...)
}

func fillID(r *inject.Run, at frame.Ref) {
	h := hostOf(r)
	h.reads = append(h.reads, "id")
	if h.id < 0 {
		h.faults = append(h.faults, "id is negative")
		return
	}
	*frame.At[pathID](at) = pathID(h.id)
}

func fillMessage(r *inject.Run, at frame.Ref) {
	h := hostOf(r)
	h.reads = append(h.reads, "message")
	if h.text == "" {
		h.faults = append(h.faults, "message is empty")
	}
	*frame.At[message](at) = message(h.text)
}

func fillClass(r *inject.Run, at frame.Ref) {
	*frame.At[class](at) = class{own: "prototype", id: pathID(hostOf(r).id)}
}

// method is a method expression as a function of a call.
func method(fn any) *inject.Function {
	f := handler(fn)
	f.Role, f.Receiver = inject.RoleHook, true
	return f
}

// run is one call from begin to end; it returns its error.
func run(p *inject.Plan, h *fakeHost, s *inject.Scope) error {
	r := p.Begin(h.ctx, h, s)
	defer r.End()
	return r.Finish(r.Do())
}

// providersOf lists the providers that a call of a program makes.
func providersOf(p *inject.Program, call int) []string {
	return slices.Clone(p.Tables()[call].Providers)
}
