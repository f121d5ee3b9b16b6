package ws

import "time"

// SetLinger changes for how long connections that talk keep their goroutines.
func SetLinger(t *Tracker, d time.Duration) { t.parking.linger = d }

// Writing reports whether somebody writes to the network.
func Writing(c *WebSocket) bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.busy
}
