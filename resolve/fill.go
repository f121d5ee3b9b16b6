package resolve

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/rules"
)

// filler writes a value from its source into memory of the value's type. Faults
// are recorded in the call; the memory is then left zero.
type filler func(c *Call, at frame.Ref)

func (f filler) fill() inject.Fill {
	return func(r *inject.Run, at frame.Ref) { f(callOf(r), at) }
}

// reader reads the texts of one name from a source. It reports false after a
// fault that makes the whole source unreadable was recorded.
type reader func(c *Call) ([]string, bool)

// one reads a single text from a source: its first value, and whether there
// was one.
type one func(c *Call) (text string, present, ok bool)

// location is how faults of the binding are located: "query.limit".
func location(b rules.Binding) string {
	switch b.Source {
	case rules.Path:
		return "path." + b.Name
	case rules.Query:
		return "query." + b.Name
	case rules.Header:
		return "header." + b.Name
	case rules.Cookie:
		return "cookie." + b.Name
	case rules.Form:
		return "form." + b.Name
	case rules.MessageBody:
		return "message"
	}
	return "body"
}

// readerOf returns the reader of all texts of a name.
func readerOf(b rules.Binding) reader {
	name := b.Name
	switch b.Source {
	case rules.Query:
		return func(c *Call) ([]string, bool) { return c.queryList(name), true }
	case rules.Header:
		return func(c *Call) ([]string, bool) { return c.headerValues(name), true }
	case rules.Form:
		return func(c *Call) ([]string, bool) {
			form, ok := c.formValues()
			return form[name], ok
		}
	}
	panic("bug: no list of texts in " + location(b))
}

// oneOf returns the reader of the first text of a name.
func oneOf(b rules.Binding) one {
	switch b.Source {
	case rules.Path:
		// Only {path...} can be empty. That is a value like any other, unless
		// there is a default or the value may be absent.
		empty := !b.HasDefault && !b.Optional
		return func(c *Call) (string, bool, bool) {
			text := c.Vars.At(b.Var)
			return text, empty || text != "", true
		}
	case rules.Query:
		name := b.Name
		return func(c *Call) (string, bool, bool) {
			text, present := c.queryValue(name)
			return text, present, true
		}
	case rules.Cookie:
		return func(c *Call) (string, bool, bool) {
			cookie, err := c.Request.Cookie(b.Name)
			if err != nil {
				return "", false, true
			}
			return cookie.Value, true, true
		}
	}
	all := readerOf(b)
	return func(c *Call) (string, bool, bool) {
		texts, ok := all(c)
		if len(texts) == 0 {
			return "", false, ok
		}
		return texts[0], true, ok
	}
}

// fillerOf returns the filler of a binding whose memory is of type b.Value, or
// of *b.Value for an optional field.
func (b *Binder) fillerOf(rb rules.Binding) (filler, error) {
	t := rules.ReflectOf(rb.Value)
	switch rb.Shape {
	case rules.ScalarShape:
		return b.optional(rb, t, scalarFiller(rb, t)), checkDefault(rb, t, rb.Default)
	case rules.SliceShape:
		return sliceFiller(rb, t), checkDefault(rb, t.Elem(), splitDefault(rb.Default)...)
	case rules.StructShape:
		return b.structFiller(rb, t)
	case rules.FileShape, rules.FilesShape:
		return fileFiller(rb), nil
	case rules.CodecShape:
		f, err := b.bodyFiller(rb, t)
		return b.optional(rb, t, f), err
	}
	return nil, fmt.Errorf("bug: no filler for shape %d of %s", rb.Shape, rb.Type)
}

// presence tells an optional binding whether there is something to parse.
type presence func(c *Call) bool

func presenceOf(rb rules.Binding) presence {
	switch {
	case rb.Shape == rules.StructShape:
		fields := make([]presence, len(rb.Fields))
		for i, f := range rb.Fields {
			fields[i] = presenceOf(f)
		}
		spec := formSpecOf(rb.Fields)
		return func(c *Call) bool {
			if spec != nil {
				c.body.spec = spec
			}
			for _, p := range fields {
				if p(c) {
					return true
				}
			}
			return false
		}
	case rb.Source == rules.Body:
		return func(c *Call) bool {
			data, ok := c.bodyBytes()
			return !ok || len(data) > 0
		}
	case rb.Shape == rules.FileShape || rb.Shape == rules.FilesShape:
		return func(c *Call) bool {
			files, ok := c.formFiles(rb.Name)
			return len(files) > 0 || !ok
		}
	case rb.Source == rules.MessageBody || rb.Source == rules.RawBody:
		return func(*Call) bool { return true }
	}
	read := oneOf(rb)
	return func(c *Call) bool {
		_, present, ok := read(c)
		return present || !ok
	}
}

// optional makes the filler of a pointer field: absent leaves nil, present is
// parsed into memory of its own.
func (b *Binder) optional(rb rules.Binding, t reflect.Type, f filler) filler {
	if !rb.Optional || rb.Index == nil {
		return f
	}
	present := presenceOf(rb)
	return func(c *Call, at frame.Ref) {
		if !present(c) && !rb.HasDefault {
			return
		}
		own := frame.New(t)
		f(c, own)
		at.Point(own)
	}
}

// checkDefault parses a default as it will be parsed when it is needed. The
// rules did so for basic kinds; what UnmarshalText accepts is known only here.
func checkDefault(rb rules.Binding, t reflect.Type, texts ...string) error {
	if !rb.HasDefault {
		return nil
	}
	parse := parserOf(t)
	for _, text := range texts {
		if problem := parse(text, frame.New(t)); problem != "" {
			return fmt.Errorf("the default of %s does not parse: %s", location(rb), problem)
		}
	}
	return nil
}

func scalarFiller(rb rules.Binding, t reflect.Type) filler {
	if f := pathFiller(rb, t); f != nil {
		return f
	}
	read, parse, loc := oneOf(rb), checkedParser(t), location(rb)
	return func(c *Call, at frame.Ref) {
		text, present, ok := read(c)
		switch {
		case !ok:
			return
		case !present && rb.HasDefault:
			text = rb.Default
		case !present:
			c.malformed(loc, "is required")
			return
		}
		parse(c, text, at, spot{loc, -1})
	}
}

// checkedParser parses a text into the memory at, lets a type that validates
// itself do so, and records what is wrong.
func checkedParser(t reflect.Type) func(c *Call, text string, at frame.Ref, where spot) {
	parse := parserOf(t)
	if !reflect.PointerTo(t).Implements(reflect.TypeFor[self]()) {
		return func(c *Call, text string, at frame.Ref, where spot) {
			if problem := parse(text, at); problem != "" {
				c.malformed(where.location(), problem)
			}
		}
	}
	set, k := frame.CopyOf(t), &check{typ: t, self: true}
	return func(c *Call, text string, at frame.Ref, where spot) {
		own := reflect.New(t) // Validate may have a pointer receiver
		if problem := parse(text, frame.RefTo(own)); problem != "" {
			c.malformed(where.location(), problem)
			return
		}
		k.run(c, own.Interface(), where.location(), func(_ reflect.Type, path string) string { return path })
		set(at, frame.RefTo(own))
	}
}

// sliceFiller fills a slice with every text of its name. Absent is an empty
// slice: zero occurrences are a valid number of them.
func sliceFiller(rb rules.Binding, t reflect.Type) filler {
	read, parse, loc := readerOf(rb), checkedParser(t.Elem()), location(rb)
	size := t.Elem().Size()
	return func(c *Call, at frame.Ref) {
		texts, ok := read(c)
		if !ok {
			return
		}
		if len(texts) == 0 && rb.HasDefault {
			texts = splitDefault(rb.Default)
		}
		if len(texts) == 0 {
			return
		}
		list := at.Value(t)
		list.Grow(len(texts)) // only what is the user's is allocated
		list.SetLen(len(texts))
		first := at.Deref()
		for i, text := range texts {
			parse(c, text, first.Field(uintptr(i)*size), spot{loc, i})
		}
	}
}

// spot is the place of a text: the location of the binding, and the number of
// the element where it is a list, else -1. It is spelled only for a fault.
type spot struct {
	loc   string
	index int
}

func (s spot) location() string {
	if s.index < 0 {
		return s.loc
	}
	return s.loc + "[" + strconv.Itoa(s.index) + "]"
}
