package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/examples/orders/event"
	"github.com/gofogo/fogo/examples/orders/internal/dbtest"
	"github.com/gofogo/fogo/examples/orders/internal/faulty"
	"github.com/gofogo/fogo/examples/orders/order"
	"github.com/gofogo/fogo/fogotest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long anything may take.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	status := dbtest.Main(m)
	if status == 0 {
		status = leftGoroutines()
	}
	os.Exit(status)
}

// setup is a shop with the demonstration's users, tokens and products, on a
// database of the test's own.
type setup struct {
	t      *testing.T
	cfg    Config
	app    *fogo.App
	faults *faulty.Faults
	skew   atomic.Int64 // what is added to the time, in nanoseconds
	log    *logs

	db *sql.DB // the application's pool, once it is started
}

func prepare(t *testing.T, dsn string, change ...func(*Config)) *setup {
	t.Helper()
	s := &setup{t: t, faults: &faulty.Faults{}, log: &logs{}}
	s.cfg.Database.DSN = dsn
	s.cfg.Database.Wrap = s.faults.Wrap
	s.cfg.Clock = func() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }
	s.cfg.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	s.cfg.Events.Poll = 50 * time.Millisecond
	for _, f := range change {
		f(&s.cfg)
	}
	s.app = NewApp(s.cfg)
	s.app.OnStart(demo(s.cfg.Clock))
	s.app.OnStart(func(db *sql.DB) { s.db = db })
	t.Cleanup(func() {
		if t.Failed() && testing.Verbose() {
			t.Log(s.log.String())
		}
	})
	return s
}

// client starts the shop without a network.
func (s *setup) client(opts ...fogotest.Option) *fogotest.Client {
	s.t.Helper()
	return fogotest.New(s.t, s.app, append(opts, fogotest.Timeout(patience))...)
}

// serve runs the shop on a port of its own until stop, or the end of the test.
func (s *setup) serve() (base string, stop func()) {
	s.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended, listening := make(chan error, 1), make(chan struct{})
	app := s.app.With(fogo.WithOnListen(func(net.Addr) { close(listening) }))
	go func() { ended <- app.Serve(ctx, ln) }()
	select {
	case <-listening:
	case err := <-ended:
		s.t.Fatalf("the shop did not start: %v", err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			assert.NoError(s.t, err)
		case <-time.After(patience):
			s.t.Error("the shop did not stop")
		}
	})
	s.t.Cleanup(stop)
	return "http://" + ln.Addr().String(), stop
}

// count is a query for one number.
func (s *setup) count(query string, args ...any) (n int64) {
	s.t.Helper()
	require.NoError(s.t, s.db.QueryRow(query, args...).Scan(&n))
	return n
}

// expectIdle checks that nobody keeps a connection of the pool. The relay has
// one now and then.
func (s *setup) expectIdle() {
	s.t.Helper()
	assert.Eventually(s.t, func() bool { return s.db.Stats().InUse == 0 }, patience, time.Millisecond)
}

func (s *setup) stock(sku string) int64 {
	s.t.Helper()
	return s.count(`SELECT stock FROM products WHERE sku = $1`, sku)
}

// as authenticates a request.
func as(name string) fogotest.RequestOption {
	return fogotest.Header("Authorization", "Bearer "+name+".demo")
}

func key(k string) fogotest.RequestOption { return fogotest.Header("Idempotency-Key", k) }

func ifMatch(tag string) fogotest.RequestOption { return fogotest.Header("If-Match", tag) }

// mugs is an order.
func mugs(n int) fogotest.RequestOption { return fogotest.JSON(newOrder("MUG-01", n, "")) }

func newOrder(sku string, n int, note string) map[string]any {
	return map[string]any{"items": []any{map[string]any{"sku": sku, "quantity": n}}, "note": note}
}

// transfer is the body of one.
func transfer(from, to any, amount int) fogotest.RequestOption {
	return fogotest.JSON(map[string]any{"from": from, "to": to, "amount": amount})
}

// place places an order that must succeed.
func place(t *testing.T, c *fogotest.Client, who, k string, body fogotest.RequestOption) (o order.Order) {
	t.Helper()
	c.Post("/orders", as(who), key(k), body).ExpectStatus(http.StatusCreated).JSON(&o)
	return o
}

// request makes a request over the network, on a connection of its own.
func request(t testing.TB, ctx context.Context, method, url string, header map[string]string, body any) (*http.Response, error) {
	t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(t, err)
		content = strings.NewReader(string(b))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	require.NoError(t, err)
	req.Close = true
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	return http.DefaultClient.Do(req)
}

// logs keeps what is logged.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// eventOf decodes the data of a server-sent event.
func eventOf(t *testing.T, data string) (e event.Event) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(data), &e), data)
	return e
}

func bearer(name string) map[string]string {
	return map[string]string{"Authorization": fmt.Sprintf("Bearer %s.demo", name)}
}
