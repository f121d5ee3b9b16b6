package resolve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParts(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	u := serveUpload(t, resolve.Uploads{}, func(parts resolve.Parts) (string, error) {
		var b strings.Builder
		for p, err := range parts {
			if err != nil {
				return "", err
			}
			fmt.Fprint(&b, p.Name, " ", p.IsFile(), " ", p.Filename, " ", p.ContentType, "=")
			switch p.Name {
			case "skipped":
			case "half":
				_, err = io.ReadFull(p, make([]byte, 2))
			case "saved":
				_, err = p.SaveTo(root, "saved")
			default:
				text, fault := p.Text()
				err = fault
				b.WriteString(text)
			}
			if err != nil {
				return "", err
			}
			b.WriteString(";")
		}
		return b.String(), nil
	})
	status, answer := u.send(textPart("a", "1"), filePart("skipped", "x", "skipped"), textPart("half", "half"),
		filePart("saved", "../y", "content"), textPart("a", "2"), textPart("empty", ""))
	assert.Equal(t, 200, status)
	assert.Equal(t, "a false  =1;skipped true x application/octet-stream=;half false  =;saved true y application/octet-stream=;a false  =2;empty false  =;", answer)
	data, err := os.ReadFile(filepath.Join(dir, "saved"))
	require.NoError(t, err)
	assert.Equal(t, "content", string(data))

	status, answer = u.send()
	assert.Equal(t, 200, status)
	assert.Empty(t, answer)
}

// What is wrong is told to who reads, and by who returns it to the client.
func TestPartsFaults(t *testing.T) {
	called := false
	u := serveUpload(t, resolve.Uploads{MaxParts: 50, MaxField: 100}, func(parts resolve.Parts) error {
		called = true
		for p, err := range parts {
			if err != nil {
				assert.Nil(t, p)
				return err
			}
			if _, err := p.Text(); err != nil {
				return err
			}
		}
		return nil
	}, endpoint.MaxBody(100_000))
	for _, row := range []struct {
		name, contentType, body string
		status                  int
		fault                   string
		called                  bool
	}{
		{"another type", "application/json", "{}", 415, "send multipart/form-data", false},
		{"no boundary", "multipart/form-data", "", 400, at("header.Content-Type", "has no boundary"), false},
		{"said too large", "multipart/form-data; boundary=b", rawForm(textPart("x", strings.Repeat("x", 200_000))), 413, at("body", "is larger than 100000 bytes"), false},
		{"breaks off", "multipart/form-data; boundary=b", rawForm(textPart("x", "1"))[:50], 400, at("form", "is not a valid multipart form: it breaks off in part 1"), true},
		{"too many", "multipart/form-data; boundary=b", rawForm(strings.Split(strings.Repeat("|"+textPart("x", ""), 51), "|")[1:]...), 413, at("form", "has more than 50 parts"), true},
		{"a text too large", "multipart/form-data; boundary=b", rawForm(textPart(strings.Repeat("n", 60), strings.Repeat("x", 101))), 413, at("form."+strings.Repeat("n", 40)+"…", "is larger than 100 bytes"), true},
		{"a text that is not UTF-8", "multipart/form-data; boundary=b", rawForm(textPart("x", "\xff")), 400, at("form.x", "is not valid UTF-8"), true},
		{"nothing", "multipart/form-data; boundary=b", "", 400, at("form", "is not a valid multipart form: it breaks off in part 1"), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			called = false
			status, answer, _ := u.post(row.contentType, strings.NewReader(row.body))
			assert.Equal(t, row.status, status, answer)
			assert.Contains(t, answer, row.fault)
			assert.Equal(t, row.called, called)
		})
	}
	// Of unknown length, so that the limit is found on the way.
	status, answer, _ := u.post("multipart/form-data; boundary=b", io.MultiReader(strings.NewReader(rawForm(filePart("x", "x", strings.Repeat("x", 200_000))))))
	assert.Equal(t, 413, status, answer)
}

// A part is good until the next one, and nothing is after the call.
func TestPartsEnd(t *testing.T) {
	var kept resolve.Parts
	var last *resolve.Part
	u := serveUpload(t, resolve.Uploads{}, func(parts resolve.Parts) {
		kept = parts
		var first *resolve.Part
		for p, err := range parts {
			require.NoError(t, err)
			if first == nil {
				first = p
				continue
			}
			_, err = first.Read(make([]byte, 1))
			assert.ErrorIs(t, err, io.ErrClosedPipe)
			last = p
			break
		}
		for p, err := range parts {
			require.NoError(t, err)
			assert.Equal(t, "c", p.Name, "a second loop goes on where the first left off")
		}
		for range parts {
			t.Error("the end is the end")
		}
	})
	status, answer := u.send(textPart("a", "1"), textPart("b", "2"), textPart("c", "3"))
	require.Equal(t, 204, status, answer)
	require.Eventually(t, func() bool {
		_, err := last.Read(make([]byte, 1))
		return errors.Is(err, resolve.ErrUploadOver)
	}, time.Second, time.Millisecond)
	for p, err := range kept {
		assert.Nil(t, p)
		assert.ErrorIs(t, err, resolve.ErrUploadOver)
	}
}

// The handler has a part before the client has sent the next.
func TestPartsArriveOneByOne(t *testing.T) {
	names := make(chan string)
	u := serveUpload(t, resolve.Uploads{}, func(ctx context.Context, parts resolve.Parts) error {
		for p, err := range parts {
			if err != nil {
				return err
			}
			text, err := p.Text()
			if err != nil {
				return err
			}
			names <- p.Name + text
		}
		return nil
	})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(u.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	send := func(s string) {
		_, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", len(s), s)
		require.NoError(t, err)
	}
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n")
	require.NoError(t, err)
	send("--b\r\n")
	for i := range 3 {
		// The line behind a part is its end; what follows has not been sent.
		send(textPart(fmt.Sprint("n", i), "=x") + "\r\n--b\r\n")
		assert.Equal(t, fmt.Sprintf("n%d=x", i), <-names)
	}
	send(textPart("last", "") + "\r\n--b--")
	_, err = io.WriteString(conn, "0\r\n\r\n")
	require.NoError(t, err)
	assert.Equal(t, "last", <-names)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 204, resp.StatusCode)
}
