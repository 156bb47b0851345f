package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
)

// line is h1-s1-s2-h2.
func line(t interface{ Fatal(...any) }) *Network {
	b := NewBuilder("line")
	ids := map[string]NodeID{}
	for _, name := range []string{"h1", "s1", "s2", "h2"} {
		kind := Host
		if name[0] == 's' {
			kind = Switch
		}
		ids[name], _ = b.Declare([]byte(name), kind)
	}
	for _, l := range [][2]string{{"h1", "s1"}, {"s1", "s2"}, {"s2", "h2"}} {
		b.Link(LinkDraft{A: ids[l[0]], B: ids[l[1]], APort: AutoPort, BPort: AutoPort})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func host(name string) Edit { return Edit{Kind: AddNode, Node: name, NodeKind: Host} }
func gone(name string) Edit { return Edit{Kind: DelNode, Node: name} }
func join(a, b string) Edit {
	return Edit{Kind: AddLink, A: LinkEnd{a, AutoPort}, B: LinkEnd{b, AutoPort}}
}
func part(a, b string) Edit {
	return Edit{Kind: DelLink, A: LinkEnd{a, AutoPort}, B: LinkEnd{b, AutoPort}}
}

// shown is all that a network says of what is there, without ids.
func shown(n *Network) (out []string) {
	for v := range n.Nodes() {
		out = append(out, fmt.Sprint(v.Name, v.Kind, v.Identity, v.Labels, v.Properties))
		for _, a := range n.Arcs(v.ID) {
			out = append(out, n.PortName(n.ArcFrom(a))+" to "+n.PortName(n.ArcTo(a)))
		}
	}
	for l := range n.Links() {
		out = append(out, fmt.Sprint(n.LinkName(l.ID), n.PortName(l.A), n.PortName(l.B), l.Spec, l.Back))
	}
	slices.Sort(out)
	return out
}

func TestAnEditedNetworkIsANewOneAndTheOldIsAsItWas(t *testing.T) {
	old := line(t)
	before := shown(old)
	n, err := old.Edit([]Edit{host("h3"), join("h3", "s1"), gone("h2"), join("s1", "s2")})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(shown(old), before) {
		t.Error("the old network has changed")
	}
	if id, ok := n.NodeByName("h3"); !ok || id != 4 || n.NodeCount() != 5 || n.LiveNodes() != 4 {
		t.Errorf("h3 is node %d of %d, of which %d are there", id, n.NodeCount(), n.LiveNodes())
	}
	if _, ok := n.NodeByName("h2"); ok || !n.Gone(3) || n.NodeName(3) != "h2" {
		t.Error("h2 is still found, or forgotten")
	}
	if id, ok := n.LinkByName("s1--s2#2"); !ok || id != 4 {
		t.Error("the second link between s1 and s2 is not found")
	}
	if got := n.NodesOfKind(Host); !slices.Equal(got, []NodeID{0, 4}) {
		t.Errorf("hosts %v", got)
	}
	if !n.DescendsFrom(old) || old.DescendsFrom(n) || old.DescendsFrom(old) {
		t.Error("who descends from whom?")
	}
}

func TestWhatWasRemovedCanBeAddedAgainWithANewId(t *testing.T) {
	n, err := line(t).Edit([]Edit{gone("h2"), host("h2"), join("s2", "h2")})
	if err != nil {
		t.Fatal(err)
	}
	id, ok := n.NodeByName("h2")
	if !ok || id != 4 || n.Predecessor(id) != 3 {
		t.Fatalf("h2 is %d, before it %d", id, n.Predecessor(id))
	}
	if l, ok := n.LinkByName("h2--s2"); !ok || n.LinkName(l) != "s2--h2" || n.LinkName(2) != "s2--h2" || !n.LinkGone(2) {
		t.Error("the names of the links differ")
	}
	thawed := *n
	thawed.Thawed()
	if again, ok := thawed.NodeByName("h2"); !ok || again != id {
		t.Error("a network read from a checkpoint does not find it")
	}
}

func TestNamesOfParallelLinksStay(t *testing.T) {
	n, err := line(t).Edit([]Edit{join("s1", "s2"), join("s2", "s1"), {Kind: DelLink, Link: "s1--s2"}})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[LinkID]string{1: "s1--s2", 3: "s1--s2#2", 4: "s2--s1#3"} {
		if got := n.LinkName(id); got != want {
			t.Errorf("link %d is %s, not %s", id, got, want)
		}
		if found, ok := n.LinkByName(want); ok == n.LinkGone(id) || ok && found != id {
			t.Errorf("%s is found as %d", want, found)
		}
	}
	n, err = n.Edit([]Edit{join("s1", "s2")})
	if id, ok := n.LinkByName("s1--s2"); err != nil || !ok || id != 5 {
		t.Errorf("the free name is not taken: %d, %v", id, err)
	}
	if a, _ := n.Ends(5); a.Port != 2 {
		t.Errorf("the free port is not taken, but %d", a.Port)
	}
}

func TestEditsThatCannotBeAreNamed(t *testing.T) {
	member := line(t)
	member.Services = []Service{{ID: "web", IP: 9, Members: []Member{{Node: 0}, {Node: 3}}}}
	for name, c := range map[string]struct {
		edits []Edit
		code  fault.Code
		says  string
	}{
		"a node twice":                     {[]Edit{host("h1")}, fault.DuplicateID, `there is a host "h1" already`},
		"a node called like a service":     {[]Edit{host("web")}, fault.DuplicateID, `service "web"`},
		"a name that is none":              {[]Edit{host("a--b")}, fault.BadName, `"--"`},
		"an unknown node":                  {[]Edit{gone("h11")}, fault.UnknownNode, `"h1"`},
		"a node removed before":            {[]Edit{gone("h2"), gone("h2")}, fault.UnknownNode, `no node "h2"`},
		"a link to nothing":                {[]Edit{join("h1", "s9")}, fault.UnknownNode, `"s1"`},
		"a link to itself":                 {[]Edit{join("s1", "s1")}, fault.SelfLink, "itself"},
		"a port that is used":              {[]Edit{{Kind: AddLink, A: LinkEnd{"s1", 2}, B: LinkEnd{"h2", AutoPort}}}, fault.PortTaken, "s1--s2"},
		"port 0 of a switch":               {[]Edit{{Kind: AddLink, A: LinkEnd{"s1", 0}, B: LinkEnd{"h2", AutoPort}}}, fault.OutOfRange, "ports of a switch"},
		"no link between":                  {[]Edit{part("h1", "h2")}, fault.UnknownLink, "no link between h1 and h2"},
		"which link?":                      {[]Edit{join("s1", "s2"), part("s1", "s2")}, fault.UnknownLink, "s1:2 s2:1, s1:3 s2:3"},
		"an unknown link":                  {[]Edit{{Kind: DelLink, Link: "s1--s3"}}, fault.UnknownLink, "s1--s2"},
		"an address that is a service's":   {[]Edit{{Kind: AddNode, Node: "h3", NodeKind: Host, Identity: Identity{IP: 9}}}, fault.AddressTaken, "web"},
		"an address on a switch":           {[]Edit{{Kind: AddNode, Node: "s3", NodeKind: Switch, Identity: Identity{IP: 7}}}, fault.BadChoice, "only hosts"},
		"a node of no kind":                {[]Edit{{Kind: AddNode, Node: "x"}}, fault.BadChoice, "no kind"},
		"no edit":                          {[]Edit{{}}, fault.BadChoice, "node add"},
		"a loss beyond all":                {[]Edit{{Kind: AddLink, A: LinkEnd{"s1", AutoPort}, B: LinkEnd{"h2", AutoPort}, Spec: LinkSpec{Loss: 2}}}, fault.OutOfRange, "loss"},
		"a class that is not there":        {[]Edit{{Kind: AddLink, A: LinkEnd{"s1", AutoPort}, B: LinkEnd{"h2", AutoPort}, Spec: LinkSpec{Class: "x"}}}, fault.UnknownReference, "class"},
		"where a host has its addresses":   {[]Edit{join("h1", "s2"), part("h1", "s1")}, fault.PortTaken, "remove its other links first"},
		"the switch of a host's addresses": {[]Edit{join("h1", "s2"), gone("s1")}, fault.PortTaken, "h1 has its addresses"},
	} {
		n, err := member.Edit(c.edits)
		if n != nil || !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMembersLeaveWithTheirNode(t *testing.T) {
	n := line(t)
	n.Services = []Service{{ID: "web", Members: []Member{{Node: 0}, {Node: 3}}}}
	n.Profiles = []Profile{{ID: "gold", Members: []NodeID{3}}}
	n.Tenants = []Tenant{{ID: "red", Members: []NodeID{3, 0}}}
	out, err := n.Edit([]Edit{gone("h2")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Services[0].Members) != 1 || len(out.Profiles[0].Members) != 0 || len(out.Tenants[0].Members) != 1 {
		t.Error("h2 is still a member")
	}
	if len(n.Services[0].Members) != 2 || len(n.Profiles[0].Members) != 1 || len(n.Tenants[0].Members) != 2 {
		t.Error("the old network has changed")
	}
}

// TestAnEditedNetworkIsTheOneBuiltSo draws edits and builds the network that they lead to
// from nothing: but for ids they are equal.
func TestAnEditedNetworkIsTheOneBuiltSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type end struct {
			node string
			port PortNo
		}
		nodes := map[string]NodeKind{"h1": Host, "s1": Switch, "s2": Switch, "h2": Host}
		links := map[string][2]end{"h1--s1": {{"h1", 0}, {"s1", 1}}, "s1--s2": {{"s1", 2}, {"s2", 1}}, "s2--h2": {{"s2", 2}, {"h2", 0}}}
		n := line(t)
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			name := rapid.SampledFrom([]string{"h1", "h2", "h3", "s1", "s2", "s3"}).Draw(t, "node")
			other := rapid.SampledFrom([]string{"h1", "h2", "h3", "s1", "s2", "s3"}).Draw(t, "other")
			kind := Host
			if name[0] == 's' {
				kind = Switch
			}
			e := rapid.SampledFrom([]Edit{{Kind: AddNode, Node: name, NodeKind: kind}, gone(name), join(name, other), part(name, other)}).Draw(t, "edit")
			next, err := n.Edit([]Edit{e})
			if err != nil {
				continue
			}
			if !next.DescendsFrom(n) {
				t.Fatal("it does not descend from what it was made of")
			}
			switch e.Kind {
			case AddNode:
				nodes[name] = kind
			case DelNode:
				delete(nodes, name)
				for id, l := range links {
					if l[0].node == name || l[1].node == name {
						delete(links, id)
					}
				}
			case AddLink:
				l := next.Link(LinkID(next.LinkCount() - 1))
				links[next.LinkName(l.ID)] = [2]end{{next.NodeName(l.A.Node), l.A.Port}, {next.NodeName(l.B.Node), l.B.Port}}
			case DelLink:
				for id := range LinkID(n.LinkCount()) {
					if next.LinkGone(id) && !n.LinkGone(id) {
						delete(links, n.LinkName(id))
					}
				}
			}
			n = next
		}
		var got, want []string
		for v := range n.Nodes() {
			got = append(got, v.Name+v.Kind.String())
		}
		for name, kind := range nodes {
			want = append(want, name+kind.String())
		}
		for l := range n.Links() {
			got = append(got, n.LinkName(l.ID)+n.PortName(l.A)+n.PortName(l.B))
			if id, ok := n.LinkByName(n.LinkName(l.ID)); !ok || id != l.ID {
				t.Fatalf("%s is not found by its name", n.LinkName(l.ID))
			}
			for _, a := range [2]Arc{Arc(2 * l.ID), Arc(2*l.ID + 1)} {
				if e := n.ArcFrom(a); !slices.Contains(n.Arcs(e.Node), a) {
					t.Fatalf("%s has no arc at %s", n.LinkName(l.ID), n.PortName(e))
				} else if at, ok := n.ArcAtPort(e.Node, e.Port); !ok || at != a {
					t.Fatalf("port %s is not found", n.PortName(e))
				}
			}
		}
		for id, l := range links {
			want = append(want, fmt.Sprintf("%s%s:%d%s:%d", id, l[0].node, l[0].port, l[1].node, l[1].port))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got %q\nwant %q", got, want)
		}
		arcs := 0
		for id := range NodeID(n.NodeCount()) {
			arcs += len(n.Arcs(id))
			if n.Gone(id) && len(n.Arcs(id)) > 0 {
				t.Fatal("a node that is gone has arcs")
			}
		}
		if arcs != 2*n.LiveLinks() {
			t.Fatalf("%d arcs for %d links", arcs, n.LiveLinks())
		}
	})
}
