package pattern

import (
	"fmt"
	"slices"
	"testing"
)

// TestShift puts up to twelve values before up to twelve that a match found.
func TestShift(t *testing.T) {
	for own := range 13 {
		for n := range 13 {
			var v Values
			var want []string
			for i := range n {
				want = append(want, fmt.Sprint("new", i))
			}
			for i := range own {
				v.set(i, fmt.Sprint("own", i))
				want = append(want, fmt.Sprint("own", i))
			}
			v.n = own
			v.Shift(n)
			for i := range n {
				v.Set(i, fmt.Sprint("new", i))
			}
			if got := valuesOf(&v); !slices.Equal(got, want) {
				t.Fatalf("%d before %d: got %q", n, own, got)
			}
		}
	}
}
