package naming

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

func edited(t interface{ Fatal(...any) }, n *model.Network, edits ...model.Edit) *model.Network {
	out, err := n.Edit(edits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func add(name string, kind model.NodeKind, id model.Identity) model.Edit {
	return model.Edit{Kind: model.AddNode, Node: name, NodeKind: kind, Identity: id}
}

func del(name string) model.Edit { return model.Edit{Kind: model.DelNode, Node: name} }

func TestAddedNodesAreNamedAsTheNextOnesWouldHaveBeen(t *testing.T) {
	net := network(t, model.Node{Name: "s1", Kind: model.Switch}, model.Node{Name: "h1", Kind: model.Host}, model.Node{Name: "h2", Kind: model.Host})
	net = edited(t, net, add("h9", model.Host, model.Identity{}), add("s9", model.Switch, model.Identity{}), add("x1", model.Switch, model.Identity{}),
		del("h9"), add("h4", model.Host, model.Identity{}), add("h9", model.Host, model.Identity{}), del("s9"), add("s9", model.Switch, model.Identity{}))
	n, err := New(net)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for v := range net.Nodes() {
		ip, bits := n.IP(v.ID)
		got = append(got, fmt.Sprintf("%s %x/%d %x %d", v.Name, ip, bits, n.MAC(v.ID), n.DPID(v.ID)))
	}
	want := "s1 0/0 0 1, h1 a000001/8 1 0, h2 a000002/8 2 0, x1 0/0 0 2, h4 a000004/8 4 0, h9 a000003/8 3 0, s9 0/0 0 9"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q", got)
	}
	if id, ok := n.ByIP(10<<24 | 3); !ok || net.NodeName(id) != "h9" || net.Gone(id) {
		t.Errorf("10.0.0.3 is that of node %d", id)
	}
}

func TestAddedNodesMustNotClashWithWhatWasWorkedOut(t *testing.T) {
	founders := network(t, model.Node{Name: "s1", Kind: model.Switch}, model.Node{Name: "a rather long name", Kind: model.Switch}, model.Node{Name: "h1", Kind: model.Host})
	for name, c := range map[string]struct {
		edit model.Edit
		code fault.Code
	}{
		"the address that was counted for h1": {add("h2", model.Host, model.Identity{IP: 10<<24 | 1, Prefix: 8}), fault.AddressTaken},
		"its Ethernet address":                {add("h2", model.Host, model.Identity{HasMAC: true, MAC: 1}), fault.AddressTaken},
		"the number of s1":                    {add("x", model.Switch, model.Identity{DPID: 1}), fault.AddressTaken},
		"what the bridge of node 1 is called": {add("n1", model.Switch, model.Identity{}), fault.BadName},
		"what an interface is called":         {add("s1-eth7", model.Host, model.Identity{}), fault.BadName},
	} {
		if _, err := New(edited(t, founders, c.edit)); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(edited(t, founders, del("h1"), add("h2", model.Host, model.Identity{IP: 10<<24 | 1, Prefix: 8}))); err != nil {
		t.Errorf("the address of a host that is gone: %v", err)
	}
}

// TestNamesStayWhateverComesAndGoes draws networks and edits, with names and addresses
// that are close to each other.
func TestNamesStayWhateverComesAndGoes(t *testing.T) {
	names := []string{"s1", "s2", "x1", "x2", "h1", "h2", "n1", "n2", "m1", "n0", "k1", "n2_1", "n1_0", "a long name of a node", "another long name", "sixteen-bytes-abc", "s1-eth1", "ten-bytes1"}
	rapid.Check(t, func(t *rapid.T) {
		draw := func() (string, model.NodeKind, model.Identity) {
			name := rapid.SampledFrom(names).Draw(t, "name")
			kind := rapid.SampledFrom([]model.NodeKind{model.Switch, model.Host, model.External}).Draw(t, "kind")
			var id model.Identity
			if number := rapid.IntRange(0, 5).Draw(t, "number"); number > 0 && kind == model.Switch {
				id.DPID = uint64(number)
			} else if number > 2 {
				id = model.Identity{IP: 10<<24 | uint32(number-2), Prefix: 24}
			} else if number > 0 {
				id = model.Identity{HasMAC: true, MAC: uint64(number)}
			}
			return name, kind, id
		}
		b := model.NewBuilder("drawn")
		for range rapid.IntRange(1, 6).Draw(t, "founders") {
			name, kind, id := draw()
			if node, fresh := b.Declare([]byte(name), kind); fresh {
				b.SetNodeExtra(node, id, nil, nil)
			}
		}
		net, _ := b.Build(nil)
		n, err := New(net)
		if err != nil {
			t.Skip("the founders clash")
		}
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			name, kind, id := draw()
			e := add(name, kind, id)
			if rapid.Bool().Draw(t, "remove") {
				e = del(name)
			}
			next, err := net.Edit([]model.Edit{e})
			if err != nil {
				continue
			}
			m, err := New(next)
			if err != nil {
				continue
			}
			seen := map[string]string{}
			for i := range next.NodeCount() {
				id := model.NodeID(i)
				all := func(n *Names) []string {
					ip, bits := n.IP(id)
					out := []string{fmt.Sprint("mac ", n.MAC(id)), fmt.Sprint("dpid ", n.DPID(id)), fmt.Sprint("ip ", ip), n.Technical(id)}
					for port := range model.PortNo(3) {
						out = append(out, n.Interface(id, port), fmt.Sprint("port ", n.PortMAC(id, port+1)))
					}
					return append(out, fmt.Sprint(bits))
				}
				now := all(m)
				if i < net.NodeCount() {
					if was := all(n); strings.Join(was, " ") != strings.Join(now, " ") {
						t.Fatalf("%s was %q and is %q", next.NodeName(id), was, now)
					}
				}
				if next.Gone(id) {
					continue
				}
				for _, x := range now[:len(now)-1] {
					if strings.HasSuffix(x, " 0") {
						continue
					}
					if other, ok := seen[x]; ok {
						t.Fatalf("%q is of %s and %s", x, other, next.NodeName(id))
					}
					seen[x] = next.NodeName(id)
				}
				if ip, _ := m.IP(id); ip != 0 {
					if found, ok := m.ByIP(ip); !ok || found != id {
						t.Fatalf("%x is found as %d", ip, found)
					}
				}
				if d := m.DPID(id); d != 0 {
					if found, ok := m.ByDPID(d); !ok || found != id {
						t.Fatalf("%d is found as %d", d, found)
					}
				}
			}
			net, n = next, m
		}
	})
}
