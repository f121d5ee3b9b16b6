package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/internal/dbtest"
	"github.com/gofogo/fogo/examples/orders/internal/faulty"
	"github.com/gofogo/fogo/examples/orders/order"
	"github.com/gofogo/fogo/fogotest"
	"github.com/gofogo/fogo/middleware"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// next makes one commit end in a certain way, and those after it well.
func next(f *faulty.Faults, outcome faulty.Outcome) {
	var done atomic.Bool
	f.OnCommit(func(ctx context.Context) faulty.Outcome {
		if !ofRequest(ctx) || done.Swap(true) {
			return faulty.Fine
		}
		return outcome
	})
}

// ofRequest tells the transactions of requests from those of the relay.
func ofRequest(ctx context.Context) bool { return middleware.RequestIDOf(ctx) != "" }

// TestRefusedCommit is the reason for finishers: nothing of a success may have
// been sent when the commit fails.
func TestRefusedCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client(fogotest.AllowErrors())
		o := place(t, c, "ada", "k1", mugs(1))
		path := "/orders/" + o.ID.String()

		next(s.faults, faulty.Refused)
		res := c.Post("/orders", as("ada"), key("k2"), mugs(1)).ExpectStatus(500)
		res.ExpectHeader("Location", "").ExpectHeader("ETag", "").ExpectHeader("Content-Type", "application/problem+json")
		assert.NotContains(t, string(res.Body), "faulty", "the text stays here")
		assert.NotEmpty(t, res.Problem().RequestID)
		assert.Contains(t, s.log.String(), faulty.ErrCommit.Error())

		next(s.faults, faulty.Refused)
		c.Post(path+"/cancel", as("ada"), ifMatch(`"v1"`)).ExpectStatus(500)
		c.Get(path, as("ada")).ExpectStatus(200).ExpectHeader("ETag", `"v1"`)
		assert.Equal(t, int64(99), s.stock("MUG-01"))
		assert.Equal(t, int64(1), s.count(`SELECT count(*) FROM orders`))
		assert.Equal(t, int64(1), s.count(`SELECT count(*) FROM outbox`))
		place(t, c, "ada", "k2", mugs(1)) // the key is free again
		s.expectIdle()
	})
}

// TestLostCommit is the other failure: it is done, but nobody is told. That time
// is up is no better a reason to say that nothing was changed than a connection
// that broke.
func TestLostCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client(fogotest.AllowErrors())
		for i, outcome := range []faulty.Outcome{faulty.Lost, faulty.Late} {
			next(s.faults, outcome)
			k := key(fmt.Sprint(i))
			res := c.Post("/orders", as("ada"), k, mugs(1)).ExpectStatus(503)
			assert.Contains(t, res.Problem().Detail, "not known")
			c.Post("/orders", as("ada"), k, mugs(1)).ExpectStatus(201).ExpectHeader("Idempotent-Replayed", "true")
			next(s.faults, outcome)
			k = key(fmt.Sprint("transfer-", i))
			res = c.Post("/transfers", as("ada"), k, transfer(adaAccount, bobAccount, 1)).ExpectStatus(503)
			assert.Contains(t, res.Problem().Detail, "not known")
			c.Post("/transfers", as("ada"), k, transfer(adaAccount, bobAccount, 1)).ExpectStatus(201).ExpectHeader("Idempotent-Replayed", "true")
		}
		assert.Equal(t, int64(2), s.count(`SELECT count(*) FROM orders`))
		assert.Equal(t, int64(98), s.stock("MUG-01"))
		assert.Equal(t, int64(2), s.count(`SELECT count(*) FROM transfers`))
	})
}

// TestBusy holds what every order needs.
func TestBusy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn, func(c *Config) { c.Database.Busy = 100 * time.Millisecond })
		c := s.client(fogotest.AllowErrors())
		tx, err := s.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.Exec(`UPDATE products SET stock = stock`)
		require.NoError(t, err)
		c.Post("/orders", as("ada"), key("k"), mugs(1)).ExpectStatus(503).ExpectHeader("Retry-After", "1")
		c.Get("/orders", as("ada")).ExpectStatus(200) // readers don't wait for writers
		require.NoError(t, tx.Rollback())
		place(t, c, "ada", "k", mugs(1))
		s.expectIdle()
	})
}

// TestRelayIsNotPassedOver keeps the one writer that SQLite has busy all the
// time. The relay waits in the same line as requests do.
func TestRelayIsNotPassedOver(t *testing.T) {
	s := prepare(t, t.TempDir()+"/orders.db", func(c *Config) { c.Database.Busy = 50 * time.Millisecond })
	c := s.client()
	_, err := s.db.Exec(`UPDATE products SET stock = 1000`)
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for n := range 40 {
				place(t, c, "ada", fmt.Sprint(i, "-", n), mugs(1))
			}
		})
	}
	all.Wait()
	assert.NotContains(t, s.log.String(), "events are delayed")
}

// fault is how a view of the tests fails after it has done its work.
type fault string

// failing places an order as the real view does, and then fails.
func failing(
	ctx context.Context, desk *order.Desk, how resolve.Query[fault], in resolve.Body[order.New],
) (order.Order, error) {
	o, err := desk.Place(ctx, in.Value)
	if err != nil {
		return o, err
	}
	switch how.Value {
	case "panic":
		panic("a view panicked")
	case "abort":
		panic(http.ErrAbortHandler)
	case "hang":
		<-ctx.Done()
		return o, ctx.Err()
	case "late": // it doesn't heed its context
		<-ctx.Done()
		return o, nil
	}
	return order.Order{}, sql.ErrConnDone
}

func TestFailedViews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn, func(c *Config) { c.Timeout = 300 * time.Millisecond })
		s.app.Post("/failing", failing)
		c := s.client(fogotest.AllowErrors())
		for how, status := range map[string]int{"panic": 500, "hang": 503, "late": 503, "error": 503} {
			res := c.Post("/failing", as("ada"), fogotest.Query("fault", how), mugs(1))
			assert.Equal(t, status, res.Status, how)
			assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"), how)
		}
		assert.True(t, c.Post("/failing", as("ada"), fogotest.Query("fault", "abort"), mugs(1)).Aborted)
		gone, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		c.Post("/failing", as("ada"), fogotest.Query("fault", "late"), mugs(1), fogotest.Context(gone))
		assert.Zero(t, s.count(`SELECT count(*) FROM orders`))
		assert.Zero(t, s.count(`SELECT count(*) FROM outbox`))
		assert.Equal(t, int64(100), s.stock("MUG-01"))
		s.expectIdle()
	})
}

// TestStrangersTakeNoConnection fills the pool: who is unknown is told so
// without one of it being held, and who is known doesn't wait for a second.
func TestStrangersBeginNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn, func(c *Config) { c.Database.MaxConns = 1 })
		c := s.client()
		o := place(t, c, "ada", "k", mugs(1))
		c.Get("/orders/"+o.ID.String(), as("ada")).ExpectStatus(200)
		busy, err := s.db.Conn(t.Context())
		require.NoError(t, err)
		c.Get("/orders").ExpectStatus(401)
		c.Post("/orders", key("k"), mugs(1)).ExpectStatus(401)
		c.Get("/healthz").ExpectStatus(200)
		require.NoError(t, busy.Close())
		c.Get("/readyz").ExpectStatus(200)
	})
}

// TestMigrations opens one database from several instances at once.
func TestMigrations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		opened := make(chan *sql.DB)
		for range 4 {
			go func() {
				db, err := database.Open(context.Background(), database.Config{DSN: dsn})
				assert.NoError(t, err)
				opened <- db
			}()
		}
		for range 4 {
			if db := <-opened; db != nil {
				var n int
				require.NoError(t, db.QueryRow(`SELECT count(*) FROM migrations`).Scan(&n))
				assert.Equal(t, 2, n)
				require.NoError(t, db.Close())
			}
		}
	})
	for _, dsn := range []string{"", "no/such/directory/orders.db", "orders.db?_pragma=x", ":memory:"} {
		_, err := database.Open(t.Context(), database.Config{DSN: dsn})
		require.Error(t, err, dsn)
	}
}
