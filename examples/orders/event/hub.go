package event

import "sync"

// queue is how many events may wait for one subscriber.
const queue = 256

// Hub hands events to the subscribers of this instance. It never waits for any
// of them.
type Hub struct {
	mu     sync.Mutex
	subs   map[*subscription]bool
	closed bool
}

// NewHub returns a hub without subscribers.
func NewHub() *Hub { return &Hub{subs: map[*subscription]bool{}} }

// subscription is one subscriber. Its channel is closed when the hub is, or when
// it is too slow.
type subscription struct {
	scope  string
	events chan Event
	slow   bool // to be read when events is closed
}

func (h *Hub) subscribe(scope string) *subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &subscription{scope: scope, events: make(chan Event, queue)}
	if h.closed {
		close(s.events)
	} else {
		h.subs[s] = true
	}
	return s
}

func (h *Hub) unsubscribe(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
}

func (h *Hub) publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if !e.concerns(s.scope) {
			continue
		}
		select {
		case s.events <- e:
		default:
			s.slow = true
			delete(h.subs, s)
			close(s.events)
		}
	}
}

// Close ends all subscriptions, also those to come. The server calls it when it
// begins to shut down: streams would otherwise keep it waiting.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		close(s.events)
	}
	clear(h.subs)
}

// Closed reports whether the server is shutting down.
func (h *Hub) Closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// Len is the number of subscribers.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}
