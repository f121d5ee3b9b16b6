package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// Chat is the view of the socket. Every connection has a copy of it, so its
// fields keep what belongs to the connection.
type Chat struct {
	Room   *Room `inject:""`
	member *Member
}

// OnConnect lets a visitor in. The name is checked before it runs: a bad one
// is answered with 422, and there is no socket.
func (c *Chat) OnConnect(conn *ws.WebSocket, visitor Visitor) error {
	// OnDisconnect is certain to follow once the connection is accepted.
	if err := conn.Accept(); err != nil {
		return err
	}
	c.member = c.Room.Join(conn, visitor.Name)
	return nil
}

// OnReceive runs for each message that is valid. The sender of another is told
// what is wrong with it, and stays.
func (c *Chat) OnReceive(say Say) {
	c.Room.Say(c.member, say.Text)
}

// OnDisconnect runs however the connection ended.
func (c *Chat) OnDisconnect() {
	c.Room.Leave(c.member)
}

// Say is what clients send.
type Say struct {
	Text string `json:"text"`
}

const maxText = 500 // characters

// Validate is called for every message that was decoded.
func (s Say) Validate() error {
	switch n := utf8.RuneCountInString(s.Text); {
	case strings.TrimSpace(s.Text) == "":
		return resolve.Fault{Location: "text", Message: "There is nothing in this message."}
	case n > maxText:
		return resolve.Fault{Location: "text", Message: fmt.Sprintf(
			"A message may have %d characters, this one has %d.", maxText, n)}
	}
	return nil
}

// Visitor is what the handshake says: /ws?name=Ada.
type Visitor struct {
	Name string `query:"name"`
}

const maxName = 24 // characters

// Validate allows what can be seen: no line breaks, and nothing that turns the
// direction of the text around it. The page has the same rule.
func (v Visitor) Validate() error {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if v.Name == "" || v.Name != strings.TrimSpace(v.Name) ||
		utf8.RuneCountInString(v.Name) > maxName || strings.ContainsFunc(v.Name, hidden) {
		return resolve.Fault{Location: "query.name", Message: fmt.Sprintf("A name has 1 to %d visible characters.", maxName)}
	}
	return nil
}

// Event is what clients are sent. Which fields it has depends on its type.
type Event struct {
	Type EventType `json:"type"`
	// At is when it happened, in milliseconds since 1970. No two events of a
	// room have the same, so clients tell by it what they have seen.
	At   int64  `json:"at"`
	Name string `json:"name"` // whom it is about; in Welcome the newcomer, as the room calls them
	Text string `json:"text,omitempty"`

	// Of Welcome only.
	Users   []string `json:"users,omitempty"`
	History []Event  `json:"history,omitempty"`
	MaxText int      `json:"max_text,omitempty"`
}

// EventType is the type of an Event.
type EventType string

const (
	Welcome EventType = "welcome" // to a newcomer: who is here, what was said
	Joined  EventType = "joined"  // to the others
	Said    EventType = "said"    // to all, the sender included
	Left    EventType = "left"    // to the others
)
