package graph

// Forest is a spanning tree for each component.
type Forest struct {
	// Parent is, by node, the arc from it to its parent; None for a root.
	Parent []int32
	// Root is, by node, the root of its tree: the lowest node of its component.
	Root []int32
	// Order is all nodes, every one after its parent: the trees by their roots, and
	// within each the nodes as a breadth-first search meets them.
	Order []int32
	// Trees is the number of trees.
	Trees int
}

// None is the arc that is not.
const None = -1

// Has says whether an arc, or the one against it, is part of a tree.
func (f *Forest) Has(g *Graph, arc int32) bool {
	return f.Parent[g.Tail(arc)] == arc || f.Parent[g.Head(arc)] == arc^1
}

// Forest makes f the spanning trees over links of which neither arc is down,
// reusing its memory. Each is the breadth-first tree from the lowest node of its
// component: a node's parent is, of those neighbours nearest to the root, the one met
// first, and of several arcs between the two the tree has the parent's lowest. So
// depths are least, and a flood takes no longer than it must.
func (w *Workspace) Forest(down Set, f *Forest) {
	g := w.g
	n := g.Nodes()
	f.Parent, f.Root = resized(f.Parent, n), resized(f.Root, n)
	for u := range n {
		f.Parent[u], f.Root[u] = None, None
	}
	order := resized(f.Order, n)[:0]
	f.Trees = 0
	for root := range int32(n) {
		if f.Root[root] != None {
			continue
		}
		f.Trees++
		f.Root[root] = root
		next := len(order)
		order = append(order, root)
		for ; next < len(order); next++ {
			u := order[next]
			for i := g.Off[u]; i < g.Off[u+1]; i++ {
				v, arc := g.To[i], g.Arc[i]
				if f.Root[v] != None || down.Has(arc) || down.Has(arc^1) {
					continue
				}
				f.Root[v], f.Parent[v] = root, arc^1
				order = append(order, v)
			}
		}
	}
	f.Order = order
}

// Components numbers the components that remain when the links of which either arc
// is down are left out, from 0 in the order of their lowest nodes. It returns
// the number of each node's component, in component if that is large enough, and how many
// there are.
func (w *Workspace) Components(down Set, component []int32) (of []int32, count int) {
	g := w.g
	component = resized(component, g.Nodes())
	for u := range component {
		component[u] = None
	}
	stack := w.queue[:0]
	for first := range component {
		if component[first] != None {
			continue
		}
		component[first] = int32(count)
		stack = append(stack, int32(first))
		for len(stack) > 0 {
			u := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for i := g.Off[u]; i < g.Off[u+1]; i++ {
				v, arc := g.To[i], g.Arc[i]
				if component[v] == None && !down.Has(arc) && !down.Has(arc^1) {
					component[v] = int32(count)
					stack = append(stack, v)
				}
			}
		}
		count++
	}
	w.queue = stack
	return component, count
}

// Diameter returns the number of hops between the two nodes that are furthest
// apart, among pairs with a path, and whether every pair has one. It searches from
// every node: for small graphs.
func (w *Workspace) Diameter(down Set) (hops int32, connected bool) {
	connected = true
	for dst := range int32(w.g.Nodes()) {
		w.other = w.Hops(dst, down, w.other)
		for _, d := range w.other {
			hops = max(hops, d)
			connected = connected && d != Unreachable
		}
	}
	return hops, connected
}
