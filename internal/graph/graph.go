// Package graph has the algorithms on graphs of ints that the injector needs.
// It knows nothing of what the nodes stand for.
package graph

// Graph is a directed graph over the nodes 0 to Len()-1.
type Graph interface {
	Len() int
	// Edges returns the nodes that node n leads to, in a fixed order.
	Edges(n int) []int
}

// Adjacency is a Graph as a list of edges for each node.
type Adjacency [][]int

// Len returns the number of nodes.
func (a Adjacency) Len() int { return len(a) }

// Edges returns the nodes that n leads to.
func (a Adjacency) Edges(n int) []int { return a[n] }

// Cycles returns one cycle through each part of g that has any, as paths whose
// first node is repeated at the end. The same graph gives the same answer.
func Cycles(g Graph) [][]int {
	w := walk{g: g, state: make([]state, g.Len())}
	for n := range g.Len() {
		w.visit(n)
	}
	return w.cycles
}

type state uint8

const (
	unseen state = iota
	onPath
	done
)

// walk is a depth-first search that remembers the path it stands on.
type walk struct {
	g      Graph
	state  []state
	path   []int
	cycles [][]int
}

func (w *walk) visit(n int) {
	switch w.state[n] {
	case done:
		return
	case onPath:
		w.record(n)
		return
	}
	w.state[n] = onPath
	w.path = append(w.path, n)
	for _, to := range w.g.Edges(n) {
		w.visit(to)
	}
	w.path = w.path[:len(w.path)-1]
	w.state[n] = done
}

// record keeps the part of the path from the earlier visit of n to its end.
func (w *walk) record(n int) {
	for i, at := range w.path {
		if at == n {
			cycle := append([]int(nil), w.path[i:]...)
			w.cycles = append(w.cycles, append(cycle, n))
			return
		}
	}
}
