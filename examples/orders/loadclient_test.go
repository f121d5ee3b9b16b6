package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/examples/orders/credit"
	"github.com/gofogo/fogo/examples/orders/order"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
)

// loadClient is one client of TestLoad, with connections of its own.
type loadClient struct {
	t    *testing.T
	base string
	who  string
	name string
	n    int
	http *http.Client
	book *ledger
	last *order.Order // one of its own that it may change
}

func newLoadClient(t *testing.T, base string, i int, book *ledger) *loadClient {
	return &loadClient{
		t: t, base: base, who: []string{"ada", "bob"}[i%2], name: fmt.Sprintf("c%03d", i), book: book,
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}},
	}
}

// run does one thing after the other until ctx is done. The last one is finished
// in good order: only clients that mean to leave leave.
func (c *loadClient) run(ctx context.Context) {
	defer c.http.CloseIdleConnections()
	for ctx.Err() == nil {
		c.n++
		switch n := rand.IntN(100); {
		case n < 35:
			c.place()
		case n < 43:
			c.fail()
		case n < 55:
			c.change()
		case n < 75:
			c.transfer()
		case n < 85:
			c.do(c.life(), "GET", "/orders?limit=5", nil, nil)
		case n < 88:
			c.do(c.life(), "GET", "/orders/export", nil, nil)
		case n < 91:
			c.watch("/orders/events?after=0")
		case n < 94:
			c.socket(ctx)
		case n < 97:
			c.half()
		default:
			c.do(context.Background(), "GET", "/orders/"+strings.Repeat("x", n), nil, nil)
		}
	}
}

// life is the context of a request: one in six is left before it ends.
func (c *loadClient) life() context.Context {
	if rand.IntN(6) > 0 {
		return context.Background()
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Duration(rand.IntN(30))*time.Millisecond, cancel)
	return ctx
}

// place places an order, and repeats the request if it got no answer or a 503.
func (c *loadClient) place() {
	note := fmt.Sprintf("%s-%d", c.name, c.n)
	sku := []string{"MUG-01", "TEE-01", "POSTER-01"}[rand.IntN(3)]
	header := map[string]string{"Idempotency-Key": note}
	for range 3 {
		status, body := c.do(c.life(), "POST", "/orders", header, newOrder(sku, 1+rand.IntN(3), note))
		c.book.tell(note, c.verdict(status, body), status, body)
		if status == 201 {
			var o order.Order
			if assert.NoError(c.t, json.Unmarshal(body, &o)) {
				c.last = &o
			}
		}
		if status != 0 && status != 503 {
			return
		}
	}
}

// verdict takes an answer by its word. Only a 503 may leave it open: that which
// says so, and that of the deadline, which knows nothing of the view's.
func (c *loadClient) verdict(status int, body []byte) verdict {
	switch {
	case status >= 200 && status < 300:
		return succeeded
	case status == 0,
		status == 503 && (bytes.Contains(body, []byte("not known")) || bytes.Contains(body, []byte("took too long"))):
		return unknown
	}
	return refused
}

// fail calls the view that fails after it has placed its order.
func (c *loadClient) fail() {
	how := []string{"panic", "error", "abort"}[rand.IntN(3)]
	if rand.IntN(50) == 0 { // they take a second each, with the products locked
		how = []string{"hang", "late"}[rand.IntN(2)]
	}
	note := fmt.Sprintf("failing-%s-%s-%d", how, c.name, c.n)
	status, body := c.do(c.life(), "POST", "/failing?fault="+how, nil, newOrder("MUG-01", 1, note))
	c.book.tell(note, c.verdict(status, body), status, body)
	assert.False(c.t, status >= 200 && status < 300, "%s: %d", how, status)
}

// change changes or cancels its last order, sometimes with an old version.
func (c *loadClient) change() {
	if c.last == nil {
		return
	}
	path, version := "/orders/"+c.last.ID.String(), c.last.Version
	header := map[string]string{"If-Match": fmt.Sprintf(`"v%d"`, version-int64(rand.IntN(4)/3))}
	var status int
	var body []byte
	if rand.IntN(2) == 0 {
		status, body = c.do(c.life(), "POST", path+"/cancel", header, nil)
	} else {
		status, body = c.do(c.life(), "PATCH", path, header, order.Change{Note: c.last.Note})
	}
	if status == 200 && json.Unmarshal(body, c.last) == nil {
		assert.Equal(c.t, version+1, c.last.Version)
	}
	if status != 200 || c.last.Status != order.Open {
		c.last = nil // its version is not known any more
	}
}

// transfer moves money, and repeats the request as place does.
func (c *loadClient) transfer() {
	from, to := adaAccount, bobAccount
	if c.who == "bob" {
		from, to = to, from
	}
	key := fmt.Sprintf("transfer-%s-%d", c.name, c.n)
	header := map[string]string{"Idempotency-Key": key}
	body := map[string]any{"from": from, "to": to, "amount": 1 + rand.IntN(300)}
	for range 3 {
		status, answer := c.do(c.life(), "POST", "/transfers", header, body)
		c.book.tell(key, c.verdict(status, answer), status, answer)
		if status == 201 {
			var t credit.Transfer
			assert.NoError(c.t, json.Unmarshal(answer, &t))
			c.book.moved(c.t, key, t.ID.String())
		}
		if status != 0 && status != 503 {
			return
		}
	}
}

// watch reads a stream for a moment, and leaves.
func (c *loadClient) watch(path string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(200))*time.Millisecond)
	defer cancel()
	c.do(ctx, "GET", path, nil, nil)
}

// socket asks for its last order, and closes the connection or drops it.
func (c *loadClient) socket(ctx context.Context) {
	conn, _, err := ws.Dial(ctx, strings.Replace(c.base, "http", "ws", 1)+"/orders/feed", dialAs(c.who))
	if err != nil {
		return
	}
	defer conn.Finish()
	if c.last != nil && conn.SendJSON(order.Ask{OrderID: c.last.ID}) == nil {
		_, _ = conn.Receive(ctx)
	}
	if rand.IntN(2) == 0 {
		conn.Fail(ws.CodeGoingAway, "")
		return
	}
	_ = conn.Close(ws.CodeNormal)
}

// half sends half a request and hangs up.
func (c *loadClient) half() {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s.demo\r\nIdempotency-Key: %s-%d\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"items\":[", c.who, c.name, c.n)
	time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
}

// do makes a request and returns the status, 0 if there was no whole answer.
func (c *loadClient) do(ctx context.Context, method, path string, header map[string]string, body any) (status int, answer []byte) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		assert.NoError(c.t, err)
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	assert.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.who+".demo")
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	c.book.requests.Add(1)
	defer func() {
		c.book.statuses[status/100].Add(1)
		if status == 503 {
			c.book.busy.Add(1)
		}
	}()
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

func dialAs(who string) *ws.DialOptions {
	return &ws.DialOptions{ClientOptions: ws.ClientOptions{Header: http.Header{"Authorization": {"Bearer " + who + ".demo"}}}}
}
