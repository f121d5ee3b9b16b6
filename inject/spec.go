package inject

// Spec describes one program: the calls of one route.
type Spec struct {
	// Route is the title for problems and tables: "GET /users/{id}".
	Route string
	// Level is where the route was registered; it sees that level's providers.
	Level *Injector
	// Binder says where parameters come from; Plain() if nil.
	Binder Binder
	// Calls are the entry points. With a connection the first one is its
	// handshake: it makes everything PerConnection before its last function
	// runs, and the others find it made.
	Calls []Call
	// Connection is true if the calls share PerConnection values. Otherwise
	// those live for one call.
	Connection bool
	// Hold allows PerCall resources with a clean-up in calls that stream.
	Hold bool
}

// Call is one entry point: functions that run one after the other on shared
// values. The first error ends it.
type Call struct {
	// Name tells the calls of a program apart: "handshake".
	Name string
	// Guards run first; each returns at most an error.
	Guards []*Function
	// Handler runs last; nil for a call that only prepares.
	Handler *Function
	// Stream is true if the call goes on after its answer began, so that
	// resources held by it are held for long.
	Stream bool
	// StreamWhy says what makes it so, for the fault.
	StreamWhy string
}

// Option is an option of a route that concerns injection.
type Option func(*Spec)

// Hold allows a call that streams to hold resources that are made per call and
// have a clean-up, such as a pooled database connection, until the stream
// ends. Without it that is a build error.
func Hold(s *Spec) { s.Hold = true }
