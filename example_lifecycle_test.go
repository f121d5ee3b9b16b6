package fogo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/middleware"
)

// Queue is a service with a life of its own.
type Queue struct{}

func newQueue() *Queue      { fmt.Println("made"); return &Queue{} }
func (*Queue) Fill() error  { fmt.Println("filled"); return nil }
func (*Queue) Flush() error { fmt.Println("flushed"); return nil }
func (*Queue) Close() error { fmt.Println("closed"); return nil }
func fill(q *Queue) error   { return q.Fill() }
func flush(q *Queue) error  { return q.Flush() }

// say asks for the root and prints the answer.
func say(addr net.Addr) {
	resp, err := http.Get("http://" + addr.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Proto, string(b))
}

// An application has hooks with any injectable parameters, and ends with its
// context or with a signal.
func ExampleApp_Run() {
	ctx, stop := context.WithCancel(context.Background())
	app := fogo.New(fogo.WithOnListen(func(addr net.Addr) {
		go func() {
			say(addr)
			stop()
		}()
	}))
	app.Provide(inject.Singleton, newQueue)
	app.OnStart(fill)
	app.OnStop(flush)
	app.Get("/", func(*Queue) string { return "hello" })

	fmt.Println(app.Run(ctx, "127.0.0.1:0"))
	// Output:
	// made
	// filled
	// HTTP/1.1 hello
	// flushed
	// closed
	// <nil>
}

// A listener may come from anywhere: a supervisor, a tunnel, a test.
func ExampleApp_Serve() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	app := fogo.New()
	app.Get("/", func() string { return "hello" })
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- app.Serve(ctx, ln) }()

	say(ln.Addr())
	stop()
	fmt.Println(<-done)
	// Output:
	// HTTP/1.1 hello
	// <nil>
}

// Under a server of your own the steps are called one by one: Shutdown doesn't
// know WebSockets, and Drain knows nothing else.
func ExampleApp_Drain() {
	app := fogo.New()
	app.Provide(inject.Singleton, newQueue)
	app.OnStop(flush)
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	srv := httptest.NewServer(app)
	defer srv.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	drained := make(chan error)
	go func() { drained <- app.Drain(ctx) }()
	err := srv.Config.Shutdown(ctx)
	fmt.Println(errors.Join(err, <-drained, app.Stop(ctx)))
	// Output:
	// made
	// flushed
	// closed
	// <nil>
}

// Proxies and clients of gRPC speak HTTP/2 without TLS.
func ExampleWithH2C() {
	ctx, stop := context.WithCancel(context.Background())
	app := fogo.New(fogo.WithH2C(), fogo.WithOnListen(func(addr net.Addr) {
		go func() {
			defer stop()
			tr := &http.Transport{Protocols: new(http.Protocols)}
			tr.Protocols.SetUnencryptedHTTP2(true)
			defer tr.CloseIdleConnections()
			resp, err := (&http.Client{Transport: tr}).Get("http://" + addr.String())
			if err != nil {
				fmt.Println(err)
				return
			}
			defer resp.Body.Close()
			fmt.Println(resp.Proto)
		}()
	}))
	app.Get("/", func() string { return "hello" })
	fmt.Println(app.Run(ctx, "127.0.0.1:0"))
	// Output:
	// HTTP/2.0
	// <nil>
}

// What has no option is set on the server itself. Its contexts keep what they are
// given, and end when the server does.
func ExampleWithServer() {
	_ = fogo.New(fogo.WithServer(func(srv *http.Server) {
		srv.MaxHeaderBytes = 16 << 10
		srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, tenantKey{}, c.LocalAddr().String())
		}
	}))
}

// A balancer takes a while to notice that an application is not ready; a handler
// that does not end is given ten seconds.
func ExampleWithDrainDelay() {
	_ = fogo.New(
		fogo.WithHealth("/healthz", "/readyz"),
		fogo.WithDrainDelay(5*time.Second),
		fogo.WithShutdownTimeout(10*time.Second),
	)
}

// Uploads over bad lines may be slower, and answers may wait for their readers.
func ExampleWithBodyRate() {
	_ = fogo.New(
		fogo.WithMaxBody(64<<20),
		fogo.WithBodyRate(256, time.Minute),
		fogo.WithWriteTimeout(2*time.Minute),
	)
}

// The proxy ends TLS and strips /shop. It is believed because it is named.
func ExampleWithBaseURL() {
	app := fogo.New(fogo.WithBaseURL(middleware.BaseURL))
	app.Use(middleware.RealIP(middleware.RealIPOptions{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Host: true, Prefix: true,
	}))
	app.Get("/items/{id}", func(id int) int { return id }).Name("item")
	app.Get("/first", func(r *http.Request) (string, error) { return app.URLFor(r, "item", 1) })

	r := httptest.NewRequest("GET", "http://10.0.0.9:8000/first", http.NoBody)
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-Host", "example.com")
	r.Header.Set("X-Forwarded-Prefix", "/shop")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: https://example.com/shop/items/1
}

// A link in a mail is made without a request.
func ExampleWithPublicURL() {
	app := fogo.New(fogo.WithPublicURL("https://example.com/shop"))
	app.Get("/reset/{token}", func(token string) string { return token }).Name("reset")
	if err := app.Build(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(app.URLFor(nil, "reset", "a b"))
	fmt.Println(app.URL("reset", "a b"))
	// Output:
	// https://example.com/shop/reset/a%20b <nil>
	// /reset/a%20b <nil>
}

// Debug mode shows this machine what it would show nobody else.
func ExampleWithDebug() {
	app := fogo.New(fogo.WithDebug())
	app.Get("/", func() error { return errors.New("the database is gone") })
	for _, peer := range []string{"127.0.0.1:4711", "203.0.113.7:4711"} {
		r := httptest.NewRequest("GET", "http://localhost/", http.NoBody)
		r.RemoteAddr = peer
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(peer, w.Header().Get("Content-Type"), strings.Contains(w.Body.String(), "the database is gone"))
	}
	// Output:
	// 127.0.0.1:4711 text/html; charset=utf-8 true
	// 203.0.113.7:4711 application/problem+json false
}
