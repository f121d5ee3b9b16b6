package resolve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
)

// Avatar is a form with a file. What its tags say is checked before the handler
// is called.
type Avatar struct {
	Title string       `form:"title"`
	Image resolve.File `form:"image" maxsize:"2MB" accept:"image/png,image/jpeg"`
}

// A file is saved under a name of the program's own, into a directory that no
// name leads out of.
func ExampleFile() {
	dir, _ := os.MkdirTemp("", "avatars")
	defer os.RemoveAll(dir)
	avatars, _ := os.OpenRoot(dir)
	defer avatars.Close()

	app := fogo.New(resolve.Uploads{Memory: 1 << 20})
	app.Post("/avatar", func(in resolve.Form[Avatar]) (string, error) {
		image := in.Value.Image
		if err := image.SaveTo(avatars, "7.png"); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s: %s, %d bytes of %s", in.Value.Title, image.Filename, image.Size, image.Sniff()), nil
	}, endpoint.MaxBody(3<<20))

	const body = "--b\r\n" +
		"Content-Disposition: form-data; name=\"title\"\r\n\r\nme\r\n" +
		"--b\r\n" +
		"Content-Disposition: form-data; name=\"image\"; filename=\"../../me.png\"\r\n\r\n%s\r\n" +
		"--b--\r\n"
	for _, content := range []string{"\x89PNG\r\n\x1a\n…", "<script>"} {
		r := httptest.NewRequest(http.MethodPost, "/avatar", strings.NewReader(fmt.Sprintf(body, content)))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 me: me.png, 11 bytes of image/png
	// 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"The request has faults, see errors.","errors":[{"location":"form.image","message":"looks like text/html; send image/png or image/jpeg"}]}
}
