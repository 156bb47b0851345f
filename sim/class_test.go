package sim_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/core/workload"
	"sendim/sim"
)

// demand is a flow of a class over the bottleneck of a dumbbell.
type demand struct {
	class string
	rate  model.Rate // 0: TCP that takes what it gets
}

// dumbbell has a host on each side for every demand, and 10 Mbit/s in between.
func classDumbbell(t testing.TB, classes []model.Class, demands []demand, g model.Granularity) *model.Network {
	links := []string{"s1-s2"}
	for i := range demands {
		links = append(links, fmt.Sprintf("h1%d-s1", i), fmt.Sprintf("h2%d-s2", i))
	}
	n := sketch(t, links, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond, Queue: model.QueueLimit{Packets: 50}})
	n.Classes = classes
	for i, d := range demands {
		from, _ := n.NodeByName(fmt.Sprint("h1", i))
		to, _ := n.NodeByName(fmt.Sprint("h2", i))
		f := model.Flow{ID: fmt.Sprint("f", i), From: from, To: to, Start: model.Second, Duration: 30 * model.Second, Rate: d.rate, Class: d.class,
			Transport: model.TCP, Granularity: g, Packet: 1514, SrcPort: uint16(3000 + i), DstPort: 4000}
		if d.rate > 0 {
			f.Transport = model.UDP
		}
		n.Flows = append(n.Flows, f)
	}
	return n
}

// goodput is what each flow got, in Mbit/s on the wire.
func goodput(t testing.TB, n *model.Network) []float64 {
	t.Helper()
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	conserved(t, b)
	b.close()
	var out []float64
	for _, f := range n.Flows {
		r := d.results()[f.ID]
		rate := float64(r.Bytes*8) / f.Duration.Seconds() / 1e6
		if f.Granularity == model.GranularityPacket {
			rate *= float64(f.Packet) / float64(f.Packet-workload.Overhead(f.Transport))
		}
		out = append(out, rate)
	}
	for _, e := range d.kind(trace.LinkTotal) {
		if x := e.Sample; float64(x.Bytes*8) > float64(x.Rate)*x.Span.Seconds()+1514*8 {
			t.Errorf("%s carried %d bytes in %s at %d bit/s", e.Link, x.Bytes, x.Span, x.Rate)
		}
	}
	return out
}

func TestClassesMeanTheSameToPacketsAndToFluids(t *testing.T) {
	mbps := func(min, max float64, priority int32) model.Class {
		return model.Class{ID: "gold", Min: model.Rate(min * 1e6), Max: model.Rate(max * 1e6), Priority: priority}
	}
	silver := model.Class{ID: "silver", Min: 1e6}
	for _, c := range []struct {
		name    string
		classes []model.Class
		demands []demand
		want    []float64 // Mbit/s
	}{
		{"a reserved rate holds against three that take all they get", []model.Class{mbps(4, 0, 0)},
			[]demand{{"gold", 0}, {"", 0}, {"", 0}, {"", 0}}, []float64{7, 1, 1, 1}},
		{"a reserved rate holds against floods", []model.Class{mbps(4, 0, 0)},
			[]demand{{"gold", 5e6}, {"", 9e6}, {"", 9e6}}, []float64{5, 2.5, 2.5}},
		{"the higher priority takes what is left", []model.Class{mbps(0, 6, 3), silver},
			[]demand{{"gold", 9e6}, {"silver", 6e6}, {"", 6e6}}, []float64{6, 2.5, 1.5}},
		{"a class's highest rate leaves the link unused", []model.Class{mbps(0, 3, 0)}, []demand{{"gold", 0}}, []float64{3}},
		{"and holds for all its flows together", []model.Class{mbps(0, 3, 9)},
			[]demand{{"gold", 0}, {"gold", 0}, {"", 0}}, []float64{1.5, 1.5, 7}},
		{"floods lose what is above the highest rate", []model.Class{mbps(1, 3, 0)}, []demand{{"gold", 5e6}, {"", 5e6}}, []float64{3, 5}},
		{"what is reserved and not used is lent", []model.Class{mbps(8, 0, 0)}, []demand{{"gold", 1e6}, {"", 0}}, []float64{1, 9}},
		{"reserved rates that do not fit are scaled down", []model.Class{mbps(12, 0, 0), {ID: "silver", Min: 4e6}},
			[]demand{{"gold", 9e6}, {"silver", 9e6}, {"", 9e6}}, []float64{7.5, 2.5, 0}},
		{"and what one of them leaves goes to the other", []model.Class{mbps(12, 0, 0), {ID: "silver", Min: 4e6}},
			[]demand{{"gold", 1e6}, {"silver", 0}, {"", 0}}, []float64{1, 6.5, 2.5}},
		{"classes of one priority share alike, whatever their flows", []model.Class{{ID: "gold", Priority: 1}, {ID: "silver", Priority: 1}},
			[]demand{{"gold", 0}, {"silver", 0}, {"silver", 0}, {"silver", 0}}, []float64{5, 5. / 3, 5. / 3, 5. / 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fluids := goodput(t, classDumbbell(t, c.classes, c.demands, model.GranularityFlow))
			packets := goodput(t, classDumbbell(t, c.classes, c.demands, model.GranularityPacket))
			groups := map[string][2]float64{} // TCP flows within a class are not equal to the percent
			for i, want := range c.want {
				if math.Abs(fluids[i]-want) > 1e-3*max(want, 1) { // addresses are asked for first
					t.Errorf("fluid %d: %.4f, want %.4f Mbit/s", i, fluids[i], want)
				}
				g := groups[c.demands[i].class]
				groups[c.demands[i].class] = [2]float64{g[0] + packets[i], g[1] + want}
			}
			for class, g := range groups {
				if math.Abs(g[0]-g[1]) > 0.03*max(g[1], 1) {
					t.Errorf("packets of class %q: %.3f, want %.3f Mbit/s (%.3f)", class, g[0], g[1], packets)
				}
			}
		})
	}
}

// classScene gives a scene's flows classes.
func classScene(r *rapid.T) (scene, []model.Class) {
	s := scenes(r)
	var classes []model.Class
	for i := range rapid.IntRange(1, 3).Draw(r, "classes") {
		c := model.Class{ID: fmt.Sprint("c", i), Min: rapid.SampledFrom([]model.Rate{0, 1e5, 5e6, 2e8}).Draw(r, "min"), Priority: int32(rapid.IntRange(-1, 1).Draw(r, "priority"))}
		if rapid.Bool().Draw(r, "limited") {
			c.Max = max(c.Min, rapid.SampledFrom([]model.Rate{1e5, 1e6}).Draw(r, "max"))
		}
		classes = append(classes, c)
	}
	for i := range s.flows {
		if k := rapid.IntRange(0, len(classes)).Draw(r, "class"); k < len(classes) {
			s.flows[i].Class = classes[k].ID
		}
	}
	s.classes = classes
	return s, classes
}

func TestEqualRunsWithClassesGiveEqualBytes(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s, _ := classScene(r)
		a, first := s.play(tb{t, r}, sim.Backend{}, nil)
		b, second := s.play(tb{t, r}, sim.Eager(sim.Backend{}), []model.Time{7 * model.Millisecond})
		if first != second || sorted(a) != sorted(b) {
			r.Fatalf("two runs differ: %s", difference(sorted(a), sorted(b)))
		}
		for id, x := range a.results() {
			if x.Finish != trace.Unfinished && x.Granularity == "packet" && x.Transport == "udp" && x.Sent != x.Received+x.Lost {
				r.Fatalf("%s: %d sent, %d received, %d lost", id, x.Sent, x.Received, x.Lost)
			}
		}
	})
}

// A port with class queues, of which only one is used, is the port that other networks
// have: two ways of working out the same. (Beside fluid flows the rate of a frame is the
// one when it came there, and the one when it leaves here; and a TCP sender knows there when
// its segments will have left.)
func TestAClassThatNobodyUsesChangesNothing(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		s.changes, s.at = nil, nil
		for i := range s.flows {
			f := &s.flows[i]
			f.Granularity = model.GranularityPacket
			if f.Transport == model.TCP {
				f.Transport, f.Rate, f.Duration, f.Size = model.UDP, 2e6, 300*model.Millisecond, 0
			}
		}
		_, without := s.play(tb{t, r}, sim.Backend{}, nil)
		s.classes = []model.Class{{ID: "unused", Min: 1e6, Max: 2e6, Priority: 4}}
		_, with := s.play(tb{t, r}, sim.Backend{}, nil)
		if with != without {
			r.Fatalf("digests %s and %s", without, with)
		}
	})
}

// What begins to be sent at an instant takes its room for the second frame that comes then,
// too: two senders in step meet at a port with room for one.
func TestTwoFramesThatComeAsOneBeginsToLeaveFindNoRoom(t *testing.T) {
	s := scene{links: []string{"h1-s1", "h2-s1", "h3-s1"}, seed: 1, delay: model.Microsecond,
		spec: model.LinkSpec{Rate: 1e6, Queue: model.QueueLimit{Packets: 1}}}
	for _, from := range []model.NodeID{2, 3} {
		s.flows = append(s.flows, model.Flow{ID: fmt.Sprint("f", from), From: from, To: 1, Start: 1, Duration: 300 * model.Millisecond, Rate: 2e6, Packet: 1000,
			SrcPort: uint16(2000 + from), DstPort: 3000, Transport: model.UDP, Granularity: model.GranularityPacket})
	}
	_, without := s.play(t, sim.Backend{}, nil)
	s.classes = []model.Class{{ID: "unused", Min: 1e6, Max: 2e6, Priority: 4}}
	if _, with := s.play(t, sim.Backend{}, nil); with != without {
		t.Errorf("with a class that nobody uses the digest is %s, without %s", with, without)
	}
}

func TestAClassThatAsksForNothingIsNoClass(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		_, without := s.play(tb{t, r}, sim.Backend{}, nil)
		s.classes = []model.Class{{ID: "name only"}}
		s.flows[0].Class = "name only"
		_, with := s.play(tb{t, r}, sim.Backend{}, nil)
		if with != without {
			r.Fatalf("digests %s and %s", without, with)
		}
	})
}

// queuer sends what comes for UDP port 7 through queue 1.
type queuer struct{ router }

func (q *queuer) React(e *app.Event, out *app.Commands) {
	q.router.React(e, out)
	if e.Kind != app.KindTopology || !e.Topology.Last {
		return
	}
	for _, s := range q.topology.Switches {
		for _, h := range q.topology.Hosts {
			if h.At.Switch == s.ID {
				out.Install(s.ID, flow.Rule{Priority: 20, Match: flow.Match{}.IPv4To(h.IP, 32).With(flow.IPProto, uint64(packet.ProtoUDP)).With(flow.UDPDst, 7),
					Apply: []flow.Action{{Type: flow.SetQueue, Arg: 1}, flow.Out(uint32(h.At.Port))}})
			}
		}
	}
}

func TestASwitchMayChooseTheQueue(t *testing.T) {
	const span = 10 * model.Second
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "h2-s1", "s1-h3"}, model.LinkSpec{Rate: 10e6})
	n.Classes = []model.Class{{ID: "gold", Min: 6e6}, {ID: "silver"}}
	n.Flows = []model.Flow{udp("plain", 0, 3, model.Second, span, 9e6), udp("chosen", 2, 3, model.Second, span, 9e6)}
	n.Flows[1].DstPort = 7
	b := start(t, n, &queuer{}, d)
	b.run(model.Forever)
	b.close()
	for id, want := range map[string]float64{"plain": 2e6, "chosen": 8e6} {
		r := d.results()[id]
		if rate := float64(r.Bytes*8) / span.Seconds() * 1000 / (1000 - 42); math.Abs(rate-want) > 0.05*want {
			t.Errorf("%s: %.0f bit/s, want %.0f", id, rate, want)
		}
	}
}

func TestPacketsCarryTheMarkOfTheirClass(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 10e6})
	n.Classes = []model.Class{{ID: "other"}, {ID: "gold", Min: 1e6}}
	f := udp("u", 0, 2, 0, 10*model.Millisecond, 1e6)
	g := model.Flow{ID: "t", From: 0, To: 2, Size: 3000, Transport: model.TCP, Granularity: model.GranularityPacket, Packet: 1514, SrcPort: 5, DstPort: 6}
	h := model.Flow{ID: "i", From: 0, To: 2, Count: 1, Transport: model.ICMP, Granularity: model.GranularityPacket, Packet: 98}
	n.Flows = []model.Flow{f, g, h}
	for i := range n.Flows {
		n.Flows[i].Class = "gold"
	}
	b := start(t, n, &router{}, d)
	var file bytes.Buffer
	b.do(backend.Action{Capture: &backend.Capture{At: model.Endpoint{Node: 1, Port: 2}, Writer: &file}})
	b.run(model.Forever)
	b.close()
	marks := map[string]int{}
	if file.Len() < 24+16 {
		t.Fatal("an empty capture")
	}
	for at := 24; at < file.Len(); {
		raw := file.Bytes()[at:]
		length := int(binary.BigEndian.Uint32(raw[8:]))
		p, _, err := packet.Decode(raw[16 : 16+length])
		if err != nil {
			t.Fatal(err)
		}
		marks[fmt.Sprint(p.Proto, " ", p.DSCP)]++
		at += 16 + length
	}
	delete(marks, "0 0") // ARP
	for _, want := range []string{"1 7", "6 7", "17 7"} {
		if marks[want] == 0 {
			t.Errorf("no packet of %s among %v", want, marks)
		}
		delete(marks, want)
	}
	if len(marks) > 0 {
		t.Errorf("packets without the mark of the second class: %v", marks)
	}
}

func TestAClassBeyondTheLastMarkIsRefusedByName(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 10e6})
	for i := range 17 {
		n.Classes = append(n.Classes, model.Class{ID: fmt.Sprint("c", i), Priority: int32(i + 1)})
	}
	b := start(t, n, nil, newDiary())
	defer b.close()
	f := udp("late", 0, 2, 0, model.Second, 1e6)
	f.Class = "c16"
	_, err := b.s.Do(t.Context(), backend.Action{Flow: &f})
	if err == nil || !strings.Contains(err.Error(), `"c16" is not among the first 16`) {
		t.Errorf("%v", err)
	}
	f.Granularity = model.GranularityFlow
	if _, err := b.s.Do(t.Context(), backend.Action{Flow: &f}); err != nil {
		t.Errorf("as a fluid: %v", err)
	}
}

func TestALinkThatGoesDownLosesWhatWaitsByClass(t *testing.T) {
	d := newDiary()
	n := classDumbbell(t, []model.Class{{ID: "gold", Min: 4e6}}, []demand{{"gold", 9e6}, {"", 9e6}, {"gold", 0}}, model.GranularityPacket)
	b := start(t, n, &router{}, d)
	for i, down := range []model.ChangeKind{model.LinkDown, model.LinkUp, model.LinkDown, model.LinkUp} {
		b.run(model.Time(3+i) * model.Second)
		conserved(t, b)
		b.do(backend.Action{Change: &model.Change{Kind: down, Link: b.link("s1--s2"), Node: model.NoNode}})
		conserved(t, b)
	}
	b.run(model.Forever)
	conserved(t, b)
	b.close()
	for id, r := range d.results() {
		if r.Bytes == 0 || r.Transport == "udp" && r.Sent != r.Received+r.Lost {
			t.Errorf("%s: %+v", id, r)
		}
	}
	if !slices.ContainsFunc(d.kind(trace.LinkTotal), func(e trace.Entry) bool { return e.Sample.Drops > 0 }) {
		t.Error("nothing was lost")
	}
}

// The host's port is where the class waits; it must not drop what its own host sends.
func TestATCPFlowDoesNotFillTheQueueOfItsClass(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 1e9, Delay: model.Millisecond, Queue: model.QueueLimit{Packets: 10}})
	n.Classes = []model.Class{{ID: "slow", Max: 3e6}}
	n.Flows = []model.Flow{{ID: "f", From: 0, To: 2, Start: model.Second, Duration: 20 * model.Second, Transport: model.TCP, Class: "slow",
		Granularity: model.GranularityPacket, Packet: 1514, SrcPort: 5, DstPort: 6}}
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()["f"]
	if rate := r.Rate * 1514 / 1448; r.Lost > 0 || r.Retransmits > 0 || math.Abs(rate-3e6) > 0.01*3e6 {
		t.Errorf("%.0f bit/s, %+v", rate, r)
	}
}

// BenchmarkClassedHops is hops.BenchmarkPacketHops where every port has class queues: for a class
// that no packet is of, and for one that half of them are.
func BenchmarkClassedHops(b *testing.B) {
	for _, used := range []bool{false, true} {
		b.Run(fmt.Sprintf("k=4/used=%v", used), func(b *testing.B) {
			hops, spent := uint64(0), time.Duration(0)
			for range b.N {
				n := permutation(b, 4, 250e6, int64(100*model.Millisecond))
				n.Classes = []model.Class{{ID: "gold", Min: 1e8, Max: 5e8, Priority: 1}}
				for i := range n.Flows {
					if used && i%2 == 0 {
						n.Flows[i].Class = "gold"
					}
				}
				bed := start(b, n, byPort(4), trace.Discard{})
				bed.run(900 * model.Millisecond)
				before := bed.ports().RxPackets
				at := time.Now()
				bed.run(model.Forever)
				spent += time.Since(at)
				hops += bed.ports().RxPackets - before
				bed.close()
			}
			b.ReportMetric(float64(hops)/spent.Seconds(), "hops/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
