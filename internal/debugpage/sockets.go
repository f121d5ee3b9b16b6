package debugpage

import (
	"fmt"
	"strconv"
	"time"
)

// Sockets are the open WebSockets.
type Sockets struct {
	Open   int `json:"open"`
	Parked int `json:"parked"`
	// List are the oldest of those that the application accepted.
	List []Socket `json:"sockets"`
}

// Socket is an open WebSocket.
type Socket struct {
	Route       string   `json:"route"`
	Peer        string   `json:"peer"`
	Age         Duration `json:"age_seconds"`
	Subprotocol string   `json:"subprotocol,omitempty"`
	UserAgent   string   `json:"user_agent,omitempty"`
	State       string   `json:"state"`
	// Messages counts those that were handled, -1 for a view that owns its
	// connection, which reads them itself.
	Messages    int64  `json:"messages"`
	Dropped     uint64 `json:"dropped"`
	Queued      int    `json:"queued"`
	QueuedBytes int    `json:"queued_bytes"`
}

// Duration is a duration that is written in seconds as JSON, and in words as
// text.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(d).Seconds(), 'f', 3, 64), nil
}

// String is the duration with its two largest units.
func (d Duration) String() string {
	t := time.Duration(d)
	const day = 24 * time.Hour
	switch {
	case t < time.Second:
		return fmt.Sprintf("%d ms", t.Milliseconds())
	case t < time.Minute:
		return fmt.Sprintf("%d s", int(t.Seconds()))
	case t < time.Hour:
		return fmt.Sprintf("%d min %d s", int(t.Minutes()), int(t.Seconds())%60)
	case t < day:
		return fmt.Sprintf("%d h %d min", int(t.Hours()), int(t.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(t/day), int(t%day/time.Hour))
}

// HTML writes the page.
func (s *Sockets) HTML() []byte {
	f := frame{title: "WebSockets", base: "./", here: inSockets, live: true}
	return f.write(s.main)
}

// tools are the buttons of a page that keeps itself up to date.
const tools markup = "<div class=\"tools\"><button type=\"button\" id=\"pause\" hidden>Pause</button><a href=\"\">Reload</a></div></div>\n<div id=\"live\">\n"

func (s *Sockets) main(p *page) {
	p.put("<div class=\"head\"><h1>WebSockets</h1>", tools, "<ul class=\"tiles\">")
	p.tile(strconv.Itoa(s.Open), "open")
	p.tile(strconv.Itoa(s.Parked), "idle, without a goroutine")
	var dropped uint64
	queued := 0
	for _, c := range s.List {
		dropped += c.Dropped
		queued += c.Queued
	}
	p.tile(strconv.Itoa(queued), "messages waiting")
	p.tile(strconv.FormatUint(dropped, 10), "messages dropped")
	p.put("</ul>\n")
	if len(s.List) == 0 {
		p.put("<p class=\"empty\">No WebSocket is open.</p>\n</div>\n")
		return
	}
	p.put("<table><thead><tr><th scope=\"col\">Route</th><th scope=\"col\">Peer</th><th scope=\"col\" class=\"num\">Age</th>" +
		"<th scope=\"col\" class=\"num\">Messages</th><th scope=\"col\" class=\"num\">Queued</th><th scope=\"col\" class=\"num\">Dropped</th></tr></thead>\n<tbody>\n")
	for i := range s.List {
		s.List[i].row(p)
	}
	p.put("</tbody></table>\n")
	if more := s.Open - len(s.List); more > 0 {
		p.in("<p class=\"soft small\">And ", strconv.Itoa(more), " more.</p>\n")
	}
	p.put("</div>\n")
}

func (c *Socket) row(p *page) {
	p.in("<tr><td><code>", c.Route, "</code>")
	if c.Subprotocol != "" {
		p.in(" <span class=\"badge\">", c.Subprotocol, "</span>")
	}
	if c.State != "open" {
		p.in(" <span class=\"badge on\">", c.State, "</span>")
	}
	p.in("</td><td><code>", c.Peer, "</code>")
	if c.UserAgent != "" {
		p.in("<br><span class=\"small soft\">", clip(c.UserAgent, 100), "</span>")
	}
	p.in("</td><td class=\"num\" data-l=\"age\">", c.Age.String(), "</td>")
	if c.Messages < 0 {
		p.put("<td class=\"num soft\" data-l=\"messages\" title=\"The view reads them itself.\">–</td>")
	} else {
		p.in("<td class=\"num\" data-l=\"messages\">", strconv.FormatInt(c.Messages, 10), "</td>")
	}
	p.in("<td class=\"num\" data-l=\"queued\">", strconv.Itoa(c.Queued), "")
	if c.QueuedBytes > 0 {
		p.in(" <span class=\"soft\">(", bytesOf(uint64(c.QueuedBytes)), ")</span>")
	}
	p.in("</td><td class=\"num\" data-l=\"dropped\">", strconv.FormatUint(c.Dropped, 10), "</td></tr>\n")
}
