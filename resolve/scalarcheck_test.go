package resolve_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/gofogo/fogo/internal/pattern"
	"github.com/gofogo/fogo/resolve"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	nick   string
	amount int
)

func (n nick) Validate() error {
	if n == "root" {
		return errors.New("is reserved")
	}
	return nil
}

func (a *amount) Validate() error {
	if *a < 0 {
		return errors.New("is negative")
	}
	return nil
}

// TestScalarsValidateThemselves: a method Validate is always called, by value
// or by pointer, wherever the scalar comes from.
func TestScalarsValidateThemselves(t *testing.T) {
	type amounts []amount
	handler := func(nick, resolve.Query[amount], resolve.Header[amounts]) {}
	cfg := resolve.Config{}.WithDefaults()
	in := inject.New()
	a, err := inject.Assemble(in, inject.Options{Neutral: resolve.Neutral(&cfg)})
	require.NoError(t, err)
	p := pattern.MustParse("/{nick}")
	program, err := a.Compile(inject.Spec{
		Level:  in,
		Binder: resolve.NewBinder(&cfg, resolve.RouteSpec{Pattern: p, Method: "GET"}),
		Calls:  []inject.Call{{Handler: inject.NewFunction(reflect.ValueOf(handler), inject.RoleHandler)}},
	})
	require.NoError(t, err)

	run := func(path string, amounts ...string) error {
		r := httptest.NewRequest("GET", path, nil)
		r.Header["Amounts"] = amounts
		var tree pattern.Tree[int]
		require.NoError(t, tree.Add(p, 1))
		var vars pattern.Values
		_, _, ok := tree.Match("GET", "", r.URL.EscapedPath(), &vars)
		require.True(t, ok)
		c := &resolve.Call{Request: r, Vars: &vars}
		c.Configure(&cfg)
		call := program.Plan(0).Begin(context.Background(), c, nil)
		defer call.End()
		return call.Finish(call.Do())
	}
	assert.NoError(t, run("/ada?amount=1", "1", "2"))
	var faults resolve.Faults
	require.ErrorAs(t, run("/root?amount=-1", "1", "-2"), &faults)
	assert.Equal(t, resolve.Faults{
		{Location: "path.nick", Message: "is reserved", Status: 422},
		{Location: "query.amount", Message: "is negative", Status: 422},
		{Location: "header.Amounts[1]", Message: "is negative", Status: 422},
	}, faults)
}
