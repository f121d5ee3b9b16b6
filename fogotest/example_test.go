package fogotest_test

import (
	"testing"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/fogotest"
	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/ws"
)

// Greeter is what the views of the example need.
type Greeter interface{ Greet(name string) string }

type polite struct{}

func (polite) Greet(name string) string { return "Good morning, " + name + "." }

type short struct{}

func (short) Greet(name string) string { return "Hi " + name }

func newGreetings() *fogo.App {
	app := fogo.New()
	app.Provide(inject.Singleton, func() Greeter { return polite{} })
	app.Get("/hello/{name}", func(g Greeter, name string) string { return g.Greet(name) })
	app.WebSocket("/hello", func(g Greeter, name ws.Text) string { return g.Greet(string(name)) })
	return app
}

func TestGreetings(t *testing.T) {
	c := fogotest.New(t, newGreetings(), fogotest.Replace[Greeter](short{}))
	c.Get("/hello/Ada").ExpectStatus(200).ExpectBody("Hi Ada")
	c.WebSocket("/hello").SendText("Bob").ExpectText("Hi Bob")
}

// A test of an application: TestGreetings stands in this file.
func ExampleNew() {
	_ = func(t *testing.T) {
		c := fogotest.New(t, newGreetings(), fogotest.Replace[Greeter](short{}))
		c.Get("/hello/Ada").ExpectStatus(200).ExpectBody("Hi Ada")
		c.WebSocket("/hello").SendText("Bob").ExpectText("Hi Bob")
	}
}
