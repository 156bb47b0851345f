package naming

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/fault"
	"sendim/core/model"
)

// network makes nodes and joins each to the one before it.
func network(t interface{ Fatal(...any) }, nodes ...model.Node) *model.Network {
	b := model.NewBuilder("test")
	var last model.NodeID = model.NoNode
	for _, n := range nodes {
		id, _ := b.Declare([]byte(n.Name), n.Kind)
		b.SetNodeExtra(id, n.Identity, nil, nil)
		if last != model.NoNode {
			b.Link(model.LinkDraft{A: id, B: last, APort: model.AutoPort, BPort: model.AutoPort})
		}
		last = id
	}
	net, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return net
}

func TestNamesFollowMininetsHabits(t *testing.T) {
	sw := func(name string, dpid uint64) model.Node {
		return model.Node{Name: name, Kind: model.Switch, Identity: model.Identity{DPID: dpid}}
	}
	host := func(name string, id model.Identity) model.Node {
		return model.Node{Name: name, Kind: model.Host, Identity: id}
	}
	net := network(t,
		sw("s1", 0), host("h1", model.Identity{}), sw("core", 0), host("h2", model.Identity{IP: 10<<24 | 3, Prefix: 24}), sw("s7", 0), host("h3", model.Identity{}),
		sw("a2", 0), sw("b2", 0), sw("x", 3), host("a name that is long", model.Identity{HasMAC: true, MAC: 0xaabbcc}))
	n, err := New(net)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for v := range net.Nodes() {
		ip, bits := n.IP(v.ID)
		got = append(got, fmt.Sprintf("%s %x/%d %x %d %s %s", v.Name, ip, bits, n.MAC(v.ID), n.DPID(v.ID), n.Technical(v.ID), n.Interface(v.ID, 0)))
	}
	want := []string{
		"s1 0/0 0 1 s1 s1-eth0",
		"h1 a000001/8 1 0 h1 h1-eth0",
		"core 0/0 0 2 core core-eth0",
		"h2 a000003/24 2 0 h2 h2-eth0",
		"s7 0/0 0 7 s7 s7-eth0",
		"h3 a000004/8 3 0 h3 h3-eth0",
		"a2 0/0 0 4 a2 a2-eth0",
		"b2 0/0 0 5 b2 b2-eth0",
		"x 0/0 0 3 x x-eth0",
		"a name that is long a000005/8 aabbcc 0 n9 n9-eth0",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestFixedAddressesThatClashAreFaults(t *testing.T) {
	net := network(t, model.Node{Name: "a", Kind: model.Host, Identity: model.Identity{IP: 5, Prefix: 8}}, model.Node{Name: "b", Kind: model.Host, Identity: model.Identity{IP: 5, Prefix: 8}})
	if _, err := New(net); !fault.Is(err, fault.AddressTaken) {
		t.Errorf("got %v", err)
	}
}

func TestEveryNameIsUniqueAndLeadsBack(t *testing.T) {
	name := rapid.OneOf(rapid.StringMatching(`[nsh][0-9]{1,2}(_|_[0-9])?`), rapid.StringMatching(`[a-z]{1,12}`), rapid.StringMatching(`[nh][0-9](-eth[0-9])?`), rapid.StringMatching(`[äö ]{1,3}x`))
	rapid.Check(t, func(t *rapid.T) {
		var nodes []model.Node
		ips, macs, dpids := map[uint32]bool{}, map[uint64]bool{}, map[uint64]bool{}
		for i, name := range rapid.SliceOfNDistinct(name, 2, 40, rapid.ID[string]).Draw(t, "names") {
			if model.CheckID(name) != nil {
				continue
			}
			n := model.Node{Name: name, Kind: rapid.SampledFrom([]model.NodeKind{model.Switch, model.Host, model.External}).Draw(t, "kind")}
			small := rapid.Uint32Range(1, 30).Draw(t, "fixed")
			if rapid.Bool().Draw(t, "fix") {
				if n.Kind == model.Switch && !dpids[uint64(small)] {
					n.Identity.DPID = uint64(small)
					dpids[uint64(small)] = true
				} else if n.Kind != model.Switch && !ips[small] && !macs[uint64(small)] {
					n.Identity = model.Identity{IP: 10<<24 | small, Prefix: 24, HasMAC: i%2 == 0, MAC: uint64(small)}
					if !n.Identity.HasMAC {
						n.Identity.MAC = 0
					}
					ips[small], macs[uint64(small)] = true, true
				}
			}
			nodes = append(nodes, n)
		}
		net := network(t, nodes...)
		n, err := New(net)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[any]string{}
		once := func(what, who string, key any) {
			if other, ok := seen[key]; ok {
				t.Fatalf("%s %v of %q is that of %q", what, key, who, other)
			}
			seen[key] = who
		}
		for v := range net.Nodes() {
			technical := n.Technical(v.ID)
			once("technical name", v.Name, technical)
			if len(technical) > 10 {
				t.Fatalf("%q is too long", technical)
			}
			for _, arc := range net.Arcs(v.ID) {
				port := net.ArcFrom(arc).Port
				name := n.Interface(v.ID, port)
				if name != technical {
					once("interface", v.Name, name)
				}
				if len(name) > 15 || !safe([]byte(name)) {
					t.Fatalf("interface %q", name)
				}
				mac := n.PortMAC(v.ID, port)
				once("port address", v.Name, mac)
				if back, ok := n.ByMAC(mac); !ok || back != v.ID {
					t.Fatalf("address %x of %q leads to %v", mac, v.Name, back)
				}
			}
			if v.Kind == model.Switch {
				once("dpid", v.Name, [1]uint64{n.DPID(v.ID)})
				if back, ok := n.ByDPID(n.DPID(v.ID)); !ok || back != v.ID {
					t.Fatalf("dpid of %q leads to %v", v.Name, back)
				}
				continue
			}
			ip, _ := n.IP(v.ID)
			once("address", v.Name, [1]uint32{ip})
			if back, ok := n.ByIP(ip); !ok || back != v.ID {
				t.Fatalf("address of %q leads to %v", v.Name, back)
			}
		}
	})
}
