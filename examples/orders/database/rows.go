package database

import (
	"context"
	"database/sql"
	"iter"
)

// Each ranges over the rows of a query, scanned one by one: an export of any
// size takes the memory of one row. An error ends it. The rows are closed when
// the loop is left.
func Each[T any](
	ctx context.Context, r Reader, scan func(*sql.Rows) (T, error), query string, args ...any,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := r.QueryContext(ctx, query, args...)
		if err != nil {
			yield(zero, err)
			return
		}
		defer func() { _ = rows.Close() }() // its error is that of rows.Err
		for rows.Next() {
			v, err := scan(rows)
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, err)
		}
	}
}

// All reads all rows of a query. The result is never nil, so that it is [] in
// JSON.
func All[T any](
	ctx context.Context, r Reader, scan func(*sql.Rows) (T, error), query string, args ...any,
) ([]T, error) {
	all := []T{}
	for v, err := range Each(ctx, r, scan, query, args...) {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
