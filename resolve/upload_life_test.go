package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSaveTo(t *testing.T) {
	type in struct {
		F resolve.File `form:"f"`
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "out")))
	for _, memory := range []int64{0, -1} {
		u := serveUpload(t, resolve.Uploads{Memory: memory}, func(v in) {
			name := fmt.Sprint("saved", memory)
			assert.NoError(t, v.F.SaveTo(root, name))
			assert.ErrorIs(t, v.F.SaveTo(root, name), fs.ErrExist, "nothing is written over")
			for _, bad := range []string{"../x", "/etc/x", "out/x", "", ".", "none/x", "a\x00b"} {
				assert.Error(t, v.F.SaveTo(root, bad), bad)
			}
		})
		status, answer := u.send(filePart("f", "../../x", "content"))
		require.Equal(t, 204, status, answer)
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprint("saved", memory)))
		require.NoError(t, err)
		assert.Equal(t, "content", string(data))
		u.clean()
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3)
}

func TestKeep(t *testing.T) {
	type in struct {
		F resolve.File `form:"f"`
		G resolve.File `form:"g"`
	}
	for _, memory := range []int64{0, -1} {
		var paths []string
		var kept in
		u := serveUpload(t, resolve.Uploads{Memory: memory}, func(v in) {
			for range 2 {
				path, err := v.F.Keep()
				require.NoError(t, err)
				paths = append(paths, path)
			}
			assert.Equal(t, "content", content(t, v.F))
			kept = v
		})
		status, answer := u.send(filePart("f", "x", "content"), filePart("g", "x", "gone"))
		require.Equal(t, 204, status, answer)
		require.Equal(t, paths[0], paths[1])
		require.Eventually(t, func() bool { return len(u.spooled()) == 1 }, time.Second, time.Millisecond)
		assert.Equal(t, "content", content(t, kept.F), "still there")
		info, err := os.Stat(paths[0])
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "of its owner only")
		}
		require.NoError(t, os.Remove(paths[0]))
		require.Eventually(t, func() bool {
			_, err := kept.G.Open()
			return errors.Is(err, resolve.ErrUploadOver)
		}, time.Second, time.Millisecond, "what was not kept is gone, in memory too")
		_, err = kept.G.Keep()
		assert.ErrorIs(t, err, resolve.ErrUploadOver)
	}
	_, err := resolve.File{}.Open()
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = resolve.File{}.Keep()
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, "application/octet-stream", resolve.File{}.Sniff())
}

// Whatever ends a call, its files go with it, and what was left open is closed.
func TestFilesAreRemoved(t *testing.T) {
	type in struct {
		F resolve.File `form:"f"`
	}
	var open io.ReadSeekCloser
	for name, handler := range map[string]any{
		"returns":       func(v in) (err error) { open, err = v.F.Open(); return err },
		"fails":         func(in) error { return errors.New("no") },
		"panics":        func(in) { panic("no") },
		"aborts":        func(in) { panic(http.ErrAbortHandler) },
		"exits":         func(in) { runtime.Goexit() },
		"streams":       func(v in) (io.Reader, error) { return v.F.Open() },
		"is not called": func(in, resolve.Header[UserID]) {},
	} {
		t.Run(name, func(t *testing.T) {
			u := serveUpload(t, resolve.Uploads{Memory: -1}, handler, endpoint.MaxBody(10<<20))
			body := rawForm(filePart("f", "x", strings.Repeat("x", 1<<20)))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.url, strings.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				n, _ := io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if name == "streams" {
					assert.Equal(t, int64(1<<20), n, "the answer is sent from the file before it goes")
				}
			}
			u.clean()
		})
	}
	require.NotNil(t, open)
	_, err := open.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrClosed)
}

// What was opened can be read from any place until the call is over, and not
// after it: large or small, lest what works with the small files of a test fails
// with the large ones of somebody else.
func TestOpenFilesEndWithTheCall(t *testing.T) {
	for _, memory := range []int64{0, -1} {
		var open multipart.File
		u := serveUpload(t, resolve.Uploads{Memory: memory}, func(v struct {
			F resolve.File `form:"f"`
		}) (err error) {
			open, err = v.F.Open()
			require.NoError(t, err)
			n, err := open.Seek(3, io.SeekStart)
			assert.NoError(t, err)
			assert.Equal(t, int64(3), n)
			b := make([]byte, 4)
			_, err = open.ReadAt(b, 1)
			assert.Equal(t, "onte", string(b))
			assert.NoError(t, err)
			rest, err := io.ReadAll(open)
			assert.Equal(t, "tent", string(rest))
			return err
		})
		status, answer := u.send(filePart("f", "x", "content"))
		require.Equal(t, 204, status, answer)
		require.Eventually(t, func() bool {
			_, err := open.ReadAt(make([]byte, 1), 0)
			return errors.Is(err, os.ErrClosed)
		}, 5*time.Second, time.Millisecond)
		_, err := open.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrClosed)
		_, err = open.Seek(0, io.SeekStart)
		assert.ErrorIs(t, err, os.ErrClosed)
		_, err = io.Copy(io.Discard, open)
		assert.ErrorIs(t, err, os.ErrClosed)
		assert.ErrorIs(t, open.Close(), os.ErrClosed)
	}
}

// A client that goes in the middle leaves nothing behind.
func TestClientAborts(t *testing.T) {
	over := make(chan int, 1)
	limits := resolve.Uploads{Memory: -1, Dir: t.TempDir()}
	app := fogo.New(limits)
	app.Post("/", func(resolve.Form[struct {
		F resolve.File `form:"f"`
	}]) {
		t.Error("called")
	}, endpoint.MaxBody(1<<30))
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := httptest.NewRecorder()
		app.ServeHTTP(own, r)
		over <- own.Code
	})}
	go srv.Serve(ln)
	defer srv.Close()
	u := &uploads{t: t, dir: limits.Dir}
	for _, how := range []string{"close", "reset"} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ln.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000000\r\n\r\n"+
			"--b\r\n"+filePart("f", "x", strings.Repeat("x", 1<<20)))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(u.spooled()) == 1 }, 5*time.Second, time.Millisecond)
		if how == "reset" {
			require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
		}
		conn.Close()
		select {
		case status := <-over:
			assert.Equal(t, 400, status, "of no use to anybody, but the handler was not called")
			assert.Empty(t, u.spooled(), "gone with the end of the call")
		case <-time.After(5 * time.Second):
			t.Fatal("nothing was noticed")
		}
		u.clean()
	}
	require.NoError(t, app.Stop(context.Background()))
}

// A disk that cannot be written to is no fault of the client.
func TestSpoolFails(t *testing.T) {
	var log strings.Builder
	app := fogo.New(resolve.Uploads{Memory: -1, Dir: filepath.Join(t.TempDir(), "none")},
		fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.Post("/", func(resolve.Form[avatar]) { t.Error("called") })
	r := httptestPost(t, rawForm(filePart("image", "x", png), textPart("title", "x")))
	w := record(app, r)
	assert.Equal(t, 500, w.Code)
	assert.NotContains(t, w.Body.String(), "spool")
	assert.Contains(t, log.String(), "resolve: an upload cannot be spooled")
	assert.Contains(t, log.String(), "fogo-upload-", "with its cause")
	require.NoError(t, app.Stop(context.Background()))
}
