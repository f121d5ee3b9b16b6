package observe

import (
	"errors"
	"fmt"
	"reflect"
)

// Set is observers by what they observe, each list in the order in which they
// were given. It must not be changed.
type Set struct {
	Calls       []CallObserver
	Providers   []ProviderObserver
	Messages    []MessageObserver
	Connections []ConnectionObserver
	Errors      []ErrorObserver
}

// NewSet sorts observers by the interfaces that they implement. The error joins
// what is wrong with those that implement none, or half of one.
func NewSet(observers ...Observer) (Set, error) {
	var s Set
	var errs []error
	for _, o := range observers {
		if o == nil || isNilPointer(o) {
			errs = append(errs, fmt.Errorf("observe: an observer of type %T is nil; leave it out", o))
			continue
		}
		if err := s.add(o); err != nil {
			errs = append(errs, err)
		}
	}
	return s, errors.Join(errs...)
}

func isNilPointer(o Observer) bool {
	v := reflect.ValueOf(o)
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil()
}

func (s *Set) add(o Observer) error {
	has := map[string]bool{}
	has["CallObserver"] = add(&s.Calls, o)
	has["ProviderObserver"] = add(&s.Providers, o)
	has["MessageObserver"] = add(&s.Messages, o)
	has["ConnectionObserver"] = add(&s.Connections, o)
	has["ErrorObserver"] = add(&s.Errors, o)
	return check(o, has)
}

// add appends an observer to the list of those that it is one of.
func add[T any](list *[]T, o Observer) bool {
	t, ok := o.(T)
	if ok {
		*list = append(*list, t)
	}
	return ok
}

// check finds what an observer observes by mistake not. The names of methods
// are literals at the call, for with others the linker keeps every method of the
// program.
func check(o Observer, has map[string]bool) error {
	t := reflect.TypeOf(o)
	var errs []error
	half := func(of string, m reflect.Method, ok bool) {
		if ok && !has[of] {
			errs = append(errs, fmt.Errorf("observe: %s has a method %s, %s, but is no %s, which wants %s", t, m.Name, shown(m), of, wanted[of]))
			has[of] = true // told
		}
	}
	m, ok := t.MethodByName("BeginCall")
	half("CallObserver", m, ok)
	m, ok = t.MethodByName("EndCall")
	half("CallObserver", m, ok)
	m, ok = t.MethodByName("ObserveProvider")
	half("ProviderObserver", m, ok)
	m, ok = t.MethodByName("BeginMessage")
	half("MessageObserver", m, ok)
	m, ok = t.MethodByName("EndMessage")
	half("MessageObserver", m, ok)
	m, ok = t.MethodByName("OpenConnection")
	half("ConnectionObserver", m, ok)
	m, ok = t.MethodByName("CloseConnection")
	half("ConnectionObserver", m, ok)
	m, ok = t.MethodByName("ObserveError")
	half("ErrorObserver", m, ok)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, is := range has {
		if is {
			return nil
		}
	}
	return nothing(t)
}

// nothing is the error for an observer of a type that implements no interface.
func nothing(t reflect.Type) error {
	if t.Kind() != reflect.Pointer {
		var s Set
		if s.add(reflect.New(t).Interface()) == nil {
			return fmt.Errorf("observe: %s observes nothing, but *%s does: pass a pointer", t, t)
		}
	}
	return fmt.Errorf("observe: %s observes nothing: it implements none of observe.CallObserver, ProviderObserver, "+
		"MessageObserver, ConnectionObserver and ErrorObserver", t)
}

// shown is the type of a method without its receiver.
func shown(m reflect.Method) string {
	s := "func("
	for i := 1; i < m.Type.NumIn(); i++ {
		if i > 1 {
			s += ", "
		}
		s += m.Type.In(i).String()
	}
	s += ")"
	for i := range m.Type.NumOut() {
		s += " " + m.Type.Out(i).String()
	}
	return s
}

// wanted are the methods of the interfaces.
var wanted = map[string]string{
	"CallObserver": "BeginCall(context.Context, observe.Call) context.Context and " +
		"EndCall(context.Context, observe.Call, observe.CallEnd)",
	"ProviderObserver": "ObserveProvider(context.Context, observe.Provider)",
	"MessageObserver": "BeginMessage(context.Context, observe.Message) context.Context and " +
		"EndMessage(context.Context, observe.Message, observe.MessageEnd)",
	"ConnectionObserver": "OpenConnection(context.Context, observe.Connection) context.Context and " +
		"CloseConnection(context.Context, observe.Connection, observe.ConnectionEnd)",
	"ErrorObserver": "ObserveError(context.Context, observe.Error)",
}
