package control

import (
	"slices"

	"sendim/core/flow"
	"sendim/core/graph"
	"sendim/core/model"
)

// floodGroup is the number of the group, of type all, along which Flood sends.
const floodGroup = 1

// tree keeps the spanning trees along which apps flood: over links between switches that
// are up and not spare, from the lowest node of each component.
type tree struct {
	net    *model.Network
	g      *graph.Graph
	work   *graph.Workspace
	forest graph.Forest
	before []int32        // parents before the last change
	down   graph.Set      // arcs
	nodes  []model.NodeID // by the graph's number
	index  []int32        // by node, -1 for what is no switch
	link   []int32        // the graph's link by the model's, -1
	back   []model.LinkID // the model's link by the graph's
	grown  bool
}

// floodChange is what a switch's group becomes.
type floodChange struct {
	sw      model.NodeID
	buckets []flow.Bucket
}

func newTree(net *model.Network) *tree {
	t := &tree{net: net, index: make([]int32, net.NodeCount()), link: make([]int32, net.LinkCount())}
	for id := range t.index {
		t.index[id] = -1
		if net.NodeKindOf(model.NodeID(id)) == model.Switch && !net.Gone(model.NodeID(id)) {
			t.index[id] = int32(len(t.nodes))
			t.nodes = append(t.nodes, model.NodeID(id))
		}
	}
	var a, b []int32
	from, to := net.EndColumns()
	for l := range from {
		t.link[l] = -1
		if x, y := t.index[from[l]], t.index[to[l]]; x >= 0 && y >= 0 && x != y && !net.LinkGone(model.LinkID(l)) {
			t.link[l] = int32(len(a))
			a, b, t.back = append(a, x), append(b, y), append(t.back, model.LinkID(l))
		}
	}
	g, err := graph.New(len(t.nodes), a, b)
	if err != nil { // a model holds fewer links than a graph can
		panic(err)
	}
	t.g, t.work, t.down = g, graph.NewWorkspace(g), graph.NewSet(2*len(a))
	return t
}

// arcOf is the graph's arc for the model's, -1 for one that does not join switches.
func (t *tree) arcOf(a model.Arc) int32 {
	if l := t.numberOf(a.Link()); l >= 0 {
		return 2*l + int32(a&1)
	}
	return -1
}

// numberOf is the graph's link for the model's, -1 for one that is not in the graph, or not yet.
func (t *tree) numberOf(id model.LinkID) int32 {
	if int(id) >= len(t.link) {
		return -1
	}
	return t.link[id]
}

// note takes a link's state and says whether the trees may differ now: not when a link
// that carried no floods goes down.
func (t *tree) note(v *view, id model.LinkID) bool {
	mine := t.numberOf(id)
	if mine < 0 {
		return false
	}
	if v.linkUp(id) && !t.net.ArcSpec(model.Arc(2*id)).Spare {
		t.down.RemoveLink(int(mine))
		return true
	}
	t.down.AddLink(int(mine))
	return !t.grown || t.forest.Has(t.g, 2*mine)
}

// grow makes the first trees and gives every switch's group.
func (t *tree) grow(v *view) []floodChange {
	for l := range t.link {
		t.note(v, model.LinkID(l))
	}
	return t.change()
}

// change works the trees out anew for the links as noted and gives, by rising node, the
// switches whose group differs.
func (t *tree) change() (out []floodChange) {
	t.before = append(t.before[:0], t.forest.Parent...)
	t.work.Forest(t.down, &t.forest)
	if !t.grown {
		t.grown = true
		for _, sw := range t.nodes {
			out = append(out, floodChange{sw, t.buckets(sw)})
		}
		return out
	}
	var differ []int32
	for u, arc := range t.forest.Parent {
		if old := t.before[u]; old != arc {
			differ = append(differ, int32(u))
			for _, x := range [2]int32{old, arc} {
				if x != graph.None {
					differ = append(differ, t.g.Head(x))
				}
			}
		}
	}
	slices.Sort(differ)
	for _, u := range slices.Compact(differ) {
		out = append(out, floodChange{t.nodes[u], t.buckets(t.nodes[u])})
	}
	return out
}

// blocks says that a port leads to a switch by a link that is not on the tree. Nothing is
// flooded there, and an app that floods hears nothing from there, as a bridge takes
// nothing in at a port that the spanning tree protocol blocks: what was under way when
// the tree changed would teach a learning switch a way that leads in a circle, and what
// goes around in it would teach it so for ever.
func (t *tree) blocks(sw model.NodeID, port model.PortNo) bool {
	a, ok := t.net.ArcAtPort(sw, port)
	if !ok || t.net.NodeKindOf(t.net.ArcTo(a).Node) != model.Switch {
		return false
	}
	g := t.arcOf(a)
	return g < 0 || !t.forest.Has(t.g, g)
}

// buckets are a switch's ports on the tree and to whatever is no switch, by rising port.
func (t *tree) buckets(sw model.NodeID) []flow.Bucket {
	var out []flow.Bucket
	for _, a := range t.net.Arcs(sw) {
		if g := t.arcOf(a); g < 0 && t.net.NodeKindOf(t.net.ArcTo(a).Node) == model.Switch || g >= 0 && !t.forest.Has(t.g, g) {
			continue
		}
		out = append(out, flow.Bucket{WatchPort: flow.PortAny, WatchGroup: flow.GroupAny,
			Actions: []flow.Action{flow.Out(uint32(t.net.ArcFrom(a).Port))}})
	}
	return out
}

// replant makes the trees of a network that was edited, and gives the switches whose group
// may differ: the new ones, those at a link that came or went, and those at a link that is
// on the tree in one network and not in the other.
func (t *tree) replant(v *view, e *edited) (out []floodChange) {
	old := *t
	*t = *newTree(v.net)
	for l := range t.link {
		t.note(v, model.LinkID(l))
	}
	t.work.Forest(t.down, &t.forest)
	t.grown = true
	parent := func(t *tree, id model.NodeID) int {
		if int(id) >= len(t.index) || t.index[id] < 0 || int(t.index[id]) >= len(t.forest.Parent) {
			return -2
		}
		arc := t.forest.Parent[t.index[id]]
		if arc == graph.None {
			return -1
		}
		return int(t.back[arc>>1])
	}
	differ := map[model.NodeID]bool{}
	link := func(id model.LinkID) {
		a, b := v.net.Ends(id)
		differ[a.Node], differ[b.Node] = true, true
	}
	for _, sw := range t.nodes {
		was, is := parent(&old, sw), parent(t, sw)
		if was == is {
			continue
		}
		differ[sw] = true
		for _, l := range [2]int{was, is} {
			if l >= 0 {
				link(model.LinkID(l))
			}
		}
	}
	for _, list := range [2][]model.LinkID{e.gone, e.added} {
		for _, id := range list {
			link(id)
		}
	}
	for _, sw := range t.nodes { // by rising node
		if differ[sw] {
			out = append(out, floodChange{sw, t.buckets(sw)})
		}
	}
	return out
}
