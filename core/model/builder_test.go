package model

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
)

func TestPortsAreCountedAndFixedOnesKept(t *testing.T) {
	n := small(t, func(b *Builder) {
		b.Link(LinkDraft{A: 1, B: 2, APort: 7, BPort: 3})
		b.Link(LinkDraft{A: 1, B: 2, APort: AutoPort, BPort: AutoPort})
		b.Link(LinkDraft{A: 1, B: 2, APort: AutoPort, BPort: AutoPort, Name: "named"})
	})
	var got []string
	for l := range n.Links() {
		got = append(got, n.LinkName(l.ID)+" "+n.PortName(l.A)+" "+n.PortName(l.B))
	}
	want := []string{"h1--s1 h1:0 s1:1", "s1--s2 s1:2 s2:1", "s2--h2 s2:2 h2:0", "s1--s2#2 s1:7 s2:3", "s1--s2#3 s1:3 s2:4", "named s1:4 s2:5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for id := range n.NodeCount() {
		last := -1
		for _, a := range n.Arcs(NodeID(id)) {
			e := n.ArcFrom(a)
			if int(e.Port) <= last {
				t.Errorf("arcs of %s are not in the order of ports", n.NodeName(NodeID(id)))
			}
			last = int(e.Port)
			if back, ok := n.ArcAtPort(e.Node, e.Port); !ok || back != a {
				t.Errorf("port %s is not found", n.PortName(e))
			}
		}
	}
	for _, name := range []string{"s2--s1", "s1--s2#3", "s2--s1#2", "named"} {
		if id, ok := n.LinkByName(name); !ok || !n.HasLinkName(id) && n.NodeKindOf(n.Link(id).A.Node) != Switch {
			t.Errorf("%s is not found", name)
		}
	}
	if _, ok := n.LinkByName("s1--s2#4"); ok {
		t.Error("found a link that is not there")
	}
}

func TestBuildRefusesWhatCannotBe(t *testing.T) {
	b := NewBuilder("")
	a, _ := b.Declare([]byte("node1"), Switch)
	z, _ := b.Declare([]byte("node2"), Switch)
	b.Link(LinkDraft{A: a, B: b.Ref([]byte("node3")), APort: AutoPort, BPort: AutoPort})
	b.Link(LinkDraft{A: a, B: a, APort: AutoPort, BPort: AutoPort})
	b.Link(LinkDraft{A: a, B: z, APort: 5, BPort: 1, Name: "x"})
	b.Link(LinkDraft{A: a, B: z, APort: 5, BPort: 2, Name: "x"})
	n, faults := b.Build(nil)
	for _, code := range []fault.Code{fault.UnknownNode, fault.SelfLink, fault.PortTaken, fault.DuplicateID} {
		if !fault.Is(faults.Err(), code) {
			t.Errorf("%s is not reported: %v", code, faults)
		}
	}
	if n != nil || faults.Total != 4 {
		t.Errorf("%d faults", faults.Total)
	}
	if p := b.Patched(); p.NodeCount() != 3 || p.NodeKindOf(2) != External || p.NodeName(2) != "node3" {
		t.Error("the patched network differs from what was meant")
	}
}

// TestForwardReferencesChangeNothing builds one network twice: with every node declared
// first, and with links that refer ahead.
func TestForwardReferencesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(2, 9).Draw(t, "nodes")
		var links [][2]int
		for range rapid.IntRange(0, 12).Draw(t, "links") {
			a, z := rapid.IntRange(0, nodes-1).Draw(t, "a"), rapid.IntRange(0, nodes-1).Draw(t, "z")
			if a != z {
				links = append(links, [2]int{a, z})
			}
		}
		name := func(i int) []byte { return fmt.Appendf(nil, "n%d", 5*i%7*10+i) }
		made := func(ahead, many bool) []string {
			b := NewBuilder("")
			declare := func() {
				for i := range nodes {
					id, _ := b.Declare(name(i), Switch)
					b.SetNodeSpec(id, b.NodeSpecID(NodeSpec{CPU: int64(i)}))
					if i%2 == 0 {
						b.SetNodeExtra(id, Identity{DPID: uint64(i + 1)}, nil, nil)
					}
				}
			}
			if !ahead {
				declare()
			}
			for i, l := range links {
				a, z := b.Ref(name(l[0])), b.Ref(name(l[1]))
				switch {
				case many:
					b.LinkMany(a, []NodeID{z}, 0, 0)
				case ahead: // gathered the wrong way round, and put right below
					l = links[len(links)-1-i]
					b.Link(LinkDraft{A: b.Ref(name(l[0])), B: b.Ref(name(l[1])), APort: AutoPort, BPort: AutoPort})
				default:
					b.Link(LinkDraft{A: a, B: z, APort: AutoPort, BPort: AutoPort})
				}
			}
			if ahead {
				b.Ref([]byte("never declared"))
				declare()
				if !many {
					var order []LinkID
					for i := range links {
						order = append(order, LinkID(len(links)-1-i))
					}
					b.OrderLinks(order)
				}
			}
			n, faults := b.Build(nil)
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			var out []string
			for v := range n.Nodes() {
				out = append(out, fmt.Sprintf("%+v", v))
				if id, ok := n.NodeByName(v.Name); !ok || id != v.ID {
					t.Fatalf("%s is lost", v.Name)
				}
			}
			for l := range n.Links() {
				out = append(out, fmt.Sprintf("%s %+v", n.LinkName(l.ID), l))
			}
			return out
		}
		want := made(false, false)
		for _, c := range [][2]bool{{true, false}, {false, true}, {true, true}} {
			if got := made(c[0], c[1]); !slices.Equal(got, want) {
				t.Fatalf("%v: got %v\nwant %v", c, got, want)
			}
		}
	})
}

func TestQuantitiesReadWhatTheyWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Int64Range(0, 1<<62), rapid.Map(rapid.Int64Range(0, 10000), func(v int64) int64 { return v * int64(Microsecond) })).Draw(t, "v")
		if got, err := ParseTime(Time(v).String()); err != nil || got != Time(v) {
			t.Fatalf("time %d: %s, %v", v, Time(v), err)
		}
		if got, err := ParseRate(Rate(v).String()); err != nil || got != Rate(v) {
			t.Fatalf("rate %d: %s, %v", v, Rate(v), err)
		}
		if got, err := ParseSize(Size(v).String()); err != nil || got != Size(v) {
			t.Fatalf("size %d: %s, %v", v, Size(v), err)
		}
		f := rapid.Float64Range(0, 1).Draw(t, "share")
		if got, err := ParseRatio(FormatRatio(f)); err != nil || got != f {
			t.Fatalf("share %v: %v", f, err)
		}
	})
}

func TestSelectorsMeanIdsGlobsKindsLabelsAndProperties(t *testing.T) {
	n := small(t, func(b *Builder) {
		b.SetNodeExtra(1, Identity{}, []string{"edge"}, []Property{{"pop", "Seattle"}})
	})
	for s, want := range map[Selector]string{"h1": "h1", "h*": "h1 h2 h3", "type=switch": "s1 s2", "label=edge": "s1", "pop=Sea*": "s1", "h3, type=Switch,h3": "s1 s2 h3", "*": "h1 s1 s2 h2 h3"} {
		ids, err := n.SelectNodes(s, 0)
		got := ""
		for i, id := range ids {
			if i > 0 {
				got += " "
			}
			got += n.NodeName(id)
		}
		if got != want || err != nil {
			t.Errorf("%s selects %q, %v; want %q", s, got, err, want)
		}
	}
	for _, s := range []Selector{"", ",", "=x", "x=", "type=router", "[", "nobody"} {
		if _, err := n.SelectNodes(s, 0); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
	if ids, err := n.SelectLinks("s2--s1,h*"); err != nil || len(ids) != 2 {
		t.Errorf("links: %v, %v", ids, err)
	}
}
