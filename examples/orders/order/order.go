// Package order is the heart of the shop: orders are placed, changed, shipped
// and cancelled, each time in one transaction with the stock they take and the
// event that tells of it.
package order

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/product"
	"github.com/google/uuid"
)

// ID takes the variable {order_id}. It is a UUID of version 7, so ids sort by
// the time at which they were made.
type ID struct{ uuid.UUID }

// ParamName tells the variable; by its own name ID would take {id}.
func (ID) ParamName() string { return "order_id" }

// Status is where an order stands: open, and then one of the others.
type Status string

// The statuses.
const (
	Open      Status = "open"
	Shipped   Status = "shipped"
	Cancelled Status = "cancelled"
)

// Order is an order as clients see it.
type Order struct {
	ID     ID     `json:"id"`
	Status Status `json:"status"`
	Note   string `json:"note"`
	Total  int64  `json:"total"` // in cents
	// Version counts the changes. It is the ETag, too.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Items are left out of lists.
	Items []Item `json:"items,omitempty"`

	userID string
}

// Item is one line of an order, at the price of that time.
type Item struct {
	SKU      product.SKU `json:"sku"`
	Quantity int64       `json:"quantity"`
	Price    int64       `json:"price"`
}

var errNotFound = endpoint.NewError(http.StatusNotFound, "You have no such order.")

const columns = `SELECT id, user_id, status, note, total, version, created_at, updated_at FROM orders `

// row is a *sql.Row or *sql.Rows.
type row interface{ Scan(into ...any) error }

func scanRow(r row) (o Order, err error) {
	var created, updated int64
	err = r.Scan(&o.ID, &o.userID, &o.Status, &o.Note, &o.Total, &o.Version, &created, &updated)
	o.CreatedAt, o.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
	return o, err
}

func scan(rows *sql.Rows) (Order, error) { return scanRow(rows) }

// find reads an order with its items. That of another user is not found either:
// who may not see it need not know that it exists.
func find(ctx context.Context, r database.Reader, scope string, id ID) (Order, error) {
	o, err := scanRow(r.QueryRowContext(ctx, columns+`WHERE id = $1 AND ($2 = '' OR user_id = $2)`, id, scope))
	if errors.Is(err, sql.ErrNoRows) {
		return o, errNotFound
	}
	if err != nil {
		return o, err
	}
	o.Items, err = database.All(ctx, r, func(rows *sql.Rows) (i Item, err error) {
		return i, rows.Scan(&i.SKU, &i.Quantity, &i.Price)
	}, `SELECT sku, quantity, price FROM order_items WHERE order_id = $1 ORDER BY sku`, id)
	return o, err
}
