package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofogo/fogo/ws"
)

const (
	historySize = 50  // what a newcomer is told of what was said
	queueSize   = 256 // events that may wait for one member
)

// Room is who is here and what was said lately. Nothing that it does under its
// lock waits for a network.
type Room struct {
	mu      sync.Mutex
	members map[string]*Member // by name in lower case
	history []Event
	last    int64 // the At of the last event
}

// NewRoom returns an empty room.
func NewRoom() *Room {
	return &Room{members: map[string]*Member{}}
}

// Member is one connection in the room.
type Member struct {
	name string
	conn *ws.WebSocket
	// queue has messages that are encoded already, once for all members.
	queue chan []byte
}

// Join lets a connection in and tells the others. If the name is taken the
// newcomer gets a number: somebody who comes back from a dead network meets
// their own old connection.
func (r *Room) Join(conn *ws.WebSocket, name string) *Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &Member{name: r.free(name), conn: conn, queue: make(chan []byte, queueSize)}
	r.tell(Event{Type: Joined, Name: m.name})
	r.members[key(m.name)] = m
	m.queue <- encode(Event{
		Type: Welcome, At: r.now(), Name: m.name, Users: r.names(), History: r.history, MaxText: maxText,
	})
	go m.send()
	return m
}

// Say tells everybody what a member said.
func (r *Room) Say(m *Member, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[key(m.name)] != m {
		return // thrown out, and not closed yet
	}
	e := r.tell(Event{Type: Said, Name: m.name, Text: text})
	r.history = append(r.history, e)
	if len(r.history) > historySize {
		r.history = slices.Delete(r.history, 0, 1)
	}
}

// Leave takes a member out and tells the others. Once more is nothing.
func (r *Room) Leave(m *Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[key(m.name)] == m {
		delete(r.members, key(m.name))
		r.tell(Event{Type: Left, Name: m.name})
	}
}

// tell dates an event and puts it into the queue of every member. One whose
// queue is full is too slow for this room: it is thrown out, and the others
// don't wait for it.
func (r *Room) tell(e Event) Event {
	e.At = r.now()
	message := encode(e)
	var slow []*Member
	for k, m := range r.members {
		select {
		case m.queue <- message:
		default:
			delete(r.members, k)
			slow = append(slow, m)
		}
	}
	for _, m := range slow {
		// Its sender may be in the middle of a write that is stuck: Fail
		// waits for that, for a while, so not here.
		go m.conn.Fail(ws.CodeTryAgainLater, "too slow")
		r.tell(Event{Type: Left, Name: m.name})
	}
	return e
}

// send brings the queue to the client. It ends with the connection.
func (m *Member) send() {
	gone := m.conn.Context().Done()
	for {
		select {
		case <-gone:
			return
		case message := <-m.queue:
			if m.conn.Send(ws.KindText, message) != nil {
				return
			}
		}
	}
}

// free returns the name, with a number if it is taken.
func (r *Room) free(name string) string {
	free := name
	for n := 2; r.members[key(free)] != nil; n++ {
		free = name + " (" + strconv.Itoa(n) + ")"
	}
	return free
}

func (r *Room) names() []string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(r.members)) {
		names = append(names, r.members[k].name)
	}
	return names
}

// now is the time, and always later than the last one.
func (r *Room) now() int64 {
	r.last = max(r.last+1, time.Now().UnixMilli())
	return r.last
}

// key is what two names must not have in common.
func key(name string) string { return strings.ToLower(name) }

func encode(e Event) []byte {
	message, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and numbers can be encoded
	}
	return message
}
