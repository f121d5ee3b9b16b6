package msgpack_test

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
	"github.com/gofogo/fogo/resolve/msgpack"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const media = "application/vnd.msgpack"

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

func (*Room) Encoding() string { return "msgpack" }

func (*Room) OnReceive(o Order) Order { o.ID++; return o }

func newApp() *fogo.App {
	app := fogo.New(fogo.WithCodecs(resolve.JSON(), msgpack.Codec()))
	app.Post("/orders", func(b resolve.Body[Order]) Order { b.Value.ID++; return b.Value })
	app.Endpoint("/room", Room{})
	return app
}

func encode(t *testing.T, v any) []byte {
	var b bytes.Buffer
	require.NoError(t, msgpack.Codec().Encode(&b, v))
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
	for _, contentType := range []string{media, "APPLICATION/MSGPACK", "application/x-msgpack", "application/thing+msgpack", media + "; charset=utf-8"} {
		resp, data := post(t, srv.URL+"/orders", contentType, encode(t, order), media)
		require.Equal(t, 200, resp.StatusCode, "%s", data)
		assert.Equal(t, media, resp.Header.Get("Content-Type"))
		assert.Equal(t, "Accept", resp.Header.Get("Vary"))
		var got Order
		require.NoError(t, msgpack.Codec().Decode(data, &got))
		got.At = got.At.UTC() // a timestamp has no zone
		assert.Equal(t, want, got)
	}
	resp, data := post(t, srv.URL+"/orders", media, encode(t, order), "application/json, application/vnd.msgpack;q=0.5")
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Contains(t, string(data), `"id":8,"lines":[{"count":2`)

	resp, data = post(t, srv.URL+"/orders", media, []byte{0xa1}, media)
	assert.Equal(t, 400, resp.StatusCode)
	assert.Contains(t, string(data), "is not valid MessagePack")

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
	require.NoError(t, msgpack.Codec().Decode(m.Data, &got))
	assert.Equal(t, order.ID+1, got.ID)
}

func TestRefused(t *testing.T) {
	nested := func(n int) []byte { return append(bytes.Repeat([]byte{0x91}, n), 0x01) }
	for _, tt := range []struct {
		name string
		data []byte
		say  string
	}{
		{"nothing", nil, "it breaks off"},
		{"too deep", nested(65), "deeper than 64 levels"},
		{"a million deep", nested(1 << 20), "deeper than 64 levels"},
		{"a promise", []byte{0xdd, 0, 1, 0, 0}, "promises more elements"},
		{"too many", []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, "more than 131072 elements"},
		{"too many pairs", []byte{0xdf, 0xff, 0xff, 0xff, 0xff}, "more than 131072 elements"},
		{"a long text", []byte{0xdb, 0xff, 0xff, 0xff, 0xff}, "it breaks off"},
		{"a key twice", []byte{0x82, 0xa2, 'i', 'd', 1, 0xa2, 'i', 'd', 2}, `the key "id" twice`},
		{"a key twice in two spellings", []byte{0x82, 0xa2, 'i', 'd', 1, 0xd9, 2, 'i', 'd', 2}, `the key "id" twice`},
		{"a key twice inside", []byte{0x91, 0x82, 0xa1, 'x', 0x81, 0xa1, 'x', 1, 0xa1, 'x', 2}, `the key "x" twice`},
		{"a number twice", []byte{0x82, 0x01, 1, 0xcd, 0, 1, 2}, "twice"},
		{"a negative number twice", []byte{0x82, 0xff, 1, 0xd1, 0xff, 0xff, 2}, "twice"},
		{"a list for a key", []byte{0x81, 0x90, 1}, "a key that is neither"},
		{"nil for a key", []byte{0x81, 0xc0, 1}, "a key that is neither"},
		{"something behind", []byte{0x80, 0x80}, "something behind"},
		{"not UTF-8", []byte{0x81, 0xa4, 'n', 'o', 't', 'e', 0xa1, 0xff}, "not UTF-8"},
		{"NaN", []byte{0xca, 0x7f, 0xc0, 0, 0}, "NaN"},
		{"infinite", []byte{0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0}, "NaN or infinite"},
		{"breaks off", []byte{0x81, 0xa2, 'i'}, "it breaks off"},
		{"breaks off in a header", []byte{0xcd, 1}, "it breaks off"},
		{"no byte", []byte{0xc1}, "c1"},
		{"another type", []byte{0x81, 0xa2, 'i', 'd', 0xa1, 'x'}, "does not fit"},
	} {
		var o Order
		err := msgpack.Codec().Decode(tt.data, &o)
		require.Error(t, err, tt.name)
		assert.Contains(t, err.Error(), tt.say, tt.name)
		var v any
		if tt.name != "another type" {
			require.Error(t, msgpack.Codec().Decode(tt.data, &v), tt.name)
		}
	}
	var v any
	require.NoError(t, msgpack.Codec().Decode(nested(60), &v))
	require.NoError(t, msgpack.Codec().Decode([]byte{0x82, 0x01, 1, 0xff, 2}, new(map[int]int)), "1 and -1 are two keys")
	small := msgpack.With(msgpack.Limits{Elements: 16, Depth: 2})
	assert.Error(t, small.Decode(encode(t, make([]int, 17)), new(any)))
	assert.NoError(t, small.Decode(encode(t, make([]int, 16)), new(any)))
	assert.Error(t, small.Decode(nested(3), new(any)))
	assert.NoError(t, small.Decode(nested(2), new(any)))
}

// What the library writes passes the look before.
func TestEveryFormat(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for _, v := range []any{
		nil, true, false, 0, 1, -1, 127, 128, -32, -33, 1 << 8, 1 << 16, 1 << 32, -1 << 40, uint64(1<<64 - 1), 1.5, float32(1.5), "", "x",
		long[:31], long[:32], long[:300], long, []byte{}, []byte(long[:300]), []byte(long), []int{}, make([]int, 16), make([]int, 70_000),
		map[string]int{}, map[string]bool{"a": true}, time.Unix(1, 0), time.Unix(1<<33, 5), time.Unix(1<<35, 5),
		map[int8]string{1: "a", -1: "b"},
	} {
		var got any
		data := encode(t, v)
		if _, ok := v.(map[int8]string); ok {
			got = map[int8]string{}
			require.NoError(t, msgpack.Codec().Decode(data, &map[int8]string{}))
			continue
		}
		require.NoError(t, msgpack.Codec().Decode(data, &got), "%.60x", data)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x81, 0xa2, 'i', 'd', 1})
	f.Add([]byte{0xd6, 0xff, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		var o Order
		_ = msgpack.Codec().Decode(data, &o)
		var v any
		if msgpack.Codec().Decode(data, &v) == nil {
			var b bytes.Buffer
			if err := msgpack.Codec().Encode(&b, v); err != nil {
				t.Skip(err)
			}
			var again any
			if err := msgpack.Codec().Decode(b.Bytes(), &again); err != nil {
				t.Errorf("%x decodes to %#v, of which %x does not decode: %v", data, v, b.Bytes(), err)
			}
		}
	})
}
