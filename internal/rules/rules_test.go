package rules_test

import (
	"context"
	"go/build"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofogo/fogo/internal/rules"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

func typeOf[T any]() rules.Type { return rules.Reflect(reflect.TypeFor[T]()) }

func TestIsMessage(t *testing.T) {
	for _, c := range []struct {
		name  string
		route string
		fn    any
		index int // -1 for a view per connection
	}{
		{"data", "WS /x", func(*ws.WebSocket, ws.Data) {}, 1},
		{"text first", "WS /x", func(ws.Text, *ws.WebSocket) {}, 0},
		{"binary", "WS /x", func(ws.Binary) {}, 0},
		{"message wrapper", "WS /x", func(resolve.Message[int], *DB) {}, 0},
		{"optional message", "WS /x", func(*DB, resolve.Optional[resolve.Message[int]]) {}, 1},
		{"data struct", "WS /x", func(*ws.WebSocket, Chat) {}, 1},
		{"data structs", "WS /x", func(*ws.WebSocket, []Chat) {}, 1},
		{"data struct not last", "WS /x", func(Chat, *ws.WebSocket) {}, -1},
		{"said before a struct", "WS /x", func(ws.Data, Chat) {}, 0},
		{"params struct", "WS /x", func(*ws.WebSocket, Paging) {}, -1},
		{"connection", "WS /x", func(*ws.WebSocket, context.Context) {}, -1},
		{"nothing", "WS /x", func() {}, -1},
		{"http", "POST /x", func(Chat) {}, -1},
	} {
		env := row{route: c.route}.env()
		i, ok := rules.IsMessage(rules.SignatureOf(reflect.TypeOf(c.fn)), env)
		if !ok {
			i = -1
		}
		if i != c.index {
			t.Errorf("%s: the message is parameter %d, want %d", c.name, i, c.index)
		}
	}
}

func TestIsSocket(t *testing.T) {
	for _, c := range []struct {
		fn   any
		want bool
	}{
		{func(*ws.WebSocket) {}, true},
		{func(resolve.Message[Chat]) {}, true},
		{func(Chat) ws.Text { return "" }, true},
		{func(ws.Code) {}, true},
		{func(Chat) error { return nil }, false},
		{func(http.ResponseWriter, *http.Request) {}, false},
	} {
		if got := rules.IsSocket(rules.SignatureOf(reflect.TypeOf(c.fn))); got != c.want {
			t.Errorf("IsSocket(%T) = %t", c.fn, got)
		}
	}
}

func bindRow(route string, fn any, with ...option) rules.Result {
	r := row{name: "main.f (main.go:1)", route: route, fn: fn, with: with}
	return rules.Bind(r.signature(), r.env())
}

func TestUnused(t *testing.T) {
	const route = "GET /{tenant}/{user_id}/{n}"
	vars := variables(route)
	byName := bindRow(route, func(UserID) {}, as(rules.Provider))
	tagged := bindRow(route, func(struct {
		T string `path:"tenant"`
	}) {
	})
	request := bindRow(route, func(*http.Request) {})
	nested := bindRow(route, func(Tenant) {})
	position := bindRow(route, func(int) {}, taken("tenant", ""), taken("user_id", ""))
	for _, c := range []struct {
		name    string
		ignored []string
		results []rules.Result
		want    []string
	}{
		{"nobody", nil, nil, []string{"tenant", "user_id", "n"}},
		{"by name", nil, []rules.Result{byName}, []string{"tenant", "n"}},
		{"by an Extract method", nil, []rules.Result{nested}, []string{"tenant", "n"}},
		{"all together", nil, []rules.Result{byName, tagged, position}, nil},
		{"ignored", []string{"n"}, []rules.Result{byName, tagged}, nil},
		{"the request", nil, []rules.Result{request}, nil},
	} {
		if got := rules.Unused(vars, c.ignored, c.results...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if text := rules.UnusedText("/{n}", "n"); !strings.Contains(text, "{n}") {
		t.Error(text)
	}
}

func TestCheckProvided(t *testing.T) {
	var b strings.Builder
	for _, typ := range []rules.Type{
		typeOf[int](), typeOf[error](), typeOf[any](), typeOf[context.Context](), typeOf[*http.Request](),
		typeOf[resolve.RawBody](), typeOf[*ws.WebSocket](), typeOf[resolve.Query[Page]](),
		typeOf[resolve.Optional[*DB]](), typeOf[Paging](), typeOf[Token](),
	} {
		why := rules.CheckProvided(typ)
		if why == "" {
			t.Errorf("%s can be provided", typ)
		}
		b.WriteString(why + "\n")
	}
	golden(t, b.String())
	for _, typ := range []rules.Type{
		typeOf[*DB](), typeOf[Store](), typeOf[Limit](), typeOf[CurrentUser](), typeOf[*Paging](),
		typeOf[[]string](), typeOf[FuncView](), typeOf[TwoResults](), typeOf[http.Request](),
	} {
		if why := rules.CheckProvided(typ); why != "" {
			t.Errorf("%s: %s", typ, why)
		}
	}
}

func TestFormat(t *testing.T) {
	var rows []rules.Row
	for i, typ := range []string{"int", "*main.Größe"} {
		rows = append(rows, rules.Row{Index: []string{"9", "10"}[i], Type: typ, Source: []string{"framework", ""}[i]})
	}
	want := " 9 · int         · framework\n10 · *main.Größe · ???\n"
	if got := rules.Format(rows); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestFieldIndex reads every bound field through its index.
func TestFieldIndex(t *testing.T) {
	result := bindRow("GET /{tenant}/users", func(ListUsers) {}, newDB)
	for _, f := range result.Bindings[0].Fields {
		got := reflect.TypeFor[ListUsers]().FieldByIndex(f.Index).Type
		if got != rules.ReflectOf(f.Type) {
			t.Errorf("%s is of type %s, its index leads to %s", f.Text, f.Type, got)
		}
		if f.Optional && rules.ReflectOf(f.Value) != got.Elem() {
			t.Errorf("%s: the value of %s is %s", f.Text, got, f.Value)
		}
	}
}

// TestPromotion holds the walk over embedded structs against reflect's own.
func TestPromotion(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[Shadowing](), reflect.TypeFor[ListUsers](), reflect.TypeFor[Embedded]()} {
		result := rules.Bind(rules.Signature{In: []rules.Type{rules.Reflect(typ)}}, row{route: "GET /{tenant}/x", with: []option{newDB}}.env())
		for _, f := range result.Bindings[0].Fields {
			name := typ.FieldByIndex(f.Index).Name
			promoted, ok := typ.FieldByName(name)
			if !ok || !slices.Equal(promoted.Index, f.Index) {
				t.Errorf("%s.%s is at %v, not at %v", typ, name, promoted.Index, f.Index)
			}
		}
	}
}

func TestClosest(t *testing.T) {
	names := []string{"tenant", "user_id", "id"}
	for wanted, want := range map[string]string{
		"user_di": "user_id", "usr_id": "user_id", "tenent": "tenant", "page": "", "user_id": "",
	} {
		if got := rules.Closest(wanted, names); got != want {
			t.Errorf("closest to %q is %q, want %q", wanted, got, want)
		}
	}
	if d := rules.Distance("abc", "acb"); d != 1 {
		t.Errorf("a swap costs %d", d)
	}
}

// What a file can be sniffed to be is what the standard library's table has.
func TestSniffedTypes(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "src", "net", "http", "sniff.go"))
	if err != nil {
		t.Skip("no sources of the standard library: ", err)
	}
	var types []string
	for _, m := range regexp.MustCompile(`(?m)^[^/]*"([a-z]+/[a-z0-9.+-]+)(;[^"]*)?"`).FindAllSubmatch(source, -1) {
		if name := string(m[1]); name != "encoding/binary" && !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	slices.Sort(types)
	if !slices.Equal(types, rules.Sniffed) {
		t.Errorf("files look like\n%q, and the rules have\n%q", types, rules.Sniffed)
	}
}
