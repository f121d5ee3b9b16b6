package resolve

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type leafs struct {
	Text  string         `json:"text"`
	Small int8           `json:"small"`
	Yes   bool           `json:"yes"`
	List  []int          `json:"list"`
	Table map[string]int `json:"table"`
	Rows  []leafs        `json:"rows"`
	Grid  [][]leafs      `json:"grid"`
	Next  *leafs         `json:"next"`
}

func TestJSONFaultsAreLocated(t *testing.T) {
	for _, tt := range []struct{ json, at, message string }{
		{`{"text":1}`, "text", "is a JSON number, which is not a string"},
		{`{"small":300}`, "small", "is a JSON number 300, which is not an integer of 8 bits"},
		{`{"small":"x"}`, "small", "is a JSON string, which is not an integer of 8 bits"},
		{`{"yes":"true"}`, "yes", "is a JSON string, which is not a boolean"},
		{`{"list":{}}`, "list", "is a JSON object, which is not a list"},
		{`{"list":[1,"a"]}`, "list[1]", "is a JSON string, which is not an integer"},
		{`{"list":[1 , 2, null, 2.5 ]}`, "list[3]", "is a JSON number 2.5, which is not an integer"},
		{`{"table":[]}`, "table", "is a JSON array, which is not an object"},
		{`{"table":{"a":1,"b c":"x"}}`, "table.b c", "is a JSON string, which is not an integer"},
		{`{"table":{"ä\"\/\ud83d\ude00":"x"}}`, `table.ä"/😀`, "is a JSON string, which is not an integer"},
		{`{"next":{"next":{"small":true}}}`, "next.next.small", "is a JSON bool, which is not an integer of 8 bits"},
		{`{"next":[1]}`, "next", "is a JSON array, which is not an object"},
		{`{"rows":[{"text":"]},{"},{"text":1}]}`, "rows[1].text", "is a JSON number, which is not a string"},
		{`{"rows":[[1]]}`, "rows[0]", "is a JSON array, which is not an object"},
		{`{"rows":[{},{"rows":[{},{"list":["a"]}]}]}`, "rows[1].rows[1].list[0]", "is a JSON string, which is not an integer"},
		{`{"grid":[[],[{}, {"yes":0}]]}`, "grid[1][1].yes", "is a JSON number, which is not a boolean"},
		{`{"unknown":[{"text":1}],"text":2}`, "text", "is a JSON number, which is not a string"},
		{`[]`, "", "is a JSON array, which is not an object"},
		{`"text"`, "", "is a JSON string, which is not an object"},
	} {
		t.Run(tt.json, func(t *testing.T) {
			err := JSON().Decode([]byte(tt.json), new(leafs))
			var f Fault
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.at, f.Location)
			assert.Equal(t, tt.message, f.Message)
			assert.Equal(t, 400, f.Status)
		})
	}
}

var indices = regexp.MustCompile(`\[\d+\]`)

// encoding/json names the field of a type error itself, without the indices and
// keys of maps. Where it does, the path must be the same.
func TestJSONPathAgainstOracle(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	wrong := 0
	for range 5_000 {
		text := g.object(3)
		err := json.Unmarshal([]byte(text), new(leafs))
		bad, ok := errors.AsType[*json.UnmarshalTypeError](err)
		if !ok {
			require.NoError(t, err, text)
			continue
		}
		wrong++
		got := indices.ReplaceAllString(jsonPath([]byte(text), int(bad.Offset)), "")
		if head, _, in := strings.Cut(got, "table."); in {
			got = head + "table"
		}
		require.Equal(t, bad.Field, got, "%s at %d", text, bad.Offset)

		// The codec stands on another decoder, which must tell the same.
		var f Fault
		require.ErrorAs(t, JSON().Decode([]byte(text), new(leafs)), &f)
		require.Equal(t, jsonPath([]byte(text), int(bad.Offset)), f.Location, text)
	}
	assert.Greater(t, wrong, 2_500, "most texts are wrong somewhere")
}

// generator makes JSON texts of the shape of leafs, with now and then a value
// of a wrong type.
type generator struct{ *rand.Rand }

func (g generator) object(depth int) string {
	if g.IntN(12) == 0 {
		return g.any()
	}
	fields := map[string]func() string{
		"text":  func() string { return g.one(`"a"`, `"}]{[,:\""`, `"\u00e4"`, "null") },
		"small": func() string { return g.one("1", "-128", "127", "null") },
		"yes":   func() string { return g.one("true", "false") },
		"list":  func() string { return g.list(func() string { return g.one("1", "2") }) },
		"table": func() string { return g.one("{}", `{"a":1}`, `{"a":1,"b":2}`, `{"a":"x"}`) },
		"other": func() string { return g.any() },
	}
	if depth > 0 {
		fields["rows"] = func() string { return g.list(func() string { return g.object(depth - 1) }) }
		fields["grid"] = func() string {
			return g.list(func() string { return g.list(func() string { return g.object(depth - 1) }) })
		}
		fields["next"] = func() string { return g.object(depth - 1) }
	}
	var parts []string
	for name, value := range fields {
		if g.IntN(3) == 0 {
			text := value()
			if g.IntN(15) == 0 {
				text = g.any()
			}
			parts = append(parts, fmt.Sprintf("%s%q%s:%s%s", g.blank(), name, g.blank(), g.blank(), text))
		}
	}
	return "{" + strings.Join(parts, g.blank()+",") + g.blank() + "}"
}

func (g generator) list(element func() string) string {
	var parts []string
	for range g.IntN(4) {
		text := element()
		if g.IntN(15) == 0 {
			text = g.any()
		}
		parts = append(parts, g.blank()+text)
	}
	return "[" + strings.Join(parts, g.blank()+",") + g.blank() + "]"
}

func (g generator) any() string {
	return g.one("1", "1.5", "1e9", `"s"`, `"a\"]"`, "true", "null", "[]", "{}", `[1,"a",{"x":[]}]`, `{"text":3,"rows":[4]}`)
}

func (g generator) blank() string { return g.one("", "", "", " ", "\n\t") }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

func TestJSONKind(t *testing.T) {
	for typ, want := range map[reflect.Type]string{
		nil:                            "a value of the expected type",
		reflect.TypeFor[string]():      "a string",
		reflect.TypeFor[*int16]():      "an integer of 16 bits",
		reflect.TypeFor[float32]():     "a number",
		reflect.TypeFor[[2]bool]():     "a list",
		reflect.TypeFor[map[int]int](): "an object",
		reflect.TypeFor[struct{}]():    "an object",
		reflect.TypeFor[chan int]():    "a value of the expected type",
	} {
		assert.Equal(t, want, jsonKind(typ))
	}
}

// The path is made of whatever a client sends and whatever offset a decoder
// gives: it must end, and never reach outside the text.
func FuzzJSONPath(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"c"}]}`, `[[[`, `{"a`, `{"\`, `"`, `}}]]`, `{"a":1,,`, "\xff{"} {
		f.Add(seed, len(seed))
		f.Add(seed, len(seed)/2)
	}
	f.Add("", -5)
	f.Fuzz(func(t *testing.T, text string, offset int) {
		path := jsonPath([]byte(text), offset)
		if !json.Valid([]byte(text)) || offset < 0 || offset > len(text) {
			return
		}
		if strings.Count(path, "[") > strings.Count(text, "[")+strings.Count(path, ".")+len(text) {
			t.Errorf("%q has more levels than %q", path, text)
		}
		if strings.TrimSpace(text[:offset]) == strings.TrimSpace(text) && path != "" {
			t.Errorf("%q at its end is at %q", text, path)
		}
	})
}
