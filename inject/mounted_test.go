package inject

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	treeOne struct{ by string }
	treeTwo struct{ by string }
)

func levelWith(t *testing.T, v ...any) *Injector {
	in := New()
	for _, x := range v {
		require.NoError(t, in.Value(x))
	}
	return in
}

func (in *Injector) sees(v any) string {
	switch v.(type) {
	case treeOne:
		if p := in.lookup(reflect.TypeOf(v)); p != nil {
			return p.value.Interface().(treeOne).by
		}
	case treeTwo:
		if p := in.lookup(reflect.TypeOf(v)); p != nil {
			return p.value.Interface().(treeTwo).by
		}
	}
	return ""
}

func TestTree(t *testing.T) {
	root := levelWith(t, treeOne{"root"}, treeTwo{"root"})
	group, empty := root.Child(), root.Child()
	require.NoError(t, group.Value(treeOne{"group"}))
	inner := levelWith(t, treeTwo{"inner"})
	innerGroup := inner.Child()

	tree := NewTree(root)
	require.True(t, tree.Mount(group, inner))
	assert.True(t, tree.Mount(group, inner), "again in the same place")
	assert.False(t, tree.Mount(empty, inner), "elsewhere it would see another treeOne")
	at := tree.Level(innerGroup)
	assert.Equal(t, "group", at.sees(treeOne{}))
	assert.Equal(t, "inner", at.sees(treeTwo{}), "its own wins")
	assert.Equal(t, "root", tree.Level(empty).sees(treeOne{}))
	assert.Equal(t, "root", tree.Root().sees(treeTwo{}))
	assert.Empty(t, inner.sees(treeOne{}), "the originals don't know each other")
	assert.Error(t, inner.Value(treeOne{}), "and take nothing more")
	n := 0
	tree.Root().all(func(*provider) { n++ })
	assert.Equal(t, 4, n)

	second := levelWith(t)
	require.True(t, tree.Mount(root, second))
	assert.True(t, tree.Mount(empty, second), "a level without providers makes no difference")
	stranger := New()
	assert.Same(t, stranger, tree.Level(stranger))
	assert.Same(t, stranger, (*Tree)(nil).Level(stranger))
}
