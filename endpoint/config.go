package endpoint

import (
	"log/slog"
	"net/http"

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
	// Observe, if set, is called with every error of a call before it is
	// answered: what a handler, provider or guard returned, the faults of the
	// request, and every *inject.Panic. A client that left in the middle of a
	// stream is none. It is called from many goroutines and must not keep the
	// request, which is nil for an error after a socket's handshake.
	Observe func(r *http.Request, err error)
}

// WithDefaults returns the config with the defaults filled in.
func (c Config) WithDefaults() Config {
	c.Values = c.Values.WithDefaults()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.WebSocket.Logger == nil {
		c.WebSocket.Logger = c.Logger
	}
	return c
}
