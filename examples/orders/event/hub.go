package event

import "sync"

// queue is how many events may wait for one subscriber.
const queue = 256

// Hub hands events to the subscribers of this instance. It never waits for any
// of them.
type Hub struct {
	mu   sync.Mutex
	subs map[*subscription]bool
}

// NewHub returns a hub without subscribers.
func NewHub() *Hub { return &Hub{subs: map[*subscription]bool{}} }

// subscription is one subscriber. Its channel is closed when it is too slow.
type subscription struct {
	scope  string
	events chan Event
}

func (h *Hub) subscribe(scope string) *subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &subscription{scope: scope, events: make(chan Event, queue)}
	h.subs[s] = true
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
			delete(h.subs, s)
			close(s.events)
		}
	}
}
