package resolve

import (
	"fmt"
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// binding turns what the rules found into what inject compiles.
func (b *Binder) binding(f *inject.Function, rb rules.Binding, see inject.View) (inject.Binding, error) {
	out := inject.Binding{Source: rb.Text}
	t := rules.ReflectOf(rb.Type)
	switch rb.Class {
	case rules.Unknown:
		return inject.Binding{}, nil
	case rules.Framework:
		return b.framework(f, rb, t)
	case rules.Component:
		return componentBinding(rb, t, see), nil
	case rules.Extractor:
		return b.extractor(f, rb, t), nil
	}
	out.Lifetime = lifetimeOf(rb)
	fill, err := b.valueFiller(f, rb, t)
	if err != nil {
		return out, err
	}
	out.Fill = fill
	out.Parts = partsOf(rb.Fields, t)
	return out, nil
}

// lifetimeOf is that of what a binding reads: the request, which is the
// handshake of a connection, or something of one call.
func lifetimeOf(rb rules.Binding) inject.Lifetime {
	switch rb.Source {
	case rules.Form, rules.Body, rules.RawBody, rules.MessageBody:
		return inject.PerCall
	}
	lt := inject.PerConnection
	for _, f := range rb.Fields {
		if f.Class != rules.Component {
			lt = max(lt, lifetimeOf(f))
		}
	}
	return lt
}

func (b *Binder) framework(f *inject.Function, rb rules.Binding, t reflect.Type) (inject.Binding, error) {
	out := inject.Binding{Source: rb.Text}
	if out, ok := inject.Ambient(f, t, nothing{}); ok {
		out.Source = rb.Text
		return out, nil
	}
	b.keeps = b.keeps || rb.Name == "ws.Data" || rb.Name == "ws.Binary"
	fill, lt := frameworkFill(rb.Name)
	if fill == nil {
		return out, fmt.Errorf("bug: framework type %s has no fill", rb.Name)
	}
	if b.spec.Socket && (placeOf(f) == nil || !placeOf(f).Handshake) && f.Role != inject.RoleGuard {
		if d := detachedFill(rb.Name); d != nil {
			fill = d
			out.Source += " (a detached copy of the handshake's)"
		}
	}
	out.Fill, out.Lifetime = fill, lt
	return out, nil
}

// nothing is a view without providers.
type nothing struct{}

func (nothing) Provided(reflect.Type) string { return "" }

func (nothing) Known() []reflect.Type { return nil }

// componentBinding is a component as it is, or inside an Optional.
func componentBinding(rb rules.Binding, t reflect.Type, see inject.View) inject.Binding {
	out := inject.Binding{Source: rb.Text}
	if !rb.Optional {
		out.Parts = []inject.Part{{Type: t}}
		return out
	}
	if see.Provided(rules.ReflectOf(rb.Value)) == "" {
		out.Fill = func(*inject.Run, frame.Ref) {}
		return out
	}
	present := t.Field(1).Offset
	out.Fill = func(_ *inject.Run, at frame.Ref) { *frame.At[bool](at.Field(present)) = true }
	out.Parts = []inject.Part{{Type: rules.ReflectOf(rb.Value)}}
	return out
}

type extractorKey struct {
	typ      reflect.Type
	lifetime inject.Lifetime
	place    any
}

// extractor binds a T to a call of (*T).Extract on new memory.
func (b *Binder) extractor(f *inject.Function, rb rules.Binding, t reflect.Type) inject.Binding {
	key := extractorKey{t, f.Lifetime, f.Context}
	fn := b.extractors[key]
	if fn == nil {
		m, _ := reflect.PointerTo(t).MethodByName("Extract")
		fn = inject.NewFunction(m.Func, inject.RoleExtract)
		fn.Receiver, fn.Lifetime, fn.Context = true, f.Lifetime, f.Context
		b.extractors[key] = fn
	}
	return inject.Binding{Source: rb.Text, Extract: fn}
}

// partsOf are the components among the fields of a params struct.
func partsOf(fields []rules.Binding, t reflect.Type) []inject.Part {
	var parts []inject.Part
	for _, rb := range fields {
		if rb.Class != rules.Component {
			continue
		}
		parts = append(parts, inject.Part{Type: rules.ReflectOf(rb.Value), Offset: locate(t, rb.Index)})
	}
	return parts
}

// valueFiller fills a wrapper, a params struct, a scalar or a message.
func (b *Binder) valueFiller(f *inject.Function, rb rules.Binding, t reflect.Type) (inject.Fill, error) {
	if rb.Source == rules.MessageBody {
		return b.messageFill(f, rb, t)
	}
	fill, err := b.fillerOf(rb)
	if err != nil {
		return nil, err
	}
	if rb.Optional {
		present, flag := presenceOf(rb), t.Field(1).Offset
		inner := fill
		fill = func(c *Call, at frame.Ref) {
			if present(c) || rb.HasDefault {
				inner(c, at)
				*frame.At[bool](at.Field(flag)) = true
			}
		}
	}
	return fill.fill(), nil
}

func (b *Binder) messageFill(f *inject.Function, rb rules.Binding, t reflect.Type) (inject.Fill, error) {
	codec := b.cfg.Codecs[0]
	if b.spec.Codec != nil {
		codec = b.spec.Codec
	}
	if p := placeOf(f); p != nil && p.Codec != nil {
		codec = p.Codec
	}
	b.keeps = b.keeps || !KeepsNothing(codec)
	v := rules.ReflectOf(rb.Value)
	k, err := compileCheck(b.cfg.Validator, v)
	if err != nil {
		return nil, err
	}
	return fillMessage(v, codec, k), nil
}
