package endpoint_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/gofogo/fogo/endpoint"
)

// Price is what a feed tells.
type Price struct {
	Symbol string `json:"symbol"`
	Cents  int    `json:"cents"`
}

// prices goes on behind the event that the client got last.
func prices(last endpoint.LastEventID) iter.Seq[endpoint.Event[Price]] {
	seen, _ := strconv.Atoi(string(last))
	return func(yield func(endpoint.Event[Price]) bool) {
		for id := seen + 1; id <= 3; id++ {
			e := endpoint.Event[Price]{ID: strconv.Itoa(id), Name: "price", Data: Price{"GO", 100 * id}}
			if !yield(e) {
				return // the client left
			}
		}
	}
}

// Server-sent events with names and ids: a client that was cut off says which
// it got last.
func ExampleEvent() {
	view, err := endpoint.New(prices, endpoint.Pattern("GET /prices"))
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/prices", nil)
	r.Header.Set("Last-Event-ID", "1")
	view.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Content-Type"))
	fmt.Print(w.Body)

	// Output:
	// text/event-stream
	// id: 2
	// event: price
	// data: {"symbol":"GO","cents":200}
	//
	// id: 3
	// event: price
	// data: {"symbol":"GO","cents":300}
}
