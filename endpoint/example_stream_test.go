package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"

	"github.com/gofogo/fogo/endpoint"
)

// countdown yields numbers; the error ends it.
func countdown(from int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for n := from; n > 0; n-- {
			if !yield(n, nil) {
				return // the client left
			}
		}
		yield(0, &endpoint.Error{Status: http.StatusGone, Detail: "It has left.", Err: errors.New("lift-off")})
	}
}

// An iterator is streamed: as events to who asks for them, else as one JSON
// value per line.
func ExampleNew_stream() {
	view, err := endpoint.New(countdown, endpoint.Pattern("GET /countdown/{from}"))
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/countdown/2", nil)
	r.Header.Set("Accept", "text/event-stream")
	view.ServeHTTP(w, r)
	fmt.Print(w.Body)

	// Output:
	// data: 2
	//
	// data: 1
	//
	// event: error
	// data: {"type":"about:blank","title":"Gone","status":410,"detail":"It has left."}
}

// A channel is sent as lines of JSON to who doesn't ask for events. The view
// closes it, and stops when the client has left.
func ExampleNew_lines() {
	primes := func(ctx context.Context) <-chan int {
		c := make(chan int)
		go func() {
			defer close(c)
			for _, p := range []int{2, 3, 5} {
				select {
				case c <- p:
				case <-ctx.Done():
					return // the client left
				}
			}
		}()
		return c
	}
	res := answerOf(primes, http.MethodGet)
	lines, err := io.ReadAll(res.Body)
	fmt.Println(res.Header.Get("Content-Type"), err)
	fmt.Printf("%s", lines)

	// Output:
	// application/x-ndjson <nil>
	// 2
	// 3
	// 5
}
