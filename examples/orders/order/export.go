package order

import (
	"context"
	"database/sql"
	"encoding/csv"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/product"
)

// Slots are the exports that may run at a time. Each holds a connection of the
// pool for as long as its client takes; without a bound below that of the pool,
// a handful of slow clients stop the shop.
type Slots chan struct{}

// NewSlots returns n of them.
func NewSlots(n int) Slots { return make(Slots, max(1, n)) }

// Slot is the right to export.
type Slot struct{}

// NewSlot is the provider of Slot; its clean-up gives the slot back.
func NewSlot(free Slots) (Slot, func(), error) {
	select {
	case free <- struct{}{}:
		return Slot{}, func() { <-free }, nil
	default:
		return Slot{}, nil, &endpoint.Error{
			Status: http.StatusServiceUnavailable, Detail: "Too many exports are running.",
			Header: http.Header{"Retry-After": {"10"}},
		}
	}
}

// Line is one line of an export: an item with its order.
type Line struct {
	OrderID   ID          `json:"order_id"`
	Status    Status      `json:"status"`
	CreatedAt time.Time   `json:"created_at"`
	SKU       product.SKU `json:"sku"`
	Quantity  int64       `json:"quantity"`
	Price     int64       `json:"price"`
	Note      string      `json:"note"`
}

func lines(ctx context.Context, tx *database.ReadTx, scope string) iter.Seq2[Line, error] {
	return database.Each(ctx, tx, func(rows *sql.Rows) (l Line, err error) {
		var at int64
		err = rows.Scan(&l.OrderID, &l.Status, &at, &l.SKU, &l.Quantity, &l.Price, &l.Note)
		l.CreatedAt = time.UnixMilli(at).UTC()
		return l, err
	}, `
		SELECT orders.id, orders.status, orders.created_at, i.sku, i.quantity, i.price, orders.note
		FROM orders JOIN order_items i ON i.order_id = orders.id
		WHERE ($1 = '' OR orders.user_id = $1)
		ORDER BY orders.id, i.sku`, scope)
}

// Export streams the caller's orders as NDJSON, row by row, out of one state of
// the database. It holds its transaction until the last row, which its route
// says with inject.Hold.
//
// The slot comes first: a request that gets none doesn't begin a transaction.
func Export(ctx context.Context, _ Slot, tx *database.ReadTx, u auth.User) iter.Seq2[Line, error] {
	return lines(ctx, tx, u.Scope())
}

// ExportCSV is the same for spreadsheets.
func ExportCSV(ctx context.Context, w http.ResponseWriter, _ Slot, tx *database.ReadTx, u auth.User) error {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="orders.csv"`)
	h.Set("Cache-Control", "no-store")
	rc, out := http.NewResponseController(w), csv.NewWriter(w)
	_ = out.Write([]string{"order_id", "status", "created_at", "sku", "quantity", "price", "note"})
	for l, err := range lines(ctx, tx, u.Scope()) {
		if err == nil {
			_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // in a test there may be none
			err = out.Write(l.record())
		}
		if err != nil {
			// Half a file must not be taken for the whole: the connection is
			// cut, which a returned error would not do.
			panic(http.ErrAbortHandler)
		}
	}
	out.Flush()
	return out.Error()
}

// writeTimeout is how long a client may take for one row.
const writeTimeout = 10 * time.Second

func (l Line) record() []string {
	return []string{
		l.OrderID.String(), string(l.Status), l.CreatedAt.Format(time.RFC3339), string(l.SKU),
		strconv.FormatInt(l.Quantity, 10), strconv.FormatInt(l.Price, 10), harmless(l.Note),
	}
}

// harmless keeps a spreadsheet from taking a client's text for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
