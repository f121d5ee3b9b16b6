package resolve

import (
	"reflect"
	"testing"

	"github.com/gofogo/fogo/internal/rules"
	"github.com/stretchr/testify/assert"
)

type (
	inside struct {
		Name  string `json:"name" xml:"n,attr"`
		Plain string
		Skip  string `json:"-"`
		Comma string `json:",omitempty"`
	}
	Promoted struct {
		Deep string `json:"deep"`
	}
	Tagged struct {
		Own string `json:"own"`
	}
	outside struct {
		Items []inside           `json:"items"`
		Table map[string]*inside `json:"table"`
		Next  *outside           `json:"next"`
		Promoted
		Tagged `json:"tagged"`
	}
)

func TestTaggedNames(t *testing.T) {
	typ := reflect.TypeFor[outside]()
	for _, tt := range []struct{ tag, path, want string }{
		{"json", "", ""},
		{"json", "Items", "items"},
		{"json", "Items[3]", "items[3]"},
		{"json", "Items[3].Name", "items[3].name"},
		{"json", "Items[3].Plain", "items[3].Plain"},
		{"json", "Items[3].Skip", "items[3].Skip"},
		{"json", "Items[3].Comma", "items[3].Comma"},
		{"json", "Table[a].Name", "table[a].name"},
		{"json", "Next.Next.Items[0].Name", "next.next.items[0].name"},
		{"json", "Promoted.Deep", "deep"},
		{"json", "Deep", "deep"},
		{"json", "Tagged.Own", "tagged.own"},
		{"json", "Unknown.Field", "Unknown.Field"},
		{"json", "Items[0].Name.Of.Nothing", "items[0].name.Of.Nothing"},
		{"xml", "Items[3].Name", "Items[3].n"},
		{"yaml", "Items[3].Name", "Items[3].Name"},
	} {
		assert.Equal(t, tt.want, taggedNames(tt.tag)(typ, tt.path), "%s %s", tt.tag, tt.path)
	}
	assert.Equal(t, "[2].name", taggedNames("json")(reflect.TypeFor[[]inside](), "[2].Name"))
	assert.Equal(t, "[k].items[0].name", taggedNames("json")(reflect.TypeFor[map[string]outside](), "[k].Items[0].Name"))
}

func TestFieldNames(t *testing.T) {
	type Page struct {
		Limit int `query:"limit"`
	}
	type params struct {
		Page
		ID   int     `path:"id"`
		IDs  []int   `query:"ids"`
		Body outside `body:""`
	}
	typ := reflect.TypeFor[params]()
	bound := func(source rules.Source, name string, t reflect.Type, index ...int) rules.Binding {
		return rules.Binding{Source: source, Name: name, Value: rules.Reflect(t), Index: index}
	}
	name := fieldNames([]rules.Binding{
		bound(rules.Query, "limit", reflect.TypeFor[int](), 0, 0),
		bound(rules.Path, "id", reflect.TypeFor[int](), 1),
		bound(rules.Query, "ids", reflect.TypeFor[[]int](), 2),
		bound(rules.Body, "", reflect.TypeFor[outside](), 3),
	}, typ)
	for path, want := range map[string]string{
		"ID":                      "path.id",
		"Page.Limit":              "query.limit",
		"Limit":                   "query.limit",
		"IDs[2]":                  "query.ids[2]",
		"Body":                    "body",
		"Body.Items[1].Name":      "body.items[1].name",
		"Body.Next.Promoted.Deep": "body.next.deep",
		"Other":                   "Other",
		"":                        "",
	} {
		assert.Equal(t, want, name(typ, path), "%q", path)
	}
}

func TestJoin(t *testing.T) {
	for _, tt := range [][3]string{
		{"", "", ""}, {"body", "", "body"}, {"", "a", "a"}, {"body", "a.b", "body.a.b"}, {"body", "[1].a", "body[1].a"}, {"", "[1]", "[1]"},
	} {
		assert.Equal(t, tt[2], join(tt[0], tt[1]))
	}
}
