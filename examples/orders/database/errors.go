package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/gofogo/fogo/endpoint"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Explain turns an error of the database that concerns the client into one that
// says so, and leaves every other as it is:
//
//   - 503 with Retry-After if trying again may help: the database is locked, a
//     deadlock was broken, the connection was lost, time is up.
//   - 409 if a constraint of the schema refused what the call did.
//
// The text of the database stays with the server.
func Explain(err error) error {
	var decided *endpoint.Error
	if err == nil || errors.As(err, &decided) {
		return err
	}
	switch {
	case retry(err):
		return &endpoint.Error{
			Status: http.StatusServiceUnavailable, Detail: "The database is busy. Nothing was changed; try again.",
			Header: http.Header{"Retry-After": {"1"}}, Err: err,
		}
	case refused(err):
		return &endpoint.Error{
			Status: http.StatusConflict, Detail: "This contradicts what is stored.", Err: err,
		}
	}
	return err
}

// retry reports whether the same call may succeed later.
func retry(err error) bool {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch p.Code {
		case "40001", "40P01", // serialization failure, deadlock
			"55P03", "57014", // lock timeout, cancelled
			"53300", "57P01", "57P02", "57P03": // too many connections, shutting down
			return true
		}
		return false
	}
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		switch s.Code() & 0xff { // the rest is detail
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT:
			return true
		}
		return false
	}
	return lost(err) || errors.Is(err, context.DeadlineExceeded)
}

// lost reports whether the connection broke, or was never made.
func lost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF)
}

// decided reports whether the error of a COMMIT is the database's own word, after
// which nothing has changed. Whatever else ended it, a broken connection, a
// deadline, a server that was killed, the COMMIT may have been heard.
func decided(err error) bool {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		return p.SeverityUnlocalized == "ERROR" // FATAL is the end of the connection
	}
	_, ok := errors.AsType[*sqlite.Error](err)
	return ok || errors.Is(err, pgx.ErrTxCommitRollback)
}

// refused reports whether a constraint of the schema was violated.
func refused(err error) bool {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		return len(p.Code) == 5 && p.Code[:2] == "23"
	}
	s, ok := errors.AsType[*sqlite.Error](err)
	return ok && s.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}
