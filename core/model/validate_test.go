package model

import (
	"math"
	"strings"
	"testing"

	"sendim/core/fault"
)

// small is a valid network: h1 - s1 - s2 - h2, and an unattached h3.
func small(t *testing.T, change func(*Builder)) *Network {
	t.Helper()
	b := NewBuilder("small")
	for _, n := range []struct {
		name string
		kind NodeKind
	}{{"h1", Host}, {"s1", Switch}, {"s2", Switch}, {"h2", Host}, {"h3", Host}} {
		b.Declare([]byte(n.name), n.kind)
	}
	for i := range 3 {
		b.Link(LinkDraft{A: NodeID(i), B: NodeID(i + 1), APort: AutoPort, BPort: AutoPort})
	}
	if change != nil {
		change(b)
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEachFaultOfANetworkIsNamed(t *testing.T) {
	flow := func(f Flow) func(*Network) {
		return func(n *Network) {
			f.ID, f.From = "f", 0
			if f.To == 0 {
				f.To = 3
			}
			n.Flows = []Flow{f}
		}
	}
	for _, c := range []struct {
		name   string
		build  func(*Builder)
		change func(*Network)
		code   fault.Code
		want   string
	}{
		{"two hosts with one address", func(b *Builder) {
			b.SetNodeExtra(0, Identity{IP: 9}, nil, nil)
			b.SetNodeExtra(3, Identity{IP: 9}, nil, nil)
		}, nil, fault.AddressTaken, `"h2"`},
		{"two switches with one datapath id", func(b *Builder) {
			b.SetNodeExtra(1, Identity{DPID: 9}, nil, nil)
			b.SetNodeExtra(2, Identity{DPID: 9}, nil, nil)
		}, nil, fault.AddressTaken, "<node dpid>"},
		{"a node's id", func(b *Builder) { b.Declare([]byte("a,b"), Host) }, nil, fault.BadName, `","`},
		{"a link's id", func(b *Builder) { b.Link(LinkDraft{Name: "a--b", A: 0, B: 1, APort: AutoPort, BPort: AutoPort}) }, nil, fault.BadName, `"--"`},
		{"port 0 of a switch", func(b *Builder) { b.Link(LinkDraft{A: 0, B: 1, APort: AutoPort, BPort: 0}) }, nil, fault.OutOfRange, `port 0 of "s1"`},
		{"a reserved port", func(b *Builder) { b.Link(LinkDraft{A: 0, B: 1, APort: AutoPort, BPort: 0xfffffffd}) }, nil, fault.OutOfRange, "port 4294967293"},
		{"a loss that is no number", func(b *Builder) {
			b.Link(LinkDraft{A: 0, B: 1, APort: AutoPort, BPort: AutoPort, Spec: b.SpecID(LinkSpec{Loss: math.NaN()})})
		}, nil, fault.OutOfRange, "loss NaN"},
		{"a negative rate", func(b *Builder) {
			b.Link(LinkDraft{A: 0, B: 1, APort: AutoPort, BPort: AutoPort, Back: b.SpecID(LinkSpec{Rate: -1})})
		}, nil, fault.OutOfRange, "rate -1"},
		{"a link's class", func(b *Builder) {
			b.Link(LinkDraft{A: 0, B: 1, APort: AutoPort, BPort: AutoPort, Spec: b.SpecID(LinkSpec{Class: "gld"})})
		}, func(n *Network) { n.Classes = []Class{{ID: "gold"}} }, fault.UnknownReference, `did you mean "gold"?`},
		{"a flow to itself", nil, func(n *Network) { n.Flows = []Flow{{ID: "f", From: 3, To: 3, Size: 1}} }, fault.FlowConflict, "to itself"},
		{"a flow to an unattached host", nil, flow(Flow{To: 4, Size: 1}), fault.HostUnattached, `"h3"`},
		{"a flow to a switch", nil, flow(Flow{To: 1, Size: 1}), fault.BadChoice, "a host is needed"},
		{"a flow to nowhere", nil, flow(Flow{To: 99, Size: 1}), fault.UnknownNode, ""},
		{"a flow without a size", nil, flow(Flow{}), fault.FlowIncomplete, "size or a duration"},
		{"udp without a rate", nil, flow(Flow{Transport: UDP, Size: 1}), fault.FlowIncomplete, "rate"},
		{"size and duration", nil, flow(Flow{Size: 1, Duration: 1}), fault.FlowConflict, "one of them"},
		{"size and chunks", nil, flow(Flow{Size: 1, Chunks: "1"}), fault.FlowConflict, "chunks"},
		{"echoes with a port", nil, flow(Flow{Count: 1, DstPort: 1}), fault.FlowConflict, "no ports"},
		{"a tiny packet", nil, flow(Flow{Size: 1, Packet: 63}), fault.OutOfRange, "63 bytes"},
		{"a negative size", nil, flow(Flow{Size: -1}), fault.OutOfRange, "negative"},
		{"an unknown tenant", nil, flow(Flow{Size: 1, Tenant: "red"}), fault.UnknownReference, `no tenant "red"`},
		{"demands that end before they start", nil, func(n *Network) { n.Demands = []DemandMatrix{{Start: 2, Until: 1}} }, fault.OutOfRange, "not after"},
		{"traffic from nobody", nil, func(n *Network) {
			n.Traffic = []Traffic{{ID: "t", Kind: "incast", Sizes: "1MB", From: "x*", To: "*"}}
		}, fault.BadSelector, "matches no host"},
		{"a service without members", nil, func(n *Network) { n.Services = []Service{{ID: "w"}} }, fault.FlowIncomplete, "no members"},
		{"a service called like a host", nil, func(n *Network) {
			n.Services = []Service{{ID: "h1", Members: []Member{{0, 1}}}}
		}, fault.DuplicateID, "name of a host"},
		{"a scenario with a link beyond the last", nil, func(n *Network) {
			n.Scenario = []ScenarioStep{{Changes: []Change{{Kind: LinkDown, Link: 7, Node: NoNode}}}}
		}, fault.UnknownLink, ""},
		{"a test of no flow", nil, func(n *Network) { n.Tests = []Test{{Kind: TestLoss, Flow: "f"}} }, fault.UnknownReference, `no flow "f"`},
		{"a policy for no profile", nil, func(n *Network) { n.Policies = []Policy{{Profile: "p", Property: "delay"}} }, fault.UnknownReference, `no profile "p"`},
		{"classes that reserve more than they allow", nil, func(n *Network) { n.Classes = []Class{{ID: "c", Min: 2, Max: 1}} }, fault.OutOfRange, "above its maximum"},
		{"two services at one address and port of which neither is a pool", nil, func(n *Network) {
			n.Services = []Service{{ID: "a", IP: 9, Proto: TCP, Port: 80, Members: []Member{{0, 1}}}, {ID: "b", IP: 9, Proto: TCP, Port: 80, Members: []Member{{3, 1}}}}
		}, fault.AddressTaken, `"b" are those of "a"`},
		{"who leaves a pool without being in it", nil, func(n *Network) {
			n.Services = []Service{{ID: "a", IP: 9, Proto: TCP, Port: 80, Members: []Member{{0, 1}}}}
			n.Scenario = []ScenarioStep{{At: 1, Changes: []Change{{Kind: MemberLeave, Service: "a", Node: 0}}}, {At: 2, Changes: []Change{{Kind: MemberLeave, Service: "a", Node: 0}}}}
		}, fault.BadChoice, `"h1" is no member of service "a" at that time`},
		{"who joins a service that does not exist", nil, func(n *Network) {
			n.Scenario = []ScenarioStep{{Changes: []Change{{Kind: MemberJoin, Service: "a", Node: 0, Weight: 1}}}}
		}, fault.UnknownReference, `no service "a"`},
		{"a joining member without weight", nil, func(n *Network) {
			n.Services = []Service{{ID: "a", IP: 9, Proto: TCP, Port: 80, Members: []Member{{0, 1}}}}
			n.Scenario = []ScenarioStep{{Changes: []Change{{Kind: MemberJoin, Service: "a", Node: 3}}}}
		}, fault.OutOfRange, "weight"},
		{"a share of a service that does not exist", nil, func(n *Network) {
			n.Tests = []Test{{Kind: TestShare, Service: "a", Nodes: "h1", MaxShare: 1}}
		}, fault.UnknownReference, `no service "a"`},
		{"a share above one", nil, func(n *Network) {
			n.Services = []Service{{ID: "a", IP: 9, Proto: TCP, Port: 80, Members: []Member{{0, 1}}}}
			n.Tests = []Test{{Kind: TestShare, Service: "a", Nodes: "h1", MaxShare: 1.5}}
		}, fault.OutOfRange, "1.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := small(t, c.build)
			if c.change != nil {
				c.change(n)
			}
			err := n.Validate(nil).Err()
			if !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s with %q", err, c.code, c.want)
			}
			if l := n.Validate(nil); l.Total != 1 {
				t.Errorf("one fault is reported as %d: %v", l.Total, err)
			}
		})
	}
}

func TestWhatIsAllowedIsNoFault(t *testing.T) {
	n := small(t, nil)
	n.Flows = []Flow{
		{ID: "a", From: 0, To: 3, Size: 1},
		{ID: "b", From: 0, To: 3, Duration: 1, Rate: 1},
		{ID: "c", From: 0, To: 3, Size: 1, Rate: 1, Transport: TCP},
		{ID: "d", From: 0, To: 3, Count: 3},
		{ID: "e", From: 0, To: 3, Chunks: "R", Granularity: GranularityChunk, Chunk: 5},
		{ID: "g", From: 0, To: 3, Duration: 1, Transport: TCP},
	}
	if err := n.Validate(nil).Err(); err != nil {
		t.Error(err)
	}
	for i, want := range []Transport{TCP, UDP, TCP, ICMP, TCP, TCP} {
		if got := n.Flows[i].Kind(); got != want {
			t.Errorf("flow %s is %s, want %s", n.Flows[i].ID, got, want)
		}
	}
}

func TestRemarksFindHostsThatStandBetweenNetworks(t *testing.T) {
	n := small(t, func(b *Builder) {
		b.Link(LinkDraft{A: 0, B: 2, APort: AutoPort, BPort: AutoPort}) // h1 at s1 and s2, which are linked: fine
		s, _ := b.Declare([]byte("island"), Switch)
		b.Link(LinkDraft{A: 3, B: s, APort: AutoPort, BPort: AutoPort})
	})
	n.Classes = []Class{{ID: "c"}}
	l := n.Remarks(nil)
	if l.Total != 2 || !strings.Contains(l.Error(), `"c"`) || !strings.Contains(l.Error(), `host "h2"`) {
		t.Error(l)
	}
	if n.Validate(nil).Total != 0 {
		t.Error("a remark became a fault")
	}
}
