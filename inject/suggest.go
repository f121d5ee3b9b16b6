package inject

import (
	"fmt"
	"reflect"
	"strings"
)

// missing is the fault of a parameter that has no provider.
func missing(i int, t reflect.Type, see View) string {
	s := fmt.Sprintf("parameter %d (%s) has no source: nothing provides it", i+1, t)
	if near := nearest(t, see.Known()); near != "" {
		return s + "; " + near
	}
	if len(see.Known()) == 0 {
		return s + "; register a constructor with Provide, or a value with Value"
	}
	return s + "; provided are " + typeList(see.Known())
}

// nearest suggests a provided type that is probably meant.
func nearest(t reflect.Type, known []reflect.Type) string {
	for _, k := range known {
		switch {
		case k == reflect.PointerTo(t), t.Kind() == reflect.Pointer && k == t.Elem():
			return fmt.Sprintf("%s is provided, did you mean that?", k)
		case t.Kind() == reflect.Interface && t.NumMethod() > 0 && k.Implements(t):
			return fmt.Sprintf("%s is provided and implements it: add Provide(lifetime, func(v %s) %s { return v })", k, k, t)
		}
	}
	return ""
}

// typeList names a handful of types.
func typeList(types []reflect.Type) string {
	const most = 8
	var names []string
	for i, t := range types {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(types)-most))
			break
		}
		names = append(names, t.String())
	}
	return strings.Join(names, ", ")
}
