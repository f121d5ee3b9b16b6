package middleware

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// Recover answers a request whose handler panicked with 500, as a problem
// object, and logs the panic with its stack. If the answer had begun it cuts
// the connection instead, so that nobody takes half an answer for a whole one.
// http.ErrAbortHandler, which asks for just that, passes unlogged.
//
// After a connection was hijacked there is nobody to answer: the panic is
// logged, and whoever has the connection has to close it.
//
// Fogo recovers the panics of its handlers itself. Recover is for those of
// middleware, and for other handlers.
func Recover(logger *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			own := watch(w)
			defer func() {
				if p := recover(); p != nil {
					recovered(logger, own, r, p)
				}
			}()
			next.ServeHTTP(own, r)
		})
	}
}

func recovered(logger *slog.Logger, w watcher, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	logger.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("route", r.Pattern),
		slog.String("request_id", idOf(r)), slog.String("error", fmt.Sprint(p)),
		slog.String("stack", string(debug.Stack())))
	switch state := w.watched(); {
	case state.hijacked:
	case state.began():
		panic(http.ErrAbortHandler)
	default:
		answer(w, r, http.StatusInternalServerError, "")
	}
}
