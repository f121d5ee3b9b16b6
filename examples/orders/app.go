package main

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/credit"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/event"
	"github.com/gofogo/fogo/examples/orders/once"
	"github.com/gofogo/fogo/examples/orders/order"
	"github.com/gofogo/fogo/examples/orders/product"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/middleware"
	"github.com/gofogo/fogo/resolve/playground"
	"github.com/gofogo/fogo/ws"
)

// Config is everything that one shop differs from another in. The zero value of
// a field is its default.
type Config struct {
	Database database.Config
	Logger   *slog.Logger
	Clock    clock.Clock
	Events   event.Config
	// Timeout is how long a request may take to begin its answer; 10 s.
	Timeout time.Duration
	// MaxSockets is how many WebSockets may be open; 10000.
	MaxSockets int
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Events.Poll == 0 {
		c.Events.Poll = time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MaxSockets == 0 {
		c.MaxSockets = 10_000
	}
	if c.Database.MaxConns == 0 {
		c.Database.MaxConns = 8
	}
	return c
}

// maxBody is more than the longest order takes.
const maxBody = 64 << 10

// NewApp returns the shop. It opens nothing: Build checks it without a database.
func NewApp(cfg Config) *fogo.App {
	cfg = cfg.withDefaults()
	app := fogo.New(
		playground.Validation(),
		fogo.WithLogger(cfg.Logger),
		fogo.WithMaxBody(maxBody),
		fogo.WithWebSocket(ws.Options{MaxMessage: 4 << 10, MaxConnections: cfg.MaxSockets}),
		fogo.WithHealth("/healthz", "/readyz"),
	)
	use(app, cfg)
	provide(app, cfg)
	app.Ready(func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) }).Name("database")
	routes(app)
	return app
}

func use(app *fogo.App, cfg Config) {
	app.Use(
		middleware.RequestID(middleware.RequestIDOptions{}),
		middleware.AccessLog(cfg.Logger, middleware.AccessLogOptions{}),
		middleware.Recover(cfg.Logger),
		middleware.SecurityHeaders(middleware.SecurityOptions{ContentSecurityPolicy: "default-src 'none'"}),
		middleware.Timeout(cfg.Timeout),
	)
}

// provide says who makes what, and for how long it lives.
func provide(app *fogo.App, cfg Config) {
	app.Value(cfg.Clock)
	app.Value(cfg.Events)
	app.Value(database.NewTurn(cfg.Database))
	app.Value(order.NewSlots(cfg.Database.MaxConns / 2))

	app.Provide(inject.Singleton, func(ctx context.Context) (*sql.DB, error) { return database.Open(ctx, cfg.Database) })
	app.Provide(inject.Singleton, event.NewHub)
	app.Provide(inject.Singleton, event.NewRelay)

	app.Provide(inject.PerConnection, auth.Authenticate)
	app.Provide(inject.PerConnection, auth.NewLog)

	app.Provide(inject.PerCall, database.Begin)
	app.Provide(inject.PerCall, database.BeginRead)
	app.Provide(inject.PerCall, event.NewRecorder)
	app.Provide(inject.PerCall, order.NewDesk)
	app.Provide(inject.PerCall, order.NewSlot)
	app.Provide(inject.PerCall, once.NewCall)
}

func routes(app *fogo.App) {
	app.Get("/products", product.Index)

	users := app.Group("")
	users.Guard(auth.Known)
	users.Get("/orders", order.Index)
	users.Post("/orders", order.Create)
	users.Get("/orders/{order_id:uuid}", order.Get)
	users.Patch("/orders/{order_id:uuid}", order.Patch)
	users.Post("/orders/{order_id:uuid}/cancel", order.Cancel)
	users.Get("/orders/export", order.Export, inject.Hold)
	users.Get("/orders/export.csv", order.ExportCSV, inject.Hold)
	users.Get("/orders/events", event.Stream)
	users.WebSocket("/orders/feed", order.Feed{})
	users.Get("/accounts/{account_id:uuid}", credit.Get)
	users.Post("/transfers", credit.Post)

	admins := users.Group("/admin")
	admins.Guard(auth.OnlyAdmin)
	admins.Post("/products/{sku}", product.Post)
	admins.Post("/orders/{order_id:uuid}/ship", order.Ship)
}
