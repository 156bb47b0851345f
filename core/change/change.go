package change

import (
	"fmt"
	"reflect"
	"slices"

	"sendim/core/deployment"
	"sendim/core/model"
)

// State is one side of a changeset. A nil Model is nothing at all.
type State struct {
	Model      *model.Network
	Deployment *deployment.Deployment
}

// Op is what a step does; its value is the glyph a user sees in a plan.
type Op string

// The operations.
const (
	Create  Op = "+"
	Delete  Op = "-"
	Update  Op = "~"
	Replace Op = "-/+" // cannot be changed in place
)

// Kind is what a step is about.
type Kind string

// The kinds, in the order in which they are created.
const (
	Nodes Kind = "node"
	Links Kind = "link"
	Apps  Kind = "application"
	Flows Kind = "flow"
)

// Impact is what a step does to traffic.
type Impact string

// The impacts.
const (
	Live     Impact = "live"     // nothing else is disturbed
	Restart  Impact = "restart"  // the object stops and starts again
	Recreate Impact = "recreate" // the object is made anew
)

// Step is one operation on a range of objects. For Delete, First and Count are ids of
// the old state; otherwise of the new one.
type Step struct {
	Op           Op
	Kind         Kind
	First, Count int
}

// Changeset leads from one state to another.
type Changeset struct {
	Old, New State
	Steps    []Step

	// NodeFrom and LinkFrom give, for each id of the new model, the id of the same
	// object in the old one, or -1. Nil when the old state is nothing.
	NodeFrom []model.NodeID
	LinkFrom []model.LinkID

	// Living says that the new model came of the old one by edits: both count their nodes
	// and links alike, what the old one has not is new in it, and what is Gone in the new one
	// alone is removed. Such a changeset can be applied to a network that lives.
	Living bool
}

// FromNothing is the changeset that brings a state up.
func FromNothing(s State) *Changeset { return Diff(State{}, s) }

// FromNothing says whether the changeset starts from nothing.
func (c *Changeset) FromNothing() bool { return c.Old.Model == nil }

// Empty says that there is nothing to do.
func (c *Changeset) Empty() bool { return len(c.Steps) == 0 }

// Inverse leads back.
func (c *Changeset) Inverse() *Changeset { return Diff(c.New, c.Old) }

// Diff works out the steps from one state to another: deletions first, in the reverse
// order of creation, then creations and updates in the order of creation.
func Diff(old, new State) *Changeset {
	c := &Changeset{Old: old, New: new}
	c.Living = old.Model != nil && new.Model != nil && (old.Model == new.Model || new.Model.DescendsFrom(old.Model))
	var deletes, creates []Step
	nodes := classify(c.nodes(), nodesOf(new.Model), nodesOf(old.Model))
	links := classify(c.links(), linksOf(new.Model), linksOf(old.Model))
	apps := classify(c.apps(), side{count: len(applications(new))}, side{count: len(applications(old))})
	flows := classify(c.flows(), flowsOf(new.Model), flowsOf(old.Model))
	for _, k := range []struct {
		kind Kind
		d    delta
	}{{Nodes, nodes}, {Links, links}, {Apps, apps}, {Flows, flows}} {
		creates = append(creates, ranges(Create, k.kind, k.d.created)...)
		creates = append(creates, ranges(Update, k.kind, k.d.updated)...)
		creates = append(creates, ranges(Replace, k.kind, k.d.replaced)...)
		gone := ranges(Delete, k.kind, k.d.deleted)
		deletes = append(gone, deletes...)
	}
	c.Steps = append(deletes, creates...)
	return c
}

// verdict compares one object of the new state with the old: from is the old id or -1.
type verdict struct {
	from int
	op   Op // "" when nothing changed
}

type delta struct{ created, updated, replaced, deleted []int }

// side is one kind of things of one side: ids are below count, and of those that are
// gone nothing is left.
type side struct {
	count int
	gone  func(id int) bool // nil: none is
}

func (o side) has(id int) bool { return o.gone == nil || !o.gone(id) }

func nodesOf(n *model.Network) side {
	if n == nil {
		return side{}
	}
	return side{n.NodeCount(), func(id int) bool { return n.Gone(model.NodeID(id)) }}
}

func linksOf(n *model.Network) side {
	if n == nil {
		return side{}
	}
	return side{n.LinkCount(), func(id int) bool { return n.LinkGone(model.LinkID(id)) }}
}

func flowsOf(n *model.Network) side {
	if n == nil {
		return side{}
	}
	return side{count: len(n.Flows)}
}

func classify(compare func(id int) verdict, new, old side) delta {
	var d delta
	kept := make([]bool, old.count)
	for id := range new.count {
		if !new.has(id) {
			continue
		}
		v := compare(id)
		if v.from >= 0 {
			kept[v.from] = true
		}
		switch v.op {
		case Create:
			d.created = append(d.created, id)
		case Update:
			d.updated = append(d.updated, id)
		case Replace:
			d.replaced = append(d.replaced, id)
		}
	}
	for id, k := range kept {
		if !k && old.has(id) {
			d.deleted = append(d.deleted, id)
		}
	}
	return d
}

func ranges(op Op, kind Kind, ids []int) []Step {
	var out []Step
	for _, id := range ids {
		if n := len(out); n > 0 && out[n-1].First+out[n-1].Count == id {
			out[n-1].Count++
			continue
		}
		out = append(out, Step{op, kind, id, 1})
	}
	return out
}

func (c *Changeset) nodes() func(int) verdict {
	if c.Old.Model == nil || c.New.Model == nil {
		return created
	}
	old, new := c.Old.Model, c.New.Model
	c.NodeFrom = slices.Repeat([]model.NodeID{model.NoNode}, new.NodeCount())
	if c.Living {
		return func(id int) verdict {
			switch {
			case id >= old.NodeCount():
				return verdict{-1, Create}
			case new.SameNode(old, model.NodeID(id)):
				c.NodeFrom[id] = model.NodeID(id)
				return verdict{id, ""}
			}
			c.NodeFrom[id] = model.NodeID(id)
			return verdict{id, Update}
		}
	}
	return func(id int) verdict {
		from, ok := old.NodeByName(new.NodeName(model.NodeID(id)))
		if !ok {
			return verdict{-1, Create}
		}
		c.NodeFrom[id] = from
		a, b := old.Node(from), new.Node(model.NodeID(id))
		a.ID = b.ID
		switch {
		case a.Kind != b.Kind:
			return verdict{int(from), Replace}
		case !reflect.DeepEqual(a, b):
			return verdict{int(from), Update}
		}
		return verdict{int(from), ""}
	}
}

func (c *Changeset) links() func(int) verdict {
	if c.Old.Model == nil || c.New.Model == nil {
		return created
	}
	old, new := c.Old.Model, c.New.Model
	c.LinkFrom = slices.Repeat([]model.LinkID{model.NoLink}, new.LinkCount())
	if c.Living {
		return func(id int) verdict {
			switch {
			case id >= old.LinkCount():
				return verdict{-1, Create}
			case new.SameLink(old, model.LinkID(id)):
				c.LinkFrom[id] = model.LinkID(id)
				return verdict{id, ""}
			}
			c.LinkFrom[id] = model.LinkID(id)
			return verdict{id, Update}
		}
	}
	return func(id int) verdict {
		from, ok := old.LinkByName(new.LinkName(model.LinkID(id)))
		if !ok {
			return verdict{-1, Create}
		}
		c.LinkFrom[id] = from
		a, b := old.Link(from), new.Link(model.LinkID(id))
		sameEnds := old.PortName(a.A) == new.PortName(b.A) && old.PortName(a.B) == new.PortName(b.B)
		a.ID, a.A, a.B = b.ID, b.A, b.B
		switch {
		case !sameEnds:
			return verdict{int(from), Replace}
		case !reflect.DeepEqual(a, b):
			return verdict{int(from), Update}
		}
		return verdict{int(from), ""}
	}
}

func (c *Changeset) apps() func(int) verdict {
	old, new := applications(c.Old), applications(c.New)
	return func(id int) verdict {
		from := slices.IndexFunc(old, func(a deployment.Application) bool { return a.Name == new[id].Name })
		switch {
		case from < 0:
			return verdict{-1, Create}
		case from != id || !reflect.DeepEqual(old[from], new[id]):
			return verdict{from, Update}
		}
		return verdict{from, ""}
	}
}

func (c *Changeset) flows() func(int) verdict {
	if c.Old.Model == nil || c.New.Model == nil {
		return created
	}
	old, new := c.Old.Model, c.New.Model
	byID := make(map[string]int, len(old.Flows))
	for i, f := range old.Flows {
		byID[f.ID] = i
	}
	return func(id int) verdict {
		f := new.Flows[id]
		from, ok := byID[f.ID]
		if !ok {
			return verdict{-1, Create}
		}
		was := old.Flows[from]
		sameEnds := old.NodeName(was.From) == new.NodeName(f.From) && endName(old, was) == endName(new, f)
		was.From, was.To = f.From, f.To
		if !sameEnds || !reflect.DeepEqual(was, f) {
			return verdict{from, Replace}
		}
		return verdict{from, ""}
	}
}

func endName(n *model.Network, f model.Flow) string {
	if f.To == model.NoNode {
		return "service " + f.Service
	}
	return n.NodeName(f.To)
}

func created(int) verdict { return verdict{-1, Create} }

func applications(s State) []deployment.Application {
	if s.Deployment == nil {
		return nil
	}
	return s.Deployment.Applications
}

// Name gives the user's name of the i-th object of a step.
func (c *Changeset) Name(s Step, i int) string {
	state, id := c.New, s.First+i
	if s.Op == Delete {
		state = c.Old
	}
	switch s.Kind {
	case Nodes:
		return state.Model.NodeName(model.NodeID(id))
	case Links:
		return state.Model.LinkName(model.LinkID(id))
	case Apps:
		return applications(state)[id].Name
	}
	return state.Model.Flows[id].ID
}

// Reason says why a step is there.
func (c *Changeset) Reason(s Step) string {
	switch {
	case c.FromNothing():
		return "nothing is there yet"
	case s.Op == Create:
		return "new in the descriptor"
	case s.Op == Delete:
		return "no longer in the descriptor"
	case s.Op == Replace:
		return "cannot be changed in place"
	}
	return "differs from the descriptor"
}

// Impact says what a step does to traffic.
func (c *Changeset) Impact(s Step) Impact {
	switch s.Op {
	case Replace:
		return Recreate
	case Update:
		if s.Kind == Apps {
			return Restart
		}
	}
	return Live
}

// Describe gives one line for a plan: "+ node s1", "+ 1,000,000 nodes s1 ... s1000000".
func (c *Changeset) Describe(s Step) string {
	if s.Count == 1 {
		return fmt.Sprintf("%s %s %s", s.Op, s.Kind, c.Name(s, 0))
	}
	return fmt.Sprintf("%s %d %ss %s ... %s", s.Op, s.Count, s.Kind, c.Name(s, 0), c.Name(s, s.Count-1))
}
