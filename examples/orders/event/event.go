// Package event tells of what happened to orders, and only of what did.
//
// An event is a row of the table outbox, written by a [Recorder] in the
// transaction that it tells of: it is there exactly if the change is. A [Relay]
// gives what was committed a position and hands it to the [Hub], whose
// subscribers are streams and sockets. A subscriber that was away names the last
// position it has seen and gets the rest from the table, see [Follow].
package event

import (
	"context"
	"database/sql"
	"time"

	"github.com/gofogo/fogo/examples/orders/database"
)

// Type says what happened.
type Type string

// The types.
const (
	Created   Type = "order.created"
	Updated   Type = "order.updated"
	Shipped   Type = "order.shipped"
	Cancelled Type = "order.cancelled"
)

// Event is one thing that happened.
type Event struct {
	// Position grows from event to event, in all instances alike.
	Position int64  `json:"position"`
	Type     Type   `json:"type"`
	OrderID  string `json:"order_id"`
	// Version is that of the order afterwards.
	Version int64     `json:"version"`
	At      time.Time `json:"at"`

	userID string
}

// concerns reports whether a subscriber with this scope may know of the event.
func (e Event) concerns(scope string) bool { return scope == "" || scope == e.userID }

const columns = `SELECT position, type, order_id, version, created_at, user_id FROM outbox `

func scan(rows *sql.Rows) (e Event, err error) {
	var at int64
	err = rows.Scan(&e.Position, &e.Type, &e.OrderID, &e.Version, &at, &e.userID)
	e.At = time.UnixMilli(at).UTC()
	return e, err
}

// batch is how many events are read at a time.
const batch = 200

// after reads the events that follow a position, up to a batch of them.
func after(ctx context.Context, r database.Reader, scope string, position int64) ([]Event, error) {
	return database.All(ctx, r, scan,
		columns+`WHERE position > $1 AND ($2 = '' OR user_id = $2) ORDER BY position LIMIT $3`, position, scope, batch)
}
