package forward_test

import (
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/plugins/forward"
)

// network draws a view: switches 0 to n-1, links of which some are down or spare, and a
// host at every other switch, at port 100.
func network(t *rapid.T) *app.View {
	top := &app.Topology{Last: true}
	n := rapid.IntRange(1, 9).Draw(t, "switches")
	for i := range n {
		top.Switches = append(top.Switches, app.SwitchInfo{ID: model.NodeID(10 * i), Up: true})
		if i%2 == 0 {
			top.Hosts = append(top.Hosts, app.HostInfo{ID: model.NodeID(10*i + 1), IP: packet.IPv4(1000 + i), MAC: packet.MAC(i + 1), Up: true, At: app.Port{Switch: model.NodeID(10 * i), Port: 100}})
		}
	}
	for l := range rapid.IntRange(0, 16).Draw(t, "links") {
		a, b := rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")
		if a != b {
			top.Links = append(top.Links, app.LinkInfo{ID: model.LinkID(l), Up: rapid.IntRange(0, 3).Draw(t, "up") > 0, Spare: rapid.IntRange(0, 3).Draw(t, "spare") == 0,
				A: app.Port{Switch: model.NodeID(10 * a), Port: model.PortNo(2*l + 1)}, B: app.Port{Switch: model.NodeID(10 * b), Port: model.PortNo(2*l + 2)}})
		}
	}
	v := &app.View{}
	v.Take(&app.Event{Kind: app.KindTopology, Topology: top})
	return v
}

type at struct {
	sw  model.NodeID
	dst packet.IPv4
}

func TestEverySwitchOfAPartReachesItsHostsAndRulesComeNearestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := network(t)
		parts := forward.Parts(v)
		behind := map[app.Port]app.LinkInfo{}
		for _, l := range v.Links() {
			behind[l.A], behind[l.B] = l, l
		}
		rules := map[at]model.PortNo{}
		forward.Ports(v, func(sw model.NodeID, dst packet.IPv4, port model.PortNo) {
			if _, twice := rules[at{sw, dst}]; twice {
				t.Fatalf("two rules at %d for %d", sw, dst)
			}
			if port != 100 {
				l := behind[app.Port{Switch: sw, Port: port}]
				next := l.A.Switch
				if next == sw {
					next = l.B.Switch
				}
				if _, known := rules[at{next, dst}]; !l.Up || !known {
					t.Fatalf("%d sends what is for %d on by %+v, where nobody knows of it yet", sw, dst, l)
				}
			}
			rules[at{sw, dst}] = port
		})
		for i, s := range v.Switches() {
			for _, h := range v.Hosts() {
				home, _ := v.SwitchNumber(h.At.Switch)
				if _, reaches := rules[at{s.ID, h.IP}]; reaches != (parts[i] == parts[home]) {
					t.Fatalf("switch %d and host %d: a path %v, one part %v", s.ID, h.ID, reaches, !reaches)
				}
			}
		}
	})
}

func TestSpareLinksCarryOnlyWhatHasNoOtherWay(t *testing.T) {
	for _, apart := range []bool{false, true} {
		v := &app.View{}
		link := func(id model.LinkID, a, b model.NodeID, spare bool) app.LinkInfo {
			return app.LinkInfo{ID: id, A: app.Port{Switch: a, Port: model.PortNo(2*id + 1)}, B: app.Port{Switch: b, Port: model.PortNo(2*id + 2)}, Spare: spare, Up: !apart || spare}
		}
		v.Take(&app.Event{Kind: app.KindTopology, Topology: &app.Topology{Last: true,
			Switches: []app.SwitchInfo{{ID: 0, Up: true}, {ID: 1, Up: true}, {ID: 2, Up: true}},
			Links:    []app.LinkInfo{link(0, 0, 2, true), link(1, 0, 1, false), link(2, 1, 2, false)},
			Hosts:    []app.HostInfo{{ID: 3, IP: 9, MAC: 9, Up: true, At: app.Port{Switch: 2, Port: 100}}}}})
		want := model.PortNo(3) // by the two links that are not spare
		if apart {
			want = 1
		}
		forward.Ports(v, func(sw model.NodeID, _ packet.IPv4, port model.PortNo) {
			if sw == 0 && port != want {
				t.Errorf("apart %v: leaves by port %d, not %d", apart, port, want)
			}
		})
	}
}
