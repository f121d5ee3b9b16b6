package ws

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type key int

func TestValuesOf(t *testing.T) {
	base := context.WithValue(context.Background(), key(1), "one")
	a, cancel := context.WithCancel(base)
	defer cancel()
	b, cancel := context.WithTimeout(a, time.Hour)
	defer cancel()
	d, stop := context.WithCancelCause(b)
	defer stop(nil)
	require.Equal(t, base, valuesOf(d), "the layers of this Go's context package are known")
	outer := context.WithValue(d, key(2), "two")
	require.Equal(t, outer, valuesOf(outer), "values keep what is below")
	require.Equal(t, context.Background(), valuesOf(context.Background()))
	without := context.WithoutCancel(d)
	require.Equal(t, "one", valuesOf(without).Value(key(1)))
	type own struct{ context.Context }
	require.Equal(t, own{d}, valuesOf(own{d}))
	require.Nil(t, valuesOf(nil))
}
