package change

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/deployment"
	"sendim/core/model"
)

// build makes a network of switches in a row, where each may have a host, from a drawn
// subset of names.
func build(t *rapid.T, label string) State {
	b := model.NewBuilder("drawn")
	var last model.NodeID = model.NoNode
	for i := range 8 {
		if !rapid.Bool().Draw(t, fmt.Sprintf("%s: s%d", label, i)) {
			continue
		}
		s, _ := b.Declare(fmt.Appendf(nil, "s%d", i), model.Switch)
		b.SetNodeSpec(s, b.NodeSpecID(model.NodeSpec{CPU: rapid.Int64Range(0, 1).Draw(t, "cpu")}))
		spec := b.SpecID(model.LinkSpec{Rate: model.Rate(rapid.IntRange(1, 2).Draw(t, "rate"))})
		if last != model.NoNode {
			b.Link(model.LinkDraft{A: last, B: s, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
		}
		last = s
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	d := &deployment.Deployment{}
	for _, a := range []string{"throttle", "router"} {
		if rapid.Bool().Draw(t, label+": "+a) {
			d.Applications = append(d.Applications, deployment.Application{Name: a, Plugin: a})
		}
	}
	return State{n, d}
}

func TestAStateDoesNotDifferFromItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := build(t, "state")
		if c := Diff(s, s); !c.Empty() {
			t.Fatalf("steps: %v", c.Steps)
		}
	})
}

func TestEveryObjectIsCreatedOnceFromNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := build(t, "state")
		c := FromNothing(s)
		counts := map[Kind]int{}
		for _, step := range c.Steps {
			if step.Op != Create || !c.FromNothing() {
				t.Fatalf("%s in a changeset from nothing", c.Describe(step))
			}
			counts[step.Kind] += step.Count
		}
		if counts[Nodes] != s.Model.NodeCount() || counts[Links] != s.Model.LinkCount() || counts[Apps] != len(s.Deployment.Applications) {
			t.Fatalf("%v for %d nodes, %d links, %d apps", counts, s.Model.NodeCount(), s.Model.LinkCount(), len(s.Deployment.Applications))
		}
	})
}

func TestTheInverseUndoesWhatWasDone(t *testing.T) {
	undone := map[Op]Op{Create: Delete, Delete: Create, Update: Update, Replace: Replace}
	rapid.Check(t, func(t *rapid.T) {
		there := Diff(build(t, "old"), build(t, "new"))
		back := there.Inverse()
		if got, want := objects(back, func(op Op) Op { return op }), objects(there, func(op Op) Op { return undone[op] }); !slices.Equal(got, want) {
			t.Fatalf("back:\n%v\nwant\n%v", got, want)
		}
	})
}

// objects lists single objects with what happens to them, sorted.
func objects(c *Changeset, op func(Op) Op) (out []string) {
	for _, s := range c.Steps {
		for i := range s.Count {
			out = append(out, fmt.Sprint(op(s.Op), s.Kind, c.Name(s, i)))
		}
	}
	slices.Sort(out)
	return out
}

func TestStepsReadLikeAPlan(t *testing.T) {
	network := func(names ...string) *model.Network {
		b := model.NewBuilder("x")
		for _, n := range names {
			b.Declare([]byte(n), model.Switch)
		}
		n, _ := b.Build(nil)
		return n
	}
	c := Diff(State{Model: network("s1", "s2", "s3")}, State{Model: network("s2", "s4", "s5", "s6")})
	var got []string
	for _, s := range c.Steps {
		got = append(got, c.Describe(s)+": "+c.Reason(s)+", "+string(c.Impact(s)))
	}
	want := []string{
		"- node s1: no longer in the descriptor, live",
		"- node s3: no longer in the descriptor, live",
		"+ 3 nodes s4 ... s6: new in the descriptor, live",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestALivingChangesetGoesById(t *testing.T) {
	b := model.NewBuilder("x")
	s1, _ := b.Declare([]byte("s1"), model.Switch)
	s2, _ := b.Declare([]byte("s2"), model.Switch)
	h1, _ := b.Declare([]byte("h1"), model.Host)
	for _, l := range [][2]model.NodeID{{s1, s2}, {s1, s2}, {h1, s1}} {
		b.Link(model.LinkDraft{A: l[0], B: l[1], APort: model.AutoPort, BPort: model.AutoPort})
	}
	old, _ := b.Build(nil)
	end := func(name string) model.LinkEnd { return model.LinkEnd{Node: name, Port: model.AutoPort} }
	edited, err := old.Edit([]model.Edit{
		{Kind: model.DelNode, Node: "h1"}, {Kind: model.AddNode, Node: "h1", NodeKind: model.Host}, {Kind: model.AddNode, Node: "h2", NodeKind: model.Host}, {Kind: model.DelNode, Node: "h2"},
		{Kind: model.DelLink, Link: "s1--s2"}, {Kind: model.AddLink, A: end("h1"), B: end("s2")}})
	if err != nil {
		t.Fatal(err)
	}
	describe := func(c *Changeset) (out []string) {
		for _, s := range c.Steps {
			out = append(out, c.Describe(s))
		}
		return out
	}
	c := Diff(State{Model: old}, State{Model: edited})
	want := []string{"- link s1--s2", "- link h1--s1", "- node h1", "+ node h1", "+ link h1--s2"}
	if got := describe(c); !c.Living || !slices.Equal(got, want) {
		t.Errorf("living %v: %q", c.Living, got)
	}
	if c.NodeFrom[2] != model.NoNode || c.NodeFrom[0] != 0 || c.NodeFrom[3] != model.NoNode {
		t.Errorf("nodes come from %v", c.NodeFrom)
	}
	if c := Diff(State{Model: edited}, State{Model: edited}); !c.Empty() || !c.Living {
		t.Errorf("of itself: %q", describe(c))
	}
	if c := Diff(State{Model: edited}, State{Model: old}); c.Living {
		t.Error("an older network is taken for an edit of a newer one")
	}
	var created []string
	for _, s := range FromNothing(State{Model: edited}).Steps {
		for i := range s.Count {
			created = append(created, FromNothing(State{Model: edited}).Name(s, i))
		}
	}
	if got := strings.Join(created, " "); got != "s1 s2 h1 s1--s2#2 h1--s2" {
		t.Errorf("created from nothing is %s", got)
	}
}
