package resolve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
)

// The limits of uploads are an option of the application. Files that are kept
// stay in the directory, and are the program's from then on.
func ExampleUploads() {
	dir, _ := os.MkdirTemp("", "spool")
	defer os.RemoveAll(dir)

	app := fogo.New(resolve.Uploads{
		Dir:      dir,
		Memory:   1 << 10,   // of one call; larger files go to disk
		MaxFile:  64 << 10,  // of one file
		MaxSpool: 100 << 10, // of the files of all calls on disk
		MaxFiles: 10,
	})
	type scan struct {
		Pages []resolve.File `form:"page"`
	}
	app.Post("/scan", func(in resolve.Form[scan]) (string, error) {
		path, err := in.Value.Pages[0].Keep()
		if err != nil {
			return "", err
		}
		// It is on the same disk: a rename makes it ours for good.
		return "kept", os.Rename(path, filepath.Join(dir, "page-1"))
	}, endpoint.MaxBody(1<<20))

	page := func(size int) string {
		return "--b\r\nContent-Disposition: form-data; name=\"page\"; filename=\"x.tif\"\r\n\r\n" + strings.Repeat("x", size) + "\r\n"
	}
	for _, body := range []string{
		page(60<<10) + "--b--",
		page(65<<10) + "--b--",
		page(60<<10) + page(60<<10) + "--b--",
	} {
		r := httptest.NewRequest(http.MethodPost, "/scan", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		_, faults, _ := strings.Cut(w.Body.String(), `"errors":`)
		fmt.Println(w.Code, textOf(w)+strings.TrimSuffix(faults, "}"))
	}
	left, _ := os.ReadDir(dir)
	for _, file := range left {
		fmt.Println(file.Name())
	}
	// Output:
	// 200 kept
	// 413 [{"location":"form.page[0]","message":"is larger than 65536 bytes"}]
	// 413 [{"location":"form","message":"has files of more than 102400 bytes together"}]
	// page-1
}
