package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/credit"
	"github.com/google/uuid"
)

// The demonstration's accounts, which the commands in README.md name.
var (
	adaAccount = credit.AccountID{UUID: uuid.MustParse("00000000-0000-4000-8000-00000000000a")}
	bobAccount = credit.AccountID{UUID: uuid.MustParse("00000000-0000-4000-8000-00000000000b")}
)

// demo is a start hook that fills an empty database. Its tokens are in this
// file, so it is for databases that anybody may use.
func demo(now clock.Clock) func(context.Context, *sql.DB) error {
	return func(ctx context.Context, db *sql.DB) (err error) {
		var users int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&users); err != nil || users > 0 {
			return err
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := fill(ctx, tx, now); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
}

func fill(ctx context.Context, tx *sql.Tx, now clock.Clock) error {
	for _, u := range []struct {
		name    string
		role    auth.Role
		account credit.AccountID
	}{
		{"ada", auth.Customer, adaAccount},
		{"bob", auth.Customer, bobAccount},
		{"root", auth.Admin, credit.AccountID{}},
	} {
		id, err := auth.AddUser(ctx, tx, now, u.name, u.role)
		if err != nil {
			return err
		}
		if err := auth.Store(ctx, tx, id, u.name, "demo", now().Add(30*24*time.Hour)); err != nil {
			return err
		}
		if u.account == (credit.AccountID{}) {
			continue
		}
		if err := credit.Open(ctx, tx, id, u.account, 100_00); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO products (sku, name, price, stock)
		VALUES ('MUG-01', 'A mug', 1250, 100), ('TEE-01', 'A shirt', 2490, 40), ('POSTER-01', 'A poster', 990, 3)`)
	return err
}
