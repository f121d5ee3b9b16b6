package resolve_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
)

// Parts are read as they arrive: nothing of the files is in memory or on disk.
func ExampleParts() {
	app := fogo.New()
	app.Post("/checksums", func(parts resolve.Parts) ([]string, error) {
		var sums []string
		for part, err := range parts {
			if err != nil {
				return nil, err // told to the client, with its place
			}
			if !part.IsFile() {
				continue
			}
			h := sha256.New()
			if _, err := io.Copy(h, part); err != nil {
				return nil, err
			}
			sums = append(sums, fmt.Sprintf("%s %.4x", part.Filename, h.Sum(nil)))
		}
		return sums, nil
	}, endpoint.MaxBody(10<<30))

	const body = "--b\r\n" +
		"Content-Disposition: form-data; name=\"f\"; filename=\"one.txt\"\r\n\r\n1\r\n" +
		"--b\r\n" +
		"Content-Disposition: form-data; name=\"f\"; filename=\"two.txt\"\r\n\r\n2\r\n" +
		"--b--\r\n"
	for _, sent := range []string{body, body[:130]} {
		r := httptest.NewRequest(http.MethodPost, "/checksums", strings.NewReader(sent))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 ["one.txt 6b86b273","two.txt d4735e3a"]
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"The request has faults, see errors.","errors":[{"location":"form","message":"is not a valid multipart form: it breaks off in part 2"}]}
}
