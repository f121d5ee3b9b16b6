package event

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/gofogo/fogo/examples/orders/database"
)

// Config is for the relay.
type Config struct {
	// Poll is how often the relay looks for events that other instances have
	// committed. Of its own it is told at once.
	Poll time.Duration
}

// Relay brings events from the database to the hub. There is one in every
// instance: each gives positions to what has none, whoever wrote it, and reads
// on from the position that it knows.
type Relay struct {
	db   *sql.DB
	turn database.Turn
	hub  *Hub
	log  *slog.Logger
	wake chan struct{}
	last int64
}

// NewRelay is the provider of *Relay, a Singleton: it runs until the context of
// Singletons ends, and the clean-up waits for that.
func NewRelay(ctx context.Context, db *sql.DB, turn database.Turn, hub *Hub, cfg Config, log *slog.Logger) (*Relay, func(), error) {
	r := &Relay{db: db, turn: turn, hub: hub, log: log, wake: make(chan struct{}, 1)}
	if err := db.QueryRowContext(ctx, `SELECT position FROM outbox_head`).Scan(&r.last); err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.run(ctx, cfg.Poll)
	}()
	return r, func() { <-done }, nil
}

// Wake says that there may be something new. It never waits.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *Relay) run(ctx context.Context, poll time.Duration) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		more, err := r.pass(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "events are delayed", slog.Any("error", err)) // and tried again
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-tick.C:
		}
	}
}

// pass gives positions and publishes, one batch of each.
func (r *Relay) pass(ctx context.Context) (more bool, err error) {
	if err := r.sequence(ctx); err != nil {
		return false, err
	}
	events, err := after(ctx, r.db, "", r.last)
	for _, e := range events {
		r.hub.publish(e)
		r.last = e.Position
	}
	return len(events) == batch, err
}

// sequence gives positions to committed events without one. It looks before it
// takes the lock, for most of the time there is nothing to do.
func (r *Relay) sequence(ctx context.Context) error {
	const found = `SELECT id FROM outbox WHERE position IS NULL ORDER BY id LIMIT $1`
	text := func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) }
	if ids, err := database.All(ctx, r.db, text, found, 1); err != nil || len(ids) == 0 {
		return err
	}
	return database.Write(ctx, r.db, r.turn, func(tx *sql.Tx) error {
		var head int64
		// The update locks the row: other instances wait here for their turn.
		err := tx.QueryRowContext(ctx, `UPDATE outbox_head SET position = position RETURNING position`).Scan(&head)
		if err != nil {
			return err
		}
		ids, err := database.All(ctx, tx, text, found, batch)
		if err != nil {
			return err
		}
		for _, id := range ids {
			head++
			if _, err := tx.ExecContext(ctx, `UPDATE outbox SET position = $1 WHERE id = $2`, head, id); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE outbox_head SET position = $1`, head)
		return err
	})
}
