package inject_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofogo/fogo/inject"
)

type Greeting string

type Greeter struct{ greeting Greeting }

func NewGreeter(g Greeting) *Greeter { return &Greeter{g} }

func (g *Greeter) Greet(name string) string { return string(g.greeting) + ", " + name + "!" }

// A function is called with what it needs, and nothing is asked of it but its
// signature.
func Example() {
	providers := inject.New()
	must(providers.Value(Greeting("Good evening")))
	must(providers.Provide(inject.Singleton, NewGreeter))

	app, err := inject.Assemble(providers, inject.Options{})
	must(err)
	welcome, err := app.Func(providers, func(g *Greeter) string {
		return g.Greet("Ada")
	})
	must(err)

	ctx := context.Background()
	must(app.Start(ctx))
	defer app.Stop(ctx)

	var text string
	must(welcome.Call(ctx, &text))
	fmt.Println(text)
	// Output: Good evening, Ada!
}

// A missing provider is an error before anything runs.
func ExampleProblem() {
	providers := inject.New()
	app, err := inject.Assemble(providers, inject.Options{})
	must(err)

	_, err = app.Func(providers, func(*Greeter) {})
	var problem *inject.Problem
	if errors.As(err, &problem) {
		fmt.Println(problem.Faults[0])
	}
	// Output: parameter 1 (*inject_test.Greeter) has no source: nothing provides it; register a constructor with Provide, or a value with Value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
