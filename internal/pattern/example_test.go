package pattern

import "fmt"

func ExampleTree() {
	var tree Tree[string]
	for _, s := range []string{"GET /items/{id:int}", "GET /items/{name}", "/files/{path...}"} {
		if err := tree.Add(MustParse(s), "handler of "+s); err != nil {
			fmt.Println(err)
		}
	}
	tree.Freeze()

	var vals Values
	for _, path := range []string{"/items/42", "/items/shoe%2Fred", "/files/a/b", "/items/"} {
		if p, v, ok := tree.Match("GET", "example.com", path, &vals); ok {
			fmt.Printf("%s = %q: %s\n", p.Vars()[0].Name, vals.At(0), v)
			continue
		}
		fmt.Println("no match")
	}
	// Output:
	// id = "42": handler of GET /items/{id:int}
	// name = "shoe/red": handler of GET /items/{name}
	// path = "a/b": handler of /files/{path...}
	// no match
}

func ExampleConflictError() {
	var tree Tree[string]
	tree.Add(MustParse("/{year:[0-9]{4}}"), "archive.go:12")
	err := tree.Add(MustParse("/{id:int}"), "item.go:7")
	if e, ok := err.(*ConflictError[string]); ok {
		fmt.Println(e.Old)
		fmt.Println(e.Witness)
	}
	// Output:
	// archive.go:12
	// /0000
}

func ExamplePattern_Expand() {
	p := MustParse("GET /items/{id:int}/{name}")
	fmt.Println(p.Expand([]string{"42", "red shoe"}))
	fmt.Println(p.Expand([]string{"x", "red shoe"}))
	// Output:
	// /items/42/red%20shoe <nil>
	//  pattern: variable "id" of GET /items/{id:int}/{name}: the value "x" does not satisfy the constraint "int"
}
