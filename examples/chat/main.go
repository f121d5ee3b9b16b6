// Chat is a chat room: one page, one WebSocket, no files beside the program.
//
//	go run ./examples/chat
//
// Then open http://127.0.0.1:8000 in two windows.
package main

import (
	"context"
	"embed"
	"flag"
	"io/fs"
	"log/slog"
	"net/http"
	"os"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
)

//go:embed page
var embedded embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to listen on")
	flag.Parse()
	app := newApp().With(fogo.WithLogger(slog.Default()))
	if err := app.Run(context.Background(), *addr); err != nil {
		slog.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func newApp() *fogo.App {
	page, err := fs.Sub(embedded, "page")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	app := fogo.New()
	app.Provide(inject.Singleton, NewRoom)
	app.Use(secure)
	app.Static("/", page)
	// The longest text takes less than 16 KiB, however it is escaped.
	app.WebSocket("/ws", Chat{}, endpoint.WebSocket(ws.Options{MaxMessage: 16 << 10}))
	return app
}

// secure tells browsers that the page needs nothing but its own files and
// socket: whatever got into it otherwise would not run.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
			"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
