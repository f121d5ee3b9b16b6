// What is mounted answers every method, so its pattern has none. That is in
// conflict with a wider route that has one: of "/api/{path...}" and the
// "GET /{path...}" of Static("/") neither is more specific. There the mount is
// registered for each method by itself, where the longer prefix decides.
//
// The surprise is that the mount cannot be asked which methods it has, because a
// handler knows that only when it is called; so these are those of RFC 9110 and
// RFC 5789, and those that routes around it have.

package router

import (
	"net/http"
	"slices"

	"github.com/gofogo/fogo/internal/pattern"
)

// usualMethods are those of RFC 9110 section 9 that a client sends to a resource,
// and PATCH. HEAD goes with GET.
var usualMethods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// mountMethods are the methods that a mount is registered for: "" for all.
func (b *builder) mountMethods(rt *Route) []string {
	var around []string
	for _, it := range b.reg.items {
		o := it.route
		if o == nil || o.pattern == nil {
			continue
		}
		if m := o.pattern.Method(); m != "" && m != pattern.Socket && b.wider(o.pattern, rt.pattern) {
			around = append(around, m)
		}
	}
	if around == nil {
		return []string{""}
	}
	methods := slices.Concat(usualMethods, around)
	slices.Sort(methods)
	return slices.Compact(methods)
}

// wider reports whether a pattern with a method is in conflict with that of a
// mount only because the latter has none.
func (b *builder) wider(p, mount *pattern.Pattern) bool {
	if p.Host() != mount.Host() {
		return false
	}
	rel, _ := pattern.Compare(b.withMethod(mount, p.Method()), p)
	return rel == pattern.MoreSpecific
}

// outside are the methods that routes other than the mount have for a path below
// it.
func (b *Built) outside(mount *Route, host, path string) []string {
	return slices.DeleteFunc(b.tree.Methods(host, path), func(method string) bool {
		var vals pattern.Values
		_, e, ok := b.tree.Match(method, host, path, &vals)
		return ok && e.route == mount
	})
}
