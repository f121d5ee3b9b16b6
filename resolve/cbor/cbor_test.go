package cbor_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/fogotest"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/cbor"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const media = "application/cbor"

// Order is sent as JSON and in the codec under test, by the same tags.
type Order struct {
	ID    int               `json:"id"`
	Note  string            `json:"note,omitempty"`
	Lines []Line            `json:"lines"`
	At    time.Time         `json:"at"`
	From  netip.Addr        `json:"from"`
	Tags  map[string]string `json:"tags"`
	Raw   []byte            `json:"raw"`
	Skip  string            `json:"-"`
}

// Line checks itself.
type Line struct {
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

// Validate implements resolve's check.
func (o Order) Validate() error {
	for _, l := range o.Lines {
		if l.Count < 0 {
			return resolve.Violations{{Field: "Lines[0].Count", Message: "is negative"}}
		}
	}
	return nil
}

var order = Order{
	ID: 7, Lines: []Line{{2, 1.5}, {1, 0.25}}, At: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
	From: netip.MustParseAddr("192.0.2.1"), Tags: map[string]string{"b": "2", "a": "1"}, Raw: []byte{0, 0xff},
}

// Room is a class whose messages are in the codec.
type Room struct{}

func (*Room) Encoding() string { return "cbor" }

func (*Room) OnReceive(o Order) Order { o.ID++; return o }

func newApp() *fogo.App {
	app := fogo.New(fogo.WithCodecs(resolve.JSON(), cbor.Codec()))
	app.Post("/orders", func(b resolve.Body[Order]) Order { b.Value.ID++; return b.Value })
	app.Endpoint("/room", Room{})
	return app
}

func encode(t *testing.T, v any) []byte {
	var b bytes.Buffer
	require.NoError(t, cbor.Codec().Encode(&b, v))
	return b.Bytes()
}

func post(t *testing.T, url, contentType string, body []byte, accept string) (*http.Response, []byte) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, data
}

func TestOverHTTP(t *testing.T) {
	srv := httptest.NewServer(newApp())
	defer srv.Close()
	want := order
	want.ID++
	for _, contentType := range []string{media, "APPLICATION/CBOR", "application/senml+cbor", media + "; charset=utf-8"} {
		resp, data := post(t, srv.URL+"/orders", contentType, encode(t, order), media)
		require.Equal(t, 200, resp.StatusCode, "%s", data)
		assert.Equal(t, media, resp.Header.Get("Content-Type"))
		assert.Equal(t, "Accept", resp.Header.Get("Vary"))
		var got Order
		require.NoError(t, cbor.Codec().Decode(data, &got))
		assert.Equal(t, want, got)
	}
	resp, data := post(t, srv.URL+"/orders", media, encode(t, order), "application/json, application/cbor;q=0.5")
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Contains(t, string(data), `"id":8,"lines":[{"count":2`)

	resp, data = post(t, srv.URL+"/orders", media, []byte{0xa1}, media)
	assert.Equal(t, 400, resp.StatusCode)
	assert.Contains(t, string(data), "is not valid CBOR")

	bad := order
	bad.Lines = []Line{{-1, 0}}
	resp, data = post(t, srv.URL+"/orders", media, encode(t, bad), media)
	assert.Equal(t, 422, resp.StatusCode)
	assert.Contains(t, string(data), `"location":"body.lines[0].count"`, "the names are those of the tags")
}

func TestOverAWebSocket(t *testing.T) {
	s := fogotest.New(t, newApp()).WebSocket("/room")
	s.SendBytes(encode(t, order))
	m := s.Receive()
	assert.Equal(t, ws.KindBinary, m.Kind)
	var got Order
	require.NoError(t, cbor.Codec().Decode(m.Data, &got))
	assert.Equal(t, order.ID+1, got.ID)
}

func TestRefused(t *testing.T) {
	nested := func(n int) []byte { return append(bytes.Repeat([]byte{0x81}, n), 0x01) }
	for _, tt := range []struct {
		name string
		data []byte
		say  string
	}{
		{"too deep", nested(65), "nested"},
		{"a million deep", nested(1 << 20), "nested"},
		{"a promise", []byte{0x9b, 0, 0, 0, 1, 0, 0, 0, 0}, "number of elements"},
		{"a key twice", []byte{0xa2, 0x62, 'i', 'd', 1, 0x62, 'i', 'd', 2}, "duplicate"},
		{"something behind", []byte{0xa0, 0xa0}, "extraneous"},
		{"not UTF-8", []byte{0xa1, 0x64, 'n', 'o', 't', 'e', 0x61, 0xff}, "UTF-8"},
		{"NaN", []byte{0xa1, 0x61, 'x', 0xf9, 0x7e, 0x00}, "NaN"},
		{"breaks off", []byte{0xa1, 0x62, 'i'}, "unexpected EOF"},
		{"another type", []byte{0xa1, 0x62, 'i', 'd', 0x61, 'x'}, "does not fit"},
	} {
		var o Order
		err := cbor.Codec().Decode(tt.data, &o)
		require.Error(t, err, tt.name)
		assert.Contains(t, strings.ToLower(err.Error()), strings.ToLower(tt.say), tt.name)
		var v any
		if tt.name != "another type" {
			require.Error(t, cbor.Codec().Decode(tt.data, &v), tt.name)
		}
	}
	var v any
	require.NoError(t, cbor.Codec().Decode(nested(60), &v))
	require.NoError(t, cbor.Codec().Decode(encode(t, map[string]any{"a": []any{1, nil, true}}), &v))
	assert.Equal(t, map[string]any{"a": []any{uint64(1), nil, true}}, v)
	_, err := cbor.With(cbor.Limits{Depth: 1 << 20})
	assert.ErrorContains(t, err, "cbor: ")
	small, err := cbor.With(cbor.Limits{Elements: 16})
	require.NoError(t, err)
	assert.Error(t, small.Decode(encode(t, make([]int, 17)), &v))
	assert.NoError(t, small.Decode(encode(t, make([]int, 16)), &v))
}

// A number that a field has no room for is not another number, and the client is
// told of its own data alone.
func TestNumbersFit(t *testing.T) {
	type line struct {
		N uint8 `json:"n"`
	}
	type in struct {
		A int8   `json:"a"`
		L []line `json:"l"`
	}
	for _, row := range []struct {
		v     any
		fault string // "" if it fits
	}{
		{map[string]any{"a": 127, "l": []any{map[string]any{"n": 255}}}, ""},
		{map[string]any{"a": 128}, "a has a CBOR positive integer that does not fit"},
		{map[string]any{"a": -129}, "a has a CBOR negative integer that does not fit"},
		{map[string]any{"a": "1"}, "a has a CBOR UTF-8 text string that does not fit"},
		{map[string]any{"l": []any{map[string]any{"n": 256}}}, "l has a CBOR positive integer that does not fit"},
		{map[string]any{"l": []any{map[string]any{"n": -1}}}, "l has a CBOR negative integer that does not fit"},
		{[]int{1}, " has a CBOR array that does not fit"},
	} {
		err := cbor.Codec().Decode(encode(t, row.v), new(in))
		if row.fault == "" {
			assert.NoError(t, err)
		} else {
			assert.EqualError(t, err, row.fault)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xa1, 0x62, 'i', 'd', 1})
	f.Add([]byte{0x9f, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var o Order
		_ = cbor.Codec().Decode(data, &o)
		var v any
		if cbor.Codec().Decode(data, &v) == nil {
			var b bytes.Buffer
			if err := cbor.Codec().Encode(&b, v); err != nil {
				t.Skip(err)
			}
			var again any
			if err := cbor.Codec().Decode(b.Bytes(), &again); err != nil {
				t.Errorf("%x decodes to %#v, of which %x does not decode: %v", data, v, b.Bytes(), err)
			}
		}
	})
}
