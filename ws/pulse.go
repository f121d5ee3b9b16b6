// When connections are looked at.
//
// Each connection has to be looked at now and then: is a ping due, has the last one
// been answered, should it park. A timer for each would cost more memory than the
// connection. So a Tracker has one timer and a heap of due times.

package ws

import (
	"sync"
	"time"
)

// pulse knows when which connection is due.
type pulse struct {
	mu    sync.Mutex
	heap  []beat // by time; WebSocket.life.place is the place in it, plus one
	timer *time.Timer
	armed instant // when the timer goes off; 0: it doesn't
}

// beat says when a connection is due.
type beat struct {
	at instant
	c  *WebSocket
}

// set sees to it that a connection is looked at no later than at.
func (p *pulse) set(c *WebSocket, at instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch i := int(c.life.place) - 1; {
	case c.is(flagEnded):
		return
	case i < 0:
		p.heap = append(p.heap, beat{at, c})
		p.up(len(p.heap) - 1)
	case at < p.heap[i].at:
		p.heap[i].at = at
		p.up(i)
	}
	p.arm()
}

// remove forgets a connection.
func (p *pulse) remove(c *WebSocket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := int(c.life.place) - 1; i >= 0 {
		p.take(i)
	}
	if len(p.heap) == 0 && p.timer != nil {
		p.timer.Stop()
		p.armed = 0
	}
}

// arm sets the timer for the earliest.
func (p *pulse) arm() {
	if len(p.heap) == 0 || p.armed != 0 && p.armed <= p.heap[0].at {
		return
	}
	p.armed = p.heap[0].at
	wait := max(0, time.Duration(p.armed-now()))
	if p.timer == nil {
		p.timer = time.AfterFunc(wait, p.run)
	} else {
		p.timer.Reset(wait)
	}
}

// run looks at all connections that are due.
func (p *pulse) run() {
	for {
		at := now()
		c := p.next(at)
		if c == nil {
			return
		}
		if d := c.look(at); d > 0 {
			p.set(c, at+int64(d))
		}
	}
}

// next takes a connection that is due. If there is none it sets the timer.
func (p *pulse) next(at instant) *WebSocket {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heap) == 0 || p.heap[0].at > at {
		p.armed = 0
		p.arm()
		return nil
	}
	c := p.heap[0].c
	p.take(0)
	return c
}

// take takes an entry out of the heap.
func (p *pulse) take(i int) {
	last := len(p.heap) - 1
	p.heap[i].c.life.place = 0
	moved := p.heap[last]
	p.heap[last] = beat{}
	p.heap = p.heap[:last]
	if i < last {
		p.place(i, moved)
		p.down(i)
		p.up(i)
	}
	if cap(p.heap) > 1024 && len(p.heap) < cap(p.heap)/4 {
		p.heap = append(make([]beat, 0, cap(p.heap)/2), p.heap...)
	}
}

func (p *pulse) place(i int, b beat) {
	p.heap[i] = b
	b.c.life.place = int32(i) + 1
}

func (p *pulse) up(i int) {
	b := p.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if p.heap[parent].at <= b.at {
			break
		}
		p.place(i, p.heap[parent])
		i = parent
	}
	p.place(i, b)
}

func (p *pulse) down(i int) {
	b := p.heap[i]
	for {
		child := 2*i + 1
		if child >= len(p.heap) {
			break
		}
		if child+1 < len(p.heap) && p.heap[child+1].at < p.heap[child].at {
			child++
		}
		if b.at <= p.heap[child].at {
			break
		}
		p.place(i, p.heap[child])
		i = child
	}
	p.place(i, b)
}
