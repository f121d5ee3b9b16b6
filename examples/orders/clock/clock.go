// Package clock is the time as a component, so that tests can set it.
package clock

import "time"

// Clock tells the time.
type Clock func() time.Time

// Millis is the time as the database keeps it: milliseconds since 1970.
func (c Clock) Millis() int64 { return c().UnixMilli() }
