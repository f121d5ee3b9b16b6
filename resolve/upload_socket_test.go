package resolve_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile is an application behind a real socket that hostile clients talk to.
type hostile struct {
	t   *testing.T
	srv *httptest.Server
	dir string
}

func serveHostile(t *testing.T, wrap func(http.Handler) http.Handler, configure func(*http.Server)) *hostile {
	h := &hostile{t: t, dir: t.TempDir()}
	app := fogo.New(resolve.Uploads{Memory: 1000, MaxFiles: 3, MaxParts: 20, MaxText: 500, Dir: h.dir})
	app.Post("/file", func(in resolve.Form[avatar]) int64 { return in.Value.Image.Size })
	app.Post("/texts", func(in resolve.Form[struct{ Title string }]) string { return in.Value.Title })
	app.Post("/parts", func(parts resolve.Parts) (n int, err error) {
		for p, err := range parts {
			if err != nil {
				return 0, err
			}
			_, _ = p.Read(make([]byte, 1))
			n++
		}
		return n, nil
	})
	app.Post("/early", func(resolve.Parts) string { return "early" })
	app.Get("/next", func() string { return "next" })
	var handler http.Handler = app
	if wrap != nil {
		handler = wrap(app)
	}
	h.srv = httptest.NewUnstartedServer(handler)
	h.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	if configure != nil {
		configure(h.srv.Config)
	}
	h.srv.Start()
	t.Cleanup(func() {
		h.srv.Close()
		assert.NoError(t, app.Stop(context.Background()))
		assert.Zero(t, onDisk(h.dir))
	})
	return h
}

func (h *hostile) dial() (net.Conn, *bufio.Reader) {
	conn, err := (&net.Dialer{}).DialContext(h.t.Context(), "tcp", h.srv.Listener.Addr().String())
	require.NoError(h.t, err)
	require.NoError(h.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	h.t.Cleanup(func() { conn.Close() })
	return conn, bufio.NewReader(conn)
}

// read reads an answer.
func (h *hostile) read(r *bufio.Reader) (status int, body string) {
	resp, err := http.ReadResponse(r, nil)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	return resp.StatusCode, string(data)
}

func head(path, contentType string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, contentType, length)
}

// Whatever a form looks like, it has an answer of its own, and what follows it on
// the connection is the next request: nothing of a body is ever taken for one.
func TestHostileForms(t *testing.T) {
	const multi = "multipart/form-data; boundary=b"
	smuggled := "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	ok := rawForm(filePart("image", "x", png), textPart("title", "x"))
	h := serveHostile(t, nil, nil)
	for _, row := range []struct {
		name, path, contentType, body string
		status                        int
		say                           string
	}{
		{"an epilogue", "/file", multi, ok + smuggled, 200, ""},
		{"a long epilogue", "/file", multi, ok + strings.Repeat(smuggled, 1000), 200, ""},
		{"a preamble", "/file", multi, smuggled + "\r\n" + ok, 200, ""},
		{"a handler that doesn't read", "/early", multi, ok + smuggled, 200, "early"},
		{"an end at the beginning", "/file", multi, "--b--\r\n" + ok, 400, "is required"},
		{"two ends", "/parts", multi, "--b--\r\n--b--\r\n", 200, "0"},
		{"a boundary in quotes", "/file", `multipart/form-data; boundary="b"`, ok, 200, ""},
		{"a boundary with blanks", "/parts", `multipart/form-data; boundary="b b"`, strings.ReplaceAll(ok, "--b", "--b b"), 200, "2"},
		{"a boundary that begins another", "/parts", multi, strings.ReplaceAll(ok, "\xff", "") + "--bb\r\n", 200, "2"},
		{"a longer boundary inside", "/parts", multi, rawForm(textPart("x", "a\r\n--bb\r\n--b-\r\n--bb--\r\n")), 200, "1"},
		{"hyphens for a boundary", "/parts", "multipart/form-data; boundary=------", strings.ReplaceAll(ok, "--b", "--------"), 200, "2"},
		{"two boundaries", "/file", "multipart/form-data; boundary=b; boundary=c", ok, 415, "is not supported"},
		{"an empty boundary", "/file", `multipart/form-data; boundary=""`, ok, 400, "has no boundary"},
		{"a boundary with a line break", "/file", "multipart/form-data; boundary=b%0D%0A", ok, 400, "breaks off"},
		{"another boundary", "/texts", "multipart/form-data; boundary=c", ok, 400, "breaks off"},
		{"forms in a form", "/parts", multi, rawForm(part("form-data; name=f", "multipart/mixed; boundary=c", "--c\r\nContent-Disposition: file; filename=x\r\n\r\nx\r\n--c--")), 200, "1"},
		{"a form in itself", "/parts", multi, rawForm(part("form-data; name=f", multi, ok)), 200, "3"},
		{"a long line without an end", "/parts", multi, strings.Repeat("x", 20_000), 400, "malformed"},
		{"a long preamble", "/parts", multi, strings.Repeat("x\r\n", 10_000) + ok, 413, "before its first part"},
		{"a long line as a boundary", "/parts", multi, "--b" + strings.Repeat(" ", 20_000) + "\r\n", 400, "malformed"},
		{"no line breaks", "/parts", multi, strings.ReplaceAll(ok, "\r\n", ""), 400, "breaks off"},
		{"a header in lines of one letter", "/parts", multi, rawForm("a\r\n b\r\n c\r\n\r\n"), 400, "malformed"},
		{"a folded header", "/parts", multi, rawForm("Content-Disposition: form-data;\r\n name=x\r\n\r\nx"), 200, "1"},
		{"a header name with a blank", "/parts", multi, rawForm("Content-Disposition : form-data; name=x\r\n\r\nx"), 400, "no valid Content-Disposition"},
		{"many headers of one name", "/parts", multi, rawForm(strings.Repeat("A: b\r\n", 1000) + textPart("x", "x")), 200, "1"},
		{"names that are not", "/texts", multi, rawForm(textPart("title\x00", "x")), 400, "malformed"},
		{"a name of control characters", "/texts", multi, rawForm(part("form-data; name*=UTF-8''%0D%0AX:%20y%00", "", "x")), 400, "no valid Content-Disposition"},
		{"a name of 8000 letters", "/texts", multi, rawForm(textPart(strings.Repeat("n", 8000), "x")), 400, at("form.title", "is required")},
		{"a name in pieces", "/texts", multi, rawForm(part(`form-data; name*0="ti"; name*1="tle"`, "", "x")), 200, "x"},
		{"two names", "/texts", multi, rawForm(part(`form-data; name="x"; name="title"`, "", "x")), 400, "Content-Disposition"},
		{"two names in two spellings", "/texts", multi, rawForm(part(`form-data; name="x"; NAME="title"`, "", "x")), 400, "Content-Disposition"},
		{"a text in another charset", "/texts", multi, rawForm(part(`form-data; name="title"`, "text/plain; charset=utf-7", "+ADw-")), 415, "utf-7"},
		{"a form in another charset", "/texts", multi + "; charset=utf-16", ok, 415, "utf-16"},
		{"quoted-printable", "/texts", multi, rawForm("Content-Transfer-Encoding: quoted-printable\r\n" + textPart("title", "a=3Db")), 200, "a=b"},
		{"quoted-printable that is not", "/texts", multi, rawForm("Content-Transfer-Encoding: quoted-printable\r\n" + textPart("title", "a\x01b")), 400, "malformed"},
		{"files beyond their number", "/file", multi, rawForm(filePart("more", "x", "x"), filePart("more", "x", "x"), filePart("more", "x", "x"), filePart("more", "x", "x")), 413, "more than 3 files"},
		{"parts beyond their number", "/texts", multi, rawForm(strings.Split(strings.Repeat(textPart("x", "x")+"|", 1000), "|")...), 413, "more than 20 parts"},
		{"texts beyond their size", "/file", multi, rawForm(textPart("pages", strings.Repeat("1", 501))), 413, "is larger than 500 bytes"},
		{"a body beyond its size", "/file", multi, rawForm(filePart("more", "x", strings.Repeat("x", 1<<20))), 413, "is larger than 1048576 bytes"},
		{"a file beyond its size", "/file", multi, rawForm(filePart("image", "x", png+strings.Repeat("x", 200_000))), 413, "is larger than 2KiB"},
		{"nothing", "/file", multi, "", 400, "breaks off"},
		{"nothing at all", "/texts", "", "", 400, "is required"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h.t = t
			for _, chunked := range []bool{false, true} {
				conn, r := h.dial()
				text := head(row.path, row.contentType, len(row.body)) + "\r\n" + row.body
				if chunked {
					text = strings.Replace(head(row.path, row.contentType, 0), "Content-Length: 0", "Transfer-Encoding: chunked", 1) + "\r\n" + inChunks(row.body)
				}
				go func() { _, _ = io.WriteString(conn, text+"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") }()
				status, answer := h.read(r)
				assert.Equal(t, row.status, status, answer)
				assert.Contains(t, answer, row.say)
				if _, err := r.Peek(1); err != nil {
					continue // the server has hung up, which is its right
				}
				status, answer = h.read(r)
				assert.Equal(t, 200, status)
				assert.Equal(t, "next", answer)
			}
		})
	}
}

func inChunks(s string) string {
	var b strings.Builder
	for s != "" {
		n := min(len(s), 1000)
		b.WriteString(chunk(s[:n]))
		s = s[n:]
	}
	return b.String() + "0\r\n\r\n"
}

// Who asks before sending is told at once, and one who says too much is not
// asked to send it.
func TestExpectContinue(t *testing.T) {
	h := serveHostile(t, nil, nil)
	for _, path := range []string{"/file", "/texts", "/parts"} {
		conn, r := h.dial()
		_, err := io.WriteString(conn, head(path, "multipart/form-data; boundary=b", 1<<30)+"Expect: 100-continue\r\n\r\n")
		require.NoError(t, err)
		status, answer := h.read(r)
		assert.Equal(t, 413, status, "%s %s", path, answer)
	}
}

// A client that stops sending is told so, and what it sent is removed.
func TestSlowUploads(t *testing.T) {
	h := serveHostile(t, nil, func(s *http.Server) { s.ReadTimeout = 300 * time.Millisecond })
	var readers []*bufio.Reader
	for _, path := range []string{"/file", "/texts", "/parts"} {
		for _, sent := range []string{
			"", "--b", "--b\r\n", "--b\r\nContent-Disp", "--b\r\n" + textPart("title", "x"),
			"--b\r\n" + filePart("more", "x", ""), "--b\r\n" + filePart("more", "x", strings.Repeat("x", 20_000)),
		} {
			conn, r := h.dial()
			_, err := io.WriteString(conn, head(path, "multipart/form-data; boundary=b", 1_000_000)+"\r\n"+sent)
			require.NoError(t, err)
			readers = append(readers, r)
		}
	}
	for i, r := range readers {
		status, answer := h.read(r)
		assert.Equal(t, 408, status, "%d: %s", i, answer)
		assert.Contains(t, answer, at("body", "did not arrive in time"))
	}
}

// A handler that is given up on keeps its files until it returns.
func TestUploadOfAHandlerGivenUpOn(t *testing.T) {
	leave, left := make(chan struct{}), make(chan error, 1)
	app := fogo.New(resolve.Uploads{Memory: -1, Dir: t.TempDir()})
	app.Post("/", func(in oneFile) error {
		<-leave
		r, err := in.F.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		left <- err
		return err
	})
	u := &uploads{t: t}
	srv := httptest.NewServer(http.TimeoutHandler(app, 100*time.Millisecond, "given up"))
	defer srv.Close()
	u.url = srv.URL
	status, answer := u.send(filePart("f", "x", strings.Repeat("x", 5000)))
	assert.Equal(t, 503, status)
	assert.Equal(t, "given up", answer)
	close(leave)
	assert.NoError(t, <-left)
	require.NoError(t, app.Stop(context.Background()))
}

// A stream that is reset leaves nothing behind either.
func TestResetStreams(t *testing.T) {
	dir := t.TempDir()
	app := fogo.New(resolve.Uploads{Memory: -1, Dir: dir})
	app.Post("/", func(oneFile) { t.Error("called") }, endpoint.MaxBody(100<<20))
	srv := httptest.NewUnstartedServer(app)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	body, feed := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	go func() {
		_, _ = io.WriteString(feed, "--b\r\n"+filePart("f", "x", strings.Repeat("x", 200_000)))
		for {
			if entries, _ := os.ReadDir(dir); len(entries) > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	resp, err := srv.Client().Do(req)
	if err == nil {
		resp.Body.Close()
	}
	assert.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { entries, _ := os.ReadDir(dir); return len(entries) == 0 }, 5*time.Second, time.Millisecond)
	feed.Close()
	require.NoError(t, app.Stop(context.Background()))
}
