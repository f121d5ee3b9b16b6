package middleware

import (
	"net/http"
	"slices"
)

// Chain makes one middleware of several, the first outermost.
func Chain(list ...func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	list = slices.Clone(list)
	return func(next http.Handler) http.Handler {
		for _, m := range slices.Backward(list) {
			next = m(next)
		}
		return next
	}
}
