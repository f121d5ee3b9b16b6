package inject_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofogo/fogo/inject"
)

// Bank stands for a database.
type Bank struct{}

func (*Bank) Begin() *Transfer { fmt.Println("begin"); return &Transfer{} }

type Transfer struct{}

func (*Transfer) Move(amount int) { fmt.Println("move", amount) }

func (*Transfer) Commit() error { fmt.Println("commit"); return nil }

func (*Transfer) Rollback() { fmt.Println("rollback") }

// NewTransfer begins a transaction for a call. The finisher ends it: when it
// runs the answer was not sent yet, so a failed commit is still an error.
func NewTransfer(bank *Bank) (*Transfer, func(error) error) {
	t := bank.Begin()
	return t, func(err error) error {
		if err != nil {
			t.Rollback()
			return err
		}
		return t.Commit()
	}
}

// A transaction that begins before the function and ends with it, however that
// ends.
func Example_finisher() {
	providers := inject.New()
	must(providers.Value(&Bank{}))
	must(providers.Provide(inject.PerCall, NewTransfer))

	app, err := inject.Assemble(providers, inject.Options{})
	must(err)
	pay, err := app.Func(providers, func(t *Transfer) error {
		t.Move(100)
		return nil
	})
	must(err)
	overdraw, err := app.Func(providers, func(t *Transfer) error {
		t.Move(1e6)
		return errors.New("not enough money")
	})
	must(err)

	ctx := context.Background()
	must(app.Start(ctx))
	defer app.Stop(ctx)

	fmt.Println("paid:", pay.Call(ctx))
	fmt.Println("paid:", overdraw.Call(ctx))
	// Output:
	// begin
	// move 100
	// commit
	// paid: <nil>
	// begin
	// move 1000000
	// rollback
	// paid: not enough money
}
