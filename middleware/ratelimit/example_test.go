package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gofogo/fogo/middleware/ratelimit"
)

func ExampleNew() {
	limit, err := ratelimit.New(ratelimit.Options{
		Limit:  2,
		Window: time.Minute,
		Key:    func(r *http.Request) string { return r.Header.Get("Authorization") }, // checked further out
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := limit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
	for range 3 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Ada")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%d %s %q\n", w.Code, w.Header().Get("RateLimit"), w.Header().Get("Retry-After"))
	}
	// Output:
	// 200 "default";r=1;t=30 ""
	// 200 "default";r=0;t=60 ""
	// 429 "default";r=0;t=60 "30"
}
