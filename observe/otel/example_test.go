package fogootel_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/gofogo/fogo"
	fogootel "github.com/gofogo/fogo/observe/otel"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// An application that is traced. A handler finds its span in the context.
func Example() {
	spans := tracetest.NewSpanRecorder() // in a program: an exporter
	o, err := fogootel.New(fogootel.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)),
		Propagator:     propagation.TraceContext{},
	})
	if err != nil {
		log.Fatal(err)
	}
	app := fogo.New(fogo.WithObserver(o))
	app.Get("/hello/{name}", func(ctx context.Context, name string) string {
		trace.SpanFromContext(ctx).AddEvent("greeting")
		return "Hello, " + name
	})

	r := httptest.NewRequest("GET", "/hello/Ada", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	app.ServeHTTP(httptest.NewRecorder(), r)
	for _, s := range spans.Ended() {
		fmt.Println(s.Name(), s.SpanContext().TraceID(), s.Events()[0].Name)
	}
	// Output:
	// GET /hello/{name} 0af7651916cd43dd8448eb211c80319c greeting
}
