package cors_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/gofogo/fogo/middleware/cors"
)

func ExampleNew() {
	allow, err := cors.New(cors.Options{
		Origins:     []string{"https://*.example.com"},
		Methods:     []string{"GET", "PUT"},
		Headers:     []string{"Authorization"},
		Credentials: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("OPTIONS", "/", nil)
	r.Header.Set("Origin", "https://app.example.com")
	r.Header.Set("Access-Control-Request-Method", "PUT")
	w := httptest.NewRecorder()
	allow(hello).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Access-Control-Allow-Origin"), w.Header().Get("Access-Control-Allow-Methods"))
	// Output: 204 https://app.example.com PUT
}

func ExampleMust() {
	defer func() { fmt.Println(recover()) }()
	cors.Must(cors.Options{Origins: []string{"https://example.com/"}})
	// Output: cors: origin "https://example.com/" has more than scheme, host and port: the origin is "https://example.com"
}
