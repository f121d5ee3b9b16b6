package playground_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/gofogo/fogo/resolve"
	"github.com/gofogo/fogo/resolve/playground"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	address struct {
		City string `validate:"required"`
		Zip  string `validate:"omitempty,len=5,numeric"`
	}
	item struct {
		Name string   `validate:"required,max=5"`
		Tags []string `validate:"max=2,dive,min=2"`
	}
	order struct {
		Email   string             `validate:"required,email"`
		Home    address            // looked into without a tag
		Work    *address           // only if it is there
		Items   []item             `validate:"required,dive"`
		ByName  map[string]address `validate:"dive,keys,min=2,endkeys"`
		Pointed []*item            `validate:"dive"`
		Amount  int                `validate:"gte=1,lte=10"`
	}
	page[T any] struct {
		Rows []T `validate:"max=1,dive"`
		N    int `validate:"min=1"`
	}
	base struct {
		Limit int `validate:"max=10"`
	}
	derived struct {
		base
		Deep  *base `validate:"required"`
		Other int
	}
	tree struct {
		Name     string  `validate:"required"`
		Children []*tree `validate:"dive"`
	}
	plain struct{ A, B string }
)

// compile compiles the check of T, which must be right.
func compile[T any](t *testing.T, opts ...playground.Option) func(*T) error {
	t.Helper()
	f, err := playground.Validation(opts...).Compile(reflect.TypeFor[T]())
	require.NoError(t, err)
	require.NotNil(t, f)
	return func(v *T) error { return f(v) }
}

// wrong lists what is wrong as "Field: message".
func wrong(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var vs resolve.Violations
	require.ErrorAs(t, err, &vs)
	var lines []string
	for _, v := range vs {
		lines = append(lines, v.Field+": "+v.Message)
	}
	return lines
}

func TestViolationsHaveGoPaths(t *testing.T) {
	check := compile[order](t)
	good := order{Email: "a@b.example", Home: address{City: "x"}, Items: []item{{Name: "a"}}, Amount: 1}
	require.NoError(t, check(&good))
	bad := order{
		Home:    address{Zip: "12"},
		Work:    &address{City: "x", Zip: "abcde"},
		Items:   []item{{Name: "ok"}, {Name: "far too long", Tags: []string{"aa", "b"}}},
		ByName:  map[string]address{"ok": {City: "x"}, "no city": {}},
		Pointed: []*item{nil, {}},
		Amount:  11,
	}
	assert.Equal(t, []string{
		"Email: is required",
		"Home.City: is required",
		"Home.Zip: must have exactly 5 characters",
		"Work.Zip: must be a number",
		"Items[1].Name: must have at most 5 characters",
		"Items[1].Tags[1]: must have at least 2 characters",
		"ByName[no city].City: is required",
		"Pointed[1].Name: is required",
		"Amount: must be at most 10",
	}, wrong(t, check(&bad)))
}

func TestShapesAtTheTop(t *testing.T) {
	t.Run("slice", func(t *testing.T) {
		check := compile[[]item](t)
		require.NoError(t, check(&[]item{{Name: "a"}}))
		require.NoError(t, check(new([]item)))
		assert.Equal(t, []string{"[1].Name: is required", "[2].Tags[0]: must have at least 2 characters"},
			wrong(t, check(&[]item{{Name: "a"}, {}, {Name: "b", Tags: []string{"x"}}})))
	})
	t.Run("slice of pointers", func(t *testing.T) {
		assert.Equal(t, []string{"[1].Name: is required"}, wrong(t, compile[[]*item](t)(&[]*item{nil, {}})))
	})
	t.Run("array", func(t *testing.T) {
		assert.Equal(t, []string{"[0].Name: is required"}, wrong(t, compile[[2]item](t)(&[2]item{{}, {Name: "a"}})))
	})
	t.Run("map", func(t *testing.T) {
		check := compile[map[string]item](t)
		for range 10 {
			assert.Equal(t, []string{"[a].Name: is required", "[b].Name: is required", "[c].Name: is required"},
				wrong(t, check(&map[string]item{"c": {}, "a": {}, "b": {}})), "in the order of the keys")
		}
	})
	t.Run("slices in a map", func(t *testing.T) {
		assert.Equal(t, []string{"[a][1].Name: is required"},
			wrong(t, compile[map[string][]item](t)(&map[string][]item{"a": {{Name: "a"}, {}}})))
	})
	t.Run("pointer", func(t *testing.T) {
		check := compile[*item](t)
		require.NoError(t, check(new(*item)), "null is for the rule required where it stands")
		one := &item{}
		assert.Equal(t, []string{"Name: is required"}, wrong(t, check(&one)))
	})
	t.Run("generic", func(t *testing.T) {
		assert.Equal(t, []string{"Rows: must have at most 1 item", "N: must be at least 1"},
			wrong(t, compile[page[item]](t)(&page[item]{Rows: make([]item, 2)})))
		assert.Equal(t, []string{"Rows[0].Name: is required"},
			wrong(t, compile[page[item]](t)(&page[item]{Rows: make([]item, 1), N: 1})))
	})
	t.Run("unnamed", func(t *testing.T) {
		type unnamed = struct {
			A string `validate:"required"`
		}
		assert.Equal(t, []string{"A: is required"}, wrong(t, compile[unnamed](t)(&unnamed{})))
	})
	t.Run("embedded", func(t *testing.T) {
		assert.Equal(t, []string{"base.Limit: must be at most 10", "Deep: is required"},
			wrong(t, compile[derived](t)(&derived{base: base{11}})))
	})
	t.Run("recursive", func(t *testing.T) {
		root := &tree{Name: "a", Children: []*tree{{Name: "b", Children: []*tree{{}}}}}
		assert.Equal(t, []string{"Children[0].Children[0].Name: is required"}, wrong(t, compile[tree](t)(root)))
	})
}

func TestNothingToCheck(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[plain](), reflect.TypeFor[[]plain](), reflect.TypeFor[struct{}](),
		reflect.TypeFor[int](), reflect.TypeFor[[]string](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[struct {
			A item `validate:"-"`
		}](),
	} {
		f, err := playground.Validation().Compile(typ)
		require.NoError(t, err)
		assert.Nil(t, f, "%s has no tags", typ)
	}
}

// Each row is a mistake that the library would panic on when the first value
// comes, or would never notice.
func TestWrongTagsAreFoundAtBuild(t *testing.T) {
	type inner struct {
		Name string `validate:"requird"`
	}
	for _, tt := range []struct {
		name string
		typ  reflect.Type
		want []string
	}{
		{"unknown rule", reflect.TypeFor[inner](), []string{`field "Name"`, "playground_test.inner", `"requird"`, "Undefined validation function 'requird'"}},
		{"behind a field", reflect.TypeFor[struct{ In inner }](), []string{"playground_test.inner", "requird"}},
		{"behind a pointer", reflect.TypeFor[struct{ In *inner }](), []string{"playground_test.inner", "requird"}},
		{"behind dive", reflect.TypeFor[struct {
			In []inner `validate:"dive"`
		}](), []string{"playground_test.inner", "requird"}},
		{"in a map of slices", reflect.TypeFor[map[string][]*inner](), []string{"playground_test.inner", "requird"}},
		{"behind another rule", reflect.TypeFor[struct {
			A string `validate:"omitempty,email,uuuid"`
		}](), []string{`field "A"`, "uuuid"}},
		{"argument that is no number", reflect.TypeFor[struct {
			A int `validate:"min=x"`
		}](), []string{`field "A"`, "min=x"}},
		{"argument behind a rule that fails first", reflect.TypeFor[struct {
			A string `validate:"omitempty,email,min=x"`
		}](), []string{`field "A"`, "min=x"}},
		{"argument behind dive", reflect.TypeFor[struct {
			A []string `validate:"min=1,dive,email,max=y"`
		}](), []string{`field "A"`, "max=y"}},
		{"type without a length", reflect.TypeFor[struct {
			A bool `validate:"omitempty,min=1"`
		}](), []string{`field "A"`, "Bad field type bool"}},
		{"dive into a scalar", reflect.TypeFor[struct {
			A string `validate:"dive,min=1"`
		}](), []string{`field "A"`, "dive"}},
		{"required_if without a value", reflect.TypeFor[struct {
			A string `validate:"required_if=B"`
			B string
		}](), []string{`field "A"`, "required_if"}},
		{"elements that nothing looks at", reflect.TypeFor[struct {
			In []item `validate:"max=3"`
		}](), []string{`field "In"`, "without the rule dive", `validate:"max=3,dive"`}},
		{"elements behind a pointer", reflect.TypeFor[struct{ In *[]item }](), []string{`field "In"`, `validate:"dive"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := playground.Validation().Compile(tt.typ)
			require.Error(t, err)
			assert.Nil(t, f)
			for _, part := range tt.want {
				assert.ErrorContains(t, err, part)
			}
		})
	}
	t.Run("all are told", func(t *testing.T) {
		_, err := playground.Validation().Compile(reflect.TypeFor[struct {
			A inner
			B struct {
				C int `validate:"lenn=3"`
			}
		}]())
		assert.ErrorContains(t, err, "requird")
		assert.ErrorContains(t, err, "lenn")
	})
}

func TestRightTagsAreLeftAlone(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[struct {
			Password string                    `validate:"required,min=8"`
			Again    string                    `validate:"eqfield=Password"`
			When     time.Time                 `validate:"omitempty,gt"`
			Until    time.Time                 `validate:"gtfield=When"`
			Wait     time.Duration             `validate:"min=1s,max=1h"`
			Any      any                       `validate:"required"`
			State    string                    `validate:"oneof=on off|eq="`
			Nested   map[string]map[string]int `validate:"dive,keys,alpha,endkeys,dive,min=1"`
			Choice   *bool                     `validate:"required"`
			Kind     string                    `validate:"required_if=State on"`
		}](),
		reflect.TypeFor[tree](), reflect.TypeFor[order](), reflect.TypeFor[page[page[item]]](),
	} {
		_, err := playground.Validation().Compile(typ)
		assert.NoError(t, err)
	}
}

func TestCustomRules(t *testing.T) {
	type range_ struct {
		From, To int
	}
	v := validator.New(validator.WithRequiredStructEnabled())
	require.NoError(t, v.RegisterValidation("even", func(f validator.FieldLevel) bool { return f.Field().Int()%2 == 0 }))
	v.RegisterStructValidation(func(l validator.StructLevel) {
		if r := l.Current().Interface().(range_); r.From > r.To {
			l.ReportError(r.To, "To", "To", "ordered", "")
		}
	}, range_{})

	type even struct {
		N int `validate:"even"`
	}
	check := compile[even](t, playground.WithValidate(v))
	require.NoError(t, check(&even{2}))
	assert.Equal(t, []string{"N: does not satisfy the rule even"}, wrong(t, check(&even{1})))

	ordered := compile[range_](t, playground.WithValidate(v))
	assert.Equal(t, []string{"To: does not satisfy the rule ordered"}, wrong(t, ordered(&range_{2, 1})),
		"a type without tags may have a rule of its own")

	_, err := playground.Validation().Compile(reflect.TypeFor[even]())
	assert.ErrorContains(t, err, "even", "which another adapter does not have")
}

func TestWithMessage(t *testing.T) {
	check := compile[item](t, playground.WithMessage(func(e validator.FieldError) string {
		if e.Tag() == "required" {
			return strings.ToLower(e.StructField()) + " fehlt"
		}
		return ""
	}))
	assert.Equal(t, []string{"Name: name fehlt", "Tags: must have at most 2 items"},
		wrong(t, check(&item{Tags: []string{"aa", "bb", "cc"}})))
}

func TestApplyValues(t *testing.T) {
	var cfg resolve.Config
	a := playground.Validation()
	a.ApplyValues(&cfg)
	assert.Same(t, a, cfg.Validator)
}

func TestConcurrentUse(t *testing.T) {
	a := playground.Validation()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			f, err := a.Compile(reflect.TypeFor[[]order]())
			if !assert.NoError(t, err) {
				return
			}
			for range 50 {
				assert.Len(t, f(&[]order{{Email: "a@b.example", Items: []item{{}}}}).(resolve.Violations), 3)
			}
		})
	}
	wg.Wait()
}
