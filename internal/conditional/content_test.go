package conditional

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEvaluated(t *testing.T) {
	for _, row := range []struct {
		why, method string
		header      http.Header
		size        int64
		kept        bool // the range
	}{
		{"one range", "GET", http.Header{"Range": {"bytes=0-1"}}, 10, true},
		{"its condition is looked at by net/http", "GET", http.Header{"Range": {"bytes=0-1"}, "If-Range": {`"x"`}, "If-Match": {"*"}}, 10, true},
		{"as many as may be", "GET", http.Header{"Range": {"bytes=" + strings.Repeat(",", maxRanges-1)}}, 10, true},
		{"malformed ones are refused by net/http", "GET", http.Header{"Range": {"bytes=a"}}, 10, true},
		{"too many", "GET", http.Header{"Range": {"bytes=" + strings.Repeat(",", maxRanges)}}, 10, false},
		{"nothing to cut", "GET", http.Header{"Range": {"bytes=-5"}}, 0, false},
		{"the last no bytes", "GET", http.Header{"Range": {"bytes=0-0,\t-0 "}}, 10, false},
		{"an unknown unit", "GET", http.Header{"Range": {"seconds=0-1"}}, 10, false},
		{"two fields", "GET", http.Header{"Range": {"bytes=0-1", "bytes=0-1"}}, 10, false},
		{"HEAD", "HEAD", http.Header{"Range": {"bytes=0-1"}}, 10, false},
		{"POST", "POST", http.Header{"Range": {"bytes=0-1"}, "If-None-Match": {"*"}}, 10, false},
	} {
		t.Run(row.why, func(t *testing.T) {
			r := httptest.NewRequest(row.method, "/", nil)
			r.Header = row.header
			before := r.Header.Clone()
			got := Evaluated(r, row.size)
			assert.Equal(t, before, r.Header, "the request is the caller's")
			assert.Equal(t, row.method, got.Method)
			assert.Equal(t, row.kept, got.Header["Range"] != nil)
			assert.Equal(t, row.kept && before["If-Range"] != nil, got.Header["If-Range"] != nil)
			assert.False(t, Any(got.Header))
		})
	}
	r := httptest.NewRequest("GET", "/", nil)
	assert.Same(t, r, Evaluated(r, 10), "most requests have neither")
}

func TestFileTime(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(1, 0), time.Unix(1, 999)} {
		assert.Zero(t, FileTime(at), at.String())
	}
	assert.Equal(t, time.Unix(2, 0), FileTime(time.Unix(2, 0)))
}
