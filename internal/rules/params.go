package rules

import (
	"fmt"
	"strings"
)

// where names the field in messages.
func (l leaf) where() string { return fmt.Sprintf("field %q of %q", l.Name, l.within) }

// bindParams binds the fields of a Params struct, each of which must say where
// it comes from.
func (b *binder) bindParams(i int) {
	t := b.sig.In[i]
	if b.env.Singleton {
		b.fault(i, "%q reads a request, but a Singleton is made before the first one: provide it inject.PerCall", t)
		return
	}
	params := Binding{Class: Params, Shape: StructShape, Value: t}
	for _, l := range paramsLeaves(t) {
		if !l.Exported && len(tagsOf(l.Field)) == 0 {
			continue
		}
		if len(tagsOf(l.Field)) == 0 {
			b.untagged(i, l)
			continue
		}
		b.taggedField(i, &params, l)
	}
	b.bind(i, params)
}

// bindClass binds the tagged fields of a class prototype; the others are the
// class's own.
func (b *binder) bindClass(i int) {
	t := b.sig.In[i]
	s, _, ok := structBehind(t)
	class := Binding{Class: Params, Shape: StructShape, Value: s}
	if !ok {
		class.Text = "no tagged fields" // a class may be of any kind
		b.bind(i, class)
		return
	}
	faults := len(b.res.Faults)
	for _, l := range paramsLeaves(s) {
		if len(tagsOf(l.Field)) > 0 {
			b.taggedField(i, &class, l)
		}
	}
	if len(class.Fields) == 0 && len(b.res.Faults) == faults {
		class.Text = "no tagged fields"
	}
	b.bind(i, class)
}

// untagged says what an exported field without a tag needs.
func (b *binder) untagged(i int, l leaf) {
	remedy := fmt.Sprintf("tag it, for example `query:%q`, or `inject:\"\"` if a provider makes it", Snake(l.Name))
	if isWrapper(l.Type) {
		remedy = "use a tag instead of the wrapper"
	} else if l.Embedded {
		remedy = "drop it or give it a name in lower case"
	}
	b.fault(i, "%s has no source: in a struct with source tags every exported field needs one; %s", l.where(), remedy)
}

// taggedField adds the field l to a Params struct or a class.
func (b *binder) taggedField(i int, to *Binding, l leaf) {
	tags := tagsOf(l.Field)
	switch {
	case len(tags) > 1:
		b.fault(i, "%s has two sources, %s and %s: a value comes from one place; keep one tag, or declare a field for each",
			l.where(), tags[0].key, tags[1].key)
	case !l.Exported:
		b.fault(i, "%s is tagged %s but not exported, so nothing can fill it: export it or drop the tag",
			l.where(), tags[0].key)
	default:
		if f, ok := b.field(i, l, tags[0]); ok {
			b.addField(i, to, f, l)
		}
	}
}

// addField appends the field f unless another has the same source and name.
func (b *binder) addField(i int, to *Binding, f Binding, l leaf) {
	for _, other := range to.Fields {
		if f.Source == None || f.Source == Body || other.Source != f.Source || other.Name != f.Name {
			continue
		}
		b.fault(i, "%s takes the %s %q, which another field of %q takes already: rename one of them or drop it",
			l.where(), f.Source.noun(), f.Name, to.Value)
		return
	}
	f.Index, f.Type, f.Text = l.index, l.Type, f.text()
	to.Fields = append(to.Fields, f)
	if f.Source == Path {
		b.explicit[f.Var] = true
	}
	b.fieldBody(i, f, l)
}

// field binds one field to the source of its tag. If it reports false, it has
// added a fault.
func (b *binder) field(i int, l leaf, tag sourceTag) (Binding, bool) {
	f := Binding{Class: Params, Source: tag.source, Var: -1, Value: l.Type, Validate: l.Tag.Get("validate")}
	f.Default, f.HasDefault = l.Tag.Lookup("default")
	why := l.unreachable()
	if why == "" {
		why = f.setValue(l)
	}
	if why == "" {
		why = b.fieldSource(&f, l, tag)
	}
	if why == "" {
		why = f.formTags(l)
	}
	if why == "" && f.HasDefault {
		why = b.checkDefault(f)
	}
	if why != "" {
		b.fault(i, "%s %s", l.where(), why)
	}
	return f, why == ""
}

// unreachable says why a field cannot be filled by its place.
func (l leaf) unreachable() string {
	switch {
	case l.rival != nil:
		return fmt.Sprintf("is hidden: %q has a field of that name at the same depth, so Go promotes neither; rename one of them", l.rival)
	case l.pointer != nil:
		return fmt.Sprintf("is promoted through the pointer %q, which is nil in a new value: embed %q by value", l.pointer, l.pointer.Elem())
	}
	return ""
}

// setValue finds the type behind an optional field, and how it is parsed.
func (f *Binding) setValue(l leaf) string {
	if f.Source == None {
		return ""
	}
	if pointer(l.Type) {
		f.Value, f.Optional = l.Type.Elem(), true
	}
	switch many := f.Source == Query || f.Source == Header || f.Source == Form; {
	case isWrapper(f.Value):
		return fmt.Sprintf("has two sources, its tag %s and its type %q: keep the tag and take the value itself", keyName(f.Source), l.Type)
	case fileBehind(f.Value):
		return f.setFile(l)
	case f.Source == Body && fileIn(f.Value, nil) != "":
		return fmt.Sprintf("is tagged body, but it has a %q, which no codec makes: take it as a form", fileIn(f.Value, nil))
	case f.Source == Body && !decodable(f.Value):
		return fmt.Sprintf("is tagged body, but no codec makes a value of type %q", f.Value)
	case f.Source == Body:
		f.Shape = CodecShape
	case IsScalar(f.Value):
		f.Shape = ScalarShape
	case many && isScalars(f.Value) && !f.Optional:
		f.Shape = SliceShape
	case many && isScalars(f.Value):
		return fmt.Sprintf("is a pointer to a slice: take %q, which is nil where the %s is absent", f.Value, f.Source.noun())
	case isBytes(f.Value):
		return fmt.Sprintf("is a %s, but \"[]byte\" is no scalar: take a string", f.Source.noun())
	case many:
		return fmt.Sprintf("is a %s, but %q is not read from text: take a scalar, a pointer to one or a slice of them", f.Source.noun(), l.Type)
	default:
		return fmt.Sprintf("is a %s, but %q is not read from one text: take a scalar or a pointer to one", f.Source.noun(), l.Type)
	}
	return ""
}

// fieldSource checks the tag against the route and sets the name.
func (b *binder) fieldSource(f *Binding, l leaf, tag sourceTag) string {
	if why := badName(tag); why != "" {
		return why
	}
	f.Name = tag.name
	switch {
	case tag.source == None:
		return b.injectField(f, l)
	case tag.source == Body || tag.source == Form:
		if b.env.Protocol == Socket {
			return fmt.Sprintf("is tagged %s, but a handshake has no body: take a message as a parameter of its own", tag.key)
		}
		if tag.source == Body {
			f.Name = ""
			return ""
		}
	}
	switch {
	case f.Name == "" && tag.source == Header:
		f.Name = HeaderName(l.Name)
	case f.Name == "":
		f.Name = Snake(l.Name)
	case tag.source == Header:
		f.Name = canonical(f.Name)
	}
	if tag.source != Path {
		return ""
	}
	return b.pathVar(f)
}

// badName says what is wrong with the text of a tag. Options after a comma
// look like those of encoding/json, but would become part of the name.
func badName(tag sourceTag) string {
	name, options, comma := strings.Cut(tag.name, ",")
	switch {
	case tag.source == None && tag.name != "":
		return fmt.Sprintf("is tagged inject:%q, but values are told apart by types, not by names: write inject:\"\" and declare a type for each", tag.name)
	case tag.source == None || tag.source == Body:
		return ""
	case comma:
		return fmt.Sprintf("has the option %q in its tag %s, which has none: write %s:%q, and default, validate or a pointer beside it",
			options, tag.key, tag.key, name)
	case name == "-":
		return fmt.Sprintf("is tagged %s:\"-\", which names nothing: name it, or make it unexported", tag.key)
	case (tag.source == Header || tag.source == Cookie) && strings.ContainsAny(name, " \t;=:\""):
		return fmt.Sprintf("is tagged %s:%q, which is not the name of a %s: use letters, digits and hyphens", tag.key, name, tag.key)
	}
	return ""
}

// injectField binds a field to a provider.
func (b *binder) injectField(f *Binding, l leaf) string {
	if f.HasDefault {
		return "has a default, but it is injected: its provider decides what it is"
	}
	if fw, ok := frameworkOf(l.Type); ok {
		return fmt.Sprintf("is tagged inject, which takes what providers make: take %q as a parameter", fw.name())
	}
	if isWrapper(l.Type) {
		return fmt.Sprintf("is tagged inject, but %q says another source: use a source tag instead of the wrapper", l.Type)
	}
	by := b.env.provided(l.Type)
	if by == "" {
		return "is tagged inject, but " + b.unprovided(l.Type)
	}
	f.Class, f.Text = Component, "provider "+by
	return ""
}

// pathVar binds to the path variable by its name, or says why not.
func (b *binder) pathVar(to *Binding) string {
	to.Var = b.varIndex(to.Name)
	if to.Var < 0 {
		return fmt.Sprintf("takes the path variable {%s}, but %s%s", to.Name, b.varsPhrase(), b.didYouMean(to.Name))
	}
	if why := b.disagree(to.Var, to.Value); why != "" {
		return "takes " + why
	}
	b.explicit[to.Var] = true
	return ""
}

func (b *binder) varIndex(name string) int {
	for i, v := range b.env.Vars {
		if v.Name == name {
			return i
		}
	}
	return -1
}

func (b *binder) varNames() []string {
	names := make([]string, len(b.env.Vars))
	for i, v := range b.env.Vars {
		names[i] = v.Name
	}
	return names
}

// noVars says why there are no variables.
func (b *binder) noVars() string {
	if b.env.Pattern == "" {
		return "for there is no pattern"
	}
	return fmt.Sprintf("%q has no variables", b.env.Pattern)
}

// varsPhrase says which variables the pattern has.
func (b *binder) varsPhrase() string {
	if len(b.env.Vars) == 0 {
		return b.noVars()
	}
	return fmt.Sprintf("%q has only %s", b.env.Pattern, list(braces(b.varNames())))
}

// braces prints variables as patterns do.
func braces(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = "{" + name + "}"
	}
	return out
}
