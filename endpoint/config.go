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
	// Observe, if set, is called with every error that a handler, provider or
	// guard returned, and with every *inject.Panic, before it is answered. It
	// must not keep the request.
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
