package ovs_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"sendim/core/flow"
	"sendim/core/packet"
	"sendim/integrators/shell"
)

// tables is how many flow tables the worlds use.
const tables = 4

// drawGroups draws groups of all types, some of which lead to those before them or watch
// ports and groups.
func drawGroups(r *rand.Rand) (out []flow.Group) {
	for n := range r.IntN(5) {
		g := flow.Group{Number: uint32(n + 1), Type: pick(r, flow.All, flow.Indirect, flow.FastFailover, flow.Select)}
		for range map[flow.GroupType]int{flow.All: 1 + r.IntN(3), flow.Indirect: 1, flow.FastFailover: 1 + r.IntN(3), flow.Select: 1 + r.IntN(3)}[g.Type] {
			k := flow.Bucket{Actions: drawActions(r, nil, 0)}
			if n > 0 && r.IntN(4) == 0 { // Open vSwitch takes the group for the last action wherever it stands
				k.Actions = append(k.Actions, flow.Action{Type: flow.ToGroup, Arg: uint32(1 + r.IntN(n))})
			}
			switch g.Type {
			case flow.FastFailover:
				if n > 0 && r.IntN(3) == 0 {
					k.WatchGroup = uint32(1 + r.IntN(n))
				} else {
					k.WatchPort = uint32(1 + r.IntN(3))
				}
			case flow.Select:
				k.Weight = uint16(r.IntN(3))
				if r.IntN(3) == 0 {
					k.WatchPort = uint32(1 + r.IntN(3))
				}
			}
			g.Buckets = append(g.Buckets, k)
		}
		out = append(out, g)
	}
	return out
}

// agrees says whether both do the same. What a group of type select chooses is each one's
// own affair: there, some choice of ours must be theirs.
func (w *world) agrees(p flow.Packet, ours, theirs string) bool {
	if ours == theirs {
		return true
	}
	return w.chooses(p, slices.Clone(w.groups), 0, theirs)
}

// chooses goes through the choices of the groups from one on.
func (w *world) chooses(p flow.Packet, groups []flow.Group, from int, theirs string) bool {
	for i := from; i < len(groups); i++ {
		g := w.groups[i]
		if g.Type != flow.Select {
			continue
		}
		usable := 0
		for n := range g.Buckets {
			if b := g.Buckets[n]; b.Weight > 0 && (b.WatchPort == 0 || b.WatchPort != w.down) {
				usable++
				groups[i].Buckets = []flow.Bucket{{Weight: 1, Actions: b.Actions}}
				if w.chooses(p, groups, i+1, theirs) {
					return true
				}
			}
		}
		groups[i].Buckets = g.Buckets
		if usable > 0 {
			return false
		}
	}
	return w.processWith(p, groups) == theirs
}

// link takes the link of one port down and those of the others up.
func (b *bridgeUnderTest) link(down uint32) error {
	script := ""
	for port := range uint32(3) {
		state := "up"
		if port+1 == down {
			state = "down"
		}
		script += fmt.Sprintf("ip link set p%d %s; ", port+1, state)
	}
	// ovs-vswitchd hears of it by itself, a little later.
	want := fmt.Sprintf("for i in $(seq 100); do [ \"$(ovs-ofctl -O OpenFlow13 dump-ports-desc br0 | grep -c LINK_DOWN)\" = %d ] && exit 0; sleep 0.02; done; exit 1", 1+min(int(down), 1))
	_, err := shell.Elsewhere(b.sandbox.Command, b.sandbox.Enter()...).Run(b.t.Context(), shell.Cmd{Argv: []string{"sh", "-c", script + want}})
	if err == nil {
		b.down = down
	}
	return err
}

func ofctlMeter(m flow.Meter) string {
	return fmt.Sprintf("meter=%d,kbps,burst,band=type=drop,rate=%d,burst_size=%d", m.Number, m.Rate, m.Burst)
}

// six reads an IPv6 address.
func six(s string) (out packet.IPv6) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return out
	}
	for i, x := range a.As16() {
		if i < 8 {
			out.Hi = out.Hi<<8 | uint64(x)
		} else {
			out.Lo = out.Lo<<8 | uint64(x)
		}
	}
	return out
}
