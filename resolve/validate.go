package resolve

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// Validator checks values against the `validate` tags of their types. The
// adapter to go-playground/validator is package resolve/playground.
type Validator interface {
	// Compile prepares the check of values of type t, at build time. The
	// function it returns is given a pointer to a value, must be safe for
	// concurrent use, and reports what it finds as Violations. A nil function
	// means that there is nothing to check. The error says what is wrong with
	// the tags.
	Compile(t reflect.Type) (func(any) error, error)
}

// Violation is one rule that a value breaks.
type Violation struct {
	// Field is the path of the field in Go's terms: "Items[3].Name"; "" for
	// the value itself.
	Field string
	// Message says what is wrong, in words for the client.
	Message string
}

// Violations is the error of a Validator.
type Violations []Violation

// Error joins the violations.
func (vs Violations) Error() string {
	texts := make([]string, len(vs))
	for i, v := range vs {
		texts[i] = strings.TrimPrefix(v.Field+" "+v.Message, " ")
	}
	return strings.Join(texts, "; ")
}

// self is implemented by values that check themselves.
type self interface{ Validate() error }

// check is the compiled validation of values of one type.
type check struct {
	typ  reflect.Type
	tags func(any) error
	self bool
}

// compileCheck prepares the validation of values of type t: its tags, if a
// validator is configured, and its own Validate method. It returns nil if
// there is nothing to check.
func compileCheck(v Validator, t reflect.Type) (*check, error) {
	c := &check{typ: t, self: reflect.PointerTo(t).Implements(reflect.TypeFor[self]())}
	if v != nil && hasTags(t) {
		f, err := v.Compile(t)
		if err != nil {
			return nil, err
		}
		c.tags = f
	}
	if c.tags == nil && !c.self {
		return nil, nil
	}
	return c, nil
}

// hasTags reports whether the type is one whose parts can carry tags.
func hasTags(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// run checks the value that p, a pointer to memory of its own, points to, and
// adds what it finds to the faults. at is the location of the value, name
// names its fields for the client.
func (k *check) run(c *Call, p any, at string, name fieldNamer) {
	if k.tags != nil {
		c.violations(k.tags(p), at, k.typ, name)
	}
	if k.self {
		c.violations(p.(self).Validate(), at, k.typ, name)
	}
}

// violations turns a validation error into faults with status 422.
func (c *Call) violations(err error, at string, t reflect.Type, name fieldNamer) {
	if err == nil {
		return
	}
	if vs, ok := errors.AsType[Violations](err); ok {
		for _, v := range vs {
			c.fault(Fault{Location: join(at, name(t, v.Field)), Message: v.Message, Status: 422})
		}
		return
	}
	if fs, ok := errors.AsType[Faults](err); ok {
		for _, f := range fs {
			c.fault(Fault{Location: join(at, f.Location), Message: f.Message, Status: 422})
		}
		return
	}
	if f, ok := errors.AsType[Fault](err); ok {
		c.fault(Fault{Location: join(at, f.Location), Message: f.Message, Status: 422})
		return
	}
	c.fault(Fault{Location: at, Message: err.Error(), Status: 422})
}

// fieldNamer turns a field path in Go's terms into the client's.
type fieldNamer func(t reflect.Type, path string) string

func join(at, field string) string {
	if field == "" || strings.HasPrefix(field, "[") || at == "" {
		return at + field
	}
	return at + "." + field
}

// taggedNames names fields as a codec of these tags does: by the first of them
// that a field has.
func taggedNames(tags ...string) fieldNamer {
	return func(t reflect.Type, path string) string {
		var out string
		if path == "" {
			return ""
		}
		for part := range strings.SplitSeq(path, ".") {
			name, index, _ := strings.Cut(part, "[")
			if index != "" {
				index = "[" + index
			}
			t = structBehind(t)
			if t == nil {
				out = join(out, part)
				continue
			}
			f, ok := t.FieldByName(name)
			if ok {
				t = f.Type
				if n, _, _ := strings.Cut(firstTag(f.Tag, tags), ","); n != "" && n != "-" {
					name = n
				} else if f.Anonymous && n == "" {
					continue // its fields are promoted in the client's view
				}
			}
			out = join(out, name+index)
		}
		return out
	}
}

// firstTag is the first of these tags that a field has.
func firstTag(tag reflect.StructTag, keys []string) string {
	for _, key := range keys {
		if text := tag.Get(key); text != "" {
			return text
		}
	}
	return ""
}

// structBehind unwraps pointers, slices and maps down to a struct.
func structBehind(t reflect.Type) reflect.Type {
	for t != nil {
		switch t.Kind() {
		case reflect.Struct:
			return t
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		default:
			return nil
		}
	}
	return nil
}

// quoted shows a piece of the client's text in a message, cut short.
func quoted(s string) string {
	return strconv.Quote(clip(s))
}
