package endpoint

import (
	"log/slog"

	"github.com/gofogo/fogo/observe"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/ws"
)

// Config is what an application decides about its endpoints. It must not be
// changed after the first Compile.
type Config struct {
	// Values says how parameters are read: codecs, validator, limits.
	Values resolve.Config
	// WebSocket has the limits and rules of connections.
	WebSocket ws.Options
	// Logger gets errors that clients are not told, and panics. The default
	// discards.
	Logger *slog.Logger
	// Observers are told of calls, providers, messages, connections and errors:
	// see package observe. Routers and [New] refuse those that observe nothing.
	Observers []observe.Observer
	// Debug, if set, tells whoever may know everything about errors. See
	// [NewDebug].
	Debug *Debug

	observers observe.Set // Observers, sorted
}

// WithDefaults returns the config with the defaults filled in.
func (c Config) WithDefaults() Config {
	c.Values = c.Values.WithDefaults()
	c.observers, _ = observe.NewSet(c.Observers...) // see CheckObservers
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.WebSocket.Logger == nil {
		c.WebSocket.Logger = c.Logger
	}
	return c
}
