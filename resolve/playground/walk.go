package playground

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// walk tries the tags of every struct type that can be reached from one.
type walk struct {
	adapter *Adapter
	seen    map[reflect.Type]bool
	tagged  bool // a tag was found
	faults  []error
}

func (w *walk) visit(t reflect.Type) {
	t = behind(t)
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || w.seen[t] {
		return
	}
	w.seen[t] = true
	found := len(w.faults)
	for f := range fields(t) {
		tag := tagOf(f)
		if tag == "-" {
			continue
		}
		w.tagged = w.tagged || tag != ""
		w.dives(t, f, tag)
		w.visit(f.Type)
	}
	if len(w.faults) == found {
		w.try(t)
	}
}

// fields yields the fields that the library looks at.
func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); (f.IsExported() || f.Anonymous) && !yield(f) {
				return
			}
		}
	}
}

func tagOf(f reflect.StructField) string { return f.Tag.Get("validate") }

// behind unwraps pointers, slices, arrays and maps.
func behind(t reflect.Type) reflect.Type {
	for holds(t) || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func holds(t reflect.Type) bool {
	return t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map
}

// dives finds elements whose tags nothing would look at.
func (w *walk) dives(t reflect.Type, f reflect.StructField, tag string) {
	of := f.Type
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if !holds(of) || slices.Contains(strings.Split(tag, ","), "dive") {
		return
	}
	inside := walk{adapter: w.adapter, seen: map[reflect.Type]bool{}}
	if inside.visit(of); inside.tagged {
		w.faults = append(w.faults, fmt.Errorf("playground: field %q of %s holds elements with validate tags, but without the rule dive "+
			"nothing looks at them: tag it validate:%q, or validate:\"-\" if that is meant", f.Name, t, strings.TrimPrefix(tag+",dive", ",")))
	}
}

// try checks values of type t, to parse its tags and run its rules once. That
// fills the library's caches too.
func (w *walk) try(t reflect.Type) {
	v := w.adapter.validate
	zero, sample := reflect.New(t), reflect.New(t)
	fill(sample.Elem(), 0)
	for _, value := range []reflect.Value{zero, sample} {
		if why := panics(func() { _ = v.Struct(value.Interface()) }); why != nil {
			w.faults = append(w.faults, w.blame(t, why))
			return
		}
	}
	for f := range fields(t) {
		if why := w.tryRules(f); why != nil {
			w.faults = append(w.faults, fault(t, f, why))
		}
	}
}

// blame finds the field that makes the library panic, by trying each alone.
func (w *walk) blame(t reflect.Type, why any) error {
	for f := range fields(t) {
		if tagOf(f) == "" || !f.IsExported() {
			continue
		}
		alone := reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}})
		zero, sample := reflect.New(alone), reflect.New(alone)
		fill(sample.Elem(), 0)
		for _, value := range []reflect.Value{zero, sample} {
			if own := panics(func() { _ = w.adapter.validate.Struct(value.Interface()) }); own != nil {
				return fault(t, f, own)
			}
		}
	}
	return fmt.Errorf("playground: the validate tags of %s do not work: %v", t, why)
}

func fault(t reflect.Type, f reflect.StructField, why any) error {
	return fmt.Errorf("playground: field %q of %s is tagged validate:%q, which does not work: %v", f.Name, t, tagOf(f), why)
}

// sized are the rules whose argument is parsed when they run, for which another
// rule before them may leave no occasion: "email,min=x" fails at email.
var sized = []string{"len", "min", "max", "eq", "ne", "lt", "lte", "gt", "gte"}

// tryRules runs the sized rules of a field, each alone.
func (w *walk) tryRules(f reflect.StructField) any {
	t := f.Type
	for rule := range strings.SplitSeq(tagOf(f), ",") {
		if rule == "dive" {
			for t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			if !holds(t) {
				return nil // the library has told
			}
			t = t.Elem()
		}
		if rule == "keys" {
			return nil // those that follow are for the keys
		}
		name, _, _ := strings.Cut(rule, "=")
		if !slices.Contains(sized, name) || t.Kind() == reflect.Interface {
			continue
		}
		sample := reflect.New(t)
		fill(sample.Elem(), 0)
		if why := panics(func() { _ = w.adapter.validate.Var(sample.Elem().Interface(), rule) }); why != nil {
			return why
		}
	}
	return nil
}

func panics(f func()) (why any) {
	defer func() { why = recover() }()
	f()
	return nil
}

// fill puts a value other than zero into everything that can be set, so that
// rules behind omitempty, dive and pointers are run.
func fill(v reflect.Value, depth int) {
	const deep = 4 // deeper types are tried by themselves
	if !v.CanSet() && v.Kind() != reflect.Struct || depth > deep {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("a")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Array:
		for i := range min(v.Len(), 1) {
			fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}
