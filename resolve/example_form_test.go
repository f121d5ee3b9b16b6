package resolve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/resolve"
)

// Signup is a form. What is absent is a fault, unless it has a default or is a
// pointer or slice.
type Signup struct {
	Email  string   `form:"email" maxsize:"100B"`
	Age    *int     `form:"age"`
	Lang   string   `form:"lang" default:"en"`
	Topics []string `form:"topic"`
}

// A form is read urlencoded or multipart, whichever the page sends.
func ExampleForm() {
	app := fogo.New()
	app.Post("/signup", func(in resolve.Form[Signup]) string {
		v := in.Value
		return fmt.Sprintf("%s %v %s %q", v.Email, v.Age == nil, v.Lang, v.Topics)
	})
	for _, body := range []string{
		"email=ann%40example.org&topic=go&topic=web",
		"age=old",
		"email=" + strings.Repeat("x", 101),
	} {
		r := httptest.NewRequest(http.MethodPost, "/signup", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		_, faults, _ := strings.Cut(w.Body.String(), `"errors":`)
		fmt.Println(w.Code, textOf(w)+strings.TrimSuffix(faults, "}"))
	}
	// Output:
	// 200 ann@example.org true en ["go" "web"]
	// 400 [{"location":"form.email","message":"is required"},{"location":"form.age","message":"\"old\" is not an integer"}]
	// 413 [{"location":"form.email","message":"is larger than 100B"}]
}

// textOf is the body of an answer that is no problem.
func textOf(w *httptest.ResponseRecorder) string {
	if w.Code >= 400 {
		return ""
	}
	return w.Body.String()
}
