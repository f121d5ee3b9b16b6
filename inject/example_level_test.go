package inject_test

import (
	"context"
	"fmt"

	"github.com/gofogo/fogo/inject"
)

type Role string

type Page struct {
	Greeter *Greeter
	Role    Role
}

func NewPage(g *Greeter, r Role) *Page { return &Page{g, r} }

// A level overrides a provider for the functions that are called on it. What is
// made for a call follows the level; the Singleton is shared.
func ExampleInjector_Child() {
	providers := inject.New()
	must(providers.Value(Greeting("Hello")))
	must(providers.Value(Role("guest")))
	must(providers.Provide(inject.Singleton, NewGreeter))
	must(providers.Provide(inject.PerCall, NewPage))

	admin := providers.Child()
	must(admin.Value(Role("administrator")))

	app, err := inject.Assemble(providers, inject.Options{})
	must(err)
	show := func(p *Page) { fmt.Println(p.Greeter.Greet(string(p.Role))) }
	outside, err := app.Func(providers, show)
	must(err)
	inside, err := app.Func(admin, show)
	must(err)

	ctx := context.Background()
	must(app.Start(ctx))
	defer app.Stop(ctx)
	must(outside.Call(ctx))
	must(inside.Call(ctx))
	// Output:
	// Hello, guest!
	// Hello, administrator!
}
