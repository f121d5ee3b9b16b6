package resolve

// Path is a path variable, named by T: a named scalar whose name in snake_case
// is the variable's ("type UserID int" takes {user_id}), or a type with a
// method ParamName() string.
type Path[T any] struct{ Value T }

// Query is one query parameter if T is a named scalar, all occurrences of it
// if T is a named slice of scalars, and one parameter for each field if T is a
// struct. Names are snake_case unless a `query` tag says otherwise.
type Query[T any] struct{ Value T }

// Header is one header if T is a named scalar, all values of it if T is a
// named slice of scalars, and one header for each field if T is a struct.
// Names are canonical with hyphens (RequestID is Request-Id) unless a `header`
// tag says otherwise.
type Header[T any] struct{ Value T }

// Cookie is the cookie named by the named scalar T in snake_case.
type Cookie[T any] struct{ Value T }

// Form is a struct filled from the fields of an urlencoded or multipart body.
type Form[T any] struct{ Value T }

// Body is the request's body decoded by the codec of its Content-Type.
type Body[T any] struct{ Value T }

// Message is a WebSocket message decoded by the view's codec.
type Message[T any] struct{ Value T }

// Optional wraps another wrapper or a component type. What is absent leaves
// it empty; what is present but malformed is still an error.
type Optional[W any] struct {
	value   W
	present bool
}

// Get returns the wrapped value and whether it was present.
func (o Optional[W]) Get() (W, bool) { return o.value, o.present }

// Some returns an Optional that holds v, for tests that call handlers.
func Some[W any](v W) Optional[W] { return Optional[W]{value: v, present: true} }

// RawBody is the request's body as it came, read up to the limit of the route.
// It may stand beside a decoded body and shares its bytes.
type RawBody []byte
