package endpoint_test

import (
	"fmt"
	"net/http"
	"testing/fstest"
	"time"

	"github.com/gofogo/fogo/endpoint"
)

// A file has ranges, validators, and a name to be saved under. One that isn't
// there, and a name that leads out of the file system, is a 404.
func ExampleFile() {
	reports := fstest.MapFS{"may.pdf": {Data: []byte("0123456789"), ModTime: time.Unix(1000, 0)}}
	get := func() endpoint.File {
		return endpoint.File{FS: reports, Name: "may.pdf", Attachment: "Übersicht May.pdf"}
	}
	whole := answerOf(get, http.MethodGet)
	fmt.Println(whole.Status, whole.Header.Get("Content-Type"), whole.Header.Get("Last-Modified"))
	fmt.Println(whole.Header.Get("Content-Disposition"))
	part := answerOf(get, http.MethodGet, "Range", "bytes=-3", "If-Range", whole.Header.Get("ETag"))
	fmt.Println(part.Status, part.Header.Get("Content-Range"))
	fmt.Println(answerOf(get, http.MethodGet, "If-None-Match", whole.Header.Get("ETag")).Status)
	fmt.Println(answerOf(func() endpoint.File { return endpoint.File{FS: reports, Name: "../june.pdf"} }, http.MethodGet).Status)

	// Output:
	// 200 OK application/pdf Thu, 01 Jan 1970 00:16:40 GMT
	// attachment; filename="_bersicht May.pdf"; filename*=UTF-8''%C3%9Cbersicht%20May.pdf
	// 206 Partial Content bytes 7-9/10
	// 304 Not Modified
	// 404 Not Found
}
