package rules

import (
	"fmt"
	"reflect"
	"slices"
)

// wrappers are the wrapper types of package resolve and their sources.
var wrappers = map[string]Source{
	"Path":    Path,
	"Query":   Query,
	"Header":  Header,
	"Cookie":  Cookie,
	"Form":    Form,
	"Body":    Body,
	"Message": MessageBody,
}

// wrapperOf returns the name of the wrapper t, and what it wraps.
func wrapperOf(t Type) (name string, inner Type, ok bool) {
	if t.PkgPath() != resolvePath || t.Kind() != reflect.Struct || t.NumField() == 0 {
		return "", nil, false
	}
	name = bare(t)
	if _, known := wrappers[name]; name == t.Name() || !known && name != "Optional" {
		return "", nil, false
	}
	return name, t.Field(0).Type, true
}

func isWrapper(t Type) bool {
	_, _, ok := wrapperOf(t)
	return ok
}

// isMessageWrapper sees through Optional.
func isMessageWrapper(t Type) bool {
	name, inner, ok := wrapperOf(t)
	return ok && (name == "Message" || name == "Optional" && isMessageWrapper(inner))
}

// bindWrapper binds parameter i to the source that its type says.
func (b *binder) bindWrapper(i int, name string, inner Type) {
	t := b.sig.In[i]
	if by := b.env.provided(t); by != "" {
		b.fault(i, "%q falls in two classes: a wrapper says its source, and it has a provider, %s; "+
			"drop the provider", t, by)
		return
	}
	if name != "Optional" {
		b.wrap(i, name, inner, false)
		return
	}
	within, value, ok := wrapperOf(inner)
	switch {
	case ok && within == "Optional":
		b.fault(i, "%q is optional twice: take %q", t, code(inner))
	case ok:
		b.wrap(i, within, value, true)
	default:
		b.bindOptionalComponent(i, inner)
	}
}

// wrap binds parameter i to a value of type v from the source of the wrapper.
func (b *binder) wrap(i int, name string, v Type, optional bool) {
	if _, _, ok := wrapperOf(v); ok {
		b.fault(i, "%q wraps a wrapper, which gives one value two sources: %s", b.sig.In[i], unwrapped(name, v))
		return
	}
	bound := Binding{Class: Wrapper, Source: wrappers[name], Value: v, Wrapper: name, Optional: optional, Var: -1}
	if b.env.Singleton {
		b.fault(i, "%q reads a request, but a Singleton is made before the first one: provide it inject.PerCall", b.sig.In[i])
		return
	}
	switch name {
	case "Path", "Cookie":
		b.wrapScalar(i, bound)
	case "Query", "Header":
		b.wrapTexts(i, bound)
	case "Form":
		b.wrapForm(i, bound)
	case "Body":
		b.wrapBody(i, bound)
	case "Message":
		b.wrapMessage(i, bound)
	}
}

// unwrapped is the remedy for a wrapper in a wrapper.
func unwrapped(name string, v Type) string {
	if bare(v) == "Optional" {
		_, inner, _ := wrapperOf(v)
		return fmt.Sprintf("write it the other way round, resolve.Optional[resolve.%s[%s]]", name, code(inner))
	}
	return fmt.Sprintf("take %s", code(v))
}

// wrapScalar binds Path and Cookie, and those Query and Header that hold one
// scalar.
func (b *binder) wrapScalar(i int, w Binding) {
	t := b.sig.In[i]
	if !IsScalar(w.Value) {
		b.fault(i, "%q does not work: resolve.%s takes a named scalar, such as type %s, and %q is none",
			t, w.Wrapper, w.example(), w.Value)
		return
	}
	w.Name, w.Shape = keyOf(w.Value, w.Source), ScalarShape
	if w.Name == "" && isDuration(w.Value) && (w.Source == Path || w.Source == Cookie) {
		b.fault(i, "%q does not say which %s it takes: take a struct with a field Timeout time.Duration `%s:\"timeout\"`",
			t, w.Source.noun(), keyName(w.Source))
		return
	}
	if w.Name == "" {
		b.fault(i, "%q does not say which %s it takes, because %q is not a type of your own: declare %s and take resolve.%s[%s]",
			t, w.Source.noun(), w.Value, declaration(w.Value), w.Wrapper, example(w.Value))
		return
	}
	if w.Source == Path {
		if fault := b.pathVar(&w); fault != "" {
			b.fault(i, "%q %s", t, fault)
			return
		}
	}
	b.bind(i, w)
}

// wrapTexts binds Query and Header: a scalar, a slice of them, or a struct.
func (b *binder) wrapTexts(i int, w Binding) {
	switch v := w.Value; {
	case IsScalar(v):
		b.wrapScalar(i, w)
	case isScalars(v) && named(v) && !isStd(v):
		w.Name, w.Shape = keyOf(v, w.Source), SliceShape
		b.bind(i, w)
	case isScalars(v):
		b.fault(i, "%q does not say which %s it takes, because %q has no name of its own: declare %s and take resolve.%s[%s]",
			b.sig.In[i], w.Source.noun(), v, declaration(v), w.Wrapper, example(v))
	case v.Kind() == reflect.Struct:
		b.wrapStruct(i, w)
	default:
		b.fault(i, "%q does not work: resolve.%s takes a named scalar, a named slice of scalars or a struct, and %q is none",
			b.sig.In[i], w.Wrapper, v)
	}
}

// wrapStruct binds the fields of a struct inside Query, Header and Form, which
// name themselves where no tag does.
func (b *binder) wrapStruct(i int, w Binding) {
	w.Shape = StructShape
	faults := len(b.res.Faults)
	all := leaves(w.Value, func(f Field) bool {
		_, tagged := f.Tag.Lookup(keyName(w.Source))
		return tagged || IsScalar(f.Type) || fileBehind(f.Type)
	})
	for _, l := range all {
		b.wrapField(i, &w, l)
	}
	if len(w.Fields) == 0 && len(b.res.Faults) == faults {
		b.fault(i, "%q takes nothing: %q has no exported field", b.sig.In[i], w.Value)
		return
	}
	b.bind(i, w)
}

// wrapField adds the field l to the struct-shaped wrapper w.
func (b *binder) wrapField(i int, w *Binding, l leaf) {
	own := sourceTag{key: keyName(w.Source), source: w.Source}
	tagged := tagsOf(l.Field)
	at := slices.IndexFunc(tagged, func(t sourceTag) bool { return t.source == w.Source })
	switch {
	case !l.Exported && len(tagged) > 0:
		b.fault(i, "%s is tagged %s but not exported, so nothing can fill it: export it or drop the tag",
			l.where(), tagged[0].key)
		return
	case !l.Exported:
		return
	case at < 0 && len(tagged) > 0:
		b.fault(i, "%s is tagged %s, but %q reads the %s only: drop the tag, or take %q itself as a parameter",
			l.where(), tagged[0].key, b.sig.In[i], keyName(w.Source), w.Value)
		return
	case at >= 0:
		own = tagged[at]
	}
	if own.name == "-" {
		return
	}
	if f, ok := b.field(i, l, own); ok {
		b.addField(i, w, f, l)
	}
}

// wrapForm binds Form, which is a body.
func (b *binder) wrapForm(i int, w Binding) {
	switch {
	case b.env.Protocol == Socket:
		b.fault(i, "%q reads a body, which a handshake does not have: take resolve.Message[%s] for a message, or resolve.Query[%s]",
			b.sig.In[i], code(w.Value), code(w.Value))
	case isFile(w.Value):
		b.fault(i, "%q does not say which file: declare type Upload struct{ Avatar resolve.File } and take resolve.Form[Upload]", b.sig.In[i])
	case w.Value.Kind() != reflect.Struct || IsScalar(w.Value):
		b.fault(i, "%q does not work: resolve.Form takes a struct, one field for each field of the form, and %q is none",
			b.sig.In[i], w.Value)
	default:
		b.wrapStruct(i, w)
		b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", b.sig.In[i]), use: useOf(b.res.Bindings[i].Fields)})
	}
}

// wrapBody binds Body.
func (b *binder) wrapBody(i int, w Binding) {
	switch {
	case b.env.Protocol == Socket:
		b.fault(i, "%q reads a body, which a handshake does not have: take resolve.Message[%s]", b.sig.In[i], code(w.Value))
	case fileIn(w.Value, nil) != "":
		b.fault(i, "%q does not work: it has a %q, which no codec makes; files are fields of a form, take resolve.Form of a struct", b.sig.In[i], fileIn(w.Value, nil))
	case !decodable(w.Value):
		b.fault(i, "%q does not work: no codec makes a value of type %q", b.sig.In[i], w.Value)
	default:
		w.Shape = CodecShape
		b.bind(i, w)
		b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", b.sig.In[i])})
	}
}

// wrapMessage binds Message.
func (b *binder) wrapMessage(i int, w Binding) {
	t := b.sig.In[i]
	switch {
	case b.env.Protocol == HTTP:
		b.fault(i, "%q exists on WebSocket routes only: over HTTP take resolve.Body[%s]", t, code(w.Value))
	case b.env.Role == Guard:
		b.fault(i, "%q does not exist yet when guards run, which is before the upgrade: check it in the handler", t)
	case !perMessageHere(&b.env):
		b.fault(i, "%q is one message, and here there is none: %s", t, noMessage(&b.env))
	case fileIn(w.Value, nil) != "":
		b.fault(i, "%q does not work: it has a %q, which no codec makes; files are uploaded over HTTP", t, fileIn(w.Value, nil))
	case !decodable(w.Value):
		b.fault(i, "%q does not work: no codec makes a value of type %q", t, w.Value)
	default:
		w.Shape = CodecShape
		b.bind(i, w)
		b.bodies = append(b.bodies, body{param: i, what: fmt.Sprintf("%q", t)})
	}
}

// noun is the source in a sentence.
func (s Source) noun() string {
	switch s {
	case Path:
		return "path variable"
	case Query:
		return "query parameter"
	case Header:
		return "header"
	case Cookie:
		return "cookie"
	case Form:
		return "form field"
	case MessageBody:
		return "message"
	}
	return "body"
}
