package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// at lets time pass and carries a change out.
func (b *bed) at(t model.Time, c model.Change) {
	b.Helper()
	b.run(t)
	b.do(backend.Action{Change: &c})
}

func (b *bed) linkChange(kind model.ChangeKind, link string) model.Change {
	return model.Change{Kind: kind, Link: b.link(link), Node: model.NoNode}
}

// nodeChange is of a node, or with s1:2 of a port.
func (b *bed) nodeChange(kind model.ChangeKind, node string) model.Change {
	c := model.Change{Kind: kind, Link: model.NoLink, Node: model.NoNode}
	if node != "" {
		if name, port, ok := strings.Cut(node, ":"); ok {
			node = name
			fmt.Sscan(port, &c.Port)
		}
		c.Node = b.node(node)
	}
	return c
}

// ring4 is h1-s1, h2-s3 and two ways between them.
var ring4 = []string{"h1-s1", "s1-s2", "s2-s3", "s1-s4", "s4-s3", "h2-s3"}

func TestBothEndsSeeAPortFail(t *testing.T) {
	n := sketch(t, ring4, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond})
	n.Flows = []model.Flow{udp("f", 0, 5, 0, 4*model.Second, 1e6)}
	n.Flows[0].To, _ = n.NodeByName("h2")
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.at(model.Second, b.nodeChange(model.PortDown, "s2:1"))
	b.at(2*model.Second, b.linkChange(model.LinkDown, "s1--s2"))
	b.at(3*model.Second, b.linkChange(model.LinkUp, "s1--s2")) // the port is still down
	b.at(4*model.Second, b.nodeChange(model.PortUp, "s2:1"))
	b.run(6 * model.Second)
	b.close()
	var got []string
	for _, e := range d.kind(trace.PortStatus) {
		got = append(got, fmt.Sprintf("%s %s:%d %s", e.At, e.Node, *e.Port, e.Text))
	}
	want := []string{"1001ms s1:2 down", "1001ms s2:1 down", "4001ms s1:2 up", "4001ms s2:1 up"}
	if !slices.Equal(got, want) {
		t.Errorf("the switches told of %q, want %q", got, want)
	}
	if e := d.kind(trace.PortDown); len(e) != 1 || e[0].Node != "s2" || *e[0].Port != 1 {
		t.Errorf("the diary has %v", e)
	}
	// On the wire and sent while the controller does not know: 1 ms + 1 ms at 125 packets
	// a second, and both ways round are equally long.
	if r := d.results()["f"]; r.Sent-r.Received > 2 {
		t.Errorf("%d of %d packets lost", r.Sent-r.Received, r.Sent)
	}
}

// failover sends what goes to h2 by a group that watches the way over s2 and goes over s4
// when that is down. Whatever happens, its tables stay.
type failover struct{ router }

func (f *failover) Manifest() app.Manifest {
	m := f.router.Manifest()
	m.Needs = []app.Need{app.NeedFastFailover}
	return m
}

func (f *failover) React(e *app.Event, out *app.Commands) {
	if e.Kind != app.KindTopology {
		return
	}
	f.router.React(e, out)
	var sw model.NodeID
	way := map[string]uint32{}
	names := map[model.NodeID]string{}
	for _, s := range f.topology.Switches {
		if names[s.ID] = s.Name; s.Name == "s1" {
			sw = s.ID
		}
	}
	for _, l := range f.topology.Links {
		if l.A.Switch == sw {
			way[names[l.B.Switch]] = uint32(l.A.Port)
		}
	}
	group := flow.Group{Name: "around", Type: flow.FastFailover}
	for _, over := range []string{"s2", "s4"} {
		group.Buckets = append(group.Buckets, flow.Bucket{WatchPort: way[over], Actions: []flow.Action{flow.Out(way[over])}})
	}
	out.SetGroup(sw, group)
	for _, h := range f.topology.Hosts {
		if h.Name == "h2" {
			out.Install(sw, flow.Rule{Priority: 20, Match: flow.Match{}.IPv4To(h.IP, 32), Apply: []flow.Action{flow.InGroup("around")}})
		}
	}
}

// The app hears of the failure a second later, and does nothing about it then. What is lost
// is what was on the wire: 1 ms at 1.25 packets a ms.
func TestAGroupFailsOverBeforeTheAppHearsOfIt(t *testing.T) {
	for name, fail := range map[string]func(*bed) [2]model.Change{
		"link": func(b *bed) [2]model.Change {
			return [2]model.Change{b.linkChange(model.LinkDown, "s1--s2"), b.linkChange(model.LinkUp, "s1--s2")}
		},
		"port here": func(b *bed) [2]model.Change {
			return [2]model.Change{b.nodeChange(model.PortDown, "s1:2"), b.nodeChange(model.PortUp, "s1:2")}
		},
		"port there": func(b *bed) [2]model.Change {
			return [2]model.Change{b.nodeChange(model.PortDown, "s2:1"), b.nodeChange(model.PortUp, "s2:1")}
		},
		"next switch": func(b *bed) [2]model.Change {
			return [2]model.Change{b.nodeChange(model.NodeDown, "s2"), b.nodeChange(model.NodeUp, "s2")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, g := range []model.Granularity{model.GranularityPacket, model.GranularityFlow} {
				n := sketch(t, ring4, model.LinkSpec{Rate: 100e6, Delay: model.Millisecond})
				f := udp("f", 0, 0, 10*model.Second, 4*model.Second, 10e6)
				f.From, _ = n.NodeByName("h1")
				f.To, _ = n.NodeByName("h2")
				f.Granularity = g
				first := f // asks for addresses, which takes 2 s
				first.ID, first.Start, first.Duration = "first", 0, model.Second
				n.Flows = []model.Flow{first, f}
				d := newDiary()
				b := start(t, n, &failover{}, d, controlDelay(model.Second))
				change := fail(b)
				b.at(11*model.Second, change[0])
				b.at(13500*model.Millisecond, change[1])
				b.run(30 * model.Second)
				b.close()
				if told := d.kind(trace.PortStatus); len(told) == 0 || told[0].At != 12*model.Second {
					t.Errorf("the controller heard of it: %v", told)
				}
				most := int64(2) // on the wire to s2
				if name == "next switch" {
					// What was beyond it, and all that comes to it when it is back, without
					// tables, and the controller does not know it: 0.5 s.
					most = 4 + 700
				}
				if r := d.results()["f"]; r.Sent-r.Received > most || r.Sent < 5000 {
					t.Errorf("%s: %d of %d packets lost", g, r.Sent-r.Received, r.Sent)
				}
			}
		})
	}
}

func (d *diary) since(at model.Time, kinds ...trace.Kind) (out []string) {
	for _, e := range d.entries {
		if e.At >= at && slices.Contains(kinds, e.Kind) {
			out = append(out, fmt.Sprintf("%s %s %s", e.At, e.Kind, e.Node))
		}
	}
	return out
}

func TestASwitchWithoutItsChannelGoesOnWithItsTables(t *testing.T) {
	for name, change := range map[string][2]model.ChangeKind{"channel": {model.ControlDown, model.ControlUp}, "controller": {model.ControllerDown, model.ControllerUp}} {
		t.Run(name, func(t *testing.T) {
			n := sketch(t, ring4, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond})
			f := udp("f", 0, 0, 0, 10*model.Second, 1e6)
			f.From, _ = n.NodeByName("h1")
			f.To, _ = n.NodeByName("h2")
			n.Flows = []model.Flow{f}
			d := newDiary()
			b := start(t, n, &router{}, d)
			who := "s4"
			if name == "controller" {
				who = ""
			}
			b.at(model.Second, b.nodeChange(change[0], who))
			b.at(3*model.Second, b.linkChange(model.LinkDown, "s1--s2"))
			b.at(5*model.Second, b.nodeChange(change[1], who))
			b.run(20 * model.Second)
			b.close()
			lost := d.results()["f"].Sent - d.results()["f"].Received
			downs, ups := d.since(0, trace.SwitchDown), d.since(0, trace.SwitchUp)
			if name == "channel" {
				if fmt.Sprint(downs, ups) != "[1001ms switch-down s4] [5001ms switch-up s4]" {
					t.Errorf("the controller saw %v, %v", downs, ups)
				}
				// s4 has its rules: the others, who hear of the link, go around by it.
				if lost > 2 {
					t.Errorf("%d packets lost", lost)
				}
				if mods := d.since(5*model.Second, trace.RuleMod); len(mods) != 0 {
					t.Errorf("s4 had all that was wanted, and was sent %v", mods)
				}
				return
			}
			if len(downs) != 4 || len(ups) != 4 || !strings.HasPrefix(downs[0], "1001ms") || !strings.HasPrefix(ups[0], "5001ms") {
				t.Errorf("the controller saw %v, %v", downs, ups)
			}
			// Nobody goes around before the controller is back.
			if want := int64(2_000_000 / (8 * 958)); lost < want || lost > want+4 {
				t.Errorf("%d packets lost, want about %d", lost, want)
			}
			if mods := d.since(5*model.Second, trace.RuleMod); len(mods) == 0 || len(mods) > 8 {
				t.Errorf("the difference is %d rules: %v", len(mods), mods)
			}
		})
	}
}

func TestWhatIsWantedOfASwitchWithoutItsChannelComesLater(t *testing.T) {
	n := sketch(t, ring4, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond})
	b := start(t, n, &router{}, newDiary())
	tables := func(sw string) (out []string) {
		for item, err := range b.s.Snapshot(t.Context(), backend.Selector{Node: b.node(sw), Rules: true}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, item.Rule.Rule.String())
		}
		return out
	}
	b.at(model.Second, b.linkChange(model.LinkDown, "s1--s2"))
	b.run(2 * model.Second)
	want := tables("s1")
	b.at(3*model.Second, b.linkChange(model.LinkUp, "s1--s2"))
	b.at(4*model.Second, b.nodeChange(model.ControlDown, "s1"))
	b.at(5*model.Second, b.linkChange(model.LinkDown, "s1--s2"))
	b.run(6 * model.Second)
	if got := tables("s1"); slices.Equal(got, want) {
		t.Error("s1 was told of the way around without a channel")
	}
	b.at(7*model.Second, b.nodeChange(model.ControlUp, "s1"))
	b.run(8 * model.Second)
	if got := tables("s1"); !slices.Equal(got, want) {
		t.Errorf("s1 has\n%q, want\n%q", got, want)
	}
	b.close()
}

func TestLossOfAControlChannelIsDelay(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "h2-s1"}, model.LinkSpec{Rate: 10e6})
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.at(0, func() model.Change { c := b.nodeChange(model.ControlLoss, "s1"); c.Loss = 0.3; return c }())
	const rounds = 300
	for i := range rounds {
		b.at(model.Time(10*i+10)*model.Second, b.linkChange(model.LinkDown+model.ChangeKind(i%2), "h1--s1"))
	}
	b.run(10000 * model.Second)
	b.close()
	told := d.kind(trace.PortStatus)
	if len(told) != rounds {
		t.Fatalf("%d of %d messages arrived", len(told), rounds)
	}
	waits := map[model.Time]int{}
	for i, e := range told {
		waits[e.At-model.Time(10*i+10)*model.Second]++
	}
	// Lost once: the round trip of 2 ms and 200 ms later; twice: as much again twice.
	for k, want := range map[model.Time]float64{1: 0.7, 1 + 202: 0.21, 1 + 202 + 404: 0.063} {
		got := float64(waits[k*model.Millisecond]) / rounds
		if got < want-0.08 || got > want+0.08 {
			t.Errorf("%.3f of the messages took %d ms, want %.3f", got, k, want)
		}
	}
}

func TestADelayOfAChannelChangesAndNothingIsOvertaken(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "h2-s1"}, model.LinkSpec{Rate: 10e6})
	d := newDiary()
	b := start(t, n, &router{}, d, controlDelay(5*model.Millisecond))
	set := func(delay model.Time) model.Change {
		c := b.nodeChange(model.ControlDelay, "s1")
		c.Delay = delay
		return c
	}
	b.at(1*model.Second, set(2*model.Second))
	b.at(2*model.Second, b.linkChange(model.LinkDown, "h1--s1"))
	b.at(3*model.Second, set(model.Millisecond))
	b.at(3500*model.Millisecond, b.linkChange(model.LinkUp, "h1--s1"))
	b.at(5*model.Second, b.linkChange(model.LinkDown, "h1--s1"))
	b.run(9 * model.Second)
	b.close()
	got := d.since(0, trace.PortStatus)
	if fmt.Sprint(got) != "[4s port-status s1 4s port-status s1 5001ms port-status s1]" {
		t.Errorf("the controller heard %v", got)
	}
}

func TestAHostThatFailsIsSilentAndComesBack(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-s2", "h2-s2", "h3-s2"}, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond})
	h1, _ := n.NodeByName("h1")
	h2, _ := n.NodeByName("h2")
	tcp := model.Flow{ID: "tcp", From: h1, To: h2, Size: 5_000_000, Transport: model.TCP, Granularity: model.GranularityPacket, Packet: 1514, SrcPort: 1, DstPort: 2}
	from, to := udp("from", h2, h1, 0, 10*model.Second, 1e6), udp("to", h1, h2, 0, 10*model.Second, 1e6)
	n.Flows = []model.Flow{tcp, from, to}
	n.Watches = []model.Watch{{Nodes: "h2", Packets: true}}
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.at(2*model.Second, b.nodeChange(model.NodeDown, "h2"))
	b.at(5*model.Second, b.nodeChange(model.NodeUp, "h2"))
	b.run(60 * model.Second)
	b.close()
	r := d.results()
	for _, id := range []string{"from", "to"} {
		if lost := r[id].Sent - r[id].Received; lost < 3*125-3 || lost > 3*125+60 || r[id].Error != "" {
			t.Errorf("%s: %d lost, want those of 3 s: %+v", id, lost, r[id])
		}
	}
	if r["tcp"].Bytes != 5_000_000 || r["tcp"].Error != "" || r["tcp"].Finish < 6*model.Second {
		t.Errorf("%+v", r["tcp"])
	}
	asked := 0
	for _, e := range d.kind(trace.Packet) {
		if e.At > 5*model.Second && e.Header.EthType == 0x0806 {
			asked++
		}
	}
	if asked == 0 {
		t.Error("h2 has not asked for h1's address again")
	}
}

func TestAConnectionToAHostThatStaysAwayIsGivenUp(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "h2-s1"}, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond})
	h1, _ := n.NodeByName("h1")
	h2, _ := n.NodeByName("h2")
	n.Flows = []model.Flow{{ID: "under way", From: h1, To: h2, Size: 50_000_000, Transport: model.TCP, Granularity: model.GranularityPacket, Packet: 1514, SrcPort: 1, DstPort: 2},
		{ID: "new", From: h1, To: h2, Start: 5 * model.Second, Size: 1000, Transport: model.TCP, Granularity: model.GranularityPacket, Packet: 1514, SrcPort: 3, DstPort: 4}}
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.at(2*model.Second, b.nodeChange(model.NodeDown, "h2"))
	b.run(model.Hour)
	b.close()
	r := d.results()
	if e := r["under way"].Error; e != "no acknowledgement any more: connection timed out" {
		t.Errorf("under way: %q", e)
	}
	if e := r["new"].Error; e != "connection timed out" {
		t.Errorf("new: %q", e)
	}
}

// The controller is a second away, and addresses are asked of it: 101 packets wait for the
// answer, and the others are lost. A fluid flow counts them, too.
func TestWhatIsSentBeforeThereIsAPathIsLost(t *testing.T) {
	lost := map[model.Granularity]int64{}
	for _, g := range []model.Granularity{model.GranularityPacket, model.GranularityFlow} {
		n := sketch(t, []string{"h1-s1", "h2-s1"}, model.LinkSpec{Rate: 100e6})
		f := udp("f", 0, 2, 0, 10*model.Second, 1e6)
		f.Granularity = g
		n.Flows = []model.Flow{f}
		d := newDiary()
		b := start(t, n, &router{}, d, controlDelay(model.Second))
		b.run(20 * model.Second)
		b.close()
		lost[g] = d.results()["f"].Lost
	}
	p, q := lost[model.GranularityPacket], lost[model.GranularityFlow]
	if p < 100 || q < p-15 || q > p+15 { // a fluid has no headers
		t.Errorf("%d packets are lost, and %d of a fluid", p, q)
	}
}
