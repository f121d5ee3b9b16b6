package debugpage

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type htmlPage interface{ HTML() []byte }

var plan = []Call{{
	Functions: []Function{
		{Name: "main.Authenticated", Position: "auth.go:9", Role: "guard", Way: "words"},
		{Name: "main.getUser", Position: "users.go:31", Role: "handler", Way: "words", Rows: []Row{
			{"1", "*main.DB", "provider main.NewDB (db.go:12)"}, {"2", "main.UserID", "path {user_id}"}, {"3", "*main.Cart", "???"},
		}},
	},
	Makes: []string{"*main.DB by main.NewDB (db.go:12)"}, Steps: 4, FrameBytes: 2048,
}}

var request = Request{
	Method: "POST", Target: "/users/7?page=2", Proto: "HTTP/1.1", Host: "localhost:8000", Peer: "127.0.0.1:50000",
	Path: []Value{{"user_id", "7"}}, Query: []Value{{"page", "2"}}, Header: []Value{{"Accept", "text/html"}, {"X-Empty", ""}},
	Body: &Body{Text: "{\n}", Read: 3},
}

// pages are one page of each kind, and of each shape that looks different.
func pages() map[string]htmlPage {
	return map[string]htmlPage{
		"error": &Error{
			Status: 500, Title: "Internal Server Error", RequestID: "req-1", Route: "POST /users/{user_id}", Message: "loading user 7: no rows",
			Chain: []Cause{
				{Type: "*fmt.wrapError", Text: "loading user 7: no rows"}, {Type: "*errors.joinError", Text: "no rows"},
				{Type: "*errors.errorString", Text: "no rows", Depth: 1}, {Type: "*errors.errorString", Text: "deep", Depth: 9},
			},
			Plan: plan, Request: request, Index: "/_fogo",
		},
		"panic": &Error{
			Status: 500, Title: "Internal Server Error", Message: "panic: " + strings.Repeat("long ", 40), Panic: true,
			Chain: []Cause{{Type: "*inject.Panic", Text: "panic: long"}},
			Stack: []Frame{
				{Func: "main.place", File: "/shop/orders.go", Line: 12, Of: Application, Source: []Line{{11, "if n > 0 {", false}, {12, "\tlines[n] = 1", true}}},
				{Func: "inject.(*Run).Do", File: "/fogo/inject/run.go", Line: 100, Of: Framework},
				{Func: "main.putOrder", File: "orders.go", Line: 40, Of: Application},
				{Func: "http.HandlerFunc.ServeHTTP", File: "/go/src/net/http/server.go", Line: 2322, Of: Standard},
			},
			Request: Request{Method: "GET", Target: "/", Proto: "HTTP/1.1", Body: &Body{Read: 2 << 20}},
		},
		"client error": &Error{
			Status: 400, Title: "Bad Request", Message: "resolve: query.page is malformed", Faults: []Value{{"query.page", "is malformed"}},
			Chain: []Cause{{Type: "resolve.Faults", Text: "resolve: query.page is malformed"}}, Request: request,
		},
		"build": &Build{Problems: []Problem{
			{
				Title: "GET /{id} (main.go:12)", Func: "main.getUser (users.go:31)", Needed: []string{"PerCall main.NewCart (cart.go:3)"}, Rows: plan[0].Functions[1].Rows,
				Faults: []string{"parameter 3: nothing provides it", "a cycle:\n    *A\n  needs *B"},
			},
			{Title: "Provide (main.go:14)", Faults: []string{"nil is not a function"}},
			{Text: "making *main.DB: connection refused", Stack: []Frame{{Func: "main.NewDB", File: "db.go", Line: 12, Of: Application}}},
		}},
		"one problem": &Build{Problems: []Problem{{Title: "GET / (main.go:12)", Func: "main.getUser (users.go:31)", Faults: []string{"it is wrong"}}}},
		"index": &Index{
			Routes: []Route{
				{Number: 1, Method: "GET", Pattern: "/users/{user_id}", Name: "user", Handler: "main.getUser", Position: "users.go:31", Middleware: []string{"a", "b"}, Guards: []string{"c"}},
				{Number: 2, Pattern: "/old/{path...}", Handler: "http.NotFound", Guards: []string{"c", "d"}},
				{Number: 3, Method: "WEBSOCKET", Pattern: "/chat", Handler: "*main.Chat"},
			},
			Warnings: []string{"main.NewMailer (mail.go:3) provides *main.Mailer, which nothing needs"}, Sockets: 2, Uptime: Duration(90 * time.Second), Go: "go1.26",
		},
		"empty index": &Index{Routes: nil, Go: "go1.26"},
		"route": &Route{
			Number: 1, Method: "GET", Pattern: "/users/{user_id}", Name: "user", Handler: "main.getUser", Position: "users.go:31", Registered: "main.go:12",
			View: "func(*main.DB, main.UserID)", Middleware: []string{"main.logged (main.go:8)", "main.timed (main.go:9)"}, Guards: []string{"main.Authenticated (auth.go:9)"},
			Plan: plan, Explain: "GET /users/{user_id}\n…\n",
		},
		"socket route":   &Route{Number: 2, Method: "WEBSOCKET", Pattern: "/chat", Handler: "main.chat", Plan: []Call{{Name: "handshake", Steps: 1}, {Name: "message", Functions: plan[0].Functions[:1]}}},
		"route as it is": &Route{Number: 2, Pattern: "/old/{path...}", Handler: "http.NotFound"},
		"providers": &Providers{Providers: []Provider{
			{Number: 1, Type: "main.Config", By: "an existing value", Lifetime: "Singleton", Used: true},
			{Number: 2, Type: "*main.DB", By: "main.NewDB", Position: "db.go:12", Lifetime: "Singleton", Used: true, Needs: []int{1}, CleanUp: "closed when the application stops"},
			{Number: 3, Type: "*main.Mailer", By: "main.NewMailer", Position: "mail.go:3", Lifetime: "PerCall", Needs: []int{1, 2}},
		}},
		"no providers": &Providers{},
		"sockets": &Sockets{Open: 4, Parked: 1, List: []Socket{
			{Route: "WEBSOCKET /chat", Peer: "127.0.0.1:50000", Age: Duration(3 * time.Second), Subprotocol: "v2", UserAgent: "Browser/1", State: "open", Messages: 3, Dropped: 1, Queued: 2, QueuedBytes: 3000},
			{Route: "WEBSOCKET /feed", Peer: "127.0.0.1:50001", Age: Duration(26 * time.Hour), State: "closing", Messages: -1},
		}},
		"no sockets": &Sockets{},
		"state": &State{
			Uptime: Duration(2 * time.Hour), Started: "2026-01-02T03:04:05Z", Process: 7, Goroutines: 12, CPUs: 4, Threads: 2, Go: "go1.26", System: "linux/amd64",
			Memory: Memory{Heap: 5 << 20, Objects: 9, System: 3 << 30, Allocated: 900, Cycles: 2, LastPause: 1500}, Path: "shop.example/shop", Version: "v1.2.3",
			Built: []Value{{"vcs.revision", "abc"}}, Modules: []Value{{"a.example/b", "v1.0.0"}},
		},
	}
}

func TestPages(t *testing.T) {
	for name, p := range pages() {
		t.Run(name, func(t *testing.T) { golden(t, string(p.HTML())) })
	}
}

// hostile is what a request, a type name or an error may contain.
const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\x00\u202e\xff</title></style></code>"

// TestEverythingIsEscaped puts hostile text into every string that pages have.
func TestEverythingIsEscaped(t *testing.T) {
	tag := regexp.MustCompile(`<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>`)
	attributes := regexp.MustCompile(`^( [a-z-]+(="[^"<>]*")?)*$`)
	value := regexp.MustCompile(`"[^"]*"`)
	known := strings.Fields("html head meta link title style body header div span small nav a main footer p script h1 h2 h3 ul ol li code pre details summary table thead tbody tr th td dl dt dd section article b br button")
	for name, p := range pages() {
		t.Run(name, func(t *testing.T) {
			fill(reflect.ValueOf(p).Elem())
			got := string(p.HTML())
			assert.NotContains(t, got, "<script>alert")
			assert.NotContains(t, got, "<img")
			assert.NotContains(t, got, "\x00")
			assert.NotContains(t, got, "\u202e")
			assert.Contains(t, got, "&lt;script&gt;alert(1)&lt;/script&gt;", "the text is there")
			body := strings.Replace(strings.Replace(got, string(style), "", 1), string(script), "", 1)
			found := tag.FindAllStringSubmatch(body, -1)
			require.NotEmpty(t, found)
			for _, m := range found {
				assert.Contains(t, known, m[2])
				assert.Regexp(t, attributes, m[3], m[0])
				names := value.ReplaceAllString(m[3], "")
				assert.NotRegexp(t, ` (on[a-z]*|style)=`, names, "the policy forbids them")
			}
			balanced(t, found)
		})
	}
}

// fill sets all strings below a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		} else {
			// The pages share their parts.
			v.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
		}
		for i := range v.Len() {
			fill(v.Index(i))
		}
	}
}

// balanced checks that elements are closed in the order in which they were
// opened.
func balanced(t *testing.T, tags [][]string) {
	t.Helper()
	var open []string
	for _, m := range tags {
		switch name := m[2]; {
		case name == "meta" || name == "link" || name == "br":
		case m[1] == "":
			open = append(open, name)
		default:
			if assert.NotEmpty(t, open, m[0]) && assert.Equal(t, open[len(open)-1], name, "%v", open) {
				open = open[:len(open)-1]
			}
		}
	}
	assert.Empty(t, open)
}

// Nothing but constants may have the type markup.
func TestNoTextBecomesMarkup(t *testing.T) {
	conversion := regexp.MustCompile(`\bmarkup\([^)]`)
	for _, file := range sourceFiles(t) {
		assert.NotRegexp(t, conversion, file.text, file.name)
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 1500 * time.Microsecond: "1 ms", 59 * time.Second: "59 s", 61 * time.Second: "1 min 1 s", 125 * time.Minute: "2 h 5 min", 49 * time.Hour: "2 d 1 h",
	} {
		assert.Equal(t, want, Duration(d).String())
	}
	b, err := Duration(1500 * time.Millisecond).MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, "1.500", string(b))
}

func TestSizes(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 5 << 20: "5.0 MiB", 3 << 30: "3.0 GiB", 1 << 50: "1024.0 TiB"} {
		assert.Equal(t, want, bytesOf(n))
	}
}

func TestTexts(t *testing.T) {
	assert.Equal(t, "abc", clip("abc", 3))
	assert.Equal(t, "ab … (2 more bytes)", clip("abcd", 2))
	assert.Equal(t, "a … (3 more bytes)", clip("aé!", 2), "runes stay whole")
	assert.Equal(t, "a\n\t␀␡\uFFFD\uFFFDé", visible("a\n\t\x00\x7f\u202e\xffé"))
}

func TestState(t *testing.T) {
	s := StateSince(time.Now().Add(-time.Minute))
	assert.GreaterOrEqual(t, time.Duration(s.Uptime), time.Minute)
	assert.Positive(t, s.Goroutines)
	assert.Positive(t, s.Memory.Heap)
	assert.Contains(t, string(s.HTML()), s.Go)
}
