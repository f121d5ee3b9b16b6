package resolve

import (
	"reflect"
	"strings"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// fieldFiller fills one field of a struct.
type fieldFiller struct {
	offset uintptr
	fill   filler
}

// locate returns the offset of a field, which may be promoted from an embedded
// struct. The rules let no field be promoted through an embedded pointer.
func locate(t reflect.Type, index []int) uintptr {
	var offset uintptr
	for _, n := range index {
		f := t.Field(n)
		offset += f.Offset
		t = f.Type
	}
	return offset
}

func (f *fieldFiller) at(base frame.Ref) frame.Ref { return base.Field(f.offset) }

// structFiller fills a struct field by field and validates the whole, if no
// field was at fault.
func (b *Binder) structFiller(rb rules.Binding, t reflect.Type) (filler, error) {
	fields, err := b.fieldFillers(rb.Fields, t)
	if err != nil {
		return nil, err
	}
	fill := func(c *Call, at frame.Ref) {
		for i := range fields {
			fields[i].fill(c, fields[i].at(at))
		}
	}
	k, err := compileCheck(b.cfg.Validator, t)
	if err != nil || k == nil {
		return fill, err
	}
	names := fieldNames(rb.Fields, t)
	set := frame.CopyOf(t)
	return func(c *Call, at frame.Ref) {
		// The checks see this memory, so it is not the frame's.
		own := reflect.New(t)
		before := c.unread
		fill(c, frame.RefTo(own))
		if c.unread == before {
			k.run(c, own.Interface(), "", names)
		}
		set(at, frame.RefTo(own))
	}, nil
}

func (b *Binder) fieldFillers(rbs []rules.Binding, t reflect.Type) ([]fieldFiller, error) {
	var fields []fieldFiller
	if spec := formSpecOf(rbs); spec != nil {
		if err := spec.check(b.cfg.MaxBody, &b.cfg.Uploads); err != nil {
			return nil, err
		}
		fields = append(fields, fieldFiller{fill: spec.use})
	}
	for _, rb := range rbs {
		if rb.Class == rules.Component {
			continue // a part, not a source
		}
		f, err := b.fillerOf(rb)
		if err != nil {
			return nil, err
		}
		fields = append(fields, fieldFiller{offset: locate(t, rb.Index), fill: f})
	}
	return fields, nil
}

// fieldNames locates what a validator says about a field of a params struct.
func fieldNames(rbs []rules.Binding, t reflect.Type) fieldNamer {
	byPath := map[string]rules.Binding{}
	for _, rb := range rbs {
		var path []string
		at := t
		for _, n := range rb.Index {
			if at.Kind() == reflect.Pointer {
				at = at.Elem()
			}
			f := at.Field(n)
			path = append(path, f.Name)
			at = f.Type
		}
		byPath[strings.Join(path, ".")] = rb
		byPath[path[len(path)-1]] = rb // as a promoted field is named
	}
	inBody := taggedNames("json")
	return func(_ reflect.Type, path string) string {
		// The longest head of the path that is a field of ours; what is left
		// is inside that field's value.
		for head := path; head != ""; {
			name, index, _ := strings.Cut(head, "[")
			if rb, ok := byPath[name]; ok {
				if index != "" {
					index = "[" + index
				}
				return join(location(rb)+index, inBody(rules.ReflectOf(rb.Value), strings.TrimPrefix(path[len(head):], ".")))
			}
			head = head[:max(0, strings.LastIndexByte(head, '.'))]
		}
		return path
	}
}

// splitDefault splits the default of a slice at its commas.
func splitDefault(s string) []string {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
