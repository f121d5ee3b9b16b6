package resolve

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/gofogo/fogo/internal/frame"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/internal/rules"
)

// benchFill measures the filler of one binding, over and over with one call.
func benchFill(b *testing.B, rb rules.Binding, t reflect.Type, each func(*Call)) {
	cfg := Config{}.WithDefaults()
	binder := &Binder{cfg: &cfg}
	rb.Type, rb.Value = rules.Reflect(t), rules.Reflect(t)
	fill, err := binder.fillerOf(rb)
	if err != nil {
		b.Fatal(err)
	}
	at := frame.New(t)
	c := &Call{}
	c.Configure(&cfg)
	b.ReportAllocs()
	for b.Loop() {
		each(c)
		fill(c, at)
		if len(c.faults) > 0 {
			b.Fatal(c.faults)
		}
		c.Reset()
	}
}

func BenchmarkFillPath(b *testing.B) {
	var tree pattern.Tree[int]
	if err := tree.Add(pattern.MustParse("/users/{id}"), 0); err != nil {
		b.Fatal(err)
	}
	var vals pattern.Values
	tree.Match("GET", "", "/users/12345", &vals)
	each := func(c *Call) { c.Vars = &vals }
	rb := rules.Binding{Source: rules.Path, Name: "id", Shape: rules.ScalarShape}
	b.Run("int", func(b *testing.B) { benchFill(b, rb, reflect.TypeFor[int](), each) })
	b.Run("string", func(b *testing.B) { benchFill(b, rb, reflect.TypeFor[string](), each) })
}

func BenchmarkFillQuery(b *testing.B) {
	for _, q := range []struct{ name, raw string }{
		{"plain", "q=shoes&limit=20&offset=40&color=red&color=blue"},
		{"escaped", "q=red%20shoes&limit=20&offset=40&color=red&color=blue"},
	} {
		r := &http.Request{URL: &url.URL{RawQuery: q.raw}}
		each := func(c *Call) { c.Request = r }
		one := rules.Binding{Source: rules.Query, Name: "limit", Shape: rules.ScalarShape}
		b.Run("one/"+q.name, func(b *testing.B) { benchFill(b, one, reflect.TypeFor[int](), each) })
		type search struct {
			Q      string
			Limit  int
			Offset int
			Color  []string
		}
		all := rules.Binding{Shape: rules.StructShape}
		for i, name := range []string{"q", "limit", "offset", "color"} {
			t := rules.Reflect(reflect.TypeFor[search]().Field(i).Type)
			f := rules.Binding{Source: rules.Query, Name: name, Index: []int{i}, Shape: rules.ScalarShape, Type: t, Value: t}
			if name == "color" {
				f.Shape = rules.SliceShape
			}
			all.Fields = append(all.Fields, f)
		}
		b.Run("struct/"+q.name, func(b *testing.B) { benchFill(b, all, reflect.TypeFor[search](), each) })
	}
}

// nowhere is a codec that decodes nothing, so that what is around it is seen.
type nowhere struct{ Codec }

func (nowhere) Decode([]byte, any) error { return nil }

func BenchmarkFillBody(b *testing.B) {
	for _, contentType := range []string{"application/json", "application/json; charset=utf-8", "application/vnd.api+json"} {
		b.Run(contentType, func(b *testing.B) {
			cfg := Config{Codecs: Codecs{nowhere{JSON()}, XML()}}.WithDefaults()
			binder := &Binder{cfg: &cfg}
			type item struct{ Name string }
			t := rules.Reflect(reflect.TypeFor[item]())
			fill, err := binder.fillerOf(rules.Binding{Source: rules.Body, Shape: rules.CodecShape, Type: t, Value: t})
			if err != nil {
				b.Fatal(err)
			}
			text := strings.NewReader("")
			r := &http.Request{Body: io.NopCloser(text), Header: http.Header{"Content-Type": {contentType}}, ContentLength: 12}
			at := frame.New(reflect.TypeFor[item]())
			c := &Call{}
			c.Configure(&cfg)
			b.ReportAllocs()
			for b.Loop() {
				text.Reset(`{"name":"x"}`)
				c.Request = r
				fill(c, at)
				if len(c.faults) > 0 {
					b.Fatal(c.faults)
				}
				c.Reset()
			}
		})
	}
}
