package endpoint

import (
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
)

// Option is an option of one view. inject.Hold is one too.
type Option = inject.Option

// keys of the options in inject.Settings.
type (
	allowBodyKey struct{}
	ignoreKey    struct{}
	maxBodyKey   struct{}
	socketKey    struct{}
	encodingKey  struct{}
	wsOptionsKey struct{}
	invalidKey   struct{}
)

// AllowBody permits a body on GET, HEAD, DELETE and OPTIONS, where it has no
// defined meaning (RFC 9110 section 9.3) and is a build error otherwise.
func AllowBody() Option {
	return func(s *inject.Settings) { s.Set(allowBodyKey{}, true) }
}

// IgnoreVars names pattern variables that no parameter takes.
func IgnoreVars(names ...string) Option {
	return func(s *inject.Settings) {
		old, _ := s.Get(ignoreKey{}).([]string)
		s.Set(ignoreKey{}, append(append([]string(nil), old...), names...))
	}
}

// MaxBody limits the bodies of this view to n bytes.
func MaxBody(n int64) Option {
	return func(s *inject.Settings) { s.Set(maxBodyKey{}, n) }
}

// AsWebSocket makes a function a WebSocket view although no type of package ws
// occurs in its signature.
func AsWebSocket() Option {
	return func(s *inject.Settings) { s.Set(socketKey{}, true) }
}

// Encoding names the codec of the view's data structs and Message[T]
// parameters and of the values it returns; "json" is the default. It takes the
// place of a class's method Encoding.
func Encoding(codec string) Option {
	return func(s *inject.Settings) { s.Set(encodingKey{}, codec) }
}

// WebSocket sets the limits and rules of the view's connections in place of
// the application's.
func WebSocket(opts ws.Options) Option {
	return func(s *inject.Settings) { s.Set(wsOptionsKey{}, &opts) }
}

// CloseOnInvalid closes the connection with 1007 when a message fails
// validation. Otherwise the client is sent a problem object and goes on.
func CloseOnInvalid() Option {
	return func(s *inject.Settings) { s.Set(invalidKey{}, true) }
}
