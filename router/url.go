package router

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
)

// URL returns a reference that leads to the route: its path, escaped, with the
// prefixes of groups and mounts, and a query if there is something for it. For a
// route with a host it is "//example.com/path". It is known once the
// application is built; before that it is an error, as it is for a route whose
// router is mounted in several places.
//
// The values are those of the path variables, in order:
//
//	user.URL(42)                       // /users/42
//
// They may be given by name too, before or after the others, which are then for
// the variables that are left: a map from names, or a struct with fields tagged
// path or query, such as the one that the view takes. What a struct inside a
// resolve.Query names itself, it names here. A url.Values is added to the query
// as it is.
//
//	list.URL(ListParams{Tenant: "acme", Page: 2})           // /t/acme?page=2
//	list.URL("acme", map[string]any{"page": 2})
//	list.URL("acme", url.Values{"utm_source": {"mail"}})
//
// What the view parses a value as, says which types fit: that type itself; where
// one of the two types is predeclared, any of the same kind, in range; and a
// string that parses. An OrderID doesn't fit where a UserID is taken. So the
// URL leads back to the same values. Pointers that are nil and empty slices stay
// out of the query. The error names the variable, its type and what was given.
func (rt *Route) URL(values ...any) (string, error) {
	l, err := rt.link()
	if err != nil {
		return "", err
	}
	return l.url(values)
}

// AbsoluteURL is [Route.URL] with scheme and host: "https://example.com/users/1",
// and "wss://…" for a WebSocket. Both come from BuildOptions.BaseURL, whose path
// goes before that of the route; package fogo has options for it. Without it
// they are what the request says: https if it came over TLS, and its Host. The
// host of a route that has one is its own.
//
// A Host header is the client's word. One that is no host and port is an error
// here, but any name is good; so a URL that somebody else is to follow, as in a
// mail, needs a base that is configured.
func (rt *Route) AbsoluteURL(r *http.Request, values ...any) (string, error) {
	l, err := rt.link()
	if err != nil {
		return "", err
	}
	return l.absolute(r, values)
}

// URL is [Route.URL] of the route with a name, see [Built.Route], where this
// application has it.
func (b *Built) URL(name string, values ...any) (string, error) {
	l, err := b.link(name)
	if err != nil {
		return "", err
	}
	return l.url(values)
}

// URLFor is [Route.AbsoluteURL] of the route with a name, see [Built.Route],
// where this application has it.
func (b *Built) URLFor(r *http.Request, name string, values ...any) (string, error) {
	l, err := b.link(name)
	if err != nil {
		return "", err
	}
	return l.absolute(r, values)
}

func (b *Built) link(name string) (*link, error) {
	l := b.names[name]
	if l == nil {
		return nil, fmt.Errorf("router: no route is named %q: name it with Route.Name; in what is mounted under a name, it is \"mount:route\"", name)
	}
	return l, l.fault
}

// url makes the reference.
func (l *link) url(values []any) (string, error) {
	path, query, err := l.expand(values)
	if err != nil {
		return "", err
	}
	if h := l.full.Host(); h != "" {
		path = "//" + h + path
	}
	return path + query, nil
}

// expand makes path and query.
func (l *link) expand(values []any) (path, query string, err error) {
	f := filling{link: l, path: map[string]string{}, query: url.Values{}}
	for _, v := range values {
		if err := f.take(v); err != nil {
			return "", "", fmt.Errorf("router: %s: %w", l.full, err)
		}
	}
	if err := f.inOrder(); err != nil {
		return "", "", fmt.Errorf("router: %s: %w", l.full, err)
	}
	var texts []string
	for _, v := range l.full.Vars() {
		texts = append(texts, f.path[v.Name])
	}
	if path, err = l.full.Expand(texts); err != nil {
		return "", "", fmt.Errorf("router: %s", strings.TrimPrefix(err.Error(), "pattern: "))
	}
	if len(f.query) > 0 {
		query = "?" + f.query.Encode()
	}
	return path, query, nil
}

// filling collects the values of one URL.
type filling struct {
	link  *link
	path  map[string]string // by variable
	query url.Values
	rest  []any // to be given to variables in order
}

// take sorts a value: by name, or in order.
func (f *filling) take(v any) error {
	rv := reflect.ValueOf(v)
	if q, ok := v.(url.Values); ok {
		return f.add(q)
	}
	if rv.IsValid() && rv.Kind() == reflect.Map && rv.Type().Key().Kind() == reflect.String {
		return f.takeMap(rv)
	}
	if rv.IsValid() && rv.Kind() == reflect.Pointer && !rv.IsNil() && len(f.fields(rv.Type().Elem())) > 0 {
		rv = rv.Elem()
	}
	if rv.IsValid() {
		if fields := f.fields(rv.Type()); len(fields) > 0 {
			return f.takeFields(rv, fields)
		}
	}
	f.rest = append(f.rest, v)
	return nil
}

// add adds a query as it is, but for what no URL can hold twice.
func (f *filling) add(q url.Values) error {
	for name, texts := range q {
		if len(f.query[name]) > 0 {
			return fmt.Errorf("the query parameter %q is given twice", name)
		}
		f.query[name] = slices.Clone(texts)
	}
	return nil
}

// takeMap takes the values of a map by their names, in order.
func (f *filling) takeMap(m reflect.Value) error {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		v := m.MapIndex(k)
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		in := resolve.Input{Name: k.String(), Query: !f.hasVar(k.String())}
		if err := f.named(in, v); err != nil {
			return err
		}
	}
	return nil
}

// fields are those of a struct, or of a wrapper around one, that a URL has
// something of; nil for every other type. What the plan says of it goes first.
func (f *filling) fields(t reflect.Type) []resolve.Input {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var list []resolve.Input
	for _, in := range f.link.inputs {
		if in.Of == t && !slices.ContainsFunc(list, func(o resolve.Input) bool { return o.Query == in.Query && o.Name == in.Name }) {
			list = append(list, in)
		}
	}
	if len(list) > 0 && list[0].Index != nil {
		return list
	}
	if len(list) > 0 && list[0].Type != t { // resolve.Query[Page]
		list[0].Index = []int{0}
		return list[:1]
	}
	return resolve.InputsOf(t)
}

func (f *filling) takeFields(rv reflect.Value, fields []resolve.Input) error {
	for _, in := range fields {
		v, err := rv.FieldByIndexErr(in.Index)
		if err != nil {
			return fmt.Errorf("the field of %s for %s is behind a nil pointer", rv.Type(), nounOf(in))
		}
		if err := f.named(in, v); err != nil {
			return err
		}
	}
	return nil
}

// named gives a value to the variable or the query parameter of a name.
func (f *filling) named(in resolve.Input, v reflect.Value) error {
	if v.Kind() == reflect.Pointer && v.IsNil() && in.Query {
		return nil // absent
	}
	types := f.types(in.Query, in.Name)
	switch {
	case !in.Query && !f.hasVar(in.Name):
		return fmt.Errorf("there is no path variable {%s}%s", in.Name, f.known())
	case in.Query && len(types) == 0 && f.link.typed && !f.link.free:
		return fmt.Errorf("nothing takes a query parameter %q%s; a url.Values adds what no view takes", in.Name, f.known())
	case in.Query:
		return f.addQuery(in, v, types)
	}
	if _, twice := f.path[in.Name]; twice {
		return fmt.Errorf("{%s} is given twice", in.Name)
	}
	text, err := textFor(types, v)
	if err != nil {
		return fmt.Errorf("{%s} %w", in.Name, err)
	}
	f.path[in.Name] = text
	return nil
}

// addQuery adds the text of a scalar, or those of a slice.
func (f *filling) addQuery(in resolve.Input, v reflect.Value, types []reflect.Type) error {
	if _, twice := f.query[in.Name]; twice {
		return fmt.Errorf("the query parameter %q is given twice", in.Name)
	}
	if !isList(v) {
		text, err := textFor(elements(types), v)
		if err != nil {
			return fmt.Errorf("the query parameter %q %w", in.Name, err)
		}
		f.query.Set(in.Name, text)
		return nil
	}
	if len(types) > 0 && !slices.ContainsFunc(types, func(t reflect.Type) bool { return isList(reflect.Zero(t)) }) {
		return fmt.Errorf("the query parameter %q %w", in.Name, misfit(types, v))
	}
	if v.Len() == 0 && f.hasDefault(in) {
		return fmt.Errorf("the query parameter %q has a default, which an empty list in a URL would stand for; give it an element", in.Name)
	}
	for i := range v.Len() {
		text, err := textFor(elements(types), v.Index(i))
		if err != nil {
			return fmt.Errorf("element %d of the query parameter %q %w", i, in.Name, err)
		}
		f.query.Add(in.Name, text)
	}
	return nil
}

func (f *filling) hasDefault(in resolve.Input) bool {
	return in.HasDefault || slices.ContainsFunc(f.link.inputs, func(o resolve.Input) bool {
		return o.Query && o.Name == in.Name && o.HasDefault
	})
}

// inOrder gives the values without names to the variables that are left.
func (f *filling) inOrder() error {
	var left []pattern.Var
	for _, v := range f.link.full.Vars() {
		if _, given := f.path[v.Name]; !given {
			left = append(left, v)
		}
	}
	if len(left) != len(f.rest) {
		return fmt.Errorf("%d values are given in order, but %s left; pass %s", len(f.rest), f.phrase(left), f.usage())
	}
	for i, v := range left {
		if err := f.named(resolve.Input{Name: v.Name}, reflect.ValueOf(f.rest[i])); err != nil {
			return err
		}
	}
	return nil
}

// types are what the views parse a name as. A name that nothing takes has none.
func (f *filling) types(query bool, name string) []reflect.Type {
	var types []reflect.Type
	for _, in := range f.link.inputs {
		if in.Query == query && in.Name == name && !slices.Contains(types, in.Type) {
			types = append(types, in.Type)
		}
	}
	return types
}

func (f *filling) hasVar(name string) bool {
	return slices.ContainsFunc(f.link.full.Vars(), func(v pattern.Var) bool { return v.Name == name })
}

// phrase lists variables with their types: "{user_id} (main.UserID) is".
func (f *filling) phrase(vars []pattern.Var) string {
	if len(vars) == 0 {
		return "no variable is"
	}
	verb := " are"
	if len(vars) == 1 {
		verb = " is"
	}
	return f.list(vars) + verb
}

func (f *filling) list(vars []pattern.Var) string {
	var words []string
	for _, v := range vars {
		word := "{" + v.Name + "}"
		if types := f.types(false, v.Name); len(types) > 0 {
			word += " (" + typeNames(types) + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// usage says what to pass.
func (f *filling) usage() string {
	vars := f.link.full.Vars()
	if len(vars) == 0 {
		return "none"
	}
	return "one for each of " + f.list(vars) + ", or a map or a struct that names them"
}

// known lists the names that there are.
func (f *filling) known() string {
	var names []string
	for _, v := range f.link.full.Vars() {
		names = append(names, "{"+v.Name+"}")
	}
	for _, in := range f.link.inputs {
		if name := "?" + in.Name; in.Query && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ", for the route takes nothing from its URL"
	}
	return "; there are " + strings.Join(names, ", ")
}

func nounOf(in resolve.Input) string {
	if in.Query {
		return fmt.Sprintf("the query parameter %q", in.Name)
	}
	return "{" + in.Name + "}"
}
