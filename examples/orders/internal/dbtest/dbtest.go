// Package dbtest gives tests databases of their own: SQLite files always, and
// schemas in a PostgreSQL server if there is one.
//
// The server is the one that ORDERS_TEST_POSTGRES names, a postgres:// URL, or
// one that is started for the tests if PostgreSQL's programs are installed. If
// ORDERS_TEST_POSTGRES is "require", tests fail where they would be skipped.
package dbtest

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
)

// Each runs a test once for each database, in parallel.
func Each(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, filepath.Join(t.TempDir(), "orders.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

var schemas atomic.Int64

// Postgres makes an empty schema and returns a URL that leads into it.
func Postgres(t *testing.T) string {
	t.Helper()
	server := server(t)
	name := fmt.Sprintf("orders_test_%d_%d", os.Getpid(), schemas.Add(1))
	execute(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, server, "DROP SCHEMA "+name+" CASCADE") })
	u, err := url.Parse(server)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = db.Exec(statement)
	require.NoError(t, err)
}

// server returns the URL of a server, or skips the test and says why.
func server(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("ORDERS_TEST_POSTGRES")
	if strings.Contains(dsn, "://") {
		return dsn
	}
	dsn, err := started()
	switch {
	case err == nil:
		return dsn
	case os.Getenv("ORDERS_TEST_POSTGRES") == "require":
		t.Fatal(err)
	}
	t.Skip(err)
	return ""
}
