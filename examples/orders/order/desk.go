package order

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/event"
	"github.com/gofogo/fogo/examples/orders/product"
	"github.com/google/uuid"
)

// Desk is where a caller's orders are changed. It lives for one call and has the
// transaction of that, so that views which take a *Desk need no *Tx, and nothing
// that it does is true before the call has ended well.
type Desk struct {
	tx     *database.Tx
	events *event.Recorder
	now    clock.Clock
	user   auth.User
	log    auth.Log
}

// NewDesk is the provider of *Desk.
func NewDesk(tx *database.Tx, events *event.Recorder, now clock.Clock, u auth.User, log auth.Log) *Desk {
	return &Desk{tx, events, now, u, log}
}

// Place makes an order and takes what it asks for out of the stock.
func (d *Desk) Place(ctx context.Context, in New) (Order, error) {
	now := d.now.Millis()
	o := Order{ID: ID{uuid.Must(uuid.NewV7())}, Status: Open, Note: in.Note, Version: 1, userID: d.user.ID}
	o.CreatedAt = time.UnixMilli(now).UTC()
	o.UpdatedAt = o.CreatedAt
	var err error
	if o.Items, err = d.reserve(ctx, in.Items); err != nil {
		return Order{}, err
	}
	for _, i := range o.Items {
		o.Total += i.Quantity * i.Price
	}
	_, err = d.tx.ExecContext(ctx, `
		INSERT INTO orders (id, user_id, status, note, total, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $6)`, o.ID, o.userID, string(o.Status), o.Note, o.Total, now)
	if err != nil {
		return Order{}, err
	}
	for _, i := range o.Items {
		_, err = d.tx.ExecContext(ctx,
			`INSERT INTO order_items (order_id, sku, quantity, price) VALUES ($1, $2, $3, $4)`,
			o.ID, string(i.SKU), i.Quantity, i.Price)
		if err != nil {
			return Order{}, err
		}
	}
	d.log.InfoContext(ctx, "order placed", slog.Any("order", o.ID), slog.Int64("total", o.Total))
	return o, d.events.Record(ctx, event.Created, o.userID, o.ID.String(), o.Version)
}

// reserve goes through the products in the order of their SKUs. Two orders of
// the same products would otherwise each hold a row that the other waits for.
//
// It is the order of Go's strings, here and in Cancel. That of the database
// depends on its collation, which may put "A1" before "A-2".
func (d *Desk) reserve(ctx context.Context, wanted []NewItem) ([]Item, error) {
	wanted = slices.SortedFunc(slices.Values(wanted), func(a, b NewItem) int { return cmp.Compare(a.SKU, b.SKU) })
	items := make([]Item, len(wanted))
	for i, w := range wanted {
		price, err := product.Reserve(ctx, d.tx, w.SKU, w.Quantity)
		if err != nil {
			return nil, err
		}
		items[i] = Item{SKU: w.SKU, Quantity: w.Quantity, Price: price}
	}
	return items, nil
}

// Annotate changes the note of an open order.
func (d *Desk) Annotate(ctx context.Context, id ID, match Match, note string) (Order, error) {
	return d.change(ctx, id, match, event.Updated, func(o *Order) { o.Note = note })
}

// Ship says that the goods are on their way.
func (d *Desk) Ship(ctx context.Context, id ID, match Match) (Order, error) {
	return d.change(ctx, id, match, event.Shipped, func(o *Order) { o.Status = Shipped })
}

// Cancel ends an open order and puts the goods back.
func (d *Desk) Cancel(ctx context.Context, id ID, match Match) (Order, error) {
	o, err := d.change(ctx, id, match, event.Cancelled, func(o *Order) { o.Status = Cancelled })
	if err != nil {
		return o, err
	}
	for _, i := range slices.SortedFunc(slices.Values(o.Items), func(a, b Item) int { return cmp.Compare(a.SKU, b.SKU) }) {
		if err := product.Return(ctx, d.tx, i.SKU, i.Quantity); err != nil {
			return o, err
		}
	}
	return o, nil
}

// change is the optimistic lock. The client says which version it has seen; the
// statement changes that version and no other. Where the version is looked at
// only before, two clients that come at the same moment both find it current.
func (d *Desk) change(ctx context.Context, id ID, match Match, what event.Type, edit func(*Order)) (Order, error) {
	o, err := find(ctx, d.tx, d.user.Scope(), id)
	if err != nil {
		return o, err
	}
	if err := match.check(o.Version); err != nil {
		return o, err
	}
	if o.Status != Open {
		return o, endpoint.NewError(http.StatusConflict, fmt.Sprintf("The order is %s.", o.Status))
	}
	edit(&o)
	now, seen := d.now.Millis(), o.Version
	n, err := d.tx.ExecContext(ctx,
		`UPDATE orders SET status = $1, note = $2, version = version + 1, updated_at = $3 WHERE id = $4 AND version = $5`,
		string(o.Status), o.Note, now, id, seen)
	if err == nil && n == 0 {
		err = errChanged(0)
	}
	if err != nil {
		return o, err
	}
	o.Version, o.UpdatedAt = seen+1, time.UnixMilli(now).UTC()
	d.log.InfoContext(ctx, "order changed", slog.Any("order", id), slog.String("what", string(what)))
	return o, d.events.Record(ctx, what, o.userID, id.String(), o.Version)
}
