package event

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/examples/orders/auth"
)

// ErrSlow ends the events of a subscriber that didn't take them in time. It can
// come back and name the last position it has seen.
var ErrSlow = errors.New("event: the subscriber is too slow")

// Follow yields the events that a user may know of: those after a position, if
// one is given, from the database, and then what happens.
//
// It ends silently with ctx, with the user's token, and when the server drains,
// which would otherwise wait for it. It holds no connection of the database
// while it waits.
func Follow(
	ctx context.Context, hub *Hub, db *sql.DB, u auth.User, position *int64,
) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, cancel := context.WithDeadline(ctx, u.Until)
		defer cancel()
		// Subscribed first, or what happens during the catching up is lost.
		sub := hub.subscribe(u.Scope())
		defer hub.unsubscribe(sub)
		last := int64(0)
		if position != nil {
			var ok bool
			if last, ok = catchUp(ctx, db, u.Scope(), *position, yield); !ok {
				return
			}
		}
		live(ctx, sub, last, yield)
	}
}

// catchUp yields what is in the database, and returns its last position.
func catchUp(
	ctx context.Context, db *sql.DB, scope string, last int64, yield func(Event, error) bool,
) (position int64, ok bool) {
	for {
		select {
		case <-fogo.Draining(ctx):
			return last, false
		default:
		}
		events, err := after(ctx, db, scope, last)
		if err != nil {
			if ctx.Err() == nil {
				yield(Event{}, err)
			}
			return last, false
		}
		for _, e := range events {
			if !yield(e, nil) {
				return last, false
			}
			last = e.Position
		}
		if len(events) < batch {
			return last, true
		}
	}
}

// live yields what the hub publishes, without what was yielded before.
func live(ctx context.Context, sub *subscription, last int64, yield func(Event, error) bool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-fogo.Draining(ctx):
			return
		case e, ok := <-sub.events:
			switch {
			case !ok:
				yield(Event{}, ErrSlow)
				return
			case e.Position > last && !yield(e, nil):
				return
			}
		}
	}
}
