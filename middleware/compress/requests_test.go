package compress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// echo answers with the body, and its error as a header field.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	w.Header().Set("Length", fmt.Sprint(r.ContentLength))
	w.Header().Set("Encoding", r.Header.Get("Content-Encoding"))
	if err != nil {
		w.Header().Set("Error", err.Error())
		w.WriteHeader(418)
		return
	}
	_, _ = w.Write(b)
})

// silent reads the body and answers nothing.
var silent = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })

func TestRequests(t *testing.T) {
	body := words(5000)
	srv := serve(t, Requests(RequestOptions{Encodings: []Encoding{Gzip, Zstd, Brotli}})(echo))
	for _, e := range []string{"gzip", "zstd", "br", "GZIP", "x-gzip"} {
		name := map[string]string{"GZIP": "gzip", "x-gzip": "gzip"}[e]
		if name == "" {
			name = e
		}
		for range 3 { // from the pool
			resp, got := do(t, srv, "POST", "/", bytes.NewReader(encode(t, name, []byte(body))), "Content-Encoding", e)
			assert.Equal(t, 200, resp.StatusCode, e)
			assert.Equal(t, body, string(got), e)
			assert.Equal(t, "-1", resp.Header.Get("Length"))
			assert.Empty(t, resp.Header.Get("Encoding"))
		}
	}
	for _, e := range []string{"", "identity"} {
		resp, got := do(t, srv, "POST", "/", strings.NewReader(body), "Content-Encoding", e)
		assert.Equal(t, body, string(got))
		assert.Equal(t, "5000", resp.Header.Get("Length"))
	}
	resp, _ := do(t, srv, "POST", "/", nil, "Content-Encoding", "unheard-of")
	assert.Equal(t, 200, resp.StatusCode, "there is no body to understand")
}

func TestUnknownEncodings(t *testing.T) {
	srv := serve(t, Requests(RequestOptions{})(silent))
	for _, e := range []string{"br", "deflate", "compress", "gzip, gzip", "gzip, zstd", "gzip;q=1", "*", "x\tx"} {
		resp, body := do(t, srv, "POST", "/", strings.NewReader("abc"), "Content-Encoding", e)
		assertProblem(t, resp, body, 415)
		assert.Equal(t, "gzip, zstd", resp.Header.Get("Accept-Encoding"), e)
	}
	// Over two lines.
	resp, _ := do(t, srv, "POST", "/", strings.NewReader("abc"), "Content-Encoding", "gzip", "Content-Encoding", "gzip")
	assert.Equal(t, 415, resp.StatusCode)
}

func TestBombs(t *testing.T) {
	zeros := make([]byte, 10<<20)
	rows := []struct {
		name string
		opts RequestOptions
		body []byte
		e    string
		ok   bool
	}{
		{"10 MB of zeros", RequestOptions{}, zeros, "gzip", false},
		{"10 MB of zeros, zstd", RequestOptions{}, zeros, "zstd", false},
		{"10 MB of zeros, br", RequestOptions{Encodings: []Encoding{Brotli}}, zeros, "br", false},
		{"by the size alone", RequestOptions{MaxRatio: 1 << 30}, zeros, "gzip", false},
		{"by the ratio alone", RequestOptions{MaxSize: 1 << 30}, zeros, "gzip", false},
		{"neither", RequestOptions{MaxSize: 1 << 30, MaxRatio: 1 << 30}, zeros, "gzip", true},
		{"exactly the size", RequestOptions{MaxSize: 5000}, []byte(words(5000)), "gzip", true},
		{"exactly the size, zstd", RequestOptions{MaxSize: 5000}, []byte(words(5000)), "zstd", true},
		{"one more", RequestOptions{MaxSize: 4999}, []byte(words(5000)), "gzip", false},
		{"one more, zstd", RequestOptions{MaxSize: 4999}, []byte(words(5000)), "zstd", false},
		{"small and repetitive", RequestOptions{}, zeros[:64<<10], "gzip", true},
		{"a big text", RequestOptions{}, []byte(words(5 << 20)), "gzip", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bomb := encode(t, row.e, row.body)
			resp, body := do(t, serve(t, Requests(row.opts)(silent)), "POST", "/", bytes.NewReader(bomb), "Content-Encoding", row.e)
			if row.ok {
				assert.Equal(t, 200, resp.StatusCode)
			} else {
				assertProblem(t, resp, body, 413)
			}
			resp, _ = do(t, serve(t, Requests(row.opts)(echo)), "POST", "/", bytes.NewReader(bomb), "Content-Encoding", row.e)
			if row.ok {
				assert.Equal(t, 200, resp.StatusCode)
			} else {
				assert.Equal(t, 418, resp.StatusCode, "the handler's own answer counts")
			}
		})
	}
}

// TestHowMuchComesOut of a bomb before it is stopped.
func TestHowMuchComesOut(t *testing.T) {
	for _, e := range []string{"gzip", "zstd", "br"} {
		bomb := encode(t, e, make([]byte, 10<<20))
		var n int64
		var err error
		h := Requests(RequestOptions{Encodings: []Encoding{Gzip, Zstd, Brotli}, MaxSize: 100_000, MaxRatio: 1 << 30})(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				n, err = io.Copy(io.Discard, r.Body)
				_, again := r.Body.Read(make([]byte, 1))
				assert.Equal(t, err, again, "an error stays")
			}))
		r := httptest.NewRequest("POST", "/", bytes.NewReader(bomb))
		r.Header.Set("Content-Encoding", e)
		h.ServeHTTP(httptest.NewRecorder(), r)
		assert.EqualValues(t, 100_000, n, e)
		var limit *http.MaxBytesError
		require.ErrorAs(t, err, &limit, e)
		assert.EqualValues(t, 100_000, limit.Limit)
	}
}

// TestManyMembers: what a body is made of costs no stack and no memory, though
// nothing comes out of it.
func TestManyMembers(t *testing.T) {
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}
	for e, body := range map[string][]byte{
		"gzip": bytes.Repeat(encode(t, "gzip", nil), 50_000),
		"zstd": bytes.Repeat(skippable, 50_000),
	} {
		resp, got := do(t, serve(t, Requests(RequestOptions{})(echo)), "POST", "/", bytes.NewReader(body), "Content-Encoding", e)
		assert.Equal(t, 200, resp.StatusCode, e)
		assert.Empty(t, got, e)
	}
}

// TestWindows: a client gets the memory that RFC 9659 lets it have, and no more.
func TestWindows(t *testing.T) {
	srv := serve(t, Requests(RequestOptions{MaxSize: 64 << 20, MaxRatio: 1 << 30})(silent))
	for window, status := range map[int]int{8 << 20: 200, 16 << 20: 400} {
		var buf bytes.Buffer
		z, err := zstd.NewWriter(&buf, zstd.WithWindowSize(window))
		require.NoError(t, err)
		_, err = z.Write(make([]byte, 20<<20))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		resp, text := do(t, srv, "POST", "/", &buf, "Content-Encoding", "zstd")
		assert.Equal(t, status, resp.StatusCode)
		if status == 400 {
			assert.Contains(t, string(text), "a window of more than 8388608 bytes")
		}
	}
}

// TestBodiesThatAreCopied: a body that fails at once leaves the answer open.
func TestBodiesThatAreCopied(t *testing.T) {
	srv := serve(t, Requests(RequestOptions{})(Responses(Options{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))))
	resp, text := do(t, srv, "POST", "/", strings.NewReader("no gzip"), "Content-Encoding", "gzip", "Accept-Encoding", "gzip")
	assertProblem(t, resp, text, 400)
	body := words(5000)
	resp, text = do(t, srv, "POST", "/", bytes.NewReader(encode(t, "gzip", []byte(body))), "Content-Encoding", "gzip", "Accept-Encoding", "gzip")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, body, decoded(t, "gzip", text))
}

// TestFilesOfFormsAreRemoved: the server removes those of the request that it
// made, and handlers parse a copy.
func TestFilesOfFormsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	spooled := make(chan int, 1)
	srv := serve(t, Requests(RequestOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(0))
		files, err := os.ReadDir(dir)
		assert.NoError(t, err)
		spooled <- len(files)
	})))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.bin")
	require.NoError(t, err)
	_, err = io.WriteString(part, words(50_000))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	do(t, srv, "POST", "/", bytes.NewReader(encode(t, "gzip", body.Bytes())),
		"Content-Encoding", "gzip", "Content-Type", form.FormDataContentType())
	assert.Equal(t, 1, <-spooled)
	srv.Close() // every request is over
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files)
}

func TestMalformedBodies(t *testing.T) {
	all := RequestOptions{Encodings: []Encoding{Gzip, Zstd, Brotli}}
	long := []byte(words(100_000))
	for _, e := range []string{"gzip", "zstd", "br"} {
		good := encode(t, e, long)
		flipped := bytes.Clone(good)
		flipped[len(flipped)/2] ^= 0xff
		rows := map[string][]byte{
			"truncated":         good[:len(good)/2],
			"almost whole":      good[:len(good)-1],
			"only the start":    good[:3],
			"garbage":           []byte("this was never compressed, whatever it says it is"),
			"damaged":           flipped,
			"garbage behind it": append(bytes.Clone(good), "garbage"...),
		}
		for name, body := range rows {
			if e == "br" && name == "garbage behind it" {
				continue // the library reads no further than the end
			}
			if e == "br" && name == "damaged" {
				continue // the format has no checksum
			}
			for range 2 { // the decoder went back to the pool
				resp, text := do(t, serve(t, Requests(all)(silent)), "POST", "/", bytes.NewReader(body), "Content-Encoding", e)
				assertProblem(t, resp, text, 400)
			}
			resp, _ := do(t, serve(t, Requests(all)(echo)), "POST", "/", bytes.NewReader(body), "Content-Encoding", e)
			assert.Equal(t, 418, resp.StatusCode)
			assert.Contains(t, resp.Header.Get("Error"), "compress: malformed "+e, name)
		}
	}
}

// TestErrorsOfTheConnection are not the body's.
func TestErrorsOfTheConnection(t *testing.T) {
	cut := errors.New("cut")
	good := encode(t, "gzip", []byte(words(100_000)))
	r := httptest.NewRequest("POST", "/", io.MultiReader(bytes.NewReader(good[:1000]), failing{cut}))
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	Requests(RequestOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		assert.Equal(t, cut, err)
	})).ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)

	// A limit outside is a limit.
	r = httptest.NewRequest("POST", "/", bytes.NewReader(good))
	r.Header.Set("Content-Encoding", "gzip")
	r.Body = http.MaxBytesReader(nil, r.Body, 1000)
	w = httptest.NewRecorder()
	Requests(RequestOptions{})(silent).ServeHTTP(w, r)
	assertProblem(t, w.Result(), w.Body.Bytes(), 413)
	assert.Contains(t, w.Body.String(), "larger than 1000 bytes.", "the limit that was hit")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestReadingAfterTheEnd: a goroutine that a handler leaves behind gets an
// error, and nobody else's bytes.
func TestReadingAfterTheEnd(t *testing.T) {
	left := make(chan io.Reader, 1)
	h := Requests(RequestOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := r.Body.Read(make([]byte, 10))
		assert.NoError(t, err)
		n, err := r.Body.Read(nil)
		assert.Zero(t, n)
		assert.NoError(t, err)
		left <- r.Body
	}))
	r := httptest.NewRequest("POST", "/", bytes.NewReader(encode(t, "gzip", []byte(words(5000)))))
	r.Header.Set("Content-Encoding", "gzip")
	h.ServeHTTP(httptest.NewRecorder(), r)
	_, err := (<-left).Read(make([]byte, 10))
	assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	assert.Equal(t, "gzip", r.Header.Get("Content-Encoding"), "the caller's request stays")
}

func TestClosedBodies(t *testing.T) {
	r := httptest.NewRequest("POST", "/", bytes.NewReader(encode(t, "gzip", []byte(words(5000)))))
	r.Header.Set("Content-Encoding", "gzip")
	Requests(RequestOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.Body.Close())
		_, err := io.ReadAll(r.Body)
		assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	})).ServeHTTP(httptest.NewRecorder(), r)
}

// FuzzBodies: nothing that a client sends breaks through the limits, whatever
// decoder it is for.
func FuzzBodies(f *testing.F) {
	for i, e := range []string{"gzip", "zstd", "br"} {
		f.Add(encode(f, e, []byte(words(500))), uint8(i))
		f.Add(encode(f, e, make([]byte, 1<<20)), uint8(i))
	}
	const limit = 200_000
	h := Requests(RequestOptions{Encodings: []Encoding{Gzip, Zstd, Brotli}, MaxSize: limit, MaxRatio: 50})(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			if n > limit {
				panic(fmt.Sprint(n, " bytes"))
			}
		}))
	f.Fuzz(func(t *testing.T, b []byte, e uint8) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(b))
		r.Header.Set("Content-Encoding", names[e%uint8(encodings)])
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Fatal(w.Code)
		}
	})
}
