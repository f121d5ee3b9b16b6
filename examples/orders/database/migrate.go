package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockKey is what instances that start at the same time agree on.
const lockKey = 0x6f7264657273

// migrate runs the migrations that have not run yet, in the order of their
// names and in one transaction: either the schema is the new one, or nothing
// happened. Both databases roll back DDL.
func migrate(ctx context.Context, db *sql.DB, postgres bool) error {
	tx, err := db.BeginTx(ctx, nil) // SQLite: with the write lock
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if postgres {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockKey)); err != nil {
			return err
		}
	}
	done, err := applied(ctx, tx)
	if err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return err
	}
	for _, file := range files {
		name := path.Base(file)
		if slices.Contains(done, name) {
			continue
		}
		if err := apply(ctx, tx, file, name); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return tx.Commit()
}

func applied(ctx context.Context, tx *sql.Tx) ([]string, error) {
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)`); err != nil {
		return nil, err
	}
	return All(ctx, tx, func(rows *sql.Rows) (name string, err error) {
		return name, rows.Scan(&name)
	}, `SELECT name FROM migrations`)
}

func apply(ctx context.Context, tx *sql.Tx, file, name string) error {
	statements, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO migrations (name) VALUES ($1)`, name)
	return err
}
