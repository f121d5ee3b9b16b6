package router_test

import (
	"fmt"

	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/router"
)

// Tenant takes {tenant} by its name, also where the prefix of a mount has it.
type Tenant string

// What is mounted has routes, names and redirects of its own, which know nothing
// of where that is; URLs do.
func ExampleGroup_Mount() {
	shop := router.New()
	item := shop.Get("/items/{id}", func(t Tenant, id int) string { return fmt.Sprintf("item %d of %s", id, t) }).Name("item")
	shop.Get("/first", func() endpoint.Redirect { return endpoint.Redirect{URL: "items/1"} })

	r := router.New()
	r.Mount("/{tenant}/shop", shop).Name("shop")
	b, err := r.Build(router.BuildOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(answer(b, "/acme/shop/items/7").Body)
	fmt.Println(answer(b, "/acme/shop/first").Header().Get("Location"))
	fmt.Println(item.URL(Tenant("acme"), 7))
	fmt.Println(b.URL("shop:item", Tenant("acme"), 7))

	// Output:
	// item 7 of acme
	// items/1
	// /acme/shop/items/7 <nil>
	// /acme/shop/items/7 <nil>
}

// A pattern with a host goes before one without. Hosts are compared without
// regard to case and port.
func ExampleRouter_host() {
	r := router.New()
	r.Get("/", func() string { return "any host" })
	api := r.Get("api.example.com/", func() string { return "the API" })
	b, err := r.Build(router.BuildOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(answer(b, "http://API.example.com:8080/").Body)
	fmt.Println(answer(b, "http://example.com/").Body)
	fmt.Println(api.URL())

	// Output:
	// the API
	// any host
	// //api.example.com/ <nil>
}
