package endpoint_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
)

// A named type takes the path variable of its name, and the query parameter.
type (
	PostID int
	Length int
)

type post struct {
	ID   PostID `json:"id"`
	Text string `json:"text"`
}

func showPost(id PostID, length resolve.Optional[resolve.Query[Length]]) post {
	p := post{id, "Hello, world."}
	if l, ok := length.Get(); ok {
		p.Text = p.Text[:min(int(l.Value), len(p.Text))]
	}
	return p
}

// A function of any signature is an http.Handler.
func ExampleFunc() {
	posts := endpoint.Func(showPost, endpoint.Pattern("GET /posts/{post_id}"))

	show(posts, "/posts/7")
	show(posts, "/posts/7?length=5")
	show(posts, "/posts/seven?length=x")

	// Output:
	// 200 {"id":7,"text":"Hello, world."}
	// 200 {"id":7,"text":"Hello"}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"The request has faults, see errors.","errors":[{"location":"path.post_id","message":"\"seven\" is not an integer"},{"location":"query.length","message":"\"x\" is not an integer"}]}
}

// show prints the answer to a GET.
func show(h http.Handler, target string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	fmt.Println(w.Code, w.Body)
}
