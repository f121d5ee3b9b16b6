package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gofogo/fogo/endpoint"
)

// Tx is the transaction of a call that writes. What the call does through it
// becomes true with the answer, or not at all.
type Tx struct{ tx *sql.Tx }

// ReadTx is the transaction of a call that only reads. It sees one state of the
// database however many statements it runs, and cannot change anything.
type ReadTx struct{ tx *sql.Tx }

// Reader is what both kinds have, for functions that only read.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Turn is the right to write, where there is only one: SQLite has one writer at
// a time, and who waits for it inside the database asks again and again, in no
// order, and keeps a connection meanwhile. In the line for a Turn nobody is
// passed over, and readers have the pool. A nil Turn is for everybody.
type Turn chan struct{}

// NewTurn returns what the database of a Config needs.
func NewTurn(cfg Config) Turn {
	if isPostgres(cfg.DSN) {
		return nil
	}
	return make(Turn, 1)
}

func (t Turn) take(ctx context.Context) error {
	if t == nil {
		return nil
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t Turn) pass() {
	if t != nil {
		<-t
	}
}

// Begin is the provider of *Tx. Its finisher commits if everything before it
// went well, and else rolls back; a commit that failed becomes the error of the
// call.
//
// The transaction ends with ctx: that of a client that left is rolled back, also
// if it leaves while the commit is being prepared.
func Begin(ctx context.Context, db *sql.DB, turn Turn, log *slog.Logger) (*Tx, func(error) error, error) {
	if err := turn.take(ctx); err != nil {
		return nil, nil, Explain(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		turn.pass()
		return nil, nil, Explain(fmt.Errorf("begin: %w", err))
	}
	return &Tx{tx}, func(failed error) error {
		defer turn.pass()
		if failed == nil {
			// Package sql learns a moment later that time is up or the client
			// gone, and would still commit.
			failed = ctx.Err()
		}
		if failed == nil {
			return commit(ctx, tx)
		}
		rollback(ctx, tx, log)
		return Explain(failed)
	}, nil
}

// Write runs f in a transaction of its own, for work that belongs to no call. It
// waits in the same line as calls do.
func Write(ctx context.Context, db *sql.DB, turn Turn, f func(*sql.Tx) error) error {
	if err := turn.take(ctx); err != nil {
		return err
	}
	defer turn.pass()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// BeginRead is the provider of *ReadTx.
func BeginRead(ctx context.Context, db *sql.DB, log *slog.Logger) (*ReadTx, func(error) error, error) {
	// PostgreSQL's default level would give each statement a state of its own;
	// SQLite has no other level than this one.
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return nil, nil, Explain(fmt.Errorf("begin: %w", err))
	}
	return &ReadTx{tx}, func(failed error) error {
		rollback(ctx, tx, log) // there is nothing to commit
		return Explain(failed)
	}, nil
}

// commit tells two failures apart: where the database refused, nothing has
// changed; where no answer came, or time was up before it did, nobody knows.
func commit(ctx context.Context, tx *sql.Tx) error {
	err := tx.Commit()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil:
		return Explain(ctx.Err()) // rolled back by package sql
	case !decided(err):
		return &endpoint.Error{
			Status: http.StatusServiceUnavailable, Err: err,
			Detail: "It is not known whether this was done. Look, or send it again as it was, with the same Idempotency-Key.",
		}
	}
	return Explain(fmt.Errorf("commit: %w", err))
}

// rollback reports a failure to the log only: the call has a result already,
// and the database rolls back what is never committed.
func rollback(ctx context.Context, tx *sql.Tx, log *slog.Logger) {
	if err := tx.Rollback(); err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "rollback", slog.Any("error", err))
	}
}

// ExecContext runs a statement and returns the number of rows it changed.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// QueryContext is that of [sql.Tx].
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of [sql.Tx].
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}

// QueryContext is that of [sql.Tx].
func (t *ReadTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of [sql.Tx].
func (t *ReadTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}
