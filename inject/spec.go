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
	// Faults are what the caller found wrong with Handler; they are reported
	// with its table.
	Faults []string
	// Stream is true if the call goes on after its answer began, so that
	// resources held by it are held for long.
	Stream bool
	// StreamWhy says what makes it so, for the fault.
	StreamWhy string
}

// Settings are the options of a route. Packages around inject keep theirs here
// under keys of their own types.
type Settings struct {
	// Hold is set by the option of that name.
	Hold bool

	values map[any]any
}

// Set stores a value under a key, as context.WithValue does.
func (s *Settings) Set(key, value any) {
	if s.values == nil {
		s.values = map[any]any{}
	}
	s.values[key] = value
}

// Get returns the value under a key, or nil.
func (s *Settings) Get(key any) any { return s.values[key] }

// Option is an option of a route. Package endpoint has more of them.
type Option func(*Settings)

// Hold allows a call that streams to hold resources that are made per call and
// have a clean-up, such as a pooled database connection, until the stream
// ends. Without it that is a build error.
func Hold(s *Settings) { s.Hold = true }

// SettingsOf applies options to new settings.
func SettingsOf(opts ...Option) *Settings {
	s := &Settings{}
	for _, o := range opts {
		o(s)
	}
	return s
}
