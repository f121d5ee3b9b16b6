package resolve

// Route is the route that a call matched, injectable as a parameter.
type Route struct {
	// Pattern is the pattern as registered, without the method:
	// "/users/{id}".
	Pattern string
	// Method is the method of the route, "" where it takes any, "WEBSOCKET"
	// for a socket.
	Method string
	// Name is the name given to the route, "" if none.
	Name string
}
