package rules

import (
	"fmt"
	"slices"
)

// Unused returns the names of the variables that no function of a route takes,
// in the order of the pattern. The results are those of everything that a
// call may run: providers, guards, the handler, and for a class its fields and
// all of its methods. A function that takes *http.Request may read any
// variable, and ignored lists those that the route is told to ignore.
func Unused(vars []Var, ignored []string, results ...Result) []string {
	taken := slices.Clone(ignored)
	for _, r := range results {
		names, all := takenBy(r)
		if all {
			return nil
		}
		taken = append(taken, names...)
	}
	var unused []string
	for _, v := range vars {
		if !slices.Contains(taken, v.Name) {
			unused = append(unused, v.Name)
		}
	}
	return unused
}

// takenBy lists the variables that a function takes; all is true if it takes
// the request.
func takenBy(r Result) (names []string, all bool) {
	for _, c := range r.Claims {
		names = append(names, c.Var)
	}
	for _, b := range r.Bindings {
		switch {
		case b.Class == Framework && b.Name == "*http.Request":
			return nil, true
		case b.Source == Path:
			names = append(names, b.Name)
		case b.Nested != nil:
			more, whole := takenBy(*b.Nested)
			if whole {
				return nil, true
			}
			names = append(names, more...)
		}
	}
	return names, false
}

// UnusedText is the fault for a variable that nothing takes.
func UnusedText(pattern, name string) string {
	return fmt.Sprintf("nothing takes the path variable {%s} of %q: take it, for example with resolve.Path or a field tagged path:%q, or tell the route to ignore it",
		name, pattern, name)
}
