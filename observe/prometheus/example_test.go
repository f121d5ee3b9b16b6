package fogoprom_test

import (
	"fmt"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/gofogo/fogo"
	fogoprom "github.com/gofogo/fogo/observe/prometheus"
	"github.com/gofogo/fogo/ws"
)

// An application that is measured, and says so under /metrics.
func Example() {
	tracker := &ws.Tracker{}
	m, err := fogoprom.New(fogoprom.Options{Tracker: tracker})
	if err != nil {
		log.Fatal(err)
	}
	app := fogo.New(fogo.WithObserver(m), fogo.WithWebSocket(ws.Options{Tracker: tracker}))
	app.Get("/hello/{name}", func(name string) string { return "Hello, " + name })
	app.Handle("GET /metrics", m.Handler())

	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/hello/Ada", nil))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "http_server_request_duration_seconds_count") {
			fmt.Print(line)
		}
	}
	// Output:
	// http_server_request_duration_seconds_count{error_type="",http_request_method="GET",http_response_status_code="200",http_route="/hello/{name}"} 1
}
