package event

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

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

// writeTimeout is how long a client may take for one event.
const writeTimeout = 10 * time.Second

// Stream is the view of GET /orders/events: server-sent events with the position
// as their id. It writes the response itself, because an event of a stream that
// can be taken up again needs an id, and a silent stream needs beats.
func Stream(ctx context.Context, w http.ResponseWriter, hub *Hub, db *sql.DB, cfg Config, u auth.User, since Since) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // asks nginx to pass events on as they come
	out := &writer{w: w, rc: http.NewResponseController(w)}
	if err := out.write("retry: 1000\n\n"); err != nil {
		return nil // the client left
	}
	for e, err := range Follow(ctx, hub, db, u, since.position(), cfg.Beat) {
		switch {
		case errors.Is(err, ErrSlow):
			return nil // it comes back, and catches up
		case err != nil:
			return err
		}
		if out.event(e) != nil {
			return nil
		}
	}
	return nil
}

type writer struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (o *writer) event(e Event) error {
	if e.Position == 0 {
		return o.write(": beat\n\n")
	}
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return o.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.Position, e.Type, data))
}

// write gives each write a deadline of its own; the stream has none.
func (o *writer) write(text string) error {
	_ = o.rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // in a test there may be none
	if _, err := o.w.Write([]byte(text)); err != nil {
		return err
	}
	return o.rc.Flush()
}
