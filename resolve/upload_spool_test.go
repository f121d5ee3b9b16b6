package resolve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/router"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type oneFile struct {
	F resolve.File `form:"f"`
}

func sized(n int) string { return rawForm(filePart("f", "x", strings.Repeat("x", n))) }

// What all calls have on disk is limited, and who finds no room is told when to
// come again.
func TestSpoolIsFull(t *testing.T) {
	var log lines
	entered, leave := make(chan struct{}), make(chan struct{})
	app := fogo.New(resolve.Uploads{Memory: -1, MaxSpool: 1000, MaxFile: 800, Dir: t.TempDir()},
		fogo.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.Post("/", func(in oneFile) int64 { return in.F.Size })
	app.Post("/wait", func(oneFile) { entered <- struct{}{}; <-leave })
	app.Post("/many", func(struct {
		More []resolve.File `form:"more"`
	}) {
	})

	waits := make(chan int)
	go func() {
		w := record(app, httptestPath(t, "/wait", sized(600)))
		waits <- w.Code
	}()
	<-entered
	w := record(app, httptestPost(t, sized(401)))
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "5", w.Header().Get("Retry-After"))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.Contains(t, w.Body.String(), `"title":"Service Unavailable","status":503,"detail":"There is no room for uploads at the moment; try again later."`)
	assert.Contains(t, log.String(), "the uploads of all calls have as much on disk as they may, which is 1000 bytes")
	for range 2 { // what did not fit has not taken anything
		assert.Equal(t, 200, record(app, httptestPost(t, sized(400))).Code, "the rest is there to be used")
	}
	more := func(n int) string { return filePart("more", "x", strings.Repeat("x", n)) }
	w = record(app, httptestPath(t, "/many", rawForm(more(400), more(400), more(201))))
	assert.Equal(t, 503, w.Code, "somebody else has room")
	w = record(app, httptestPath(t, "/many", rawForm(more(200), more(0), more(200))))
	assert.Equal(t, 204, w.Code)
	close(leave)
	assert.Equal(t, 204, <-waits)
	w = record(app, httptestPath(t, "/many", rawForm(more(400), more(400), more(200))))
	assert.Equal(t, 204, w.Code, "all that there is")
	w = record(app, httptestPath(t, "/many", rawForm(more(400), more(400), more(201))))
	assert.Equal(t, 413, w.Code, "to try again would be of no use")
	assert.Contains(t, w.Body.String(), at("form", "has files of more than 1000 bytes together"))
	assert.Equal(t, 200, record(app, httptestPost(t, sized(800))).Code, "room again")
	assert.Equal(t, 413, record(app, httptestPost(t, sized(801))).Code, "a file of its own is another matter")
	require.NoError(t, app.Stop(context.Background()))
}

// lines is a log that may be written to by several.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func httptestPath(t *testing.T, path, form string) *http.Request {
	r := httptestPost(t, form)
	r.URL.Path = path
	return r
}

// What is in memory takes no room on disk, and every route of an application,
// whatever its own limits, has its part of the same.
func TestSpoolIsShared(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	app := fogo.New(resolve.Uploads{Memory: 100, MaxSpool: 1000, MaxFile: 1000, Dir: t.TempDir()})
	inner := router.New()
	inner.Post("/x", func(oneFile) {}, endpoint.MaxBody(10_000))
	app.Mount("/inner", inner)
	app.Post("/", func(oneFile) {})
	app.Post("/wait", func(oneFile) { entered <- struct{}{}; <-leave }, endpoint.MaxBody(20_000))
	var calls sync.WaitGroup
	calls.Go(func() { record(app, httptestPath(t, "/wait", sized(1000))) })
	<-entered
	assert.Equal(t, 503, record(app, httptestPost(t, sized(101))).Code)
	assert.Equal(t, 503, record(app, httptestPath(t, "/inner/x", sized(101))).Code, "a router inside is the application's")
	assert.Equal(t, 204, record(app, httptestPost(t, sized(100))).Code, "in memory")
	close(leave)
	calls.Wait()
	require.NoError(t, app.Stop(context.Background()))

	// A derived application, and one without a limit.
	app = fogo.New(resolve.Uploads{Memory: -1, MaxSpool: -1, MaxFiles: -1, MaxText: -1, MaxParts: -1, MaxHeader: -1, MaxFile: -1, Dir: t.TempDir()}, fogo.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))))
	app.Post("/", func(resolve.Form[avatar]) {}, endpoint.MaxBody(math.MaxInt64))
	w := record(app, httptestPost(t, rawForm(append(strings.Split(strings.Repeat(filePart("more", "x", "x")+"|", 1100), "|")[:1100],
		textPart("title", "x"), filePart("image", "x", png), "X-Long: "+strings.Repeat("x", 100_000)+"\r\n"+textPart("x", ""))...)))
	assert.Equal(t, 204, w.Code, "none of the limits: %s", w.Body)
	require.NoError(t, app.Stop(context.Background()))
}

// A limit that is as large as numbers get is none, and loses nothing.
func TestHugeLimits(t *testing.T) {
	u := serveUpload(t, resolve.Uploads{Memory: math.MaxInt64, MaxSpool: math.MaxInt64, MaxText: math.MaxInt64, MaxField: math.MaxInt64, MaxFile: math.MaxInt64,
		MaxFiles: math.MaxInt, MaxParts: math.MaxInt, MaxHeader: math.MaxInt}, func(in resolve.Form[avatar]) string {
		return fmt.Sprint(in.Value.Title, in.Value.Image.Size)
	}, endpoint.MaxBody(math.MaxInt64))
	status, answer := u.send(filePart("image", "x", png), textPart("title", "x"))
	assert.Equal(t, 200, status, answer)
	assert.Equal(t, fmt.Sprint("x", len(png)), answer)
	u = serveUpload(t, resolve.Uploads{MaxField: math.MaxInt64}, func(parts resolve.Parts) (text string, err error) {
		for p, fault := range parts {
			if text, err = p.Text(); fault != nil || err != nil {
				return "", errors.Join(fault, err)
			}
		}
		return text, nil
	})
	status, answer = u.send(textPart("title", "x"))
	assert.Equal(t, 200, status, answer)
	assert.Equal(t, "x", answer)
}

// A field that one file could exceed the limit with would be refused now and
// then, whatever the client does.
func TestSpoolLimitAgreesWithFields(t *testing.T) {
	type small struct {
		F resolve.File `form:"f" maxsize:"500B"`
	}
	for _, row := range []struct {
		name    string
		uploads resolve.Uploads
		handler any
		fault   string
	}{
		{"the body", resolve.Uploads{Memory: 10, MaxSpool: 1000}, func(oneFile) {},
			"form.f may have 2000 bytes, but the files of all calls together may have no more than 1000 on disk: raise MaxSpool of resolve.Uploads, or give the field a lower tag maxsize"},
		{"a limit of files", resolve.Uploads{Memory: 10, MaxSpool: 1000, MaxFile: 1001}, func(oneFile) {}, "form.f may have 1001 bytes"},
		{"a lower one", resolve.Uploads{Memory: 10, MaxSpool: 1000, MaxFile: 1000}, func(oneFile) {}, ""},
		{"the tag", resolve.Uploads{Memory: 10, MaxSpool: 500}, func(small) {}, ""},
		{"of many too", resolve.Uploads{Memory: 10, MaxSpool: 500}, func(struct {
			F []resolve.File `form:"f"`
		}) {
		}, "form.f may have 2000 bytes"},
		{"all in memory", resolve.Uploads{Memory: 2000, MaxSpool: 1000}, func(oneFile) {}, ""},
		{"no files", resolve.Uploads{MaxSpool: 1}, func(struct {
			T string `form:"t" maxsize:"100B"`
		}) {
		}, ""},
	} {
		app := fogo.New(row.uploads)
		app.Post("/", row.handler, endpoint.MaxBody(2000))
		if err := app.Build(); row.fault == "" {
			assert.NoError(t, err, row.name)
		} else {
			assert.ErrorContains(t, err, row.fault, row.name)
		}
	}
}

// unit is a value with a finisher that fails if it is told to.
type unit struct{}

// Whatever ends a call gives its room back, and leaves nothing behind.
func TestRoomIsGivenBack(t *testing.T) {
	const n = 50_000
	dir := t.TempDir()
	app := fogo.New(resolve.Uploads{Memory: -1, MaxSpool: n, MaxFile: n, Dir: dir})
	app.Provide(inject.PerCall, func() (*unit, func(error) error) {
		return &unit{}, func(error) error { return errors.New("cannot commit") }
	})
	app.Provide(inject.PerCall, func(oneFile) (*unitAfter, error) { return nil, errors.New("no") })
	app.Post("/ok", func(in oneFile) int64 { return in.F.Size })
	app.Post("/fails", func(oneFile) error { return errors.New("no") })
	app.Post("/panics", func(oneFile) { panic("no") })
	app.Post("/aborts", func(oneFile) { panic(http.ErrAbortHandler) })
	app.Post("/exits", func(oneFile) { runtime.Goexit() })
	app.Post("/finisher", func(oneFile, *unit) {})
	app.Post("/provider", func(*unitAfter) {})
	app.Post("/streams", func(in oneFile) (io.Reader, error) { return in.F.Open() })
	app.Post("/left open", func(in oneFile) error { _, err := in.F.Open(); return err })
	app.Post("/not called", func(oneFile, resolve.Header[UserID]) {})
	app.Post("/kept", func(in oneFile) (string, error) { return in.F.Keep() })
	app.Post("/refused", func(struct {
		F resolve.File `form:"f" accept:"image/png"`
		G resolve.File `form:"g"`
	}) {
	})
	app.Post("/close panics", func(oneFile) endpoint.File { return endpoint.File{FS: panicFS{os.DirFS(".")}, Name: "doc.go"} })
	srv := httptest.NewUnstartedServer(app)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	srv.Start()
	defer srv.Close()
	ok := func(what string) {
		t.Helper()
		// An answer may be read before its call is over.
		require.Eventually(t, func() bool {
			left, err := os.ReadDir(dir)
			return err == nil && len(left) == 0 && post(t, srv.URL+"/ok", sized(n)) == 200
		}, 5*time.Second, 10*time.Millisecond, what)
	}
	for path, status := range map[string]int{
		"/fails": 500, "/panics": 500, "/aborts": 0, "/exits": 500, "/finisher": 500, "/provider": 500, "/streams": 200,
		"/left open": 204, "/not called": 400, "/kept": 200, "/refused": 400, "/close panics": -1,
	} {
		got := post(t, srv.URL+strings.ReplaceAll(path, " ", "%20"), sized(n))
		if status >= 0 {
			assert.Equal(t, status, got, path)
		}
		if path == "/kept" {
			kept, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			require.Len(t, kept, 1)
			assert.Equal(t, 200, post(t, srv.URL+"/ok", sized(n)), "what was kept does not count")
			require.NoError(t, os.Remove(kept[0]))
		}
		ok(path)
	}
	for _, how := range []string{"close", "reset", "breaks off"} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST /ok HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk("--b\r\n"+filePart("f", "x", strings.Repeat("x", 30_000))))
		require.NoError(t, err)
		require.Eventually(t, func() bool { left, _ := os.ReadDir(dir); return len(left) == 1 }, 5*time.Second, time.Millisecond)
		switch how {
		case "reset":
			require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
		case "breaks off":
			_, err = io.WriteString(conn, "nonsense\r\n")
			require.NoError(t, err)
			_, err = http.ReadResponse(bufio.NewReader(conn), nil)
			assert.NoError(t, err)
		}
		conn.Close()
		ok(how)
	}
	require.NoError(t, app.Stop(context.Background()))
}

type unitAfter struct{}

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// post sends a form and returns the status, or 0 if the connection was cut.
func post(t *testing.T, url, form string) int {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(form))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// However many come at once, together they have no more on disk than they may,
// and at the end nothing.
func TestSpoolIsBoundedUnderLoad(t *testing.T) {
	const room, clients, each = 300_000, 16, 20
	dir := t.TempDir()
	app := fogo.New(resolve.Uploads{Memory: 1000, MaxSpool: room, MaxFile: 200_000, Dir: dir})
	app.Post("/", func(in oneFile) int64 { return in.F.Size })
	app.Post("/two", func(struct {
		F []resolve.File `form:"f"`
	}) {
	})
	srv := httptest.NewServer(app)
	defer srv.Close()
	done, most := make(chan struct{}), int64(0)
	var watch, calls sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				most = max(most, onDisk(dir))
			}
		}
	})
	var statuses [600]atomic.Int64
	for c := range clients {
		calls.Go(func() {
			for i := range each {
				statuses[post(t, srv.URL, sized(10_000+(c*each+i)*7919%190_000))].Add(1)
			}
		})
	}
	calls.Wait()
	close(done)
	watch.Wait()
	t.Logf("%d were taken, %d refused, at most %d bytes were seen on disk", statuses[200].Load(), statuses[503].Load(), most)
	assert.LessOrEqual(t, most, int64(room))
	assert.Positive(t, statuses[200].Load())
	assert.Equal(t, int64(clients*each), statuses[200].Load()+statuses[503].Load()+statuses[0].Load(), "taken, refused or hung up on")
	require.Eventually(t, func() bool { return onDisk(dir) == 0 }, 5*time.Second, time.Millisecond)
	two := rawForm(filePart("f", "x", strings.Repeat("x", 150_000)), filePart("f", "x", strings.Repeat("x", 150_000)))
	assert.Equal(t, 204, post(t, srv.URL+"/two", two), "both of them fit, to the last byte")
	require.NoError(t, app.Stop(context.Background()))
}

// onDisk is the size of all files of a directory that are still there.
func onDisk(dir string) (size int64) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
	}
	return size
}
