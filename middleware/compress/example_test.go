package compress_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofogo/fogo/middleware/compress"
)

func ExampleResponses() {
	h := compress.Responses(compress.Options{})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("the same again and again ", 400))
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Content-Encoding"), w.Header().Get("Vary"), w.Body.Len() < 200)
	// Output: gzip Accept-Encoding true
}

func ExampleRequests() {
	h := compress.Requests(compress.RequestOptions{MaxSize: 1 << 20})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprint(w, string(b), err)
	}))
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	fmt.Fprint(z, "hello ")
	z.Close()
	r := httptest.NewRequest("POST", "/", &body)
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: hello <nil>
}
