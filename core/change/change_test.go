package change

import (
	"fmt"
	"slices"
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
