// Package product is what the shop sells, and how much of it there is.
package product

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/once"
	"github.com/gofogo/fogo/examples/orders/page"
)

// SKU identifies a product: "MUG-01". It takes the variable {sku}, and is
// checked wherever it comes from, a path or a body.
type SKU string

// ParamName is the name of the variable; by the rule for names it would be
// the same.
func (SKU) ParamName() string { return "sku" }

const maxSKU = 32

// UnmarshalText refuses everything that is no SKU.
func (s *SKU) UnmarshalText(text []byte) error {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	if len(text) == 0 || len(text) > maxSKU || strings.Trim(string(text), allowed) != "" {
		return errors.New("is no SKU: capital letters, digits and hyphens, up to 32")
	}
	*s = SKU(text)
	return nil
}

// Product is one thing on sale. Prices are in cents.
type Product struct {
	SKU   SKU    `json:"sku"`
	Name  string `json:"name"`
	Price int64  `json:"price"`
	Stock int64  `json:"stock"`
}

// Index lists the products, for everybody.
func Index(ctx context.Context, tx *database.ReadTx, u *url.URL, p page.Page) (page.Answer[Product], error) {
	return page.Read(ctx, tx, u, p, func(p Product) string { return string(p.SKU) }, scan,
		`SELECT sku, name, price, stock FROM products WHERE sku > $1 ORDER BY sku LIMIT $2`, p.Key())
}

func scan(rows *sql.Rows) (p Product, err error) {
	return p, rows.Scan(&p.SKU, &p.Name, &p.Price, &p.Stock)
}

// Supply is what an administrator says of a product.
type Supply struct {
	Name  string `json:"name" validate:"required,max=100,printascii"`
	Price int64  `json:"price" validate:"min=0,max=1000000000"`
	// Add is added to the stock. A number that replaces it would undo the
	// reservations that came between looking and writing.
	Add int64 `json:"add" validate:"min=0,max=1000000"`
}

// Post makes a product, or changes it, and adds to its stock. It is no PUT, which
// anybody on the way may send twice (RFC 9110 section 9.2.2): added twice is not
// added once. The Idempotency-Key sees to that.
func Post(ctx context.Context, tx *database.Tx, call *once.Call, sku SKU, in struct {
	Body Supply `body:""`
}) (endpoint.Status[Product], error) {
	p, replayed, err := once.Do(ctx, call, func() (Product, error) { return supply(ctx, tx, sku, in.Body) })
	a := endpoint.Status[Product]{Body: p}
	if replayed {
		a.Header = http.Header{once.Replayed: {"true"}}
	}
	return a, err
}

func supply(ctx context.Context, tx *database.Tx, sku SKU, s Supply) (p Product, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO products (sku, name, price, stock) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sku) DO UPDATE SET name = $2, price = $3, stock = products.stock + $4
		RETURNING sku, name, price, stock`,
		string(sku), s.Name, s.Price, s.Add).Scan(&p.SKU, &p.Name, &p.Price, &p.Stock)
	return p, err
}

// Reserve takes a quantity out of the stock and returns the price. The condition
// is part of the statement that changes the row: whoever reads the stock first
// and writes it then sells what another sold meanwhile.
func Reserve(ctx context.Context, tx *database.Tx, sku SKU, quantity int64) (price int64, err error) {
	err = tx.QueryRowContext(ctx,
		`UPDATE products SET stock = stock - $1 WHERE sku = $2 AND stock >= $1 RETURNING price`,
		quantity, string(sku)).Scan(&price)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, unavailable(ctx, tx, sku)
	}
	return price, err
}

func unavailable(ctx context.Context, tx *database.Tx, sku SKU) error {
	var stock int64
	err := tx.QueryRowContext(ctx, `SELECT stock FROM products WHERE sku = $1`, string(sku)).Scan(&stock)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return endpoint.NewError(http.StatusUnprocessableEntity, fmt.Sprintf("There is no product %s.", sku))
	case err != nil:
		return err
	}
	return endpoint.NewError(http.StatusConflict, fmt.Sprintf("Of %s only %d are left.", sku, stock))
}

// Return puts a quantity back.
func Return(ctx context.Context, tx *database.Tx, sku SKU, quantity int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE products SET stock = stock + $1 WHERE sku = $2`, quantity, string(sku))
	return err
}
