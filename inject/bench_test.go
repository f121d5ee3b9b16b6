package inject_test

import (
	"context"
	"testing"

	"github.com/gofogo/fogo/inject"
	"github.com/stretchr/testify/require"
)

//go:noinline
func benchTarget(ctx context.Context, d *db, c config) (*db, error) { return d, nil }

// BenchmarkRun measures a whole call: a run from the pool, its steps, the
// function, and the clearing of the frame.
func BenchmarkRun(b *testing.B) {
	in := inject.New()
	require.NoError(b, in.Value(config{"c"}))
	require.NoError(b, in.Provide(inject.Singleton, func(c config) *db { return &db{c} }))
	a, err := inject.Assemble(in, inject.Options{})
	require.NoError(b, err)
	p, err := a.Compile(inject.Spec{Level: in, Calls: []inject.Call{{Handler: handler(benchTarget)}}})
	require.NoError(b, err)
	require.NoError(b, a.Start(b.Context()))
	ctx := context.Background()
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := p.Plan(0).Begin(ctx, nil, nil)
			_ = r.Finish(r.Do())
			r.End()
		}
	})
	b.Run("direct", func(b *testing.B) {
		d := &db{}
		for b.Loop() {
			_, _ = benchTarget(ctx, d, config{"c"})
		}
	})
}
