package endpoint

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// methodOrder is the order of methods in an Allow header.
var methodOrder = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// Allow lists methods as in an Allow header (RFC 9110 section 10.2.1), with
// HEAD where there is GET, and OPTIONS, which is always answered.
func Allow(methods []string) string {
	all := slices.Clone(methods)
	if slices.Contains(all, http.MethodGet) {
		all = append(all, http.MethodHead)
	}
	all = append(all, http.MethodOptions)
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a, b))
	})
	return strings.Join(slices.Compact(all), ", ")
}

// rank puts methods that are not in the list behind those that are.
func rank(method string) int {
	if i := slices.Index(methodOrder, method); i >= 0 {
		return i
	}
	return len(methodOrder)
}
