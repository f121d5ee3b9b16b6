// Package faulty is a driver around a driver whose transactions fail when they
// are told to, as those of a real database do once in a while.
package faulty

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// Outcome is what becomes of a COMMIT.
type Outcome int32

// The outcomes.
const (
	Fine    Outcome = iota
	Refused         // rolled back, and the error says so
	Lost            // committed, but the connection breaks before the answer
	Late            // committed, but time is up before the answer
)

// ErrCommit is the error of a refused commit: what PostgreSQL says when a
// deferred trigger raises an exception.
var ErrCommit error = &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "P0001", Message: "faulty: the commit failed"}

// Faults decide. They may be changed while the driver is in use.
type Faults struct {
	// decide is asked about every transaction that may write, with the context
	// that it was begun with; nil means Fine.
	decide atomic.Pointer[func(context.Context) Outcome]

	// Refusals and Losses count what it answered.
	Refusals, Losses atomic.Int64
}

// OnCommit sets what decides about every transaction that may write. It is given
// the context that the transaction was begun with.
func (f *Faults) OnCommit(decide func(context.Context) Outcome) { f.decide.Store(&decide) }

// Wrap is for database.Config.
func (f *Faults) Wrap(c driver.Connector) driver.Connector { return connector{c, f} }

type connector struct {
	driver.Connector
	faults *Faults
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner, faults: c.faults}, nil
}

// conn passes everything on. Both drivers have all of these methods, so that
// asking for less would change how package sql treats them.
type conn struct {
	driver.Conn
	faults *Faults
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil || opts.ReadOnly {
		return inner, err
	}
	return tx{inner, ctx, c.faults}, nil
}

func (c *conn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *conn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (c *conn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
}

func (c *conn) Ping(ctx context.Context) error { return c.Conn.(driver.Pinger).Ping(ctx) }

func (c *conn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *conn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type tx struct {
	driver.Tx
	ctx    context.Context
	faults *Faults
}

func (t tx) Commit() error {
	outcome := Fine
	if decide := t.faults.decide.Load(); decide != nil {
		outcome = (*decide)(t.ctx)
	}
	switch outcome {
	case Refused:
		t.faults.Refusals.Add(1)
		return errors.Join(ErrCommit, t.Tx.Rollback())
	case Lost:
		t.faults.Losses.Add(1)
		return errors.Join(driver.ErrBadConn, t.Tx.Commit())
	case Late:
		t.faults.Losses.Add(1)
		return errors.Join(context.DeadlineExceeded, t.Tx.Commit())
	}
	return t.Tx.Commit()
}
