package rules

import (
	"reflect"
	"slices"
)

// perMessageHere reports whether a message is at hand.
func perMessageHere(env *Env) bool {
	return env.Protocol == Socket && env.PerMessage && !env.Closing
}

// dataField returns the field that makes t a data struct, or a slice of them:
// an exported one, own or promoted, that is tagged json or xml.
func dataField(t Type) (l leaf, ok bool) {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isWrapper(t) || isParams(t) {
		return leaf{}, false
	}
	for _, l := range leaves(t, tagsData) {
		if l.Exported && tagsData(l.Field) {
			return l, true
		}
	}
	return leaf{}, false
}

// tagsData reports whether a field is written to JSON or XML; the tag "-" says
// that it is not.
func tagsData(f Field) bool {
	for _, codec := range []string{"json", "xml"} {
		if tag, ok := f.Tag.Lookup(codec); ok && tag != "-" {
			return true
		}
	}
	return false
}

func isData(t Type) bool {
	_, ok := dataField(t)
	return ok
}

// isDataParameter reports whether parameter i is the message by its type and
// place. Only handlers have one that is not said: what a provider or an
// Extract method takes without saying so could be filled by a client.
func (b *binder) isDataParameter(i int) bool {
	if b.env.Role != Handler && b.env.Role != Hook || !perMessageHere(&b.env) {
		return false
	}
	return i == dataIndex(b.sig)
}

// dataIndex is the index of the data struct that is the message, or -1: the
// last parameter, unless another one says that it is the message.
func dataIndex(sig Signature) int {
	last := len(sig.In) - 1
	if last < 0 || sig.Variadic || saidMessage(sig) >= 0 || !isData(sig.In[last]) {
		return -1
	}
	return last
}

// saidMessage is the index of the parameter whose type says that it is the
// message, or -1.
func saidMessage(sig Signature) int {
	return slices.IndexFunc(sig.In, func(t Type) bool {
		f, ok := frameworkOf(t)
		return ok && f.when == perMessage || isMessageWrapper(t)
	})
}

// bindMessage binds the last parameter to the message.
func (b *binder) bindMessage(i int) {
	t := b.sig.In[i]
	b.bind(i, Binding{Class: Message, Source: MessageBody, Shape: CodecShape, Value: t})
	b.bodies = append(b.bodies, body{param: i, what: quoted([]Type{t})[0]})
}

// IsMessage reports whether a function view of a socket is called once per
// message, and which of its parameters is the message: ws.Data, ws.Text,
// ws.Binary, Message[T] anywhere, or a data struct or a slice of such as the
// last one. Otherwise the view is called once per connection.
func IsMessage(sig Signature, env Env) (index int, ok bool) {
	if env.Protocol != Socket {
		return 0, false
	}
	if i := saidMessage(sig); i >= 0 {
		return i, true
	}
	i := dataIndex(sig)
	return max(i, 0), i >= 0
}

// IsSocket reports whether a function is a WebSocket view: one of the types
// that only a socket has, or Message[T], is among its parameters or results.
func IsSocket(sig Signature) bool {
	ofSocket := func(t Type) bool {
		f, ok := frameworkOf(t)
		return ok && f.ofSocket() || isMessageWrapper(t)
	}
	return slices.ContainsFunc(sig.In, ofSocket) || slices.ContainsFunc(sig.Out, ofSocket)
}
