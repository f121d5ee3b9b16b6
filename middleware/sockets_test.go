package middleware_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gofogo/fogo/middleware"
)

// raw sends bytes as they are, and reads the answers until the server closes or
// waits for more.
func raw(t *testing.T, addr, text string) []*http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	var list []*http.Response
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return list
		}
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body = io.NopCloser(strings.NewReader(string(b)))
		if list = append(list, resp); resp.Close {
			return list
		}
	}
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}

// TestLengthsThatLie: what follows a body that was refused is never read as a
// request, however it was framed.
func TestLengthsThatLie(t *testing.T) {
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	var l log
	srv := serve(t, middleware.Chain(
		middleware.AccessLog(l.logger(), middleware.AccessLogOptions{}), middleware.BodyLimit(16),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err == nil {
			fmt.Fprintf(w, "%s %d", r.URL.Path, len(b))
		}
	})))
	addr := srv.Listener.Addr().String()
	const post = "POST / HTTP/1.1\r\nHost: x\r\n"
	rows := []struct {
		name, text string
		status     int
	}{
		{"a length above the limit, and all of it", post + "Content-Length: 1000000\r\n\r\n" + strings.Repeat(smuggled, 1000), 413},
		{"a length above the limit that waits", post + "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n", 413},
		{"a chunk above the limit", post + "Transfer-Encoding: chunked\r\n\r\nffff\r\n" + smuggled, 413},
		{"many chunks above the limit", post + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 20) + smuggled, 413},
		{"a length and chunks", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + smuggled, 413},
		{"two lengths", post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400},
		{"a negative length", post + "Content-Length: -1\r\n\r\n", 400},
		{"a length without end", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			list := raw(t, addr, row.text)
			require.Len(t, list, 1)
			assert.Equal(t, row.status, list[0].StatusCode)
			assert.True(t, list[0].Close)
			if row.status == 413 {
				assertProblem(t, list[0].Header, list[0].Status, bodyOf(t, list[0]), 413)
			}
		})
	}
	for _, rec := range l.records() {
		assert.NotEqual(t, "/smuggled", rec["path"])
	}
}

// TestHostileFields: whatever a client writes into the fields that middleware
// reads, it is one record of the log, and no field of the answer.
func TestHostileFields(t *testing.T) {
	var l log
	srv := serve(t, middleware.Chain(
		middleware.RealIP(middleware.RealIPOptions{Trusted: loopback, Host: true}),
		middleware.RequestID(middleware.RequestIDOptions{TrustAll: true}),
		middleware.AccessLog(l.logger(), middleware.AccessLogOptions{}),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, middleware.ClientIP(r), " ", middleware.BaseURL(r))
	})))
	addr := srv.Listener.Addr().String()
	rows := []struct{ name, fields, want string }{
		{"nothing", "", "127.0.0.1 http://x"},
		{"a fold in an id", "X-Request-Id: a\r\n msg=forged\r\n", "127.0.0.1 http://x"},
		{"bytes in an id", "X-Request-Id: a\x80\xffb\r\n", "127.0.0.1 http://x"},
		{"a long id", "X-Request-Id: " + strings.Repeat("a", 100_000) + "\r\n", "127.0.0.1 http://x"},
		{"an address in many lines", strings.Repeat("X-Forwarded-For: 10.0.0.1\r\n", 2000) + "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7 http://x"},
		{"an address in a fold", "X-Forwarded-For: 10.0.0.1,\r\n 203.0.113.7\r\n", "203.0.113.7 http://x"},
		{"a host with a path", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Host: evil.example/x\r\n", "203.0.113.7 http://x"},
		{"a host with an account", "X-Forwarded-Host: a@evil.example\r\n", "127.0.0.1 http://x"},
		{"a scheme that runs", "X-Forwarded-Proto: javascript\r\n", "127.0.0.1 http://x"},
		{"other spellings", "X_Forwarded_For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\nX-Real-Ip: 203.0.113.7\r\n", "127.0.0.1 http://x"},
	}
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			list := raw(t, addr, "GET /%0a%0dlevel=ERROR%1b%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+row.fields+"\r\n")
			require.Len(t, list, 1)
			require.Equal(t, 200, list[0].StatusCode)
			assert.Equal(t, row.want, bodyOf(t, list[0]))
			recs := l.wait(t, i+1)
			require.Len(t, recs, i+1, "a record for each request")
			assert.Equal(t, "INFO", recs[i]["level"])
			id := list[0].Header.Get("X-Request-Id")
			assert.Equal(t, id, recs[i]["request_id"])
			assert.Regexp(t, `^[!-~]{1,128}$`, id)
		})
	}
}

// TestSmallAnswers: nothing is added to answers that have no body, and nothing is
// taken from those before them.
func TestSmallAnswers(t *testing.T) {
	mux := http.NewServeMux()
	for _, status := range []int{204, 304, 205, 418} {
		mux.HandleFunc(fmt.Sprintf("/%d", status), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(status)
			w.WriteHeader(500) // superfluous
		})
	}
	var l log
	srv := serve(t, stack(&l)(mux))
	for i, status := range []int{204, 304, 205, 418} {
		list := raw(t, srv.Listener.Addr().String(), fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", status))
		require.Len(t, list, 3)
		assert.Equal(t, []int{103, 102, status}, []int{list[0].StatusCode, list[1].StatusCode, list[2].StatusCode})
		assert.Equal(t, "</a.css>; rel=preload", list[0].Header.Get("Link"))
		assert.Empty(t, bodyOf(t, list[2]))
		assert.EqualValues(t, status, l.wait(t, i+1)[i]["status"])
	}
}
