package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/internal/dbtest"
	"github.com/gofogo/fogo/examples/orders/internal/faulty"
	"github.com/gofogo/fogo/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	loadFor     = flag.Duration("load", 3*time.Second, "how long TestLoad lasts, for each database")
	loadClients = flag.Int("clients", 200, "how many clients it has")
)

// TestLoad lets many clients do everything at once, over the network, while
// views fail and panic, clients leave, time runs out, commits are refused and
// lost, and somebody locks the database now and then. Afterwards it compares
// what the clients were told with what the database has.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, backend := range []struct {
		name string
		dsn  func(*testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return t.TempDir() + "/orders.db" }},
		{"postgres", dbtest.Postgres},
	} {
		t.Run(backend.name, func(t *testing.T) { runLoad(t, backend.dsn(t)) }) // one after the other
	}
}

const (
	initialStock  = 2_000_000
	initialScarce = 100
	initialCredit = 20_000 // of both accounts
)

func runLoad(t *testing.T, dsn string) {
	s := prepare(t, dsn, func(c *Config) {
		c.Timeout = time.Second
		c.Database.Busy = 200 * time.Millisecond
		c.Database.MaxConns = 16
		c.Logger = slog.New(slog.DiscardHandler)
	})
	s.app.Post("/failing", failing)
	base, stop := s.serve()
	_, err := s.db.Exec(`UPDATE products SET stock = CASE sku WHEN 'POSTER-01' THEN CAST($1 AS BIGINT) ELSE CAST($2 AS BIGINT) END`, initialScarce, initialStock)
	require.NoError(t, err)
	s.faults.OnCommit(func(ctx context.Context) faulty.Outcome {
		switch {
		case !ofRequest(ctx):
			return faulty.Fine
		case rand.IntN(40) == 0:
			return faulty.Refused
		case rand.IntN(200) == 0:
			return faulty.Lost
		case rand.IntN(200) == 0:
			return faulty.Late
		}
		return faulty.Fine
	})
	sockets := dialSockets(t, base, 20)

	ctx, cancel := context.WithTimeout(t.Context(), *loadFor)
	defer cancel()
	var all sync.WaitGroup
	book := &ledger{told: map[string]verdict{}, answers: map[string]string{}, transfers: map[string]string{}}
	for i := range *loadClients {
		c := newLoadClient(t, base, i, book)
		all.Go(func() { c.run(ctx) })
	}
	all.Go(func() { lockNowAndThen(ctx, t, s) })
	lowest := watchStock(ctx, t, s, &all)
	all.Wait()

	s.expectIdle() // before the pool is closed
	checkLedger(t, s, book)
	checkTransfers(t, s, book)
	assert.GreaterOrEqual(t, lowest.Load(), int64(0))
	open := s.db.Stats().OpenConnections
	assert.LessOrEqual(t, open, 16)
	events := s.count(`SELECT count(*) FROM outbox`)
	assert.Eventually(t, func() bool { return sockets.most.Load() == events }, patience, 5*time.Millisecond,
		"a socket is told of everything that happened, and of nothing else")
	stop()
	sockets.expectClosed(t)
	assert.Equal(t, events, sockets.most.Load())
	t.Logf("%s; refused commits %d, lost %d; %d events; connections open %d, in use 0",
		book, s.faults.Refusals.Load(), s.faults.Losses.Load(), events, open)
}

// lockNowAndThen keeps writers waiting for longer than they are willing to.
func lockNowAndThen(ctx context.Context, t *testing.T, s *setup) {
	for wait(ctx, 1200*time.Millisecond) {
		tx, err := s.db.Begin()
		if err != nil {
			continue // it was busy itself
		}
		if _, err = tx.Exec(`UPDATE products SET stock = stock`); err == nil {
			wait(ctx, 400*time.Millisecond)
		}
		assert.NoError(t, tx.Rollback())
	}
}

// watchStock looks all the time for the lowest stock there is.
func watchStock(ctx context.Context, t *testing.T, s *setup, all *sync.WaitGroup) *atomic.Int64 {
	lowest := &atomic.Int64{}
	lowest.Store(initialStock)
	all.Go(func() {
		for wait(ctx, 5*time.Millisecond) {
			var n int64
			if s.db.QueryRowContext(ctx, `SELECT min(stock) FROM products`).Scan(&n) == nil {
				lowest.Store(min(lowest.Load(), n))
			}
		}
	})
	return lowest
}

// wait reports false once ctx is done.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// checkLedger compares what clients were told with what there is.
func checkLedger(t *testing.T, s *setup, book *ledger) {
	rows, err := s.db.Query(`SELECT note, status FROM orders`)
	require.NoError(t, err)
	stored := map[string]string{}
	for rows.Next() {
		var note, status string
		require.NoError(t, rows.Scan(&note, &status))
		assert.NotContains(t, stored, note, "an order was placed twice")
		stored[note] = status
	}
	require.NoError(t, rows.Err())
	var missing, ghosts []string
	for note, v := range book.told {
		_, there := stored[note]
		switch {
		case isTransfer(note):
		case v == succeeded && !there:
			missing = append(missing, note+book.answers[note])
		case v == refused && there:
			ghosts = append(ghosts, note+book.answers[note])
		}
	}
	assert.Empty(t, missing, "answered 201, and not there")
	assert.Empty(t, ghosts, "answered with a failure, and there")
	for note := range stored {
		assert.Contains(t, book.told, note)
		assert.False(t, strings.HasPrefix(note, "failing"), note)
	}
	assert.Positive(t, len(stored))
	assert.Equal(t, int64(initialCredit), s.count(`SELECT CAST(sum(balance) AS BIGINT) FROM accounts`))
	sold := s.count(`SELECT COALESCE(CAST(sum(i.quantity) AS BIGINT), 0) FROM order_items i JOIN orders ON orders.id = i.order_id WHERE orders.status <> 'cancelled'`)
	assert.Equal(t, int64(2*initialStock+initialScarce), s.count(`SELECT CAST(sum(stock) AS BIGINT) FROM products`)+sold)
	assert.Equal(t, s.count(`SELECT CAST(sum(version) AS BIGINT) FROM orders`), s.count(`SELECT count(*) FROM outbox`),
		"one event for each version of an order")
}

// isTransfer tells the key of a transfer from the note of an order.
func isTransfer(name string) bool { return strings.HasPrefix(name, "transfer-") }

// checkTransfers compares what clients were told of transfers with the keys, the
// transfers and the balances that there are.
func checkTransfers(t *testing.T, s *setup, book *ledger) {
	text := func(rows *sql.Rows) (v string, err error) { return v, rows.Scan(&v) }
	keys, err := database.All(t.Context(), s.db, text, `SELECT key FROM idempotency WHERE key LIKE 'transfer-%'`)
	require.NoError(t, err)
	ids, err := database.All(t.Context(), s.db, text, `SELECT id FROM transfers`)
	require.NoError(t, err)
	assert.Len(t, ids, len(keys), "one transfer for each key")
	assert.Positive(t, len(ids))
	for key, v := range book.told {
		if !isTransfer(key) {
			continue
		}
		there := slices.Contains(keys, key)
		assert.False(t, v == succeeded && !there, "answered 201, and not there: %s%s", key, book.answers[key])
		assert.False(t, v == refused && there, "answered with a failure, and there: %s%s", key, book.answers[key])
	}
	for key, id := range book.transfers {
		assert.Contains(t, ids, id, key)
	}
	assert.Zero(t, s.count(`
		SELECT count(*) FROM accounts WHERE balance <> CAST($1 AS BIGINT)
			+ COALESCE((SELECT CAST(sum(amount) AS BIGINT) FROM transfers WHERE to_account = accounts.id), 0)
			- COALESCE((SELECT CAST(sum(amount) AS BIGINT) FROM transfers WHERE from_account = accounts.id), 0)`,
		initialCredit/2), "a balance is what the transfers make it")
}

// sockets are the feeds of an administrator that stay open all the time.
type sockets struct {
	codes chan ws.Code
	most  atomic.Int64 // how many events the best of them has seen
}

func dialSockets(t *testing.T, base string, n int) *sockets {
	all := &sockets{codes: make(chan ws.Code, n)}
	for range n {
		conn, _, err := ws.Dial(t.Context(), strings.Replace(base, "http", "ws", 1)+"/orders/feed?after=0", dialAs("root"))
		require.NoError(t, err)
		t.Cleanup(conn.Finish)
		go all.read(conn)
	}
	return all
}

func (s *sockets) read(conn *ws.WebSocket) {
	for seen := int64(1); ; seen++ {
		if _, err := conn.Receive(context.Background()); err != nil {
			code, _, _ := conn.CloseCode()
			s.codes <- code
			return
		}
		for most := s.most.Load(); seen > most && !s.most.CompareAndSwap(most, seen); most = s.most.Load() {
		}
	}
}

// expectClosed checks the codes: 1001, or before that 1013 for one that was too
// slow.
func (s *sockets) expectClosed(t *testing.T) {
	going := 0
	for range cap(s.codes) {
		select {
		case code := <-s.codes:
			assert.Contains(t, []ws.Code{ws.CodeGoingAway, ws.CodeTryAgainLater}, code)
			if code == ws.CodeGoingAway {
				going++
			}
		case <-time.After(patience):
			t.Error("a socket was not closed")
		}
	}
	assert.Positive(t, going)
}

// verdict is what a client was told of an order.
type verdict int

const (
	refused   verdict = iota // any failure
	unknown                  // no answer, or one that says so
	succeeded                // 2xx
)

// ledger is what all clients were told, by the notes of the orders and the keys
// of the transfers.
type ledger struct {
	mu        sync.Mutex
	told      map[string]verdict
	answers   map[string]string // the answers, for messages
	transfers map[string]string // the ids of the transfers, by their keys
	requests  atomic.Int64
	statuses  [6]atomic.Int64 // by the first digit; 0 is no answer
	busy      atomic.Int64    // 503
}

func (l *ledger) tell(note string, v verdict, status int, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[note] += fmt.Sprintf(" %d %s", status, body)
	// Of repeated requests the best counts: that one was refused says nothing of
	// the one before, which had no answer.
	l.told[note] = max(l.told[note], v)
}

// moved takes note of a transfer. Of one key there is one.
func (l *ledger) moved(t *testing.T, key, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.transfers[key]; ok {
		assert.Equal(t, before, id, "a transfer was made twice: %s", key)
	}
	l.transfers[key] = id
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var verdicts [3]int
	for _, v := range l.told {
		verdicts[v]++
	}
	return fmt.Sprintf("%d requests: %d 2xx, %d 4xx, %d 5xx of which %d 503, %d without an answer; orders and transfers: %d done, %d refused, %d unknown",
		l.requests.Load(), l.statuses[2].Load(), l.statuses[4].Load(), l.statuses[5].Load(), l.busy.Load(), l.statuses[0].Load(),
		verdicts[succeeded], verdicts[refused], verdicts[unknown])
}
