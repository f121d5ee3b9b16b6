// Hello is the shortest program: run it, then open
// http://127.0.0.1:8000/hello/you.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"

	"github.com/gofogo/fogo"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to listen on")
	flag.Parse()

	app := fogo.New(fogo.WithLogger(slog.Default()))
	app.Get("/hello/{name}", func(name string) string { return "Hello, " + name + "!" })

	if err := app.Run(context.Background(), *addr); err != nil {
		log.Fatal(err)
	}
}
