package event

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strconv"
	"time"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/examples/orders/auth"
)

// Since is where a stream begins.
type Since struct {
	// LastEventID is what a browser sends when it comes back, after a network
	// that failed or a server that was restarted.
	LastEventID *int64 `header:"Last-Event-ID" validate:"omitempty,min=0"`
	// After is the same for the first time.
	After *int64 `query:"after" validate:"omitempty,min=0"`
}

func (s Since) position() *int64 {
	if s.LastEventID != nil {
		return s.LastEventID
	}
	return s.After
}

// Stream is the view of GET /orders/events: server-sent events with the position
// as their id, which a browser that was cut off comes back with.
func Stream(
	ctx context.Context, hub *Hub, db *sql.DB, u auth.User, since Since,
) iter.Seq2[endpoint.Event[Event], error] {
	return func(yield func(endpoint.Event[Event], error) bool) {
		retry := time.Second // said once
		for e, err := range Follow(ctx, hub, db, u, since.position()) {
			if errors.Is(err, ErrSlow) {
				return // it comes back, and catches up
			}
			told := endpoint.Event[Event]{ID: strconv.FormatInt(e.Position, 10), Name: string(e.Type), Data: e, Retry: retry}
			if !yield(told, err) {
				return
			}
			retry = 0
		}
	}
}
