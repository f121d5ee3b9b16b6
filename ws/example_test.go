package ws_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/gofogo/fogo/internal/memnet"
	"github.com/gofogo/fogo/ws"
)

// An echo server without the rest of the framework.
func Example() {
	var tracker ws.Tracker
	opts := &ws.Options{Tracker: &tracker}
	echo := func(w http.ResponseWriter, r *http.Request) {
		conn, err := ws.New(w, r, opts)
		if err != nil {
			var he *ws.HandshakeError
			errors.As(err, &he)
			maps.Copy(w.Header(), he.Header)
			http.Error(w, he.Detail, he.Status)
			return
		}
		defer conn.Finish()
		for m, err := range conn.Messages(conn.Context()) {
			if err != nil || conn.Send(m.Kind, m.Data) != nil {
				return
			}
		}
	}
	l := memnet.Listen()
	srv := &http.Server{Handler: http.HandlerFunc(echo)}
	stopped := make(chan error)
	go func() { stopped <- srv.Serve(l) }()

	ctx := context.Background()
	raw, _ := l.Dial(ctx)
	conn, _, err := ws.Client(ctx, raw, "ws://example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = conn.SendText("hello")
	s, _ := conn.ReceiveText(ctx)
	fmt.Println(s)

	go func() { _ = tracker.Shutdown(ctx) }()
	_, err = conn.ReceiveText(ctx)
	var ce *ws.CloseError
	if errors.As(err, &ce) {
		fmt.Println(ce.Code)
	}
	_ = srv.Close()
	<-stopped
	// Output:
	// hello
	// 1001 going away
}

// chat is a Handler.
type chat struct{}

func (chat) Message(conn *ws.WebSocket, m ws.Message) { _ = conn.Send(m.Kind, m.Data) }

func (chat) Closed(_ *ws.WebSocket, code ws.Code, _ ws.Reason) { fmt.Println("closed:", code) }

func ExampleWebSocket_Serve() {
	http.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
		conn, err := ws.New(w, r, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = conn.Serve(chat{}) // returns at once
	})
}
