package resolve

import (
	"reflect"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// Class is a type whose methods are handlers. Each call, or each connection,
// gets a copy of the prototype, with the fields tagged `inject` and those
// tagged with a source filled in.
type Class struct {
	// Type is the class, without the pointer.
	Type reflect.Type
	// Prototype is what instances start as.
	Prototype reflect.Value
	// Lifetime is PerConnection for the class of a socket, else PerCall.
	Lifetime inject.Lifetime
}

// BindReceiver implements inject.Binder: the receiver of Extract is a zero
// value, that of a method of a class is a copy of the prototype.
func (b *Binder) BindReceiver(f *inject.Function, see inject.View) (inject.Binding, []string) {
	t := f.Type().In(0).Elem()
	if f.Role == inject.RoleExtract {
		return inject.Binding{Source: "new " + t.String(), Fresh: t}, nil
	}
	class := placeOf(f).Class
	out := inject.Binding{Fresh: class.Type, Lifetime: class.Lifetime, Key: class, Source: "new " + t.String()}
	fields, faults := b.classFields(f, class, see)
	fill, err := b.fieldFillers(fields.Fields, class.Type)
	if err != nil {
		faults = append(faults, err.Error())
	}
	out.Parts = partsOf(fields.Fields, class.Type)
	out.Fields = fieldRows(fields.Fields, class.Type)
	out.Fill = classFill(class, fill)
	return out, faults
}

// classFields binds the fields of a class. It is empty for a class that is no
// struct.
func (b *Binder) classFields(f *inject.Function, class *Class, see inject.View) (rules.Binding, []string) {
	if class.Type.Kind() != reflect.Struct {
		return rules.Binding{}, nil
	}
	env := b.env(f, see)
	env.Role, env.Func, env.PerMessage = rules.Fields, class.Type.String(), false
	res := rules.Bind(rules.Signature{In: []rules.Type{rules.Reflect(class.Type)}}, env)
	b.classes[class] = res
	var faults []string
	for _, fault := range res.Faults {
		faults = append(faults, fault.Text)
	}
	return res.Bindings[0], faults
}

// classFill copies the prototype, then fills the fields that have a source.
func classFill(class *Class, fields []fieldFiller) inject.Fill {
	if class.Prototype.IsZero() && len(fields) == 0 {
		return nil
	}
	// A copy of the prototype that nobody else has the address of.
	proto := reflect.New(class.Type)
	proto.Elem().Set(class.Prototype)
	set, from := frame.CopyOf(class.Type), frame.RefTo(proto)
	return func(r *inject.Run, at frame.Ref) {
		set(at, from)
		c := callOf(r)
		for i := range fields {
			fields[i].fill(c, fields[i].at(at))
		}
	}
}

func fieldRows(fields []rules.Binding, t reflect.Type) []inject.Row {
	var rows []inject.Row
	for _, rb := range fields {
		rows = append(rows, inject.Row{Index: t.FieldByIndex(rb.Index).Name, Type: rb.Type.String(), Source: rb.Text})
	}
	return rows
}
