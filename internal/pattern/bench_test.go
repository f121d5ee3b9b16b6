package pattern

import (
	"fmt"
	"net/http"
	"testing"
)

// apiPatterns returns n patterns of a large application: resources with ids,
// some of them nested.
func apiPatterns(n int) []string {
	var list []string
	for i := 0; len(list) < n; i++ {
		list = append(list,
			fmt.Sprintf("GET /api/v1/res%d", i),
			fmt.Sprintf("POST /api/v1/res%d", i),
			fmt.Sprintf("GET /api/v1/res%d/{id:int}", i),
			fmt.Sprintf("DELETE /api/v1/res%d/{id}", i),
			fmt.Sprintf("GET /api/v1/res%d/{id:int}/parts/{part}", i),
			fmt.Sprintf("GET /orgs/{org}/res%d/{id}", i),
			fmt.Sprintf("GET /orgs/{org}/res%d/{id}/{rest...}", i),
			fmt.Sprintf("/static%d/{file...}", i),
			fmt.Sprintf("GET /{tenant:uuid}/res%d/{slug:[a-z-]+}", i),
			fmt.Sprintf("GET /g%d/{x}/h%d", i%100, i/100),
		)
	}
	return list[:n]
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		tree := makeTree(b, apiPatterns(n)...)
		tree.Freeze()
		for _, req := range []struct{ name, path string }{
			{"static", "/api/v1/res0"},
			{"int", "/api/v1/res0/12345"},
			{"two", "/api/v1/res0/12345/parts/abc"},
			{"rest", "/orgs/acme/res0/1/a/b/c"},
			{"regexp", "/01234567-89ab-cdef-0123-456789abcdef/res0/a-slug"},
			{"none", "/api/v1/nothing/here"},
		} {
			b.Run(fmt.Sprintf("%s/%d", req.name, n), func(b *testing.B) {
				b.ReportAllocs()
				var vals Values
				for b.Loop() {
					tree.Match("GET", "example.com", req.path, &vals)
				}
			})
		}
	}
}

func BenchmarkServeMux(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/res0/{id}/parts/{part}", func(http.ResponseWriter, *http.Request) {})
	r, _ := http.NewRequest("GET", "http://example.com/api/v1/res0/12345/parts/abc", nil)
	b.ReportAllocs()
	for b.Loop() {
		mux.Handler(r)
	}
}

func BenchmarkAdd(b *testing.B) {
	patterns := map[string][]string{"api": apiPatterns(10000)}
	for i := range 10000 {
		patterns["multi"] = append(patterns["multi"], fmt.Sprintf("/a/{x}/d%d/{rest...}", i))
		patterns["grid"] = append(patterns["grid"], fmt.Sprintf("/a%d/{x}/b%d", i%100, i/100))
	}
	for _, name := range []string{"api", "multi", "grid"} {
		var parsed []*Pattern
		for _, s := range patterns[name] {
			parsed = append(parsed, MustParse(s))
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var tree Tree[int]
				for i, p := range parsed {
					if err := tree.Add(p, i); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"GET /api/v1/res/{id:int}/parts/{part}", "GET /{slug:[a-z-]+}"} {
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				MustParse(s)
			}
		})
	}
}
