package rules

import (
	"fmt"
	"reflect"
	"strings"
)

// bindComponent binds parameter i to the provider of its type.
func (b *binder) bindComponent(i int) {
	t := b.sig.In[i]
	by := b.env.provided(t)
	b.bind(i, Binding{Class: Component, Value: t, Text: "provider " + by})
	if IsScalar(t) {
		b.shadows = append(b.shadows, shadow{param: i, by: "a provider, " + by, component: true})
	}
}

// bindOptionalComponent binds Optional[t] where t is no wrapper. Without a
// provider it is empty, which is no fault; what can have none is.
func (b *binder) bindOptionalComponent(i int, t Type) {
	by := b.env.provided(t)
	if why, _ := notProvided(t); why != "" {
		b.fault(i, "%q holds no component, since %q cannot be one: %s; take resolve.Optional of another wrapper, such as resolve.Query, or of a type with a provider", b.sig.In[i], t, why)
		return
	}
	if by == "" && (IsScalar(t) || isScalars(t)) {
		b.fault(i, "%q does not say its source, and %q has no provider: take resolve.Optional[resolve.Query[%s]], or another wrapper", b.sig.In[i], t, code(t))
		return
	}
	if twin := b.env.pointerTwin(t); by == "" && twin != nil {
		b.fault(i, "%q would always be empty: %q has no provider, but %q has; did you mean resolve.Optional[%s]?", b.sig.In[i], t, twin, code(twin))
		return
	}
	text := "optional component, not provided"
	if by != "" {
		text = "optional provider " + by
	}
	b.bind(i, Binding{Class: Component, Value: t, Optional: true, Text: text})
}

// CheckProvided says why values of type t cannot be provided, or "". They
// would fall in two classes, or could not be told apart.
func CheckProvided(t Type) string {
	why, remedy := notProvided(t)
	if why == "" {
		return ""
	}
	name := t.String()
	if isAny(t) {
		name = "any"
	}
	return fmt.Sprintf("%q cannot be provided, because %s: %s", name, why, remedy)
}

// notProvided is the reason and the remedy of [CheckProvided].
func notProvided(t Type) (why, remedy string) {
	const over = "declare a type of your own over it and provide that"
	switch {
	case isAny(t):
		return "every value is one", "provide the type itself"
	case predeclared(t):
		return "it does not say what it is", over
	case isWrapper(t):
		return "a wrapper says its source", "provide what it holds"
	case extracts(t):
		return "its method Extract fills it", "drop the provider or the method"
	case isFile(t):
		return "it is a file of a form", over
	}
	if _, ok := frameworkOf(t); ok {
		return "the framework fills it in", over
	}
	if l, tag, ok := paramsField(t); ok {
		return fmt.Sprintf("its field %q is tagged %s, so each request fills it", l.Name, tag.key),
			"provide a pointer to it or drop the tags"
	}
	return "", ""
}

// noSource says what parameter i could be, after no class was found for it.
func (b *binder) noSource(i int) {
	t := b.sig.In[i]
	why := b.pointerFault(t)
	if why == "" {
		why = b.valueFault(i, t)
	}
	if why == "" {
		why = b.unprovided(t)
		if b.env.pointerTwin(t) == nil {
			why += b.orSaid(t)
		}
	}
	b.fault(i, "%s", why)
}

// pointerFault is for pointers to what is taken by value.
func (b *binder) pointerFault(t Type) string {
	if f, ok := frameworkTwin(t); ok {
		return fmt.Sprintf("%q has no source: the framework's own type is %q, take that", t, f.name())
	}
	if !pointer(t) || named(t) || b.env.provided(t.Elem()) != "" {
		return ""
	}
	e := t.Elem()
	switch {
	case isWrapper(e):
		return fmt.Sprintf("%q is a pointer to a wrapper: take %q by value; resolve.Optional tells what is absent", t, e)
	case extracts(e):
		return fmt.Sprintf("%q is a pointer to a type that extracts itself: take %q by value", t, e)
	case isParams(e):
		return fmt.Sprintf("%q is a pointer to a struct with source tags: take %q by value; pointer fields tell what is absent", t, e)
	case IsScalar(e):
		return fmt.Sprintf("%q has no source, because pointers are never scalars: take %q by value, or for what may be absent %s%s",
			t, e, optionalScalar(e), b.orProvide(e))
	case isAny(e) || pointer(e):
		return fmt.Sprintf("%q has no source: take the type that you need by value, or what a provider makes", t)
	}
	return ""
}

func optionalScalar(t Type) string {
	if named(t) && !isStd(t) {
		return fmt.Sprintf("resolve.Optional[resolve.Query[%s]]", code(t))
	}
	return fmt.Sprintf("declare %s and take resolve.Optional[resolve.Query[%s]]", declaration(t), example(t))
}

// orSaid adds the wrapper for a struct that may have been meant as the body or
// the message.
func (b *binder) orSaid(t Type) string {
	s, _, ok := structBehind(t)
	switch {
	case !ok || t.Kind() != reflect.Struct && !isData(s):
		return ""
	case b.env.Protocol == HTTP && b.env.Role != Guard:
		return fmt.Sprintf(", or take resolve.Body[%s] if it is the body", code(s))
	case perMessageHere(&b.env) && b.env.Role != Guard:
		return fmt.Sprintf(", or take resolve.Message[%s] if it is the message", code(s))
	}
	return ""
}

// valueFault is for values that a request or a message could hold.
func (b *binder) valueFault(i int, t Type) string {
	switch {
	case fileBehind(t):
		return fmt.Sprintf("%q has no source: a file is a field of a form; declare type Upload struct{ Avatar resolve.File } and take resolve.Form[Upload]", t)
	case isData(t):
		return b.dataFault(i, t)
	case isScalars(t):
		return fmt.Sprintf("%q has no source, a path variable holds one value: %s", t, sayQuery(t))
	case isBytes(t):
		return fmt.Sprintf("%q has no source: take %s for the bytes as they came, or declare a named type over it and provide that", t, b.bytesType())
	case isError(t):
		return fmt.Sprintf("%q has no source: a handler returns its error, and a finisher, func(error) error, is what sees it", t)
	case predeclared(t):
		return fmt.Sprintf("%q has no source: no text is parsed as one, and predeclared types cannot be provided; take a string, or a type with UnmarshalText", t)
	case !decodable(t) && !named(t):
		return fmt.Sprintf("%q has no source: nothing in a request is one; declare a named type over it and provide that", t)
	case t.Kind() == reflect.Struct && injectsOnly(t):
		return fmt.Sprintf("%q has no source: fields tagged inject alone do not make it one of a request; take them as parameters, or register a provider of it", t)
	}
	return ""
}

// bytesType is the type for the bytes of a request or a message.
func (b *binder) bytesType() string {
	if b.env.Protocol == Socket {
		return `"ws.Data"`
	}
	return `"resolve.RawBody"`
}

// dataFault: t is a data struct where none is taken without saying so.
func (b *binder) dataFault(i int, t Type) string {
	l, _ := dataField(t)
	provide := fmt.Sprintf("if it is a component, register its provider: %s%s", b.provideCode(t), b.meant(t))
	if b.env.Protocol == HTTP {
		return fmt.Sprintf("%q has no source: over HTTP a body is always said, and this one could be (field %q is tagged); take resolve.Body[%s], or, %s",
			t, l.Name, code(t), provide)
	}
	handler := b.env.Role == Handler || b.env.Role == Hook
	said := saidMessage(b.sig)
	switch {
	case !perMessageHere(&b.env):
		return fmt.Sprintf("%q has no source: it could be a message (field %q is tagged), and here there is none; %s, or, %s",
			t, l.Name, noMessage(&b.env), provide)
	case !handler:
		return fmt.Sprintf("%q has no source: outside of handlers a message is always said, and this one could be (field %q is tagged); take resolve.Message[%s], or, %s",
			t, l.Name, code(t), provide)
	case said >= 0:
		return fmt.Sprintf("%q has no source: the message is %q already; keep one of the two, or, %s", t, b.sig.In[said], provide)
	}
	return fmt.Sprintf("%q has no source: only the last parameter is the message; move it to the end or take resolve.Message[%s], or, %s",
		t, code(t), provide)
}

func injectsOnly(t Type) bool {
	for _, l := range paramsLeaves(t) {
		if _, ok := l.Tag.Lookup("inject"); ok {
			return true
		}
	}
	return false
}

// unprovided says that t has no provider, and what may be meant.
func (b *binder) unprovided(t Type) string {
	if twin := b.env.pointerTwin(t); twin != nil {
		return fmt.Sprintf("nothing provides %q, but %q has a provider, %s; did you mean %q?", t, twin, b.env.provided(twin), code(twin))
	}
	if t.Kind() == reflect.Interface {
		if made := b.env.implementors(t); len(made) > 0 {
			return fmt.Sprintf("nothing provides %q, and Fogo never searches for what implements it; %s: say which with Provide(lifetime, func(%s %s) %s { return %s })",
				t, implementPhrase(made), argument(made[0]), code(made[0]), code(t), argument(made[0]))
		}
	}
	return fmt.Sprintf("nothing provides %q%s: register a provider, %s", t, b.meant(t), b.provideCode(t))
}

func implementPhrase(made []Type) string {
	if len(made) == 1 {
		return fmt.Sprintf("%q does", made[0])
	}
	return list(quoted(made)) + " do"
}

func (b *binder) provideCode(t Type) string {
	return fmt.Sprintf("Provide(lifetime, func() %s { … })", code(t))
}

// meant lists what is provided, or asks for what may be meant.
func (b *binder) meant(t Type) string {
	if twin := b.env.pointerTwin(t); twin != nil {
		return fmt.Sprintf(" (did you mean %q, which is provided?)", twin)
	}
	if like := b.env.lookalike(t); like != nil {
		return fmt.Sprintf(" (did you mean %q, which is provided?)", like)
	}
	known := quoted(b.env.known())
	if len(known) == 0 {
		return ""
	}
	more := ""
	if len(known) > 4 {
		known, more = known[:4], ", …"
	}
	return fmt.Sprintf(" (provided: %s%s)", strings.Join(known, ", "), more)
}
