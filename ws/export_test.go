package ws

import "time"

// SetLinger changes for how long connections that talk keep their goroutines.
func SetLinger(t *Tracker, d time.Duration) { t.parking.linger = d }

// Stays returns how often connections of a tracker have parked.
func Stays(t *Tracker) int {
	t.parking.mu.Lock()
	defer t.parking.mu.Unlock()
	return int(t.parking.stays)
}

// Writing reports whether somebody writes to the network.
func Writing(c *WebSocket) bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.busy
}

// Staying reports whether the connection's reader is in a stay.
func Staying(c *WebSocket) bool { return c.is(flagStaying) }
