package resolve_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/resolve"
)

// Point is sent in any codec.
type Point struct {
	X, Y int
}

// pairs is a codec for points alone.
type pairs struct{}

func (pairs) Name() string         { return "pairs" }
func (pairs) MediaTypes() []string { return []string{"text/x-pair"} }

func (pairs) Decode(data []byte, v any) error {
	p, ok := v.(*Point)
	if !ok {
		return errors.New("is no point")
	}
	if n, err := fmt.Sscanf(string(data), "%d/%d", &p.X, &p.Y); err != nil || n != 2 {
		return errors.New("is not two numbers with a slash between them")
	}
	return nil
}

func (pairs) Encode(w io.Writer, v any) error {
	if p, ok := v.(*Point); ok {
		v = *p
	}
	p, ok := v.(Point)
	if !ok {
		return fmt.Errorf("pairs: %T is no point", v)
	}
	_, err := fmt.Fprintf(w, "%d/%d", p.X, p.Y)
	return err
}

// A body is read by its Content-Type, and the client chooses the format of the
// answer by its Accept header. Of equals the server's first one is sent.
func ExampleCodec() {
	app := fogo.New(fogo.WithCodecs(resolve.JSON(), resolve.XML(), pairs{}))
	app.Post("/mirror", func(in resolve.Body[Point]) Point { return Point{in.Value.Y, in.Value.X} })

	for _, req := range []struct{ contentType, body, accept string }{
		{"application/json", `{"X":1,"Y":2}`, "*/*"},
		{"text/x-pair", "1/2", "text/x-pair, application/json;q=0.5"},
		{"text/x-pair", "1/2", "application/json;q=0, */*"},
		{"text/x-pair", "one", "*/*"},
		{"text/x-pair", "1/2", "image/png"},
		{"text/csv", "1,2", "*/*"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/mirror", strings.NewReader(req.body))
		r.Header.Set("Content-Type", req.contentType)
		r.Header.Set("Accept", req.accept)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(strings.TrimSpace(fmt.Sprintln(w.Code, w.Header().Get("Content-Type"), strings.ReplaceAll(textOf(w), "\n", ""))))
	}
	// Output:
	// 200 application/json {"X":2,"Y":1}
	// 200 text/x-pair 2/1
	// 200 application/xml <?xml version="1.0" encoding="UTF-8"?><Point><X>2</X><Y>1</Y></Point>
	// 400 application/problem+json
	// 406 application/problem+json
	// 415 application/problem+json
}
