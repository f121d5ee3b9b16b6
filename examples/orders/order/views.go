package order

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/once"
	"github.com/gofogo/fogo/examples/orders/page"
	"github.com/gofogo/fogo/examples/orders/product"
	"github.com/gofogo/fogo/resolve"
)

// Answer is an order with its ETag.
type Answer = endpoint.Status[Order]

func answer(o Order, err error) (Answer, error) {
	return Answer{Header: http.Header{"Etag": {etag(o.Version)}}, Body: o}, err
}

// Filter says which orders a list has.
type Filter struct {
	page.Page
	Status *Status `query:"status" validate:"omitempty,oneof=open shipped cancelled"`
}

// Index lists the caller's orders, an administrator's all, the oldest first.
func Index(ctx context.Context, tx *database.ReadTx, u auth.User, at *url.URL, f Filter) (page.Answer[Order], error) {
	status := ""
	if f.Status != nil {
		status = string(*f.Status)
	}
	return page.Read(ctx, tx, at, f.Page, func(o Order) string { return o.ID.String() }, scan,
		columns+`WHERE id > $1 AND ($2 = '' OR user_id = $2) AND ($3 = '' OR status = $3) ORDER BY id LIMIT $4`,
		f.Key(), u.Scope(), status)
}

// Get answers one order, or 304 if the client has it already.
func Get(ctx context.Context, tx *database.ReadTx, u auth.User, id ID, have NoneMatch) (Answer, error) {
	a, err := answer(find(ctx, tx, u.Scope(), id))
	if err == nil && have.has(a.Body.Version) {
		a.Code = http.StatusNotModified
	}
	return a, err
}

// New is an order as a client asks for it.
type New struct {
	Items []NewItem `json:"items" validate:"min=1,max=50,unique=SKU,dive"`
	Note  string    `json:"note" validate:"max=500"`
}

// NewItem is one line of it.
type NewItem struct {
	SKU      product.SKU `json:"sku" validate:"required"`
	Quantity int64       `json:"quantity" validate:"min=1,max=1000"`
}

// Validate refuses notes that no database and no terminal should see.
func (n New) Validate() error { return checkNote(n.Note) }

// Create places an order, once for each Idempotency-Key.
func Create(ctx context.Context, desk *Desk, call *once.Call, in resolve.Body[New]) (Answer, error) {
	o, replayed, err := once.Do(ctx, call, func() (Order, error) { return desk.Place(ctx, in.Value) })
	a, err := answer(o, err)
	a.Code = http.StatusCreated
	a.Header.Set("Location", "/orders/"+o.ID.String())
	if replayed {
		a.Header.Set(once.Replayed, "true")
	}
	return a, err
}

// Change is what a client may change of an order.
type Change struct {
	Note string `json:"note" validate:"max=500"`
}

// Validate is that of [New].
func (c Change) Validate() error { return checkNote(c.Note) }

// checkNote allows what is printed, and lines. PostgreSQL stores no NUL.
func checkNote(note string) error {
	hidden := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if strings.ContainsFunc(note, hidden) {
		return resolve.Fault{Location: "note", Message: "has characters that cannot be printed"}
	}
	return nil
}

// Patch changes the note.
func Patch(ctx context.Context, desk *Desk, id ID, match Match, in resolve.Body[Change]) (Answer, error) {
	return answer(desk.Annotate(ctx, id, match, in.Value.Note))
}

// Cancel ends an order.
func Cancel(ctx context.Context, desk *Desk, id ID, match Match) (Answer, error) {
	return answer(desk.Cancel(ctx, id, match))
}

// Ship is for administrators.
func Ship(ctx context.Context, desk *Desk, id ID, match Match) (Answer, error) {
	return answer(desk.Ship(ctx, id, match))
}
