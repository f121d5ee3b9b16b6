package resolve

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readParts reads everything.
func readParts(body io.Reader, boundary string, limits Uploads) (texts []string, fault *Fault) {
	limits = limits.withDefaults()
	r, fault := newPartReader(body, boundary, &limits, 1<<20)
	for fault == nil {
		var p *Part
		if p, fault = r.next(); p == nil {
			break
		}
		text, err := io.ReadAll(p.body)
		if err != nil {
			fault = r.fail()
			break
		}
		texts = append(texts, p.Name+"="+string(text))
	}
	return texts, fault
}

// However the bytes arrive, they are the same parts.
func TestPartsByteByByte(t *testing.T) {
	const body = "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\n--b \t\r\n" +
		"Content-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--b--\r\nepilogue --b--"
	for _, r := range []io.Reader{
		strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body)), iotest.DataErrReader(strings.NewReader(body)),
		iotest.HalfReader(strings.NewReader(body)),
	} {
		texts, fault := readParts(r, "b", Uploads{})
		require.Nil(t, fault)
		assert.Equal(t, []string{"a=1\r\n--x", "b="}, texts)
	}
	texts, fault := readParts(strings.NewReader(strings.ReplaceAll(body, "\r\n", "\n")), "b", Uploads{})
	require.Nil(t, fault, "without carriage returns")
	assert.Len(t, texts, 2)
	texts, fault = readParts(io.MultiReader(strings.NewReader(body), bytes.NewReader(make([]byte, 100_000))), "b", Uploads{})
	require.Nil(t, fault, "a long epilogue is not read")
	assert.Len(t, texts, 2)
	_, fault = readParts(strings.NewReader(strings.Repeat("preamble\r\n", 10_000)+body), "b", Uploads{})
	require.NotNil(t, fault)
	assert.Equal(t, 413, fault.Status)
}

// What goes wrong in reading is told as for any other body.
func TestPartsThatDoNotArrive(t *testing.T) {
	const body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1234"
	for _, n := range []int{0, 3, 10, len(body)} {
		for err, status := range map[error]int{
			io.ErrUnexpectedEOF: 400, os.ErrDeadlineExceeded: 408, &http.MaxBytesError{Limit: 1}: 413, errors.New("reset"): 400,
		} {
			_, fault := readParts(io.MultiReader(strings.NewReader(body[:n]), errReader{err}), "b", Uploads{})
			require.NotNil(t, fault)
			assert.Equal(t, "body", fault.Location, "%d %v", n, err)
			assert.Equal(t, status, fault.Status, "%d %v", n, err)
		}
	}
}

func TestMeterRemembersTheEnd(t *testing.T) {
	for _, sizes := range [][]int{{1, 1, 1}, {3, 4, 5}, {100}, {7, 100}, {100, 7}, {10, 10, 3}} {
		m := meter{tail: make([]byte, 0, 10)}
		var all []byte
		for i, n := range sizes {
			b := bytes.Repeat([]byte{byte('a' + i)}, n)
			b[0] = '!'
			m.remember(b)
			all = append(all, b...)
		}
		assert.Equal(t, string(all[max(0, len(all)-10):]), string(m.tail), "%v", sizes)
	}
}

// FuzzMultipart holds the reading of forms to what mime/multipart has in them,
// and to its limits.
func FuzzMultipart(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--")
	f.Add("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n")
	f.Add("--b\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''x\n\n1\n--b\nContent-Dis")
	f.Add("--b\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Disposition: form-data; name=\"g\"; filename=\"\"\r\n\r\n=41\r\n--b--")
	spec := &formSpec{files: true, fields: []formField{
		{name: "f", location: "form.f", file: true, max: 100, size: "100B"},
		{name: "g", location: "form.g", file: true, many: true, accept: []string{"image/*"}},
		{name: "a", location: "form.a"},
	}}
	spec.byName = map[string]*formField{"f": &spec.fields[0], "g": &spec.fields[1], "a": &spec.fields[2]}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, body string) {
		for _, memory := range []int64{-1, 10, 1 << 20} {
			cfg := Config{Uploads: Uploads{Memory: memory, Dir: dir, MaxParts: 20, MaxText: 1000, MaxFiles: 5}}.WithDefaults()
			c := callWith(strings.NewReader(body), -1, 1<<20)
			c.Configure(&cfg)
			c.Request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			c.body.spec = spec
			form, ok := c.formValues()
			if ok == (form == nil) || !ok && len(c.faults) == 0 || c.body.err != nil {
				t.Fatalf("%v %v %v", form, c.faults, c.body.err)
			}
			for _, fault := range c.faults {
				if fault.Location == "" || fault.Message == "" || fault.Status < 400 || fault.Status > 422 {
					t.Errorf("fault %+v", fault)
				}
			}
			size := int64(0)
			for _, files := range c.body.files {
				for _, file := range files {
					size += file.Size
					var b bytes.Buffer
					if n, err := file.WriteTo(&b); err != nil || n != file.Size {
						t.Errorf("%d of %d bytes: %v", n, file.Size, err)
					}
				}
			}
			if size > int64(len(body)) {
				t.Errorf("%d bytes of files in %d", size, len(body))
			}
			if ok {
				sameAsStandard(t, body, form["a"], len(c.body.files["f"])+c.body.count["g"])
			}
			c.Release()
			c.Reset()
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Fatalf("files are left: %v", left)
		}
	})
}

// sameAsStandard reads a form that was taken with mime/multipart alone.
func sameAsStandard(t *testing.T, body string, texts []string, files int) {
	t.Helper()
	r := multipart.NewReader(strings.NewReader(body), "b")
	var want []string
	for {
		p, err := r.NextPart()
		if err != nil {
			break
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatalf("mime/multipart: %v", err)
		}
		if p.FormName() == "a" {
			want = append(want, string(text))
		}
		if name := p.FormName(); (name == "f" || name == "g") && (len(text) > 0 || p.FileName() != "") {
			files--
		}
	}
	assert.Equal(t, want, texts)
	assert.Zero(t, files, "files")
}
