package rules

import (
	"fmt"
	"reflect"
)

// checkValidation finds `validate` tags that nothing would look at.
func (b *binder) checkValidation() {
	if b.env.Validation {
		return
	}
	for i := range b.res.Bindings {
		if where := validated(&b.res.Bindings[i]); where != "" {
			b.fault(i, "%s has a validate tag, but no validator is configured: build the application with fogo.New(playground.Validation()), or drop the tag", where)
		}
	}
}

// validated names the first field with a validate tag that b fills.
func validated(b *Binding) string {
	if b.Shape == CodecShape {
		return validatedIn(b.Value, nil)
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		if f.Validate != "" && f.Validate != "-" {
			return fmt.Sprintf("field %q of %q", fieldName(b.Value, f.Index), b.Value)
		}
		if where := validated(f); where != "" {
			return where
		}
	}
	return ""
}

// fieldName is the name of the field at index in the struct t.
func fieldName(t Type, index []int) string {
	var f Field
	for _, i := range index {
		s, _, _ := structBehind(t)
		f = s.Field(i)
		t = f.Type
	}
	return f.Name
}

// validatedIn looks through everything that a codec would fill.
func validatedIn(t Type, seen []Type) string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		if contains(seen, t) {
			return ""
		}
		return validatedIn(t.Elem(), append(seen, t))
	case reflect.Struct:
	default:
		return ""
	}
	if isStd(t) || contains(seen, t) {
		return ""
	}
	seen = append(seen, t)
	for i := range t.NumField() {
		f := t.Field(i)
		if tag := f.Tag.Get("validate"); f.Exported && tag != "" && tag != "-" {
			return fmt.Sprintf("field %q of %q", f.Name, t)
		}
		if !f.Exported && !f.Embedded {
			continue
		}
		if where := validatedIn(f.Type, seen); where != "" {
			return where
		}
	}
	return ""
}
