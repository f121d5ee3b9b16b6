package event

import (
	"context"

	"github.com/gofogo/fogo/examples/orders/clock"
	"github.com/gofogo/fogo/examples/orders/database"
	"github.com/google/uuid"
)

// Recorder writes the events of one call into its transaction.
type Recorder struct {
	tx       *database.Tx
	now      clock.Clock
	recorded bool
}

// NewRecorder is the provider of *Recorder. Its clean-up is a release, which runs
// when the transaction is over and the answer is sent: then it wakes the relay.
// It need not know whether the transaction was committed, for an event of one
// that wasn't is not there to be found.
func NewRecorder(tx *database.Tx, now clock.Clock, relay *Relay) (*Recorder, func()) {
	r := &Recorder{tx: tx, now: now}
	return r, func() {
		if r.recorded {
			relay.Wake()
		}
	}
}

// Record writes an event about an order and its owner.
func (r *Recorder) Record(ctx context.Context, what Type, userID, orderID string, version int64) error {
	r.recorded = true
	_, err := r.tx.ExecContext(ctx, `
		INSERT INTO outbox (id, user_id, order_id, type, version, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		uuid.Must(uuid.NewV7()), userID, orderID, string(what), version, r.now.Millis())
	return err
}
