package endpoint

import "github.com/gofogo/fogo/resolve"

// Inputs are what the view, its guards and its providers take from the URL, for
// all its methods and its socket. free is true if one of them reads the URL by
// itself, so that there may be more.
func (e *Endpoint) Inputs() (list []resolve.Input, free bool) {
	for _, m := range e.order {
		b := e.verbs[m].binder
		list, free = append(list, b.Inputs()...), free || b.ReadsURL()
	}
	if e.socket != nil {
		list, free = append(list, e.socket.binder.Inputs()...), free || e.socket.binder.ReadsURL()
	}
	return list, free
}
