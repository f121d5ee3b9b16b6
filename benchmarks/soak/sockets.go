package main

import (
	"strconv"
	"sync"

	"github.com/gofogo/fogo/ws"
)

// Say is a message.
type Say struct {
	N    int    `json:"n"`
	Text string `json:"text" validate:"max=20000"`
}

// Said is the answer to it.
type Said struct {
	N     int    `json:"n"`
	Text  string `json:"text"`
	Trace string `json:"trace"`
}

// reply is a view that is called with each message, and with what was made for
// that message and for the connection.
func reply(conn *ws.WebSocket, cart *Cart, t *Trace, m Say) Said {
	cart.items++
	return Said{m.N, m.Text, t.ID}
}

// Count is a class view whose fields live as long as the connection.
type Count struct {
	Ledger *Ledger `inject:""`
	Cart   *Cart   `inject:""`
	n      int
}

// OnConnect counts the connection.
func (c *Count) OnConnect(conn *ws.WebSocket) { c.Ledger.connected.Add(1) }

// OnReceive numbers what it says again.
func (c *Count) OnReceive(text ws.Text) (ws.Text, error) {
	if text == "leave" {
		return "", &ws.CloseError{Code: 4001, Reason: "you said so"}
	}
	c.n++
	return ws.Text(strconv.Itoa(c.n)) + " " + text, nil
}

// OnDisconnect runs however the connection ended.
func (c *Count) OnDisconnect(code ws.Code) { c.Ledger.parted.Add(1) }

// Rooms are those that somebody is in.
type Rooms struct {
	mu    sync.Mutex
	rooms map[RoomID]map[*ws.WebSocket]struct{}
}

func newRooms() *Rooms { return &Rooms{rooms: map[RoomID]map[*ws.WebSocket]struct{}{}} }

// RoomID is the variable of the pattern.
type RoomID string

func (r *Rooms) join(id RoomID, conn *ws.WebSocket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rooms[id] == nil {
		r.rooms[id] = map[*ws.WebSocket]struct{}{}
	}
	r.rooms[id][conn] = struct{}{}
}

func (r *Rooms) leave(id RoomID, conn *ws.WebSocket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rooms[id], conn)
	if len(r.rooms[id]) == 0 {
		delete(r.rooms, id)
	}
}

// say sends a message, encoded once, to everybody in the room. Connections have
// queues, so nobody is waited for under the lock.
func (r *Rooms) say(id RoomID, p *ws.Prepared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.rooms[id] {
		_ = conn.SendPrepared(p) // one that is gone leaves by OnDisconnect
	}
}

// Guest is somebody in a room.
type Guest struct {
	Ledger *Ledger `inject:""`
	Rooms  *Rooms  `inject:""`
	room   RoomID
	conn   *ws.WebSocket
}

// OnConnect joins the room.
func (g *Guest) OnConnect(conn *ws.WebSocket, id RoomID) error {
	if err := conn.Accept(); err != nil {
		return err
	}
	g.Ledger.connected.Add(1)
	g.room, g.conn = id, conn
	g.Rooms.join(id, conn)
	return nil
}

// OnReceive tells everybody.
func (g *Guest) OnReceive(text ws.Text) error {
	p, err := ws.Prepare(ws.KindText, []byte(text))
	if err != nil {
		return err
	}
	g.Rooms.say(g.room, p)
	return nil
}

// OnDisconnect leaves the room.
func (g *Guest) OnDisconnect() {
	g.Ledger.parted.Add(1)
	g.Rooms.leave(g.room, g.conn)
}
