package msgpack_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/msgpack"
)

// Reading is sent in JSON and MessagePack by the same tags.
type Reading struct {
	Sensor string  `json:"sensor"`
	Value  float64 `json:"value"`
}

// Clients that send or ask for MessagePack get it, and all others JSON.
func Example() {
	app := fogo.New(fogo.WithCodecs(resolve.JSON(), msgpack.Codec()))
	app.Post("/readings", func(in resolve.Body[Reading]) Reading { return in.Value })

	var body bytes.Buffer
	if err := msgpack.Codec().Encode(&body, Reading{"roof", 21.5}); err != nil {
		panic(err)
	}
	for _, accept := range []string{"application/vnd.msgpack", "application/json"} {
		r := httptest.NewRequest(http.MethodPost, "/readings", bytes.NewReader(body.Bytes()))
		r.Header.Set("Content-Type", "application/vnd.msgpack")
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Printf("%s %d bytes, %q\n", w.Header().Get("Content-Type"), w.Body.Len(), w.Body)
	}
	// Output:
	// application/vnd.msgpack 28 bytes, "\x82\xa6sensor\xa4roof\xa5value\xcb@5\x80\x00\x00\x00\x00\x00"
	// application/json 30 bytes, "{\"sensor\":\"roof\",\"value\":21.5}"
}
