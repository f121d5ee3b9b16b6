package endpoint_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tally keeps state in its fields, which no other request may see.
type tally struct {
	Greeting string
	Store    *depot `inject:""`
	hits     int
	list     []string
}

type depot struct{ name string }

func (c *tally) Get(r *http.Request) string {
	c.hits++
	c.list = append(c.list, r.URL.Path)
	return fmt.Sprintf("%s%s%d %d", c.Greeting, c.Store.name, c.hits, len(c.list))
}

func newDepot() *depot { return &depot{"!"} }

func TestFreshCopies(t *testing.T) {
	prototype := &tally{Greeting: "hi", hits: 10}
	for name, view := range map[string]any{"by value": tally{Greeting: "hi", hits: 10}, "by pointer": prototype} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, view, providing(t, provided{inject.Singleton, newDepot}))
			prototype.Greeting = "changed later"
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 20 {
						assert.Equal(t, "hi!11 1", s.get("/").body)
					}
				})
			}
			wg.Wait()
			assert.Nil(t, prototype.Store)
			prototype.Greeting = "hi"
		})
	}
}

func TestNilPrototype(t *testing.T) {
	s := serve(t, (*tally)(nil), providing(t, provided{inject.Singleton, newDepot}))
	assert.Equal(t, "!1 1", s.get("/").body)
}

// Classes need not be structs.
type greeting string

func (g greeting) Get() string   { return string(g) }
func (g *greeting) Post() string { *g += "!"; return string(*g) }

func TestClassThatIsNoStruct(t *testing.T) {
	s := serve(t, greeting("hi"))
	for range 2 {
		assert.Equal(t, "hi", s.get("/").body)
		assert.Equal(t, "hi!", s.do(http.MethodPost, "/", "").body)
	}
}

// shelf has its variables, and more, in fields.
type shelf struct {
	Room  string `path:"room"`
	Page  int    `query:"page" default:"1"`
	Token *Label `header:"X-Token"`
	Store *depot `inject:""`
}

func (s *shelf) Get() string {
	token := "none"
	if s.Token != nil {
		token = string(*s.Token)
	}
	return fmt.Sprintf("%s %d %s%s", s.Room, s.Page, token, s.Store.name)
}

func (s *shelf) Delete(id BookID) string { return fmt.Sprintf("%s %d", s.Room, id) }

func TestFieldsOfClass(t *testing.T) {
	s := serve(t, shelf{}, endpoint.Pattern("/{room}/{book_id}"), providing(t, provided{inject.PerCall, newDepot}))
	assert.Equal(t, "east 1 none!", s.get("/east/7").body)
	assert.Equal(t, "east 3 t!", s.get("/east/7?page=3", "X-Token", "t").body)
	assert.Equal(t, "east 7", s.do(http.MethodDelete, "/east/7", "").body, "a variable that one method takes is taken")
	got := s.do(http.MethodDelete, "/east/x?page=y", "")
	assert.Equal(t, 400, got.status)
	assert.Contains(t, got.body, `"query.page"`)
	assert.Contains(t, got.body, `"path.book_id"`, "faults of fields and parameters are told together")
	assert.Equal(t, 200, s.get("/east/x").status, "Get does not read it")
	got = s.do(http.MethodPost, "/east/7", "")
	assert.Equal(t, 405, got.status)
	assert.Equal(t, "GET, HEAD, DELETE, OPTIONS", got.header.Get("Allow"))
}

// Every verb has its method.
type verbs struct{}

func (verbs) Get() string     { return "get" }
func (verbs) Head() string    { return "headers" }
func (verbs) Post() string    { return "post" }
func (verbs) Put() string     { return "put" }
func (verbs) Patch() string   { return "patch" }
func (verbs) Delete() string  { return "delete" }
func (verbs) Options() string { return "options" }

func TestVerbs(t *testing.T) {
	s := serve(t, verbs{})
	for method, want := range map[string]string{
		"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete", "OPTIONS": "options",
	} {
		assert.Equal(t, want, s.do(method, "/", "").body)
	}
	assert.EqualValues(t, len("headers"), s.do(http.MethodHead, "/", "").length, "HEAD has a view of its own")
	kind, err := endpoint.Inspect(verbs{})
	require.NoError(t, err)
	assert.Equal(t, endpoint.Kind{Class: true, Verbs: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}}, kind)
}

type (
	nothingToServe struct{}
	upperCase      struct{}
	almost         struct{}
	hookOnly       struct{}
	badMethods     struct{}
	untagged       struct {
		Store *depot `inject:""`
		Room  string `path:"romo"`
	}
	twiceTaken struct {
		ID int `path:"id"`
	}
)

func (nothingToServe) Fetch() {}

func (upperCase) GET()  {}
func (upperCase) POST() {}

func (almost) Get()         {}
func (almost) OnRecieve()   {}
func (almost) OnClose()     {}
func (hookOnly) Get()       {}
func (hookOnly) OnConnect() {}

func (badMethods) Get(int, *depot) (int, int)               { return 0, 0 }
func (badMethods) Post(resolve.Query[struct{ X chan int }]) {}
func (badMethods) Put(...string)                            {}

func (untagged) Get() {}

func (twiceTaken) Get(id int) {}

func TestRejectedClasses(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
		path string
	}{
		{"no verb", nothingToServe{}, "/"},
		{"upper case", upperCase{}, "/"},
		{"misspelt hooks", almost{}, "/"},
		{"hook without OnReceive", hookOnly{}, "/"},
		{"wrong methods", badMethods{}, "/{id}"},
		{"wrong field", untagged{}, "/{room}"},
		{"variable that no method takes", verbs{}, "/{id}"},
		{"variable taken twice", twiceTaken{}, "/{id}"},
	} {
		t.Run(row.name, func(t *testing.T) { golden(t, buildError(t, row.view, endpoint.Pattern(row.path))) })
	}
}
