// Package rules decides where every parameter of a function comes from, from
// its signature, the route's pattern and the set of provided types alone.
//
// It holds the rules once, over the small [Type] interface: [Reflect]
// implements it for the running program, go/types can for an analyzer that
// looks at source. It resolves nothing, calls nothing and keeps no state.
package rules

// Class is the family a parameter's type belongs to. Classes are disjoint: a
// type that falls in two of them is a fault that names both.
type Class uint8

// The classes, in the order in which the documentation presents them.
const (
	Unknown   Class = iota // no source was found; a fault says what to do
	Framework              // context.Context, *http.Request, *ws.WebSocket, …
	Wrapper                // resolve.Path[T], Query[T], … : says its source
	Extractor              // *T has a method Extract
	Params                 // a struct whose fields carry source tags
	Component              // the exact type has a provider
	Scalar                 // takes a path variable by name or by position
	Message                // the data struct of a WebSocket message
)

// Source is the place in the request, the handshake or the message that a
// value is read from.
type Source uint8

// The sources. None is that of framework types and components.
const (
	None Source = iota
	Path
	Query
	Header
	Cookie
	Form
	Body
	RawBody
	MessageBody
)

// Shape says how a value is parsed from its source.
type Shape uint8

// The shapes.
const (
	NoShape     Shape = iota
	ScalarShape       // one text: basic kinds, named ones, TextUnmarshaler values
	SliceShape        // repeated texts
	StructShape       // one text for each field, see Binding.Fields
	CodecShape        // the whole body or message, decoded by a codec
	FileShape         // one file of a multipart form, a resolve.File
	FilesShape        // all files of a name, a slice of them
)

// Role is the part a function plays on its route.
type Role uint8

// The roles. Only Handler binds scalars by position.
const (
	Handler  Role = iota // a function view or a verb method
	Hook                 // OnConnect, OnReceive, OnDisconnect of a class
	Provider             // a provider's constructor
	Guard                // a guard
	Extract              // the Extract method of a parameter type
	Fields               // the fields of a class prototype, as if they were one params struct
)

// Protocol tells an HTTP route from a WebSocket route.
type Protocol uint8

// The protocols.
const (
	HTTP Protocol = iota
	Socket
)

// Var is a variable of the route's pattern.
type Var struct {
	Name string
	// Constraint is "", "int", "uuid" or a regular expression, as written in
	// the pattern.
	Constraint string
	// Multi is true for {path...}.
	Multi bool
}

// Claim records that a provider, guard or hook of the route takes a variable
// by name, or the body.
type Claim struct {
	Var string // the variable's name; "" for the body or message
	By  string // the function and its position, for messages
	// Use is what a claim of the body does with it.
	Use BodyUse
}

// BodyUse says which readers of one body can stand beside each other: one that
// decodes it beside any number that keep its bytes, and nothing beside one that
// streams it.
type BodyUse uint8

// The uses.
const (
	Decodes BodyUse = iota // Body, Form, Message: from bytes in memory
	Keeps                  // RawBody: the bytes themselves
	Streams                // Parts, and forms with files: read as it arrives, kept by nobody
)

// Env is what the rules need to know around a signature.
type Env struct {
	Protocol Protocol
	// Method is the HTTP method of the route, "" for any and for sockets.
	Method string
	Role   Role
	// Func names the function, with its position, in messages.
	Func string
	// PerMessage is true where a message is at hand: in OnReceive, and in a
	// function view of a socket (which is called once per message if one of
	// its parameters is a message, and once per connection otherwise).
	// In a Provider it is true for PerCall providers of a socket's route.
	PerMessage bool
	// Closing is true in OnDisconnect, where ws.Code and ws.Reason exist.
	Closing bool
	// Singleton is true for the provider of a Singleton, which is made before
	// any request: only the application's context and logger exist there.
	Singleton bool
	Pattern   string // for messages
	Vars      []Var
	// Taken lists what other functions of the route take by name, and the
	// variables that the route is told to ignore: none of them is left for
	// scalars by position. A claim of the body belongs here only if it is
	// made in the same call, by a provider of this very function, a guard or
	// a field of its class: two of them are one body too many.
	Taken []Claim
	// AllowBody is set by the route option of that name.
	AllowBody bool
	// Validation is true if a validator for `validate` tags is configured.
	Validation bool
	// Provided returns the description of the provider of exactly this type
	// that the route sees ("NewDB (main.go:12)"), or "" if there is none.
	Provided func(Type) string
	// Known lists the types that have providers, for suggestions.
	Known func() []Type
}

// Binding is where one parameter, or one field, comes from.
type Binding struct {
	Class  Class
	Source Source
	Shape  Shape
	Type   Type // the parameter's type
	// Value is the type that is filled: the T inside a wrapper, the element
	// behind a pointer field, otherwise Type itself.
	Value Type
	// Name is the variable, key, header or cookie; for framework types the
	// type's name ("context.Context").
	Name string
	// Var is the index of the path variable in Env.Vars, or -1.
	Var int
	// Position is true for a scalar that took its variable by position.
	Position bool
	// Optional is true inside Optional[W] and for pointer fields: absent is
	// no fault, malformed still is.
	Optional bool
	// Default is the text of the `default` tag; HasDefault tells "" from none.
	// For a slice it is a list with commas.
	Default    string
	HasDefault bool
	// Validate is the text of the `validate` tag.
	Validate string
	// MaxSize is the limit that a form field's `maxsize` tag gives to each of
	// its texts or files, in bytes, and SizeText is that tag; 0 without one.
	MaxSize  int64
	SizeText string
	// Accept are the media types of the `accept` tag of a file, in lower case:
	// "image/png", "image/*". None means any.
	Accept []string
	// Wrapper is the wrapper's name: "Path", "Query", "Header", "Cookie",
	// "Form", "Body", "Message"; Optional is told by the field of that name.
	Wrapper string
	// Index leads from the enclosing struct to the field, as in
	// reflect.Value.FieldByIndex; nil for a parameter.
	Index []int
	// Nested is what the method Extract of an Extractor takes. Its faults are
	// not among those of the function: they are the method's own.
	Nested *Result
	// Fields are the fields of Params structs, of struct-shaped wrappers and
	// of class prototypes, in order; only those that are bound.
	Fields []Binding
	// Text is the source in words for the table of a plan: "path {id}",
	// "query page", "provider NewDB (main.go:12)", "framework", "message".
	Text string
}

// Fault is one thing wrong with a signature on its route.
type Fault struct {
	// Param is the index of the parameter at fault, -1 for the whole.
	Param int
	// Text says what is wrong and how to mend it, in one line.
	Text string
}

// Result is the outcome for one function.
type Result struct {
	Bindings []Binding // one per parameter, in order
	Faults   []Fault
	// Claims are the variables this function takes by name, and the body or
	// message if it takes that.
	Claims []Claim
}
