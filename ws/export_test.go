package ws

import "time"

// SetLinger changes for how long connections that talk keep their goroutines.
func SetLinger(t *Tracker, d time.Duration) { t.parking.linger = d }
