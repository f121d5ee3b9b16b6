package resolve_test

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type avatar struct {
	Title string         `form:"title" maxsize:"10B"`
	Image resolve.File   `form:"image" maxsize:"2KiB" accept:"image/png,image/jpeg"`
	More  []resolve.File `form:"more"`
	Notes *resolve.File  `form:"notes" maxsize:"100B"`
	Pages []int          `form:"pages"`
}

// content reads a file to its end.
func content(t *testing.T, f resolve.File) string {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.NoError(t, r.Close())
	assert.Error(t, r.Close(), "closed once")
	assert.Equal(t, f.Size, int64(len(data)))
	return string(data)
}

// In memory or on disk, a file is the same.
func TestFiles(t *testing.T) {
	for name, limits := range map[string]resolve.Uploads{"memory": {}, "disk": {Memory: -1}, "some of each": {Memory: 30}} {
		t.Run(name, func(t *testing.T) {
			var u *uploads
			u = serveUpload(t, limits, func(in resolve.Form[avatar]) string {
				v := in.Value
				if name == "disk" {
					assert.Len(t, u.spooled(), 4)
				}
				assert.Equal(t, "me.png", v.Image.Filename)
				assert.Equal(t, "dir/me.png", v.Image.RawFilename)
				assert.Equal(t, "image/png", v.Image.Sniff())
				assert.Equal(t, "application/octet-stream", v.Image.ContentType)
				assert.Equal(t, "application/octet-stream", v.Image.Header.Get("Content-Type"))
				assert.Equal(t, png, content(t, v.Image))
				require.Len(t, v.More, 2)
				assert.Equal(t, "one", content(t, v.More[0]))
				assert.Equal(t, strings.Repeat("two", 1000), content(t, v.More[1]))
				assert.Equal(t, "text/plain; charset=utf-8", v.More[1].Sniff())
				require.NotNil(t, v.Notes)
				assert.Equal(t, "notes", content(t, *v.Notes))
				assert.Equal(t, []int{1, 2}, v.Pages)
				var b strings.Builder
				n, err := v.Image.WriteTo(&b)
				require.NoError(t, err)
				assert.Equal(t, v.Image.Size, n)
				return v.Title + b.String()
			})
			contentType, body := form(t, func(w *multipart.Writer) {
				file := func(name, filename, text string) {
					p, err := w.CreateFormFile(name, filename)
					require.NoError(t, err)
					_, err = io.WriteString(p, text)
					require.NoError(t, err)
				}
				file("more", "1.txt", "one")
				require.NoError(t, w.WriteField("title", "me"))
				file("image", "dir/me.png", png)
				require.NoError(t, w.WriteField("pages", "1"))
				file("unknown", "x", "nobody takes it")
				file("more", "2.txt", strings.Repeat("two", 1000))
				file("notes", "n", "notes")
				require.NoError(t, w.WriteField("pages", "2"))
				require.NoError(t, w.WriteField("unknown", "nobody takes it"))
			})
			status, answer, _ := u.post(contentType, body)
			assert.Equal(t, 200, status, answer)
			assert.Equal(t, "me"+png, answer)
			u.clean()
		})
	}
}

func TestAbsentFiles(t *testing.T) {
	u := serveUpload(t, resolve.Uploads{}, func(in resolve.Form[avatar]) string {
		return fmt.Sprint(in.Value.More == nil, in.Value.Notes == nil, " ", in.Value.Title)
	})
	status, answer := u.send(filePart("image", "a.png", png), textPart("title", "x"))
	assert.Equal(t, 200, status)
	assert.Equal(t, "true true x", answer)
	status, answer = u.send(filePart("image", "a.png", png), textPart("title", "x"), filePart("more", "", ""), filePart("notes", "", ""))
	assert.Equal(t, 200, status, "nothing was chosen in the page's inputs")
	assert.Equal(t, "true true x", answer)
	status, answer = u.send(filePart("notes", "empty.txt", ""), filePart("image", "a.png", png), textPart("title", "x"))
	assert.Equal(t, 200, status, "an empty file is a file")
	assert.Equal(t, "true false x", answer)

	type maybe = resolve.Optional[resolve.Form[avatar]]
	u = serveUpload(t, resolve.Uploads{}, func(in maybe) string {
		v, ok := in.Get()
		return fmt.Sprint(ok, v.Value.Image.Size)
	})
	status, answer = u.send(textPart("other", ""))
	assert.Equal(t, 200, status)
	assert.Equal(t, "false 0", answer)
	status, answer = u.send(filePart("image", "a.png", png), textPart("title", "x"))
	assert.Equal(t, 200, status)
	assert.Equal(t, fmt.Sprint(true, " ", len(png)), answer)
	status, answer = u.send(textPart("title", "x"))
	assert.Equal(t, 400, status)
	assert.Contains(t, answer, at("form.image", "is required"))
}

func TestFileFaults(t *testing.T) {
	long := strings.Repeat("x", 3000)
	ok := []string{filePart("image", "a.png", png), textPart("title", "x")}
	for _, row := range []struct {
		name   string
		parts  []string
		status int
		faults []string
	}{
		{"required", nil, 400, []string{at("form.title", "is required"), at("form.image", "is required")}},
		{"chosen nothing", []string{filePart("image", "", ""), ok[1]}, 400, []string{at("form.image", "is required")}},
		{"a text for a file", []string{textPart("image", "x"), ok[1]}, 400, []string{at("form.image", "is a text, not a file")}},
		{"a file for a text", append(ok[:1:1], filePart("title", "x", "x")), 400, []string{at("form.title", "is a file, not a text")}},
		{"twice", append(ok, filePart("image", "b.png", png)), 400, []string{at("form.image", "is there more than once")}},
		{"another type", []string{filePart("image", "a.png", "text"), ok[1]}, 422,
			[]string{at("form.image", "looks like text/plain; send image/png or image/jpeg")}},
		{"another type and more", []string{filePart("image", "a.png", "text"), textPart("pages", "x"), ok[1]}, 400,
			[]string{at("form.image", "looks like text/plain; send image/png or image/jpeg"), at("form.pages[0]", `"x" is not an integer`)}},
		{"file too large", []string{filePart("image", "a.png", png+long), ok[1]}, 413, []string{at("form.image", "is larger than 2KiB")}},
		{"absent file too large", append(ok, filePart("notes", "a", long)), 413, []string{at("form.notes", "is larger than 100B")}},
		{"one of many too large", append(ok, filePart("more", "a", "x"), filePart("more", "a", strings.Repeat(long, 3))), 413,
			[]string{at("form.more[1]", "is larger than 5000 bytes")}},
		{"text too large", []string{ok[0], textPart("title", "12345678901")}, 413, []string{at("form.title", "is larger than 10B")}},
		{"texts too large", append(ok, strings.Split(strings.Repeat("|"+textPart("pages", "1"), 200), "|")[1:]...), 413, []string{at("form", "has texts of more than 1000 bytes")}},
		{"too many files", append(ok, filePart("more", "a", "x"), filePart("more", "a", "x"), filePart("more", "a", "x"), filePart("more", "a", "x"), filePart("more", "a", "x")), 413,
			[]string{at("form", "has more than 5 files")}},
		{"too many parts", append(ok, strings.Split(strings.Repeat("|"+textPart("x", ""), 1000), "|")[1:]...), 413, []string{at("form", "has more than 300 parts")}},
		{"huge header", append(ok, "X: "+strings.Repeat("x", 100_000)+"\r\n\r\n"), 413, []string{at("form", "has a header of more than 8192 bytes in part 3")}},
		{"many headers", append(ok, strings.Repeat("X: x\r\n", 30_000)+"\r\n"), 413, []string{at("form", "has a header of more than 8192 bytes in part 3")}},
		{"body too large", append(ok, textPart("unknown", strings.Repeat("x", 1<<20))), 413, []string{at("body", "is larger than 300000 bytes")}},
		{"no name", append(ok, part("form-data", "", "x")), 400, []string{at("form", "part 3 has no name")}},
		{"no disposition", append(ok, "X: y\r\n\r\nx"), 400, []string{at("form", "part 3 has no valid Content-Disposition")}},
		{"two dispositions", append(ok, "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\nx"), 400, []string{at("form", "part 3 has no valid Content-Disposition")}},
		{"another disposition", append(ok, part(`attachment; name="x"`, "", "x")), 400, []string{at("form", "part 3 has no valid Content-Disposition")}},
		{"a name that is not UTF-8", append(ok, textPart("\xff", "x")), 400, []string{at("form", "part 3 has a name that is not valid UTF-8")}},
		{"a text that is not UTF-8", []string{ok[0], textPart("title", "\xff")}, 400, []string{at("form.title", `"\\xff" is not valid UTF-8`)}},
		{"a text of another charset", []string{ok[0], part(`form-data; name="title"`, "text/plain; charset=iso-8859-1", "x")}, 415,
			[]string{at("form.title", `has the charset "iso-8859-1"; send utf-8`)}},
		{"a header that is none", append(ok, "nonsense\r\n\r\nx"), 400, []string{at("form", "is not a valid multipart form: part 3 is malformed")}},
	} {
		for _, memory := range []int64{0, -1} {
			t.Run(fmt.Sprint(row.name, memory), func(t *testing.T) {
				u := serveUpload(t, resolve.Uploads{Memory: memory, MaxFiles: 5, MaxFile: 5000, MaxParts: 300, MaxText: 1000},
					func(resolve.Form[avatar]) { t.Error("called") }, endpoint.MaxBody(300_000))
				status, answer := u.send(row.parts...)
				assert.Equal(t, row.status, status, answer)
				assert.Contains(t, answer, `"errors":[`+strings.Join(row.faults, ",")+`]`)
				u.clean()
			})
		}
	}
}

// A body can end anywhere.
func TestBrokenForms(t *testing.T) {
	whole := rawForm(filePart("image", "a.png", png), textPart("title", "x"), filePart("more", "a", strings.Repeat("x", 600)))
	u := serveUpload(t, resolve.Uploads{Memory: -1}, func(resolve.Form[avatar]) {})
	last := strings.LastIndex(whole, "--b--") + len("--b--")
	for n := range len(whole) {
		status, answer, _ := u.post("multipart/form-data; boundary=b", strings.NewReader(whole[:n]))
		if n == last+1 {
			continue // half of a line break: anything but a hang
		}
		if n >= last {
			assert.Equal(t, 204, status, "%d: %s", n, answer)
			continue
		}
		assert.Equal(t, 400, status, "%d", n)
		assert.Contains(t, answer, "is not a valid multipart form: it breaks off in part", "%d", n)
	}
	u.clean()
	for contentType, want := range map[string]string{
		"multipart/form-data": at("header.Content-Type", "has no boundary"),
		"multipart/form-data; boundary=" + strings.Repeat("b", 71): at("header.Content-Type", "has a boundary of more than 70 characters"),
		"multipart/form-data; boundary=c":                          at("form", "is not a valid multipart form: it breaks off in part 1"),
		"application/json":                                         `"application/json\" is not supported; send multipart/form-data`,
		"multipart/mixed; boundary=b":                              `is not supported; send multipart/form-data`,
		"multipart/form-data; boundary=b; charset=utf-16":          `has the charset \"utf-16\"; send utf-8`,
		"": "is missing; send multipart/form-data",
	} {
		status, answer, h := u.post(contentType, strings.NewReader(whole))
		assert.Contains(t, answer, want)
		if strings.Contains(want, "send multipart") {
			assert.Equal(t, 415, status)
			assert.Equal(t, "multipart/form-data", h.Get("Accept"))
			assert.Equal(t, "multipart/form-data", h.Get("Accept-Post"))
		}
	}
	status, answer, _ := u.post("application/x-www-form-urlencoded", strings.NewReader("title=x"))
	assert.Equal(t, 400, status, "a form that can have no files")
	assert.Contains(t, answer, at("form.image", "is required"))
	u.clean()
}

func TestHostileFilenames(t *testing.T) {
	type in struct {
		F resolve.File `form:"f"`
	}
	var got resolve.File
	u := serveUpload(t, resolve.Uploads{}, func(v in) { got = v.F })
	for disposition, want := range map[string][2]string{
		`form-data; name="f"; filename="../../etc/passwd"`:                                 {"passwd", "../../etc/passwd"},
		`form-data; name="f"; filename="..\\..\\x"`:                                        {"x", `..\..\x`},
		"form-data; name=\"f\"; filename=\"a\xffb\"":                                       {"a_b", "a\xffb"},
		`form-data; name="f"; filename="CON.txt"`:                                          {"_CON.txt", "CON.txt"},
		`form-data; name="f"; filename="x` + strings.Repeat("y", 5000) + `.png"`:           {"x" + strings.Repeat("y", 250) + ".png", "x" + strings.Repeat("y", 5000) + ".png"},
		`form-data; name="f"; filename*=UTF-8''%e7%8c%ab.png`:                              {"猫.png", "猫.png"},
		`form-data; name="f"; filename="cat.png"; filename*=UTF-8''%2e%2e%2f%e7%8c%ab.png`: {"猫.png", "../猫.png"},
		`form-data; name="f"; filename="猫 \"x\".png"`:                                      {"猫 _x_.png", `猫 "x".png`},
		`form-data; name=f; filename=plain.txt`:                                            {"plain.txt", "plain.txt"},
		`form-data; name="f"; filename=""`:                                                 {"unnamed", ""},
	} {
		got = resolve.File{}
		status, answer := u.send(part(disposition, "", "x"))
		if assert.Equal(t, 204, status, "%s: %s", disposition, answer) {
			assert.Equal(t, want, [2]string{got.Filename, got.RawFilename}, disposition)
		}
	}
	for _, disposition := range []string{
		"form-data; name=\"f\"; filename=\"a\x00b\"",
		`form-data; name="f"; filename="a"; filename="b"`,
		`form-data; name="f"; filename="a`,
	} {
		status, answer := u.send(part(disposition, "", "x"))
		assert.Equal(t, 400, status, "%q: %s", disposition, answer)
	}
}

// A tag that allows more than the body may have is never what was meant.
func TestTagsAgreeWithTheBody(t *testing.T) {
	type big struct {
		F resolve.File `form:"f" maxsize:"5MB"`
	}
	app := fogo.New()
	app.Post("/", func(resolve.Form[big]) {})
	assert.ErrorContains(t, app.Build(), `form.f has maxsize "5MB", but no body of this route may be larger than 1048576 bytes: raise that with the route option endpoint.MaxBody`)
	app = fogo.New()
	app.Post("/", func(resolve.Form[big]) {}, endpoint.MaxBody(6<<20))
	assert.NoError(t, app.Build())
}

func TestBodyClaimsOfFiles(t *testing.T) {
	type in struct {
		F resolve.File `form:"f"`
	}
	signed := func(resolve.RawBody) *service { return newService() }
	site{pattern: "POST /", providers: []provided{perCall(signed)}, handler: func(*service, in) {}}.
		faults(t, "the body is read as it arrives", "drop one of the two")
	site{pattern: "POST /", providers: []provided{perCall(signed)}, handler: func(*service, resolve.Parts) {}}.
		faults(t, "the body is read as it arrives")
	site{pattern: "POST /", guards: []any{func(in) error { return nil }}, handler: func(resolve.Parts) {}}.
		faults(t, "the body is decoded 2 times")
	site{pattern: "POST /", providers: []provided{perCall(func(in) *service { return newService() })}, handler: func(*service) {}}.serves(t)
}

// Files are fields of classes, too.
type fileClass struct {
	Image resolve.File `form:"image"`
}

// Post answers with the content.
func (c *fileClass) Post() (io.Reader, error) { return c.Image.Open() }

func TestFileInAClass(t *testing.T) {
	app := fogo.New(resolve.Uploads{Memory: -1, Dir: t.TempDir()})
	app.Endpoint("/", fileClass{})
	w := record(app, httptestPost(t, rawForm(filePart("image", "x", "content"))))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "content", w.Body.String())
	require.NoError(t, app.Stop(context.Background()))
}

func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	u := serveUpload(t, resolve.Uploads{Memory: 1000}, func(in resolve.Form[avatar]) string {
		return fmt.Sprintf("%s %s %d %s %d", in.Value.Title, in.Value.Image.Filename, in.Value.Image.Size, in.Value.Image.ContentType, len(in.Value.More))
	})
	file := filepath.Join(t.TempDir(), "a;b ü.png")
	require.NoError(t, os.WriteFile(file, []byte(png+strings.Repeat("x", 1500)), 0o600))
	out, err := exec.CommandContext(t.Context(), curl, "-sS", "-F", "title=hello", "-F", `image=@"`+file+`";type=image/png`,
		"-F", `more=@"`+file+`"`, "-F", `more=@"`+file+`";filename="../x"`, u.url).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, fmt.Sprintf("hello a;b ü.png %d image/png 2", len(png)+1500), string(out))
	u.clean()
}
