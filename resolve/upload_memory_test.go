package resolve_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// bigForm is a form with a file of n bytes.
func bigForm(n int64) io.Reader {
	head, tail, _ := strings.Cut(rawForm(filePart("f", "big", "|")), "|")
	return io.MultiReader(strings.NewReader(head), io.LimitReader(zeros{}, n), strings.NewReader(tail))
}

// peak is how much more the heap has while do runs.
func peak(do func()) int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := int64(m.HeapAlloc), int64(0)
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	for {
		select {
		case <-done:
			return most
		case <-time.After(2 * time.Millisecond):
			runtime.ReadMemStats(&m)
			most = max(most, int64(m.HeapAlloc)-before)
		}
	}
}

// 100 MB go through little memory, whether they are spooled or read as they
// arrive.
func TestLargeUploads(t *testing.T) {
	if testing.Short() {
		t.Skip("200 MB")
	}
	const size = 100 << 20
	type in struct {
		F resolve.File `form:"f" maxsize:"100MiB"`
	}
	for name, handler := range map[string]any{
		"file": func(v in) string { return fmt.Sprint(v.F.Size, " ", v.F.Sniff()) },
		"parts": func(parts resolve.Parts) (string, error) {
			for p, err := range parts {
				if err != nil {
					return "", err
				}
				n, err := io.Copy(io.Discard, p)
				return fmt.Sprint(n, " application/octet-stream"), err
			}
			return "", nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := serveUpload(t, resolve.Uploads{Memory: 1 << 20}, handler, endpoint.MaxBody(size+1<<20))
			more := peak(func() {
				status, answer, _ := u.post("multipart/form-data; boundary=b", bigForm(size))
				assert.Equal(t, 200, status)
				assert.Equal(t, fmt.Sprint(size, " application/octet-stream"), answer)
			})
			t.Logf("the heap grew by %d KiB", more>>10)
			assert.Less(t, more, int64(16<<20))
			u.clean()
		})
	}
	u := serveUpload(t, resolve.Uploads{}, func(in) { t.Error("called") }, endpoint.MaxBody(size+1<<20))
	resp, err := http.Post(u.url, "multipart/form-data; boundary=b", bigForm(size+1))
	if err == nil { // the server may hang up on who goes on sending
		assert.Equal(t, 413, resp.StatusCode)
		resp.Body.Close()
	}
	u.clean()
}

// 100,000 parts are no more work than the limit allows, with files or without.
func TestManyParts(t *testing.T) {
	many := rawForm(strings.Split(strings.Repeat("|"+textPart("x", ""), 100_000), "|")[1:]...)
	for name, handler := range map[string]any{
		"files": func(resolve.Form[avatar]) { t.Error("called") },
		"texts": func(resolve.Form[struct{ X string }]) { t.Error("called") },
		"parts": func(parts resolve.Parts) error {
			for _, err := range parts {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := serveUpload(t, resolve.Uploads{}, handler, endpoint.MaxBody(64<<20))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.url, strings.NewReader(many))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return // hung up on
			}
			defer resp.Body.Close()
			data, _ := io.ReadAll(resp.Body)
			assert.Equal(t, 413, resp.StatusCode)
			assert.Contains(t, string(data), at("form", "has more than 1000 parts"))
			u.clean()
		})
	}
}
