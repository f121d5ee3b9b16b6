// Package credit moves money between accounts: the classical example of the
// lost update, and of the deadlock that a careless remedy brings.
package credit

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/once"
	"github.com/gofogo/fogo/resolve"
	"github.com/google/uuid"
)

// AccountID takes the variable {account_id}.
type AccountID struct{ uuid.UUID }

// Account is what a user owns, in cents.
type Account struct {
	ID      AccountID `json:"id"`
	Balance int64     `json:"balance"`
}

var errNoAccount = endpoint.NewError(http.StatusNotFound, "You have no such account.")

// Get answers an account of the caller's.
func Get(ctx context.Context, tx *database.ReadTx, u auth.User, id AccountID) (Account, error) {
	a := Account{ID: id}
	err := tx.QueryRowContext(ctx, `SELECT balance FROM accounts WHERE id = $1 AND ($2 = '' OR user_id = $2)`,
		id, u.Scope()).Scan(&a.Balance)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoAccount
	}
	return a, err
}

// NewTransfer is what a client asks for.
type NewTransfer struct {
	From   AccountID `json:"from"`
	To     AccountID `json:"to"`
	Amount int64     `json:"amount" validate:"min=1,max=1000000000"`
}

// Validate refuses a transfer that leads nowhere.
func (t NewTransfer) Validate() error {
	if t.From == t.To {
		return resolve.Fault{Location: "to", Message: "is the account that the money comes from"}
	}
	return nil
}

// Transfer is one that was made.
type Transfer struct {
	ID      uuid.UUID `json:"id"`
	Balance int64     `json:"balance"` // of the account that the money came from
}

// Post moves money, once for each Idempotency-Key: who got no answer sends it
// again, and would otherwise pay twice.
func Post(
	ctx context.Context, tx *database.Tx, now clock.Clock, u auth.User, call *once.Call, in resolve.Body[NewTransfer],
) (endpoint.Status[Transfer], error) {
	t, replayed, err := once.Do(ctx, call, func() (Transfer, error) { return move(ctx, tx, now, u, in.Value) })
	a := endpoint.Status[Transfer]{Code: http.StatusCreated, Body: t}
	if replayed {
		a.Header = http.Header{once.Replayed: {"true"}}
	}
	return a, err
}

// move changes both accounts, each by one statement that holds its condition and
// computes from the row as it is: SELECT and then UPDATE with a number computed
// in Go would lose what another transfer did in between.
//
// The account with the smaller id is changed first, whichever way the money
// goes. Two transfers in opposite directions would otherwise each hold the row
// that the other one waits for.
func move(ctx context.Context, tx *database.Tx, now clock.Clock, u auth.User, v NewTransfer) (Transfer, error) {
	t := Transfer{ID: uuid.Must(uuid.NewV7())}
	steps := []func() error{
		func() (err error) { t.Balance, err = withdraw(ctx, tx, u, v.From, v.Amount); return err },
		func() error { return deposit(ctx, tx, v.To, v.Amount) },
	}
	if v.To.String() < v.From.String() {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Transfer{}, err
		}
	}
	_, err := tx.ExecContext(ctx,
		`INSERT INTO transfers (id, from_account, to_account, amount, created_at) VALUES ($1, $2, $3, $4, $5)`,
		t.ID, v.From, v.To, v.Amount, now.Millis())
	return t, err
}

func withdraw(ctx context.Context, tx *database.Tx, u auth.User, id AccountID, amount int64) (balance int64, err error) {
	err = tx.QueryRowContext(ctx, `
		UPDATE accounts SET balance = balance - $1
		WHERE id = $2 AND ($3 = '' OR user_id = $3) AND balance >= $1
		RETURNING balance`, amount, id, u.Scope()).Scan(&balance)
	if !errors.Is(err, sql.ErrNoRows) {
		return balance, err
	}
	err = tx.QueryRowContext(ctx, `SELECT balance FROM accounts WHERE id = $1 AND ($2 = '' OR user_id = $2)`,
		id, u.Scope()).Scan(&balance)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, errNoAccount
	case err != nil:
		return 0, err
	}
	return 0, endpoint.NewError(http.StatusConflict, "There is not enough money in the account.")
}

func deposit(ctx context.Context, tx *database.Tx, id AccountID, amount int64) error {
	n, err := tx.ExecContext(ctx, `UPDATE accounts SET balance = balance + $1 WHERE id = $2`, amount, id)
	if err == nil && n == 0 {
		err = endpoint.NewError(http.StatusUnprocessableEntity, "There is no account that the money could go to.")
	}
	return err
}

// Open opens an account.
func Open(ctx context.Context, db auth.Execer, userID string, id AccountID, balance int64) error {
	_, err := db.ExecContext(ctx, `INSERT INTO accounts (id, user_id, balance) VALUES ($1, $2, $3)`, id, userID, balance)
	return err
}
