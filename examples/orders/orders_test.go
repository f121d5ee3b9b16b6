package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/internal/dbtest"
	"github.com/gofogo/fogo/examples/orders/order"
	"github.com/gofogo/fogo/examples/orders/page"
	"github.com/gofogo/fogo/fogotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLifeOfAnOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		var o order.Order
		res := c.Post("/orders", as("ada"), key("k1"), mugs(2)).ExpectStatus(201).ExpectHeader("ETag", `"v1"`).JSON(&o)
		path := "/orders/" + o.ID.String()
		res.ExpectHeader("Location", path)
		assert.Equal(t, order.Open, o.Status)
		assert.Equal(t, int64(2500), o.Total)
		assert.Equal(t, []order.Item{{SKU: "MUG-01", Quantity: 2, Price: 1250}}, o.Items)
		assert.Equal(t, int64(98), s.stock("MUG-01"))

		c.Get(path, as("ada")).ExpectStatus(200).ExpectHeader("ETag", `"v1"`).ExpectJSON(o)
		c.Get(path, as("root")).ExpectStatus(200).ExpectJSON(o)
		c.Get(path, as("bob")).ExpectStatus(404)
		c.Get(path).ExpectStatus(401)
		c.Get(path, as("ada"), fogotest.Header("If-None-Match", `"v1"`)).ExpectStatus(304).ExpectBody("")
		c.Get(path, as("ada"), fogotest.Header("If-None-Match", `"v7", W/"v1"`)).ExpectStatus(304)
		c.Get(path, as("ada"), fogotest.Header("If-None-Match", `"v2"`)).ExpectStatus(200)

		note := fogotest.JSON(order.Change{Note: "Please\nring twice."})
		c.Patch(path, as("ada"), note).ExpectStatus(428)
		c.Patch(path, as("ada"), note, ifMatch(`"v2"`)).ExpectStatus(412).ExpectHeader("ETag", `"v1"`)
		c.Patch(path, as("ada"), note, ifMatch(`W/"v1"`)).ExpectStatus(412)
		c.Patch(path, as("bob"), note, ifMatch(`"v1"`)).ExpectStatus(404)
		c.Patch(path, as("ada"), note, ifMatch(`"v1"`)).ExpectStatus(200).ExpectHeader("ETag", `"v2"`).JSON(&o)
		assert.Equal(t, "Please\nring twice.", o.Note)

		c.Post(path+"/cancel", as("ada"), ifMatch(`"v1"`)).ExpectStatus(412)
		c.Post(path+"/cancel", as("ada"), ifMatch(`"v1", "v2"`)).ExpectStatus(200).ExpectHeader("ETag", `"v3"`).JSON(&o)
		assert.Equal(t, order.Cancelled, o.Status)
		assert.Equal(t, int64(100), s.stock("MUG-01"))
		c.Post(path+"/cancel", as("ada"), ifMatch(`*`)).ExpectStatus(409)
		assert.Equal(t, int64(100), s.stock("MUG-01"), "put back once")
		c.Post("/admin"+path+"/ship", as("root"), ifMatch(`*`)).ExpectStatus(409)

		o = place(t, c, "bob", "k1", mugs(1))
		ship := "/admin/orders/" + o.ID.String() + "/ship"
		c.Post(ship, as("bob"), ifMatch(`*`)).ExpectStatus(403)
		c.Post(ship, ifMatch(`*`)).ExpectStatus(401)
		c.Post(ship, as("root"), ifMatch(`"v1"`)).ExpectStatus(200)
		assert.Equal(t, int64(99), s.stock("MUG-01"))
		assert.Equal(t, int64(5), s.count(`SELECT count(*) FROM outbox`))
	})
}

func TestProducts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		put := fogotest.JSON(map[string]any{"name": "A cap", "price": 1500, "add": 7})
		c.Post("/admin/products/CAP-01", key("1"), put).ExpectStatus(401)
		c.Post("/admin/products/CAP-01", key("1"), as("ada"), put).ExpectStatus(403)
		c.Post("/admin/products/CAP-01", as("root"), put).ExpectStatus(400) // no key
		first := c.Post("/admin/products/CAP-01", key("1"), as("root"), put).ExpectStatus(200)
		c.Post("/admin/products/CAP-01", key("1"), as("root"), put).ExpectStatus(200).
			ExpectHeader("Idempotent-Replayed", "true").ExpectBody(string(first.Body))
		c.Post("/admin/products/CAP-02", key("1"), as("root"), put).ExpectStatus(422) // another product
		c.Post("/admin/products/CAP-01", key("2"), as("root"), put).ExpectStatus(200).
			ExpectJSON(map[string]any{"sku": "CAP-01", "name": "A cap", "price": 1500, "stock": 14})
		var list page.List[map[string]any]
		res := c.Get("/products?limit=3").ExpectStatus(200)
		res.JSON(&list)
		assert.Equal(t, "CAP-01", list.Items[0]["sku"])
		assert.Len(t, list.Items, 3)
		next := strings.TrimSuffix(strings.TrimPrefix(res.Header.Get("Link"), "<"), `>; rel="next"`)
		c.Get(next).ExpectStatus(200).ExpectHeader("Link", "").JSON(&list)
		assert.Len(t, list.Items, 1)
	})
}

// TestIdempotency sends everything twice, and at the same time.
func TestIdempotency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		var mu sync.Mutex
		bodies, replays := map[string]bool{}, 0
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				res := c.Post("/orders", as("ada"), key("same"), mugs(2))
				mu.Lock()
				defer mu.Unlock()
				assert.Equal(t, 201, res.Status, "%s", res.Body)
				bodies[string(res.Body)] = true
				if res.Header.Get("Idempotent-Replayed") == "true" {
					replays++
				}
			})
		}
		all.Wait()
		assert.Len(t, bodies, 1)
		assert.Equal(t, 11, replays)
		assert.Equal(t, int64(1), s.count(`SELECT count(*) FROM orders`))
		assert.Equal(t, int64(98), s.stock("MUG-01"))
		c.Post("/orders", as("ada"), key("same"), mugs(3)).ExpectStatus(422)
		place(t, c, "bob", "same", mugs(3)) // keys are each user's own
		c.Post("/orders", as("ada"), key("failed"), mugs(1000)).ExpectStatus(409)
		place(t, c, "ada", "failed", mugs(1)) // what failed may be tried again, with another body too
	})
}

func TestNeverOversold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		var sold atomic.Int64
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				// Some ask in one order for what others ask for in the reverse.
				items := []any{map[string]any{"sku": "POSTER-01", "quantity": 1}, map[string]any{"sku": "MUG-01", "quantity": 1}}
				if i%2 == 0 {
					items[0], items[1] = items[1], items[0]
				}
				res := c.Post("/orders", as("ada"), key(fmt.Sprint(i)), fogotest.JSON(map[string]any{"items": items}))
				if res.Status == 201 {
					sold.Add(1)
				} else {
					assert.Equal(t, 409, res.Status, "%s", res.Body)
				}
			})
		}
		all.Wait()
		assert.Equal(t, int64(3), sold.Load())
		assert.Equal(t, int64(0), s.stock("POSTER-01"))
		assert.Equal(t, int64(97), s.stock("MUG-01"), "a refused order reserves nothing")
		assert.Equal(t, int64(3), s.count(`SELECT count(*) FROM orders`))
	})
}

// TestOrderOfLocks has orders placed and cancelled that take the same products,
// whose SKUs the database may sort otherwise than Go. A deadlock would be a 503.
func TestOrderOfLocks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn, func(c *Config) { c.Database.MaxConns = 16 })
		c := s.client()
		var items []any
		for _, sku := range []string{"A-2", "A1", "B-1-2", "B1-1", "C--9", "C1"} {
			c.Post("/admin/products/"+sku, key(sku), as("root"), fogotest.JSON(map[string]any{"name": sku, "price": 1, "add": 1000})).ExpectStatus(200)
			items = append(items, map[string]any{"sku": sku, "quantity": 1})
		}
		body := fogotest.JSON(map[string]any{"items": items})
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				for n := range 10 {
					var o order.Order
					res := c.Post("/orders", as("ada"), key(fmt.Sprint(i, "-", n)), body)
					if !assert.Equal(t, 201, res.Status, "%s", res.Body) {
						return
					}
					res.JSON(&o)
					res = c.Post("/orders/"+o.ID.String()+"/cancel", as("ada"), ifMatch(`"v1"`))
					assert.Equal(t, 200, res.Status, "%s", res.Body)
				}
			})
		}
		all.Wait()
		assert.Equal(t, int64(6000), s.count(`SELECT CAST(sum(stock) AS BIGINT) FROM products WHERE price = 1`))
	})
}

// TestOneVersionOneWriter lets many change the same version.
func TestOneVersionOneWriter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		c := prepare(t, dsn).client()
		o := place(t, c, "ada", "k", mugs(1))
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				res := c.Patch("/orders/"+o.ID.String(), as("ada"), ifMatch(`"v1"`), fogotest.JSON(order.Change{Note: fmt.Sprint(i)}))
				if res.Status == 200 {
					won.Add(1)
				} else {
					assert.Equal(t, 412, res.Status, "%s", res.Body)
				}
			})
		}
		all.Wait()
		assert.Equal(t, int64(1), won.Load())
	})
}

func TestTransfers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		c.Post("/transfers", as("ada"), transfer(adaAccount, bobAccount, 1)).ExpectStatus(400) // no key
		c.Post("/transfers", as("ada"), key("k"), transfer(adaAccount, bobAccount, 10_001)).ExpectStatus(409)
		c.Post("/transfers", as("ada"), key("k"), transfer(bobAccount, adaAccount, 1)).ExpectStatus(404)
		c.Post("/transfers", as("ada"), key("k"), transfer(adaAccount, "00000000-0000-4000-8000-000000000000", 1)).ExpectStatus(422)
		c.Post("/transfers", as("ada"), key("k"), transfer(adaAccount, adaAccount, 1)).ExpectStatus(422)
		c.Post("/transfers", as("ada"), key("k"), transfer(adaAccount, bobAccount, -5)).ExpectStatus(422)
		c.Get("/accounts/"+bobAccount.String(), as("ada")).ExpectStatus(404)
		// In both directions at once, which locks in the wrong order would stop.
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				who, from, to := "ada", adaAccount, bobAccount
				if i%2 == 1 {
					who, from, to = "bob", bobAccount, adaAccount
				}
				assert.Equal(t, 201, c.Post("/transfers", as(who), key(fmt.Sprint(i)), transfer(from, to, 100+i)).Status)
			})
		}
		all.Wait()
		// Nobody pays twice, and no key stands for two requests.
		again := c.Post("/transfers", as("ada"), key("0"), transfer(adaAccount, bobAccount, 100)).ExpectStatus(201)
		again.ExpectHeader("Idempotent-Replayed", "true")
		c.Post("/transfers", as("ada"), key("0"), transfer(adaAccount, bobAccount, 101)).ExpectStatus(422)
		both := newOrder("MUG-01", 1, "")
		both["from"], both["to"], both["amount"] = adaAccount, bobAccount, 1
		place(t, c, "ada", "both", fogotest.JSON(both))
		c.Post("/transfers", as("ada"), key("both"), fogotest.JSON(both)).ExpectStatus(422)
		// Ada sent 100+102+…+118, Bob 101+103+…+119.
		c.Get("/accounts/"+adaAccount.String(), as("ada")).ExpectStatus(200).
			ExpectJSON(map[string]any{"id": adaAccount, "balance": 10_010})
		assert.Equal(t, int64(20_000), s.count(`SELECT CAST(sum(balance) AS BIGINT) FROM accounts`))
		assert.Equal(t, int64(20), s.count(`SELECT count(*) FROM transfers`))
	})
}

func TestPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		c := prepare(t, dsn).client()
		var want []order.ID
		for i := range 7 {
			want = append(want, place(t, c, "ada", fmt.Sprint(i), mugs(1)).ID)
		}
		place(t, c, "bob", "1", mugs(1))
		var got []order.ID
		url := "/orders?limit=3&status=open"
		for pages := 1; ; pages++ {
			res := c.Get(url, as("ada")).ExpectStatus(200)
			var list page.List[order.Order]
			res.JSON(&list)
			for _, o := range list.Items {
				got = append(got, o.ID)
			}
			link := res.Header.Get("Link")
			if link == "" {
				assert.Nil(t, list.Next)
				assert.Equal(t, 3, pages)
				break
			}
			url = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
			assert.Contains(t, url, "status=open")
			require.Less(t, pages, 9)
		}
		assert.Equal(t, want, got)
		c.Get("/orders?status=cancelled", as("ada")).ExpectStatus(200).ExpectBody(`{"items":[]}`)
	})
}

func TestTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		s := prepare(t, dsn)
		c := s.client()
		for _, test := range []struct{ name, header, challenge string }{
			{"no header", "", `Bearer realm="orders"`},
			{"another scheme", "Basic YWRhOmRlbW8=", "invalid_request"},
			{"nothing behind it", "Bearer", "invalid_request"},
			{"no secret", "Bearer ada", "invalid_request"},
			{"an empty secret", "Bearer ada.", "invalid_request"},
			{"SQL", "Bearer ' OR '1'='1.demo", "invalid_request"},
			{"wildcards", "Bearer %.demo", "invalid_request"},
			{"too long", "Bearer ada." + strings.Repeat("x", 300), "invalid_request"},
			{"a wrong secret", "Bearer ada.dem0", "invalid_token"},
			{"a secret of another case", "Bearer ada.Demo", "invalid_token"},
			{"nobody", "Bearer eve.demo", "invalid_token"},
			{"nobody, with what stands for no hash", "Bearer eve." + strings.Repeat("-", 64), "invalid_token"},
		} {
			res := c.Get("/orders", fogotest.Header("Authorization", test.header))
			if test.header == "" {
				res = c.Get("/orders")
			}
			assert.Equal(t, 401, res.Status, test.name)
			assert.Contains(t, res.Header.Get("WWW-Authenticate"), test.challenge, test.name)
			assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"), test.name)
		}
		c.Get("/orders", fogotest.Header("Authorization", "bearer ada.demo")).ExpectStatus(200)
		c.Get("/orders", fogotest.Header("Authorization", "Bearer ada.\xff\xfe")).ExpectStatus(400) // no text at all
		id, err := auth.AddUser(t.Context(), s.db, s.cfg.Clock, "eve", auth.Customer)
		require.NoError(t, err)
		token, err := auth.Issue(t.Context(), s.db, id, time.Now().Add(time.Hour))
		require.NoError(t, err)
		c.Get("/orders", fogotest.Header("Authorization", "Bearer "+token)).ExpectStatus(200).ExpectBody(`{"items":[]}`)
		c.Get("/orders", fogotest.Header("Authorization", "Bearer "+token+"x")).ExpectStatus(401)
		assert.NotContains(t, s.log.String(), "ada.demo", "no token in the log")
		s.skew.Store(int64(31 * 24 * time.Hour))
		c.Get("/orders", as("ada")).ExpectStatus(http.StatusUnauthorized)
		assert.Zero(t, s.count(`SELECT count(*) FROM tokens WHERE hash LIKE '%demo%'`), "no secret in the database")
	})
}
