package resolve

import (
	"log/slog"
	"net/http"
	"net/url"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/frame"
)

// frameworkFill returns the fill of a framework type of HTTP. All of them
// exist during a handshake too, hence the lifetime.
func frameworkFill(name string) (inject.Fill, inject.Lifetime) {
	const lt = inject.PerConnection
	switch name {
	case "*http.Request":
		return func(r *inject.Run, at frame.Ref) { *frame.At[*http.Request](at) = callOf(r).Request }, lt
	case "http.ResponseWriter":
		return func(r *inject.Run, at frame.Ref) { *frame.At[http.ResponseWriter](at) = callOf(r).Writer }, inject.PerCall
	case "http.Header":
		return func(r *inject.Run, at frame.Ref) { *frame.At[http.Header](at) = callOf(r).Request.Header }, lt
	case "*url.URL":
		return func(r *inject.Run, at frame.Ref) { *frame.At[*url.URL](at) = callOf(r).Request.URL }, lt
	case "url.Values":
		return func(r *inject.Run, at frame.Ref) { *frame.At[url.Values](at) = callOf(r).queryValues() }, lt
	case "resolve.Route":
		return func(r *inject.Run, at frame.Ref) { *frame.At[Route](at) = callOf(r).Route }, lt
	case "resolve.RawBody":
		return fillRawBody, inject.PerCall
	case "resolve.Parts":
		return func(r *inject.Run, at frame.Ref) { *frame.At[Parts](at) = callOf(r).parts() }, inject.PerCall
	case "*slog.Logger":
		return func(r *inject.Run, at frame.Ref) { *frame.At[*slog.Logger](at) = r.Logger() }, 0
	}
	return socketFill(name)
}

func fillRawBody(r *inject.Run, at frame.Ref) {
	c := callOf(r)
	if data, ok := c.bodyBytes(); ok {
		c.body.given = true
		*frame.At[RawBody](at) = data
	}
}
