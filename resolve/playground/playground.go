package playground

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"
	"github.com/gofogo/fogo/resolve"
)

// Adapter is a [resolve.Validator] over go-playground/validator, and an option
// of an application. It is safe for concurrent use.
type Adapter struct {
	validate *validator.Validate
	// custom is true for a Validate of the user's. It may have rules for whole
	// structs, so a type without tags is checked too.
	custom  bool
	message func(validator.FieldError) string
}

var _ resolve.Validator = (*Adapter)(nil)

// Option changes how an Adapter works.
type Option func(*Adapter)

// WithValidate checks with v, which has rules of your own. The Adapter changes
// nothing in it. Register all rules before the application is built.
func WithValidate(v *validator.Validate) Option {
	return func(a *Adapter) { a.validate, a.custom = v, true }
}

// WithMessage sets the function that says what is wrong, in words for the
// client. Where it returns "" the Adapter's own message is used. It is called
// from many goroutines.
func WithMessage(f func(validator.FieldError) string) Option {
	return func(a *Adapter) { a.message = f }
}

// Validation returns the adapter, for fogo.New.
func Validation(opts ...Option) *Adapter {
	a := &Adapter{}
	for _, o := range opts {
		o(a)
	}
	if a.validate == nil {
		a.validate = validator.New(validator.WithRequiredStructEnabled())
	}
	return a
}

// ApplyValues makes the adapter the validator of an application.
func (a *Adapter) ApplyValues(cfg *resolve.Config) { cfg.Validator = a }

// Compile implements [resolve.Validator]. The error names the types, fields and
// tags that are wrong.
func (a *Adapter) Compile(t reflect.Type) (func(any) error, error) {
	w := walk{adapter: a, seen: map[reflect.Type]bool{}}
	w.visit(t)
	if len(w.faults) > 0 {
		return nil, errors.Join(w.faults...)
	}
	if !w.tagged && !a.custom {
		return nil, nil
	}
	return func(p any) error {
		vs, err := a.check(reflect.ValueOf(p).Elem(), "", nil)
		if err != nil || len(vs) == 0 {
			return err
		}
		return vs
	}, nil
}

// check adds what is wrong with v, a struct or something that holds structs, to
// vs. at is the path of v: "" or "[3]".
func (a *Adapter) check(v reflect.Value, at string, vs resolve.Violations) (resolve.Violations, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return vs, nil
		}
		return a.check(v.Elem(), at, vs)
	case reflect.Slice, reflect.Array:
		var err error
		for i := 0; i < v.Len() && err == nil; i++ {
			vs, err = a.check(v.Index(i), fmt.Sprintf("%s[%d]", at, i), vs)
		}
		return vs, err
	case reflect.Map:
		var err error
		for _, key := range sortedKeys(v) {
			if vs, err = a.check(v.MapIndex(key), fmt.Sprintf("%s[%v]", at, key), vs); err != nil {
				return nil, err
			}
		}
		return vs, nil
	case reflect.Struct:
		return a.checkStruct(v, at, vs)
	}
	return vs, nil
}

// sortedKeys lists a map's keys by their text, so that one request always gives
// one answer.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return keys
}

func (a *Adapter) checkStruct(v reflect.Value, at string, vs resolve.Violations) (resolve.Violations, error) {
	if v.CanAddr() {
		v = v.Addr() // saves a copy
	}
	err := a.validate.Struct(v.Interface())
	if err == nil {
		return vs, nil
	}
	all, ok := errors.AsType[validator.ValidationErrors](err)
	if !ok {
		return nil, err
	}
	// The library puts the name of the struct in front, which for a generic
	// type has dots of its own.
	root := reflect.Indirect(v).Type().Name() + "."
	for _, e := range all {
		vs = append(vs, resolve.Violation{Field: join(at, strings.TrimPrefix(e.StructNamespace(), root)), Message: a.messageOf(e)})
	}
	return vs, nil
}

func join(at, field string) string {
	if at == "" {
		return field
	}
	return at + "." + field
}

func (a *Adapter) messageOf(e validator.FieldError) string {
	if a.message != nil {
		if m := a.message(e); m != "" {
			return m
		}
	}
	return message(e)
}
