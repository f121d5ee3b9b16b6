package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

// Config says which database to use, and how.
type Config struct {
	// DSN is a postgres:// URL, or else the path of a SQLite file.
	DSN string
	// MaxConns bounds the pool; 8 if 0. Everything that holds a connection
	// for long, such as an export, needs a bound below it.
	MaxConns int
	// Busy is how long a statement waits for a lock that another transaction
	// holds; 5 s if 0. When it is over the client is answered 503.
	Busy time.Duration
	// Wrap, if set, stands between the pool and the driver: for tracing, and
	// for tests that make commits fail.
	Wrap func(driver.Connector) driver.Connector
}

// Open connects to the database and brings its schema up to date. The pool is
// closed by whoever keeps it: as a Singleton, by the application.
func Open(ctx context.Context, cfg Config) (*sql.DB, error) {
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 8
	}
	if cfg.Busy == 0 {
		cfg.Busy = 5 * time.Second
	}
	connector, err := connect(cfg)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if cfg.Wrap != nil {
		connector = cfg.Wrap(connector)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(cfg.MaxConns)
	db.SetMaxIdleConns(cfg.MaxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := migrate(ctx, db, isPostgres(cfg.DSN)); err != nil {
		return nil, fmt.Errorf("database: %w", joinClose(err, db))
	}
	return db, nil
}

func joinClose(err error, db *sql.DB) error {
	if closing := db.Close(); closing != nil {
		return fmt.Errorf("%w; closing: %w", err, closing)
	}
	return err
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

func connect(cfg Config) (driver.Connector, error) {
	if isPostgres(cfg.DSN) {
		return connectPostgres(cfg)
	}
	// In memory, each connection of the pool would have a database of its own.
	if cfg.DSN == "" || cfg.DSN == ":memory:" || strings.ContainsAny(cfg.DSN, "?#\x00") {
		return nil, fmt.Errorf("%q is no path of a file", cfg.DSN)
	}
	return sqlite.NewConnector(sqliteDSN(cfg))
}

func connectPostgres(cfg Config) (driver.Connector, error) {
	pc, err := pgx.ParseConfig(cfg.DSN)
	if err != nil {
		return nil, err // its text leaves the password out
	}
	pc.RuntimeParams["lock_timeout"] = fmt.Sprint(cfg.Busy.Milliseconds())
	pc.RuntimeParams["application_name"] = "orders"
	return stdlib.GetConnector(*pc), nil
}

// sqliteDSN asks for what SQLite does not do by itself:
//
//   - WAL lets readers go on while somebody writes.
//   - busy_timeout waits for a lock; without it the second writer fails at once.
//   - immediate takes the write lock with BEGIN. A transaction that begins as a
//     reader and then writes cannot wait for the lock, for what it has read is
//     old by then: it would fail with SQLITE_BUSY whatever the timeout.
//     Read-only transactions still begin as readers.
func sqliteDSN(cfg Config) string {
	q := url.Values{"_txlock": {"immediate"}}
	for _, p := range []string{
		fmt.Sprintf("busy_timeout(%d)", cfg.Busy.Milliseconds()), // first: the next one may have to wait
		"journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)",
	} {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: cfg.DSN}).EscapedPath(), RawQuery: q.Encode()}).String()
}
