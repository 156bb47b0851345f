package track

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

func TestARingOfStrangersIsFoundAndCarriesTheirPackets(t *testing.T) {
	for name, a := range map[string]func() app.App{"routes": routes, "learns": learns} {
		t.Run(name, func(t *testing.T) {
			w, hosts := ring(t, 4, Options{}, a)
			w.run(2 * model.Second)
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Errorf("do not reach each other: %v", failed)
			}
			want := `s1:1 s2:2
s1:2 s4:1
s2:1 s3:2
s3:1 s4:2
s1:3 10.0.0.1
s2:3 10.0.0.2
s3:3 10.0.0.3
s4:3 10.0.0.4`
			if got := w.shape(); got != want {
				t.Errorf("found\n%s\nwant\n%s", got, want)
			}
			if len(w.notes) > 0 {
				t.Errorf("noted: %s", strings.Join(w.notes, "\n"))
			}
		})
	}
}

func TestALinkThatCarriesNothingIsLostAndGoneAround(t *testing.T) {
	w, hosts := quiet(t, Options{})
	w.mute[spot{1, 1}], w.mute[spot{2, 2}] = true, true // the ports stay up
	w.run(4 * model.Second)
	if got := w.shape(); strings.Contains(got, "s1:1") {
		t.Errorf("found\n%s", got)
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

func TestALinkThatGoesDownIsGoneAroundAtOnce(t *testing.T) {
	w, hosts := quiet(t, Options{})
	a, b := w.cables[spot{1, 1}], w.cables[spot{2, 2}]
	w.cut(spot{1, 1})
	w.run(10 * model.Millisecond)
	if !hosts[0].ping(hosts[1]) {
		t.Error("not after 10 ms")
	}
	w.cable(a, b)
	w.run(model.Second)
	if failed := w.all(hosts...); len(failed) > 0 || !strings.Contains(w.shape(), "s1:1 s2:2") {
		t.Errorf("do not reach each other: %v; found\n%s", failed, w.shape())
	}
}

func TestACableThatIsPluggedInElsewhereIsAnotherLink(t *testing.T) {
	w, hosts := quiet(t, Options{})
	w.cut(spot{1, 1})
	w.cable(spot{1, 1}, spot{2, 4})
	w.run(5 * model.Second)
	if got := w.shape(); !strings.Contains(got, "s1:1 s2:4") || strings.Contains(got, "s1:1 s2:2") {
		t.Errorf("found\n%s", got)
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

func TestAHostMovesWithItsFirstPacket(t *testing.T) {
	for _, hub := range []bool{false, true} {
		t.Run(fmt.Sprintf("from behind a hub %v", hub), func(t *testing.T) {
			w, hosts := quiet(t, Options{})
			if hub { // whose port stays up
				w.plug(&station{town: w, mac: 0x0a00000000aa, knows: map[packet.IPv4]packet.MAC{}, deaf: true}, hosts[0].at)
			}
			w.pull(hosts[0])
			w.plug(hosts[0], spot{3, 4})
			w.run(2 * model.Second)
			hosts[0].says(packet.ARPRequest(hosts[0].mac, hosts[0].ip, hosts[0].ip), nil) // as a host that has just been plugged in does
			w.run(model.Second)
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Errorf("do not reach each other: %v\n%s\n%v", failed, w.shape(), w.notes)
			}
			if got := w.shape(); !strings.Contains(got, "s3:4 10.0.0.1") || strings.Contains(got, "s1:3") {
				t.Errorf("found\n%s", got)
			}
			if n := w.tracker.hosts[hosts[0].mac]; n == nil || w.atlas.Network().NodeCount() != 6 {
				t.Error("it is another one now")
			}
		})
	}
}

func TestHostsBehindOnePortAreAllKnown(t *testing.T) {
	for name, a := range map[string]func() app.App{"routes": routes, "learns": learns} {
		t.Run(name, func(t *testing.T) {
			w, hosts := ring(t, 3, Options{}, a)
			hosts = append(hosts, w.station(4, hosts[0].at), w.station(5, hosts[0].at))
			w.run(2 * model.Second)
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Errorf("do not reach each other: %v\n%s", failed, w.shape())
			}
			if got := w.shape(); !strings.Contains(got, "s1:3 10.0.0.1\ns1:3 10.0.0.4\ns1:3 10.0.0.5\n") {
				t.Errorf("found\n%s", got)
			}
			w.pull(hosts[0]) // the first of them goes elsewhere
			w.plug(hosts[0], spot{2, 4})
			w.run(2 * model.Second)
			hosts[0].says(packet.ARPRequest(hosts[0].mac, hosts[0].ip, hosts[0].ip), nil)
			w.run(2 * model.Second)
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Errorf("do not reach each other: %v\n%s", failed, w.shape())
			}
			w.pull(hosts[3])
			w.pull(hosts[4])
			w.run(40 * model.Second)
			if got := w.shape(); strings.Contains(got, "s1:3") || w.atlas.Network().LiveNodes() != 6 {
				t.Errorf("found\n%s\n%d nodes", got, w.atlas.Network().LiveNodes())
			}
		})
	}
}

func TestASwitchThatReconnectsIsLeftAsItIs(t *testing.T) {
	for name, a := range map[string]func() app.App{"routes": routes, "learns": learns} {
		t.Run(name, func(t *testing.T) {
			w, hosts := ring(t, 3, Options{}, a)
			w.run(2 * model.Second)
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Fatalf("do not reach each other: %v", failed)
			}
			w.run(3 * model.Second)
			w.hang(2, false)
			w.run(10 * model.Second)
			if name == "routes" && !hosts[0].ping(hosts[1]) {
				t.Error("without its controller, a switch does not go on by the rules it has")
			}
			w.sent = nil
			w.dial(2)
			w.run(3 * model.Second)
			for _, s := range w.sent {
				if strings.HasPrefix(s, "s2 ") && strings.Contains(s, "delete") && !strings.Contains(s, "table=1") {
					t.Errorf("told %s", s)
				}
			}
			if failed := w.all(hosts...); len(failed) > 0 {
				t.Errorf("do not reach each other: %v", failed)
			}
		})
	}
}

func TestASwitchThatHasDiedIsToldEverythingAgain(t *testing.T) {
	w, hosts := quiet(t, Options{})
	holds := func() (out []string) {
		for r := range w.boxes[2].flow.Rules(flow.AllTables, int64(w.now)) {
			out = append(out, r.Rule.String())
		}
		return out
	}
	before := holds()
	w.hang(2, true)
	w.run(2 * model.Second)
	w.dial(2)
	w.run(2 * model.Second)
	if after := holds(); !slices.Equal(before, after) {
		t.Errorf("it has\n%s\nand had\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

// Whoever takes over after a controller has died finds its rules, and asks for the hosts
// that they tell of, but believes nothing that it has not found out itself.
func TestTheNextOneFindsTheNetworkAnew(t *testing.T) {
	w, hosts := quiet(t, Options{Key: [32]byte{1}})
	old := w.boxes
	next := newTown(t, Options{Key: [32]byte{2}}, routes)
	next.now, next.cables, next.jacks = w.now, w.cables, w.jacks
	for dpid, b := range old {
		next.build(dpid, 5)
		next.boxes[dpid].flow, next.boxes[dpid].ports = b.flow, b.ports
	}
	for _, h := range hosts {
		h.town = next // nobody asks for anybody: they know each other
	}
	for dpid := range old {
		next.dial(dpid)
	}
	next.run(2 * model.Second)
	if failed := next.all(hosts...); len(failed) > 0 || next.shape() != w.shape() {
		t.Errorf("do not reach each other: %v; found\n%s", failed, next.shape())
	}
	for dpid, b := range next.boxes {
		have := map[string]bool{}
		for r := range b.flow.Rules(flow.AllTables, int64(next.now)) {
			have[r.Rule.String()] = true
		}
		if len(have) < 10 || len(have) > 25 {
			t.Errorf("s%d has %d rules", dpid, len(have))
		}
	}
}

func TestAHostThatSaysNothingIsAskedAndForgottenWhenItIsGone(t *testing.T) {
	w, hosts := ring(t, 3, Options{Age: 10 * model.Second}, routes)
	w.run(2 * model.Second)
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Fatalf("do not reach each other: %v", failed)
	}
	before := w.shape()
	w.run(model.Minute)
	if got := w.shape(); got != before {
		t.Errorf("those who answer are gone:\n%s", got)
	}
	hosts[1].deaf = true
	w.run(model.Minute)
	if got := w.shape(); strings.Contains(got, "10.0.0.2") {
		t.Errorf("who does not answer is still there:\n%s", got)
	}
	hosts[1].deaf = false
	clear(hosts[0].knows) // as caches do
	clear(hosts[2].knows)
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

func TestWhoeverIsAskedForIsFoundBeforeHeHasSaidAnything(t *testing.T) {
	w, hosts := ring(t, 3, Options{Ask: []packet.IPv4{0x0a000002, 0x0a000003, 0x0a000063}}, routes)
	w.run(3 * model.Second)
	if got := w.shape(); !strings.Contains(got, "s2:3 10.0.0.2\ns3:3 10.0.0.3") || strings.Contains(got, "10.0.0.1") {
		t.Errorf("found\n%s", got)
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
}

// A host whose packets are IPv6 is let in under its Ethernet address, and gets its other
// name when it says something that has one.
func TestAHostIsKnownByItsAddressAsSoonAsItHasOne(t *testing.T) {
	w, hosts := ring(t, 3, Options{}, routes)
	w.run(2 * model.Second)
	v6 := packet.Header{EthDst: 0x333300000001, EthSrc: hosts[0].mac, EthType: packet.EthTypeIPv6, Proto: 58, TTL: 255, ICMPType: 133}
	hosts[0].says(v6, nil)
	w.run(4 * model.Second)
	if got := w.shape(); !strings.Contains(got, "s1:3 0a-00-00-00-00-01") {
		t.Errorf("found\n%s", got)
	}
	for _, h := range hosts { // who know each other without asking
		for _, o := range hosts {
			h.knows[o.ip] = o.mac
		}
	}
	w.all(hosts...) // those whom nobody knows yet are not reached
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
	if got := w.shape(); !strings.Contains(got, "s1:3 10.0.0.1") || strings.Contains(got, "0a-00") {
		t.Errorf("found\n%s", got)
	}
}

func TestEqualEventsGiveEqualAnswers(t *testing.T) {
	run := func() string {
		w, hosts := quiet(t, Options{})
		w.cut(spot{1, 1})
		w.run(model.Second)
		w.hang(3, true)
		w.run(model.Second)
		w.dial(3)
		w.pull(hosts[0])
		w.plug(hosts[0], spot{3, 4})
		w.run(model.Second)
		w.all(hosts...)
		return strings.Join(w.sent, "\n")
	}
	if a, b := run(), run(); a != b {
		t.Error("two runs differ")
	}
}

// TestWhateverHappensTheNetworkIsKnownInTheEnd draws networks and what happens to them:
// cables and hosts go elsewhere, switches hang up and die. When nothing has happened for a
// while the network that is known is the one that is there, and everybody reaches everybody
// to whom there is a way.
func TestWhateverHappensTheNetworkIsKnownInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom([]func() app.App{routes, learns}).Draw(t, "app")
		w := newTown(t, Options{Age: 20 * model.Second}, a)
		n := rapid.Uint64Range(2, 5).Draw(t, "switches")
		const ports = 6
		var free []spot
		for i := range n {
			w.build(i+1, ports)
			for p := range uint32(ports) {
				free = append(free, spot{i + 1, p + 1})
			}
		}
		take := func(label string) spot {
			i := rapid.IntRange(0, len(free)-1).Draw(t, label)
			s := free[i]
			free = slices.Delete(free, i, i+1)
			return s
		}
		var hosts []*station
		beside := func(label string) spot { // sometimes at a hub where somebody is already
			if len(hosts) > 0 && rapid.IntRange(0, 3).Draw(t, "hub") == 0 {
				return rapid.SampledFrom(hosts).Draw(t, "neighbour").at
			}
			return take(label)
		}
		for i := range int(n) {
			hosts = append(hosts, w.station(i+1, beside("host's port")))
		}
		type cable [2]spot
		var cables []cable
		lay := func() {
			if len(free) >= 2 {
				c := cable{take("end"), take("end")}
				cables = append(cables, c)
				w.cable(c[0], c[1])
			}
		}
		for range n {
			lay()
		}
		for i := range n {
			w.dial(i + 1)
		}
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			w.run(model.Time(rapid.IntRange(1, 3000).Draw(t, "ms")) * model.Millisecond)
			switch rapid.IntRange(0, 5).Draw(t, "event") {
			case 0:
				lay()
			case 1:
				if len(cables) > 0 {
					i := rapid.IntRange(0, len(cables)-1).Draw(t, "cable")
					w.cut(cables[i][0])
					free = append(free, cables[i][0], cables[i][1])
					cables = slices.Delete(cables, i, i+1)
				}
			case 2:
				h := rapid.SampledFrom(hosts).Draw(t, "host")
				if len(free) > 0 {
					w.pull(h)
					if len(w.jacks[h.at]) == 0 {
						free = append(free, h.at)
					}
					w.plug(h, take("port"))
				}
			case 3:
				d := rapid.Uint64Range(1, n).Draw(t, "switch")
				w.hang(d, rapid.Bool().Draw(t, "emptied"))
				w.run(model.Time(rapid.IntRange(1, 2000).Draw(t, "ms")) * model.Millisecond)
				w.dial(d)
			case 4:
				x, y := rapid.SampledFrom(hosts).Draw(t, "from"), rapid.SampledFrom(hosts).Draw(t, "to")
				if x != y {
					x.says(packet.ARPRequest(x.mac, x.ip, y.ip), nil)
				}
			case 5:
				w.run(20 * model.Second)
			}
		}
		w.run(40 * model.Second)
		for _, h := range hosts {
			h.says(packet.ARPRequest(h.mac, h.ip, h.ip), nil)
		}
		w.run(3 * model.Second)
		var want []string
		joined := map[uint64]uint64{}
		var root func(d uint64) uint64
		root = func(d uint64) uint64 {
			if p, ok := joined[d]; ok {
				return root(p)
			}
			return d
		}
		for _, c := range cables {
			x, y := c[0], c[1]
			if x.dpid == y.dpid {
				continue
			}
			if x.dpid > y.dpid || x.dpid == y.dpid && x.port > y.port {
				x, y = y, x
			}
			want = append(want, x.String()+" "+y.String())
			if rx, ry := root(x.dpid), root(y.dpid); rx != ry {
				joined[rx] = ry
			}
		}
		slices.Sort(want)
		var there []string
		for _, h := range hosts {
			there = append(there, h.at.String()+" "+h.ip.String())
		}
		slices.Sort(there)
		if got, want := w.shape(), strings.Join(append(want, there...), "\n"); got != want {
			t.Fatalf("found\n%s\nthere is\n%s\nnoted %v", got, want, w.notes)
		}
		for _, x := range hosts {
			for _, y := range hosts {
				if x == y {
					continue
				}
				reached := x.ping(y) || x.ping(y) // a learning switch may have learned what is no longer so
				if want := root(x.at.dpid) == root(y.at.dpid); reached != want {
					t.Fatalf("%s at %s reaches %s at %s: %v\n%s\nnoted %v", x.name, x.at, y.name, y.at, reached, w.shape(), w.notes)
				}
			}
		}
		for _, d := range w.tracker.devices { // what is believed to be at the gates is there
			have := map[flow.RuleKey]flow.Rule{}
			for r := range w.boxes[d.dpid].flow.Rules(Gate, int64(w.now)) {
				have[r.Rule.Key()] = r.Rule
			}
			for k, r := range w.tracker.wants(d) {
				if has, ok := have[k]; !ok || !has.Equal(&r) {
					t.Fatalf("s%d lacks %s", d.dpid, r.String())
				}
				delete(have, k)
			}
			for _, r := range have {
				t.Fatalf("s%d has %s", d.dpid, r.String())
			}
		}
	})
}

func TestRulesThatSomebodyElseDeletesArePutBack(t *testing.T) {
	w, hosts := quiet(t, Options{})
	audit := func() {
		b := w.boxes[1]
		held := &app.Stats{Groups: b.flow.Groups(), Meters: b.flow.Meters()}
		for r := range b.flow.Rules(flow.AllTables, int64(w.now)) {
			held.Rules = append(held.Rules, r)
		}
		w.up(b, control.Upcall{Kind: control.Holdings, Stats: held})
		w.run(300 * model.Millisecond)
	}
	sent := len(w.sent)
	if audit(); len(w.sent) != sent {
		t.Fatalf("nothing was changed, and told is %v", w.sent[sent:])
	}
	if _, err := w.boxes[1].flow.ApplyRule(&flow.RuleMod{Command: flow.Delete, AllTables: true}, int64(w.now)); err != nil {
		t.Fatal(err)
	}
	audit()
	if !w.noted("s1 its gate is not as it was told to be") || !w.noted("s1 it does not hold what it was told to") {
		t.Errorf("noted: %v", w.notes)
	}
	if failed := w.all(hosts...); len(failed) > 0 {
		t.Errorf("do not reach each other: %v", failed)
	}
	sent = len(w.sent)
	if audit(); len(w.sent) != sent {
		t.Errorf("all is right, and told is %v", w.sent[sent:])
	}
}
