package rules

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// checkDefault says why the default of a field can never be used.
func (b *binder) checkDefault(f Binding) string {
	switch {
	case f.Source == Body:
		return "has a default, but a body is decoded as a whole: set what is absent in the handler"
	case f.Source == Path && !b.env.Vars[f.Var].Multi:
		return fmt.Sprintf("has a default, but a request without {%s} does not match %q: drop the default", f.Name, b.env.Pattern)
	case f.Shape == ScalarShape:
		return badDefault(f.Default, f.Default, f.Value)
	case f.Default == "":
		return ""
	}
	for element := range strings.SplitSeq(f.Default, ",") {
		if why := badDefault(f.Default, element, f.Value.Elem()); why != "" {
			return why
		}
	}
	return ""
}

// badDefault says why text is no value of type t. What UnmarshalText accepts
// is known to the program only.
func badDefault(whole, text string, t Type) string {
	if t.TextUnmarshaler() || parses(text, t) {
		return ""
	}
	return fmt.Sprintf("has the default %q, but %q is no value of type %q: write one that parses", whole, text, t)
}

func parses(text string, t Type) bool {
	var err error
	switch k := t.Kind(); {
	case isDuration(t):
		_, err = time.ParseDuration(text)
	case k == reflect.Bool:
		_, err = strconv.ParseBool(text)
	case k >= reflect.Int && k <= reflect.Int64:
		_, err = strconv.ParseInt(text, 10, bits(k))
	case k >= reflect.Uint && k <= reflect.Uint64:
		_, err = strconv.ParseUint(text, 10, bits(k))
	case k == reflect.Float32 || k == reflect.Float64:
		_, err = strconv.ParseFloat(text, bits(k))
	}
	return err == nil
}

func bits(k reflect.Kind) int {
	switch k {
	case reflect.Int8, reflect.Uint8:
		return 8
	case reflect.Int16, reflect.Uint16:
		return 16
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return 32
	case reflect.Int, reflect.Uint:
		return strconv.IntSize
	}
	return 64
}
