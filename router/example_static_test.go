package router_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/gofogo/fogo/router"
)

// answer asks a router for a path; header are names and values in turn.
func answer(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Files of a directory, an embed.FS or any other fs.FS, with those that were
// compressed beforehand for who takes them.
func ExampleGroup_Static() {
	files := fstest.MapFS{
		"index.html":         {Data: []byte("<p>home")},
		"app.3f2a9c1b.js":    {Data: []byte("alert(1)")},
		"app.3f2a9c1b.js.br": {Data: []byte("(brotli)")},
		"fonts/logo.woff2":   {Data: []byte("font")},
		".env":               {Data: []byte("PASSWORD")},
		"fonts/.DS_Store":    {Data: []byte("who knows")},
	}
	r := router.New()
	r.Static("/", files, router.Immutable("fonts/*"))
	b, err := r.Build(router.BuildOptions{})
	if err != nil {
		panic(err)
	}
	js := answer(b, "/app.3f2a9c1b.js", "Accept-Encoding", "gzip, br")
	fmt.Println(js.Header().Get("Content-Type"), js.Header().Get("Content-Encoding"), js.Body)
	for _, path := range []string{"/", "/app.3f2a9c1b.js", "/fonts/logo.woff2", "/index.html", "/fonts/", "/.env", "/fonts%2Flogo.woff2"} {
		w := answer(b, path)
		fmt.Printf("%d %s %q\n", w.Code, path, w.Header().Get("Cache-Control")+w.Header().Get("Location"))
	}

	// Output:
	// text/javascript; charset=utf-8 br (brotli)
	// 200 / "no-cache"
	// 200 /app.3f2a9c1b.js "public, max-age=31536000, immutable"
	// 200 /fonts/logo.woff2 "public, max-age=31536000, immutable"
	// 301 /index.html "./"
	// 404 /fonts/ ""
	// 404 /.env ""
	// 404 /fonts%2Flogo.woff2 ""
}
