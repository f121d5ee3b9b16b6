package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// word is some text that nobody else sends.
func word(rnd *rand.Rand) string { return strconv.FormatUint(rnd.Uint64(), 36) }

// encode encodes what can be.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

var jsonType = []string{"Content-Type", "application/json"}

// getUser gets what three values made for the request know, and now and then
// what the request lacks for them.
func getUser(_ context.Context, c *client, rnd *rand.Rand) error {
	id, trace, user := rnd.IntN(1e9), word(rnd), word(rnd)
	path := "/users/" + strconv.Itoa(id)
	switch rnd.IntN(20) {
	case 0:
		a, err := c.do(ask{method: "GET", path: path, header: []string{userHeader, "nobody"}})
		if err != nil {
			return err
		}
		return a.wantsProblem(http.StatusUnauthorized, "Who are you?")
	case 1:
		a, err := c.do(ask{method: "GET", path: path + "x"})
		if err != nil {
			return err
		}
		return a.wantsProblem(http.StatusBadRequest, "path.user_id")
	}
	a, err := c.do(ask{method: "GET", path: path, header: []string{traceHeader, trace, userHeader, user}})
	if err != nil {
		return err
	}
	want := User{UserID(id), "user " + strconv.Itoa(id), trace, user, true}
	return errors.Join(a.wants(http.StatusOK, encode(want)), a.wantsHeader("Content-Type", "application/json"))
}

// postOrder posts a body that is validated, one in five of them in vain.
func postOrder(_ context.Context, c *client, rnd *rand.Rand) error {
	o := Order{Item: word(rnd), Count: 1 + rnd.IntN(100), Notes: []Text{{word(rnd)}, {strings.Repeat("é", rnd.IntN(2000)+1)}}}
	bad := rnd.IntN(5) == 0
	if bad {
		o.Count, o.Notes[1].Text = 101, ""
	}
	a, err := c.do(ask{"POST", "/orders", strings.NewReader(encode(o)), jsonType})
	switch {
	case err != nil:
		return err
	case bad:
		return errors.Join(a.wantsProblem(http.StatusUnprocessableEntity, `"body.count"`),
			a.wantsProblem(http.StatusUnprocessableEntity, `"body.notes[1].text"`))
	}
	return errors.Join(a.wantsJSON(http.StatusCreated, o), a.wantsHeader("Location", "/orders/"+o.Item))
}

// getSearch gets a params struct back.
func getSearch(_ context.Context, c *client, rnd *rand.Rand) error {
	theme := word(rnd)
	q := Query{Kind: word(rnd), Text: word(rnd), Page: rnd.IntN(1000), Tags: []string{word(rnd), word(rnd)}, Client: word(rnd), Theme: &theme}
	path := fmt.Sprintf("/search/%s?q=%s&page=%d&tag=%s&tag=%s", q.Kind, q.Text, q.Page, q.Tags[0], q.Tags[1])
	header := []string{"X-Client", q.Client, "Cookie", "theme=" + theme}
	if rnd.IntN(4) == 0 {
		path, header = strings.Replace(path, "page=", "other=", 1), header[:2]
		q.Page, q.Theme = 1, nil
	}
	a, err := c.do(ask{method: "GET", path: path, header: header})
	if err != nil {
		return err
	}
	return a.wantsJSON(http.StatusOK, q)
}

// useNote uses the methods of a class, one that it doesn't have among them.
func useNote(_ context.Context, c *client, rnd *rand.Rand) error {
	id, user := word(rnd), word(rnd)
	var body io.Reader
	method := []string{"GET", "HEAD", "PUT", "DELETE"}[rnd.IntN(4)]
	if method == "PUT" {
		body = strings.NewReader(id)
	}
	a, err := c.do(ask{method, "/notes/" + id, body, []string{userHeader, user}})
	if err != nil {
		return err
	}
	switch method {
	case "GET":
		return a.wants(http.StatusOK, user+" reads "+id)
	case "PUT":
		return a.wants(http.StatusNoContent, "")
	case "DELETE":
		return errors.Join(a.wantsProblem(http.StatusMethodNotAllowed, ""), a.wantsHeader("Allow", "GET, HEAD, PUT, OPTIONS"))
	}
	return a.wants(http.StatusOK, "")
}

// form is an upload that is too large for the memory that it may have.
func form(rnd *rand.Rand, title string) (body []byte, typ string, want Stored) {
	content := make([]byte, 20<<10+rnd.IntN(200<<10))
	for i := 0; i < len(content); i += 97 {
		content[i] = byte(rnd.Uint32())
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("title", title)
	part, _ := w.CreateFormFile("file", "../../"+title+".bin")
	_, _ = part.Write(content)
	_ = w.Close()
	sum := sha256.Sum256(content)
	return b.Bytes(), w.FormDataContentType(), Stored{title, title + ".bin", int64(len(content)), hex.EncodeToString(sum[:]), true}
}

// sendFile uploads a file.
func sendFile(_ context.Context, c *client, rnd *rand.Rand) error {
	body, typ, want := form(rnd, word(rnd))
	a, err := c.do(ask{"POST", "/upload", bytes.NewReader(body), []string{"Content-Type", typ}})
	if err != nil {
		return err
	}
	return a.wantsJSON(http.StatusOK, want)
}

// cutFile is a client that is gone in the middle of its upload.
func cutFile(_ context.Context, c *client, rnd *rand.Rand) error {
	body, typ, _ := form(rnd, word(rnd))
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", typ, len(body), body[:18<<10+rnd.IntN(2<<10)])
	if rnd.IntN(2) == 0 {
		_ = conn.SetLinger(0) // by RST
	}
	return err
}

// readFile reads a static file, whole, in part, and if it has changed.
func readFile(_ context.Context, c *client, rnd *rand.Rand) error {
	whole, err := c.do(ask{method: "GET", path: "/files/some.txt"})
	if err != nil {
		return err
	}
	tag := whole.header.Get("ETag")
	if err := whole.wants(http.StatusOK, staticText); err != nil || tag == "" {
		return errors.Join(err, whole.wantsHeader("ETag", "(a tag)"))
	}
	from := rnd.IntN(len(staticText) - 10)
	var a *answer
	switch rnd.IntN(4) {
	case 0:
		if a, err = c.do(ask{method: "GET", path: "/files/some.txt", header: []string{"If-None-Match", tag}}); err == nil {
			err = a.wants(http.StatusNotModified, "")
		}
	case 1:
		if a, err = c.do(ask{method: "GET", path: "/files/other.txt"}); err == nil {
			err = a.wantsProblem(http.StatusNotFound, "")
		}
	default:
		if a, err = c.do(ask{method: "GET", path: "/files/some.txt", header: []string{"Range", fmt.Sprintf("bytes=%d-%d", from, from+9), "If-Range", tag}}); err == nil {
			err = a.wants(http.StatusPartialContent, staticText[from:from+10])
		}
	}
	return err
}

var staticText = strings.Repeat("All work and no play makes a dull service.\n", 1000)

// echoPacked sends a compressed body and gets a compressed answer.
func echoPacked(_ context.Context, c *client, rnd *rand.Rand) error {
	text := strings.Repeat(word(rnd)+"\n", 100+rnd.IntN(400))
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	a, err := c.do(ask{"POST", "/packed/echo", &b, []string{"Content-Type", "text/plain", "Content-Encoding", "gzip", "Accept-Encoding", "gzip"}})
	if err != nil {
		return err
	}
	if err := a.wantsHeader("Content-Encoding", "gzip"); err != nil {
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return err
	}
	if a.body, err = io.ReadAll(r); err != nil {
		return err
	}
	return a.wants(http.StatusOK, text)
}

// failures are what goes wrong in a handler, or after it.
func failures(_ context.Context, c *client, rnd *rand.Rand) error {
	how := []string{"secret", "told", "panic", "commit", "abort", "not"}[rnd.IntN(6)]
	a, err := c.do(ask{method: "GET", path: "/fail/" + how})
	if how == "abort" {
		if err == nil {
			return fmt.Errorf("an answer that was aborted is %d %s", a.status, short(a.body))
		}
		return nil
	}
	switch {
	case err != nil:
		return err
	case how == "not":
		return a.wants(http.StatusOK, "committed")
	case how == "told":
		return a.wantsProblem(http.StatusConflict, "Somebody was faster.")
	}
	return a.wantsProblem(http.StatusInternalServerError, "request_id")
}

// abandon leaves while the handler is at work.
func abandon(_ context.Context, c *client, rnd *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+rnd.IntN(50))*time.Millisecond)
	defer cancel()
	r, err := c.request(ctx, ask{method: "GET", path: "/wait"})
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err == nil {
		resp.Body.Close()
		return fmt.Errorf("a handler that waits for its client to leave answered %d", resp.StatusCode)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
