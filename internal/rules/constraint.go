package rules

import (
	"fmt"
	"reflect"
)

// disagree says why values of type t cannot be what the variable v holds, or
// "". It begins with the variable.
func (b *binder) disagree(v int, t Type) string {
	of := b.env.Vars[v]
	written := fmt.Sprintf("{%s}", of.Name)
	if of.Constraint != "" {
		written = fmt.Sprintf("{%s:%s}", of.Name, of.Constraint)
	}
	switch {
	case of.Multi && t.Kind() != reflect.String:
		return fmt.Sprintf("{%s...}, which holds the rest of the path with its slashes: take it as a string", of.Name)
	case of.Constraint == "int" && isDuration(t):
		return fmt.Sprintf("%s, which only integers match, but a duration is written \"1m30s\": drop the constraint", written)
	case of.Constraint == "int" && !integer(t.Kind()):
		return fmt.Sprintf("%s, which only integers match, but its kind is %s: take an integer type, or drop the constraint", written, t.Kind())
	case of.Constraint == "uuid" && t.Kind() != reflect.String && !t.TextUnmarshaler():
		return fmt.Sprintf("%s, which only UUIDs match, but it is neither a string nor has UnmarshalText: take a UUID type, or drop the constraint", written)
	}
	return ""
}
