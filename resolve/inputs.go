package resolve

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/gofogo/fogo/internal/rules"
)

// Input is a value in the path or the query of the request that a route takes,
// with the type that it is parsed as: what a URL of the route is made from.
type Input struct {
	// Query is true for a query parameter, false for a variable of the path.
	Query bool
	// Name is that of the variable or the parameter.
	Name string
	// Type is the scalar, or for a query parameter the slice of scalars, that
	// the text is parsed as.
	Type reflect.Type
	// HasDefault is true if absent means something else than nothing.
	HasDefault bool
	// Of is the parameter's type, or the struct that the value is a field of;
	// Index leads to that field.
	Of    reflect.Type
	Index []int
}

// Inputs are what the functions of the route take from the URL, by name. One
// name occurs as often as there are takers.
func (b *Binder) Inputs() []Input {
	var all []Input
	for _, f := range b.now {
		for _, rb := range b.results[f].Bindings {
			all = appendInputs(all, rb, nil)
		}
	}
	for class, res := range b.classes {
		for _, rb := range res.Bindings {
			all = appendInputs(all, rb, class.Type)
		}
	}
	slices.SortStableFunc(all, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type.String(), b.Type.String()))
	})
	return all
}

// ReadsURL reports whether a function of the route is given the query or the
// URL as a whole, so that it may take what Inputs does not list.
func (b *Binder) ReadsURL() bool {
	return b.Takes("*http.Request") || b.Takes("*url.URL") || b.Takes("url.Values")
}

func appendInputs(to []Input, rb rules.Binding, of reflect.Type) []Input {
	if rb.Shape == rules.StructShape {
		for _, f := range rb.Fields {
			to = appendInputs(to, f, rules.ReflectOf(rb.Value))
		}
		return to
	}
	if rb.Source != rules.Path && rb.Source != rules.Query {
		return to
	}
	if of == nil {
		of = rules.ReflectOf(rb.Type)
	}
	return append(to, Input{
		Query: rb.Source == rules.Query, Name: rb.Name, Type: rules.ReflectOf(rb.Value), HasDefault: rb.HasDefault, Of: of, Index: rb.Index,
	})
}

// InputsOf are the fields of a struct that are tagged path or query, as a params
// struct has them. Other fields are left out.
func InputsOf(t reflect.Type) []Input {
	var all []Input
	for _, f := range reflect.VisibleFields(t) {
		for _, key := range []string{"path", "query"} {
			name, ok := f.Tag.Lookup(key)
			if !ok || !f.IsExported() {
				continue
			}
			if name == "" {
				name = rules.Snake(f.Name)
			}
			typ := f.Type
			if typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			_, hasDefault := f.Tag.Lookup("default")
			all = append(all, Input{Query: key == "query", Name: name, Type: typ, HasDefault: hasDefault, Of: t, Index: f.Index})
		}
	}
	return all
}
