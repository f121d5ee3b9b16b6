package funcinfo_test

import (
	"reflect"
	"testing"

	"github.com/gofogo/fogo/internal/funcinfo"
	"github.com/stretchr/testify/assert"
)

func plain() {}

func generic[T any]() {}

type class struct{}

func (*class) Get() {}

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   any
		want string
		pos  string
	}{
		{"a function", plain, "funcinfo_test.plain", "funcinfo_test.go:11"},
		{"a method value loses the suffix", (&class{}).Get, "funcinfo_test.(*class).Get", ""},
		{"a method expression", (*class).Get, "funcinfo_test.(*class).Get", "funcinfo_test.go:17"},
		{"a literal", func() {}, "funcinfo_test.TestOf.func1", "funcinfo_test.go:29"},
		{"a generic function", generic[int], "funcinfo_test.generic[...]", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := funcinfo.Of(reflect.ValueOf(tt.fn))
			assert.Equal(t, tt.want, got.Name)
			if tt.pos != "" {
				assert.Equal(t, tt.pos, got.Position())
				assert.Equal(t, tt.want+" ("+tt.pos+")", got.String())
			}
		})
	}
}

func TestCaller(t *testing.T) {
	got := funcinfo.Caller(0)
	assert.Equal(t, "funcinfo_test.TestCaller", got.Name)
	assert.Equal(t, "funcinfo_test.go:44", got.Position())
}
