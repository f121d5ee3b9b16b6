package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofogo/fogo/examples/orders/event"
	"github.com/gofogo/fogo/examples/orders/internal/dbtest"
	"github.com/gofogo/fogo/examples/orders/internal/faulty"
	"github.com/gofogo/fogo/examples/orders/order"
	"github.com/gofogo/fogo/fogotest"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExports(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		for k, note := range map[string]string{"1": "plain", "2": `=HYPERLINK("http://evil")`, "3": "two\nlines, \"quoted\""} {
			place(t, c, "ada", k, fogotest.JSON(newOrder("MUG-01", 1, note)))
		}
		place(t, c, "bob", "1", mugs(1))

		res := c.Get("/orders/export", as("ada")).ExpectStatus(200).ExpectHeader("Content-Type", "application/x-ndjson")
		assert.Equal(t, 3, strings.Count(string(res.Body), "\n"))
		assert.Equal(t, 4, strings.Count(string(c.Get("/orders/export", as("root")).Body), "\n"))

		res = c.Get("/orders/export.csv", as("ada")).ExpectStatus(200).ExpectHeader("Content-Type", "text/csv; charset=utf-8")
		rows, err := csv.NewReader(strings.NewReader(string(res.Body))).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 4)
		notes := []string{rows[1][6], rows[2][6], rows[3][6]}
		assert.ElementsMatch(t, []string{"plain", `'=HYPERLINK("http://evil")`, "two\nlines, \"quoted\""}, notes)
		c.Get("/orders/export.csv").ExpectStatus(401)
		s.expectIdle()
	})
}

// TestExportSlots takes all slots, by clients that read nothing.
func TestExportSlots(t *testing.T) {
	s := prepare(t, t.TempDir()+"/orders.db", func(c *Config) { c.Database.MaxConns = 2 })
	base, _ := s.serve()
	note := strings.Repeat("x", 500)
	tx, err := s.db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec(`
		INSERT INTO orders (id, user_id, status, note, total, version, created_at, updated_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		SELECT '00000000-0000-7000-8000-' || printf('%012d', i), users.id, 'open', $1, 0, 1, 0, 0
		FROM n, users WHERE users.name = 'ada'`, note)
	require.NoError(t, err)
	_, err = tx.Exec(`INSERT INTO order_items SELECT id, 'MUG-01', 1, 1 FROM orders`)
	require.NoError(t, err)
	require.NoError(t, tx.Commit())

	ctx, leave := context.WithCancel(t.Context())
	slow, err := request(t, ctx, "GET", base+"/orders/export", bearer("ada"), nil)
	require.NoError(t, err)
	defer slow.Body.Close()
	require.Equal(t, 200, slow.StatusCode)
	full, err := request(t, t.Context(), "GET", base+"/orders/export.csv", bearer("ada"), nil)
	require.NoError(t, err)
	full.Body.Close()
	assert.Equal(t, 503, full.StatusCode)
	assert.Equal(t, "10", full.Header.Get("Retry-After"))
	other, err := request(t, t.Context(), "GET", base+"/orders?limit=1", bearer("ada"), nil)
	require.NoError(t, err)
	other.Body.Close()
	assert.Equal(t, 200, other.StatusCode, "the shop goes on")
	leave()
	s.expectIdle()
}

// sse is a stream of events that a test reads.
type sse struct {
	t   *testing.T
	res *http.Response
	in  *bufio.Scanner
}

func follow(t *testing.T, url string, header map[string]string) *sse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	res, err := request(t, ctx, "GET", url, header, nil)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	t.Cleanup(func() { res.Body.Close() })
	return &sse{t, res, bufio.NewScanner(res.Body)}
}

// next returns the next event, false at the end of the stream.
func (s *sse) next() (e event.Event, ok bool) {
	s.t.Helper()
	fields := map[string]string{}
	for s.in.Scan() {
		name, value, _ := strings.Cut(s.in.Text(), ": ")
		fields[name] = value
		if name == "data" {
			e = eventOf(s.t, value)
			assert.Equal(s.t, fields["id"], strconv.FormatInt(e.Position, 10))
			assert.Equal(s.t, fields["event"], string(e.Type))
			return e, true
		}
	}
	require.NoError(s.t, s.in.Err())
	return e, false
}

func (s *sse) expect(what event.Type, o order.Order) event.Event {
	s.t.Helper()
	e, ok := s.next()
	require.True(s.t, ok)
	assert.Equal(s.t, what, e.Type)
	assert.Equal(s.t, o.ID.String(), e.OrderID)
	return e
}

// TestEvents is about what is told: everything that was committed, nothing that
// was not, once and in order.
func TestEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		base, _ := s.serve()
		other := prepare(t, dsn) // another instance on the same database
		c := other.client(fogotest.AllowErrors())

		ada, root := follow(t, base+"/orders/events", bearer("ada")), follow(t, base+"/orders/events", bearer("root"))
		next(other.faults, faulty.Refused)
		c.Post("/orders", as("ada"), key("0"), mugs(1)).ExpectStatus(500)
		first := place(t, c, "ada", "1", mugs(1))
		seen := ada.expect(event.Created, first)
		root.expect(event.Created, first)
		bobs := place(t, c, "bob", "1", mugs(1))
		c.Post("/orders/"+first.ID.String()+"/cancel", as("ada"), ifMatch("*")).ExpectStatus(200)
		ada.expect(event.Cancelled, first)
		root.expect(event.Created, bobs)
		root.expect(event.Cancelled, first)

		// Who was away gets what was missed, and then goes on.
		again := bearer("ada")
		again["Last-Event-ID"] = "0"
		back := follow(t, base+"/orders/events", again)
		assert.Equal(t, seen, back.expect(event.Created, first))
		back.expect(event.Cancelled, first)
		second := place(t, c, "ada", "2", mugs(1))
		back.expect(event.Created, second)
		ada.expect(event.Created, second)
	})
}

func TestFeed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		_, refused := c.Handshake("/orders/feed")
		refused.ExpectStatus(401)
		_, refused = c.Handshake("/orders/feed?after=x", as("ada"))
		refused.ExpectStatus(400)
		_, refused = c.Handshake("/orders/feed", as("ada"), fogotest.Header("Origin", "https://evil.example"))
		refused.ExpectStatus(403)

		ada, bob := c.WebSocket("/orders/feed?after=0", as("ada")), c.WebSocket("/orders/feed?after=0", as("bob"))
		o := place(t, c, "ada", "1", mugs(2))
		push := fogotest.Expect[order.Push](ada)
		assert.Equal(t, event.Created, push.Event.Type)
		assert.Equal(t, o.ID.String(), push.Event.OrderID)

		ask := order.Ask{OrderID: o.ID}
		ada.SendJSON(ask).ExpectJSON(order.Reply{Order: &o})
		bob.SendJSON(ask).ExpectJSON(order.Reply{Problem: "You have no such order."})
		bob.SendText(`{"order_id":"' OR 1=1 --"}`).ExpectClose(ws.CodeInvalidPayload)
		s.expectIdle()
		ada.SendText(strings.Repeat(" ", 5<<10)).ExpectClose(ws.CodeMessageTooBig)

		again := c.WebSocket("/orders/feed?after=0", as("ada"))
		assert.Equal(t, push, fogotest.Expect[order.Push](again))
		again.Close(ws.CodeNormal)
	})
}

// TestTokenExpires ends what outlives its token.
func TestTokenExpires(t *testing.T) {
	s := prepare(t, t.TempDir()+"/orders.db")
	c := s.client()
	_, err := s.db.Exec(`UPDATE tokens SET expires_at = $1 WHERE id = 'ada'`, time.Now().Add(300*time.Millisecond).UnixMilli())
	require.NoError(t, err)
	ada := c.WebSocket("/orders/feed", as("ada"))
	assert.Equal(t, ws.Reason("the token has expired"), ada.ExpectClose(ws.CodePolicyViolation))
	c.Get("/orders", as("ada")).ExpectStatus(401)
}

// TestStop ends streams and sockets in good order, and at once.
func TestStop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		base, stop := s.serve()
		stream := follow(t, base+"/orders/events", bearer("ada"))
		conn, _, err := ws.Dial(t.Context(), strings.Replace(base, "http", "ws", 1)+"/orders/feed", dialAs("ada"))
		require.NoError(t, err)
		defer conn.Finish()
		code := make(chan ws.Code, 1)
		go func() { code <- closeCode(conn) }()
		begun := time.Now()
		stop()
		assert.Less(t, time.Since(begun), 10*time.Second, "nobody waited for the timeout")
		_, more := stream.next()
		assert.False(t, more)
		assert.Equal(t, ws.CodeGoingAway, <-code)
		assert.Error(t, s.db.Ping(), "the pool is closed")
	})
}

// closeCode reads a connection to its end.
func closeCode(conn *ws.WebSocket) ws.Code {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, err := conn.Receive(ctx); err != nil {
			code, _, _ := conn.CloseCode()
			return code
		}
	}
}
