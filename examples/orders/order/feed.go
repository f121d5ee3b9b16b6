package order

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/gofogo/fogo/examples/orders/event"
	"github.com/gofogo/fogo/ws"
)

// Feed is the WebSocket of order events. Every connection has a copy of it.
//
// The user is that of the handshake: a handshake without a token is answered
// with 401 by the same provider as every request. A message is a call of its
// own, with a transaction of its own, given back before the next one.
type Feed struct {
	Hub  *event.Hub `inject:""`
	DB   *sql.DB    `inject:""`
	User auth.User  `inject:""`

	sent chan struct{} // closed when the sender has ended
}

// Since is where the feed begins: /orders/feed?after=42.
type Since struct {
	After *int64 `query:"after" validate:"omitempty,min=0"`
}

// OnConnect accepts, and begins to send.
func (f *Feed) OnConnect(conn *ws.WebSocket, since Since) error {
	// OnDisconnect is certain to follow once the connection is accepted.
	if err := conn.Accept(); err != nil {
		return err
	}
	f.sent = make(chan struct{})
	go f.send(conn, since.After)
	return nil
}

// Push is a message about an event.
type Push struct {
	Event event.Event `json:"event"`
}

// send brings events to the client until the connection is over, which ends its
// context. It goes on where messages are answered at the same time: sends take
// turns.
func (f *Feed) send(conn *ws.WebSocket, after *int64) {
	defer close(f.sent)
	for e, err := range event.Follow(conn.Context(), f.Hub, f.DB, f.User, after) {
		switch {
		case errors.Is(err, event.ErrSlow):
			conn.Fail(ws.CodeTryAgainLater, "too slow")
			return
		case err != nil:
			conn.Fail(ws.CodeInternalError, "")
			return
		case conn.SendJSON(Push{e}) != nil:
			return
		}
	}
	// The application closes its sockets when it stops; this is about others.
	if !time.Now().Before(f.User.Until) {
		conn.Fail(ws.CodePolicyViolation, "the token has expired")
	}
}

// Ask is what clients send: for the state of one order.
type Ask struct {
	OrderID ID `json:"order_id" validate:"required"`
}

// Reply is the order, or why there is none. An error would close the connection.
type Reply struct {
	Order   *Order `json:"order,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// OnReceive answers a question with the function that answers the request.
func (f *Feed) OnReceive(ctx context.Context, tx *database.ReadTx, ask Ask) (Reply, error) {
	o, err := find(ctx, tx, f.User.Scope(), ask.OrderID)
	if e, ok := errors.AsType[*endpoint.Error](err); ok && e.Status < http.StatusInternalServerError {
		return Reply{Problem: e.Detail}, nil
	}
	return Reply{Order: &o}, err
}

// OnDisconnect runs however the connection ended, and leaves nothing behind.
func (f *Feed) OnDisconnect() { <-f.sent }
