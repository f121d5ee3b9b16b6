package conditional

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEvaluate(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	before, same, after := at.Add(-time.Hour).Format(http.TimeFormat), at.Format(http.TimeFormat), at.Add(time.Hour).Format(http.TimeFormat)
	known := Validators{Tag: `"a"`, Modified: at}
	weakly := Validators{Tag: `W/"a"`}
	missing := Validators{Missing: true}
	bare := Validators{}
	for _, row := range []struct {
		name   string
		v      Validators
		header string // names and values, one per line
		read   int    // of a GET
		write  int    // of a PUT
	}{
		{"none", known, "", 0, 0},
		{"the tag", known, `If-None-Match: "a"`, 304, 412},
		{"another", known, `If-None-Match: "b"`, 0, 0},
		{"in a list", known, `If-None-Match: "b" ,, W/"c","a"`, 304, 412},
		{"on the second line", known, "If-None-Match: \"b\"\nIf-None-Match: \"a\"", 304, 412},
		{"weakly the tag", known, `If-None-Match: W/"a"`, 304, 412},
		{"the weak tag", weakly, `If-None-Match: "a"`, 304, 412},
		{"a tag with a comma", Validators{Tag: `"x,y"`}, `If-None-Match: "x", "x,y"`, 304, 412},
		{"a tag with a comma, in parts", Validators{Tag: `"y"`}, `If-None-Match: "x,y"`, 0, 0},
		{"any", known, `If-None-Match: *`, 304, 412},
		{"any of nothing", missing, `If-None-Match: *`, 0, 0},
		{"any of the unknown", bare, `If-None-Match: *`, 304, 412},
		{"without quotes", known, `If-None-Match: a`, 0, 0},
		{"unclosed", known, `If-None-Match: "a`, 0, 0},
		{"empty", known, `If-None-Match: `, 0, 0},

		{"must be the tag", known, `If-Match: "a"`, 0, 0},
		{"must be another", known, `If-Match: "b"`, 412, 412},
		{"must be one of", known, `If-Match: "b", "a"`, 0, 0},
		{"weak is never strong", known, `If-Match: W/"a"`, 412, 412},
		{"strong is never weak", weakly, `If-Match: W/"a", "a"`, 412, 412},
		{"must be", known, `If-Match: *`, 0, 0},
		{"must be, and isn't", missing, `If-Match: *`, 412, 412},
		{"must be what nobody can say", known, `If-Match: a`, 412, 412},
		{"both", known, "If-Match: \"a\"\nIf-None-Match: \"a\"", 304, 412},

		{"since before", known, "If-Modified-Since: " + before, 0, 0},
		{"since then", known, "If-Modified-Since: " + same, 304, 0},
		{"since after", known, "If-Modified-Since: " + after, 304, 0},
		{"since what is no date", known, "If-Modified-Since: yesterday", 0, 0},
		{"since, of the unknown", bare, "If-Modified-Since: " + after, 0, 0},
		{"the tag outranks the date", known, "If-None-Match: \"b\"\nIf-Modified-Since: " + after, 0, 0},
		{"unless since before", known, "If-Unmodified-Since: " + before, 412, 412},
		{"unless since then", known, "If-Unmodified-Since: " + same, 0, 0},
		{"unless since what is no date", known, "If-Unmodified-Since: now", 0, 0},
		{"the strong tag outranks the date", known, "If-Match: \"a\"\nIf-Unmodified-Since: " + before, 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{}
			for line := range strings.Lines(row.header) {
				k, v, _ := strings.Cut(strings.TrimSpace(line), ":")
				h.Add(k, strings.TrimSpace(v))
			}
			assert.Equal(t, row.read, row.v.Evaluate(http.MethodGet, h))
			assert.Equal(t, row.read, row.v.Evaluate(http.MethodHead, h))
			assert.Equal(t, row.write, row.v.Evaluate(http.MethodPut, h))
			assert.Equal(t, row.header != "", Any(h))
		})
	}
}

func TestQuote(t *testing.T) {
	tag, err := Quote("v7-ä")
	require.NoError(t, err)
	assert.Equal(t, `"v7-ä"`, tag)
	for _, bad := range []string{`"`, "a b", "a\n", "\x7f", "\x00"} {
		_, err := Quote(bad)
		assert.Error(t, err, "%q", bad)
	}
}

func TestStrip(t *testing.T) {
	h := http.Header{"Content-Type": {"x"}, "Etag": {`"a"`}, "Last-Modified": {"x"}, "Cache-Control": {"no-cache"}, "Vary": {"Accept"}}
	Strip(h)
	assert.Equal(t, http.Header{"Etag": {`"a"`}, "Cache-Control": {"no-cache"}, "Vary": {"Accept"}}, h)
}

// Every tag that can be quoted is found again in a list, and nothing panics.
func FuzzTags(f *testing.F) {
	f.Add("a", `"a"`)
	f.Add("x,y", `W/"`)
	f.Fuzz(func(t *testing.T, text, noise string) {
		tag, err := Quote(text)
		if err != nil {
			return
		}
		v := Validators{Tag: tag}
		assert.True(t, v.matches([]string{noise, `"other", ` + tag}, strong))
		assert.True(t, v.matches([]string{"W/" + tag}, weak))
		assert.False(t, v.matches([]string{"W/" + tag}, strong))
	})
}
