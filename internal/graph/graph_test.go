package graph_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gofogo/fogo/internal/graph"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCycles(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    graph.Adjacency
		want [][]int
	}{
		{"nothing", nil, nil},
		{"a chain has none", graph.Adjacency{{1}, {2}, {}}, nil},
		{"a diamond has none", graph.Adjacency{{1, 2}, {3}, {3}, {}}, nil},
		{"a node that leads to itself", graph.Adjacency{{0}}, [][]int{{0, 0}}},
		{"two that need each other", graph.Adjacency{{1}, {0}}, [][]int{{0, 1, 0}}},
		{"the way into a cycle is no part of it", graph.Adjacency{{1}, {2}, {1}}, [][]int{{1, 2, 1}}},
		{"two parts, one cycle each", graph.Adjacency{{0}, {2}, {1}}, [][]int{{0, 0}, {1, 2, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, graph.Cycles(tt.g))
		})
	}
}

// TestCyclesAgreesWithReachability compares with the definition: a graph has a
// cycle if and only if some node can reach itself.
func TestCyclesAgreesWithReachability(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		g := make(graph.Adjacency, 1+rnd.IntN(7))
		for n := range g {
			for range rnd.IntN(3) {
				g[n] = append(g[n], rnd.IntN(len(g)))
			}
		}
		cycles := graph.Cycles(g)
		require.Equal(t, cyclic(g), len(cycles) > 0, "%v", g)
		for _, c := range cycles {
			require.Equal(t, c[0], c[len(c)-1])
			for i := range len(c) - 1 {
				require.Contains(t, g[c[i]], c[i+1])
			}
		}
	}
}

// cyclic is the naive oracle: the transitive closure by repeated squaring.
func cyclic(g graph.Adjacency) bool {
	n := len(g)
	reach := make([][]bool, n)
	for i := range reach {
		reach[i] = make([]bool, n)
		for _, j := range g[i] {
			reach[i][j] = true
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
			}
		}
	}
	for i := range n {
		if reach[i][i] {
			return true
		}
	}
	return false
}
