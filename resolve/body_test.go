package resolve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// callWith is a call for a POST with a body that the client says is n bytes long.
func callWith(body io.Reader, n, limit int64) *Call {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.ContentLength = n
	c := &Call{Request: r}
	cfg := Config{MaxBody: limit}.WithDefaults()
	c.Configure(&cfg)
	return c
}

// failing gives its text and then an error.
func failing(text string, err error) io.Reader {
	return io.MultiReader(strings.NewReader(text), errReader{err})
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestBodyBytes(t *testing.T) {
	for _, tt := range []struct {
		name        string
		body        io.Reader
		length      int64
		limit       int64
		want, fault string
		status      int
	}{
		{"none", http.NoBody, 0, 10, "", "", 0},
		{"short", strings.NewReader("abc"), 3, 10, "abc", "", 0},
		{"of unknown length", strings.NewReader("abc"), -1, 10, "abc", "", 0},
		{"at the limit", strings.NewReader("0123456789"), 10, 10, "0123456789", "", 0},
		{"over the limit", strings.NewReader("0123456789a"), 11, 10, "", "is larger than 10 bytes", 413},
		{"over the limit and not saying so", strings.NewReader("0123456789a"), -1, 10, "", "is larger than 10 bytes", 413},
		{"declared too long", strings.NewReader("abc"), 1 << 60, 10, "", "is larger than 10 bytes", 413},
		{"longer than declared", strings.NewReader("abcdef"), 3, 10, "abcdef", "", 0},
		{"without a limit", strings.NewReader("abc"), -1, math.MaxInt64, "abc", "", 0},
		{"truncated", failing("abc", io.ErrUnexpectedEOF), 10, 10, "", "could not be read to its end", 400},
		{"too slow", failing("abc", os.ErrDeadlineExceeded), 10, 10, "", "did not arrive in time", 408},
		{"limited from outside", failing("abc", &http.MaxBytesError{Limit: 5}), -1, 10, "", "is larger than 10 bytes", 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := callWith(tt.body, tt.length, tt.limit)
			for range 2 { // the second reader gets the same, and adds no fault
				data, ok := c.bodyBytes()
				assert.Equal(t, tt.want, string(data))
				assert.Equal(t, tt.fault == "", ok)
			}
			if tt.fault == "" {
				assert.Empty(t, c.faults)
				return
			}
			assert.Equal(t, Faults{{Location: "body", Message: tt.fault, Status: tt.status}}, c.faults)
		})
	}
}

// A lie about the length costs the client and not the server.
func TestDeclaredLengthDoesNotAllocate(t *testing.T) {
	const declared = 64 << 20
	c := callWith(failing("abc", io.ErrUnexpectedEOF), declared, declared)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := readBody(c.Request, declared, nil)
	runtime.ReadMemStats(&after)
	assert.Error(t, err)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// The real thing: a server whose client lies, breaks off or is slow.
func TestBodyOverTheWire(t *testing.T) {
	faults := make(chan Faults, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(200*time.Millisecond)))
		c := &Call{Request: r}
		c.Configure(&Config{MaxBody: 100})
		c.bodyBytes()
		faults <- c.faults
	}))
	defer srv.Close()
	for _, tt := range []struct {
		name, request string
		closeWrite    bool
		status        int
	}{
		{"truncated", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", true, 400},
		{"slow", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", false, 408},
		{"too long", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", false, 413},
		{"chunks too long", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + strings.Repeat("a", 128) + "\r\n0\r\n\r\n", false, 413},
		{"bad chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, tt.request)
			require.NoError(t, err)
			if tt.closeWrite {
				require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			}
			got := <-faults
			require.Len(t, got, 1)
			assert.Equal(t, tt.status, got.StatusCode())
		})
	}
}

const urlencoded = "application/x-www-form-urlencoded"

// multipartBody is a form of the fields, and its Content-Type.
func multipartBody(t *testing.T, fields ...[2]string) (string, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		require.NoError(t, w.WriteField(f[0], f[1]))
	}
	require.NoError(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func TestParseForm(t *testing.T) {
	whole, boundary := multipartBody(t, [2]string{"a", "1"}, [2]string{"b", "x y\r\nz"}, [2]string{"a", "2"})
	big := strings.Repeat("x", 1<<20)
	bigForm, bigBoundary := multipartBody(t, [2]string{"a", big})
	file := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n\r\nfile\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n"
	const multi = "multipart/form-data; boundary=b"
	for _, tt := range []struct {
		name, contentType, body string
		want                    url.Values
		fault                   string
		status                  int
	}{
		{"urlencoded", urlencoded, "a=1&b=x+y%26&a=2", url.Values{"a": {"1", "2"}, "b": {"x y&"}}, "", 0},
		{"with a charset", urlencoded + "; charset=utf-8", "a=1", url.Values{"a": {"1"}}, "", 0},
		{"in capitals", "Application/X-WWW-Form-Urlencoded", "a=1", url.Values{"a": {"1"}}, "", 0},
		{"empty", urlencoded, "", url.Values{}, "", 0},
		{"nothing at all", "", "", url.Values{}, "", 0},
		{"huge value", urlencoded, "a=" + big, url.Values{"a": {big}}, "", 0},
		{"bad escape", urlencoded, "a=%zz", nil, "form is not a valid urlencoded form", 400},
		{"semicolon", urlencoded, "a=1;b=2", nil, "form is not a valid urlencoded form", 400},
		{"more fields than net/url takes", urlencoded, strings.Repeat("a&", 20_000), nil, "form has more than 10000 fields", 413},
		{"multipart", boundary, whole, url.Values{"a": {"1", "2"}, "b": {"x y\r\nz"}}, "", 0},
		{"files are no fields", multi, file, url.Values{"a": {"1"}}, "", 0},
		{"huge field", bigBoundary, bigForm, url.Values{"a": {big}}, "", 0},
		{"no boundary", "multipart/form-data", whole, nil, "header.Content-Type has no boundary", 400},
		{"another boundary", "multipart/form-data; boundary=other", whole, nil, "form is not a valid multipart form: it breaks off in part 1", 400},
		{"breaks off in a value", boundary, whole[:len(whole)/2], nil, "form is not a valid multipart form: it breaks off in part 2", 400},
		{"breaks off between parts", multi, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n", nil, "form is not a valid multipart form: it breaks off in part 2", 400},
		{"has no end", multi, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", nil, "form is not a valid multipart form: it breaks off in part 1", 400},
		{"empty multipart", multi, "", nil, "form is not a valid multipart form: it breaks off in part 1", 400},
		{"without parts", multi, "--b--\r\n", url.Values{}, "", 0},
		{"huge header", multi, "--b\r\nX: " + strings.Repeat("x", 11<<20) + "\r\n\r\n1\r\n--b--", nil, "form has more than 8192 bytes before its first part, or in the header of that", 413},
		{"JSON", "application/json", "{}", nil, `header.Content-Type "application/json" is not supported; send application/x-www-form-urlencoded or multipart/form-data`, 415},
		{"nothing said", "", "a=1", nil, "header.Content-Type is missing; send application/x-www-form-urlencoded or multipart/form-data", 415},
		{"nonsense", ";;;", "a=1", nil, `header.Content-Type ";;;" is not supported; send application/x-www-form-urlencoded or multipart/form-data`, 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := callWith(strings.NewReader(tt.body), int64(len(tt.body)), 1<<30)
			c.Request.Header.Set("Content-Type", tt.contentType)
			form, ok := c.formValues()
			assert.Equal(t, tt.fault == "", ok)
			if ok {
				assert.Equal(t, tt.want, form)
				assert.Empty(t, c.faults)
				return
			}
			_, again := c.formValues()
			assert.False(t, again)
			require.Len(t, c.faults, 1, "told once")
			assert.Equal(t, tt.fault, c.faults[0].Error())
			assert.Equal(t, tt.status, c.faults[0].Status)
		})
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add(urlencoded, "a=1&b=%20;c")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--")
	f.Add("multipart/form-data; boundary=\"\"", "----")
	f.Add("a/b; boundary=x", "--x")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		c := callWith(strings.NewReader(body), int64(len(body)), 1<<20)
		c.Request.Header["Content-Type"] = []string{contentType}
		form, ok := c.formValues()
		if (form == nil) == ok || ok == (len(c.faults) > 0) {
			t.Fatalf("%v and %v", form, c.faults)
		}
		for _, fault := range c.faults {
			if fault.Status != 400 && fault.Status != 413 && fault.Status != 415 || fault.Location == "" {
				t.Errorf("fault %+v", fault)
			}
		}
		size := 0
		for name, values := range form {
			for _, v := range values {
				size += len(name) + len(v)
			}
		}
		// A name may stand in a part's header more than once in the result
		// only as often as it was sent.
		if size > 3*len(body) {
			t.Errorf("%d bytes make a form of %d", len(body), size)
		}
	})
}

func TestCallForgets(t *testing.T) {
	c := callWith(strings.NewReader("abc"), 3, 1)
	c.bodyBytes()
	c.queryValues()
	c.CallLogger(nilLogger)
	require.Error(t, c.takeFaults())
	require.NoError(t, c.takeFaults(), "faults are taken once")
	c.Reset()
	assert.Equal(t, &Call{faults: c.faults, cfg: c.cfg, maxBody: c.maxBody, buffer: c.buffer}, c)
	for _, f := range c.faults[:cap(c.faults)] {
		assert.Zero(t, f, "no text of a client is kept")
	}
}

func TestFaultsAreBounded(t *testing.T) {
	c := &Call{}
	for i := range 10 * maxFaults {
		c.malformed(fmt.Sprintf("query.n[%d]", i), "is wrong")
	}
	var fs Faults
	require.ErrorAs(t, c.takeFaults(), &fs)
	assert.Len(t, fs, maxFaults)
	c.malformed("a", "b")
	c.malformed("a", "b")
	require.ErrorAs(t, c.takeFaults(), &fs)
	assert.Len(t, fs, 1, "one fault found twice is told once")
}

func TestContextOfACall(t *testing.T) {
	assert.Equal(t, context.Background(), (&Call{}).CallContext())
	r := httptest.NewRequestWithContext(context.WithValue(t.Context(), errReader{}, 1), http.MethodGet, "/", nil)
	assert.Equal(t, r.Context(), (&Call{Request: r}).CallContext())
}

// What is kept of a handshake outlives it.
func TestDetach(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), errReader{}, "value"))
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/a?b=c", strings.NewReader("body"))
	r.Header.Set("X", "1")
	c := &Call{Request: r}
	d := c.detach()
	cancel(errors.New("answered"))
	r.Header.Set("X", "2")
	assert.Same(t, d, c.detach(), "one copy for all who take it")
	assert.NoError(t, d.Context().Err())
	assert.Equal(t, "value", d.Context().Value(errReader{}))
	assert.Equal(t, "1", d.Header.Get("X"))
	assert.Equal(t, http.NoBody, d.Body)
	assert.Equal(t, "/a?b=c", d.URL.String())
}
