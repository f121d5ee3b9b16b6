package endpoint_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
)

// Counters is shared by all requests.
type Counters struct {
	mu sync.Mutex
	n  map[CounterName]int
}

func NewCounters() *Counters { return &Counters{n: map[CounterName]int{}} }

type CounterName string

// CounterView is a class: each request has a copy of its own, with the tagged
// fields filled in.
type CounterView struct {
	Counters *Counters `inject:""`
}

func (v *CounterView) Get(name CounterName) int {
	v.Counters.mu.Lock()
	defer v.Counters.mu.Unlock()
	return v.Counters.n[name]
}

func (v *CounterView) Post(name CounterName) endpoint.Created[int] {
	v.Counters.mu.Lock()
	defer v.Counters.mu.Unlock()
	v.Counters.n[name]++
	return endpoint.Created[int]{Location: "/counters/" + string(name), Body: v.Counters.n[name]}
}

// A class is served by any router of http.Handlers.
func ExampleClass() {
	providers := inject.New()
	if err := providers.Provide(inject.Singleton, NewCounters); err != nil {
		panic(err)
	}
	view := endpoint.Class(CounterView{}, endpoint.Pattern("/counters/{counter_name}"), endpoint.Injector(providers))
	defer view.Shutdown(context.Background())

	mux := http.NewServeMux()
	mux.Handle("/counters/", view)

	for _, method := range []string{"POST", "POST", "GET", "DELETE"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, "/counters/visits", nil))
		fmt.Println(method, w.Code, w.Header().Get("Location"), w.Header().Get("Allow"), w.Body)
	}

	// Output:
	// POST 201 /counters/visits  1
	// POST 201 /counters/visits  2
	// GET 200   2
	// DELETE 405  GET, HEAD, POST, OPTIONS {"type":"about:blank","title":"Method Not Allowed","status":405}
}
