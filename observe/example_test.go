package observe_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/observe"
)

// counter counts calls by route and class. It observes calls, and nothing else.
type counter map[string]int

func (c counter) BeginCall(ctx context.Context, _ observe.Call) context.Context { return ctx }

func (c counter) EndCall(_ context.Context, call observe.Call, end observe.CallEnd) {
	c[fmt.Sprintf("%s %s: %s", call.Method, call.Route, end.Class)]++ // one call at a time here
}

// An observer of one's own.
func Example() {
	calls := counter{}
	app := fogo.New(fogo.WithObserver(calls))
	app.Get("/users/{id}", func(id int) string { return "hello" })
	for _, path := range []string{"/users/1", "/users/2", "/users/x", "/nowhere"} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	fmt.Println(calls)
	// Output:
	// map[GET /users/{id}: ok:2 GET /users/{id}: refused:1 GET : refused:1]
}

// Reporting errors to a tracker.
func ExampleErrorFunc() {
	report := observe.ErrorFunc(func(_ context.Context, e observe.Error) {
		if e.Class >= observe.Failed {
			fmt.Println(e.Route, e.Class, e.Err)
		}
	})
	app := fogo.New(fogo.WithObserver(report))
	app.Get("/fail", func() error { return fmt.Errorf("the disk is full") })
	app.Get("/refuse", func() error { return endpoint.NewError(409, "taken") })
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/fail", nil))
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/refuse", nil))
	// Output:
	// /fail failed the disk is full
}
