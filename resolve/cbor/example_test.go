package cbor_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/cbor"
)

// Reading is sent in JSON and CBOR by the same tags.
type Reading struct {
	Sensor string  `json:"sensor"`
	Value  float64 `json:"value"`
}

// Clients that send or ask for CBOR get it, and all others JSON.
func Example() {
	app := fogo.New(fogo.WithCodecs(resolve.JSON(), cbor.Codec()))
	app.Post("/readings", func(in resolve.Body[Reading]) Reading { return in.Value })

	var body bytes.Buffer
	if err := cbor.Codec().Encode(&body, Reading{"roof", 21.5}); err != nil {
		panic(err)
	}
	for _, accept := range []string{"application/cbor", "application/json"} {
		r := httptest.NewRequest(http.MethodPost, "/readings", bytes.NewReader(body.Bytes()))
		r.Header.Set("Content-Type", "application/cbor")
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Printf("%s %d bytes, %q\n", w.Header().Get("Content-Type"), w.Body.Len(), w.Body)
	}
	// Output:
	// application/cbor 22 bytes, "\xa2evalue\xf9M`fsensordroof"
	// application/json 30 bytes, "{\"sensor\":\"roof\",\"value\":21.5}"
}
