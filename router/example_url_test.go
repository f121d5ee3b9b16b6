package router_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/router"
)

type (
	// UserID takes {user_id} by its name.
	UserID int
	// OrderID is something else, though it is a number too.
	OrderID int
	// Page takes ?page.
	Page int
)

// A URL is made from values that are checked against what the view parses.
func ExampleRoute_URL() {
	r := router.New()
	user := r.Get("/users/{user_id}", func(UserID, resolve.Optional[resolve.Query[Page]]) string { return "" })
	file := r.Get("/files/{path...}", func(string) string { return "" })
	if _, err := r.Build(router.BuildOptions{}); err != nil {
		panic(err)
	}
	fmt.Println(user.URL(42))
	fmt.Println(user.URL(UserID(42), map[string]any{"page": 2}, url.Values{"utm_source": {"a&b"}}))
	fmt.Println(file.URL("reports/May 2026 100%.pdf"))
	_, err := user.URL(OrderID(42))
	fmt.Println(err)
	_, err = file.URL("../secret")
	fmt.Println(err)

	// Output:
	// /users/42 <nil>
	// /users/42?page=2&utm_source=a%26b <nil>
	// /files/reports/May%202026%20100%25.pdf <nil>
	// router: GET /users/{user_id}: {user_id} is a router_test.UserID, and the router_test.OrderID 42 doesn't fit
	// router: variable "path" of GET /files/{path...}: the value "../secret" would be cleaned to "secret"
}

// What others are to follow begins with the public URL, whatever a Host header
// says.
func ExampleRoute_AbsoluteURL() {
	r := router.New()
	user := r.Get("/users/{user_id}", func(UserID) string { return "" })
	if _, err := r.Build(router.BuildOptions{PublicURL: "https://example.com/app"}); err != nil {
		panic(err)
	}
	req := httptest.NewRequest(http.MethodGet, "http://evil.example/", nil)
	fmt.Println(user.AbsoluteURL(req, 42))

	// Output:
	// https://example.com/app/users/42 <nil>
}
