// Orders is a whole application: a shop with a database, users, transactions,
// streams and a WebSocket. README.md says what it shows.
//
//	go run . -demo
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to listen on")
	dsn := flag.String("db", env("ORDERS_DB", "orders.db"), "a file for SQLite, or a postgres:// URL; also $ORDERS_DB")
	withDemo := flag.Bool("demo", false, "fill an empty database with users, tokens and products that everybody knows")
	flag.Parse()

	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(*addr, *dsn, *withDemo, log); err != nil {
		log.Error("stopped", slog.Any("error", err))
		os.Exit(1)
	}
}

func run(addr, dsn string, withDemo bool, log *slog.Logger) error {
	cfg := Config{Logger: log}
	cfg.Database.DSN = dsn
	app := NewApp(cfg)
	if withDemo {
		app.OnStart(demo(time.Now))
	}
	return app.Run(context.Background(), addr)
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
