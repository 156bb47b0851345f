package sim_test

import (
	"fmt"
	"math"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

func fluid(id string, from, to model.NodeID, at model.Time, size model.Size) model.Flow {
	return model.Flow{ID: id, From: from, To: to, Start: at, Size: size, Granularity: model.GranularityFlow, Transport: model.TCP, SrcPort: 3000, DstPort: 3000}
}

// warm lets every pair of hosts that will talk resolve its addresses: fluid flows do so
// through the network, which takes a control round trip.
func warm(n *model.Network, pairs ...[2]model.NodeID) {
	for i, p := range pairs {
		n.Flows = append(n.Flows, fluid(fmt.Sprint("warm", i), p[0], p[1], 0, 1))
	}
}

func exactly(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s: %.12g, want %.12g", what, got, want)
	}
}

func TestFluidFlowsShareABottleneckExactly(t *testing.T) {
	// A has twice the volume and is alone until B comes; both end at 3 S/C after A began.
	const size = 1_000_000
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "h2-s1", "s1-s2", "s2-h3", "s2-h4"}, model.LinkSpec{Rate: 1e9})
	warm(n, [2]model.NodeID{0, 4}, [2]model.NodeID{2, 5})
	n.Flows = append(n.Flows, fluid("A", 0, 4, model.Second, 2*size), fluid("B", 2, 5, model.Second+8*model.Millisecond, size))
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	exactly(t, "A", (r["A"].Finish - model.Second).Seconds(), 0.024)
	exactly(t, "B", (r["B"].Finish - model.Second).Seconds(), 0.024)
	if r["A"].Bytes != 2*size || r["A"].Sent != 2*size/1514+1 || r["A"].Lost != 0 {
		t.Errorf("%+v", r["A"])
	}
}

func TestFluidFlowsInAParkingLot(t *testing.T) {
	// One long flow over five links and one short over each: everybody gets half.
	const hops = 5
	d := newDiary()
	links := []string{}
	for i := 1; i <= hops+1; i++ {
		links = append(links, fmt.Sprintf("h%d-s%d", i, i), fmt.Sprintf("k%d-s%d", i, i))
	}
	for i := 1; i <= hops; i++ {
		links = append(links, fmt.Sprintf("s%d-s%d", i, i+1))
	}
	for i := range links { // both are hosts
		if links[i][0] == 'k' {
			links[i] = "h1" + links[i][1:]
		}
	}
	n := sketch(t, links, model.LinkSpec{Rate: 1e9})
	host := func(i, second int) model.NodeID {
		name := fmt.Sprintf("h%d", i)
		if second == 1 {
			name = fmt.Sprintf("h1%d", i)
		}
		id, _ := n.NodeByName(name)
		return id
	}
	warm(n, [2]model.NodeID{host(1, 0), host(hops+1, 0)})
	long := fluid("long", host(1, 0), host(hops+1, 0), model.Second, 1_000_000)
	n.Flows = append(n.Flows, long)
	for i := 1; i <= hops; i++ {
		warm(n, [2]model.NodeID{host(i, 1), host(i+1, 1)})
		n.Flows = append(n.Flows, fluid(fmt.Sprint("short", i), host(i, 1), host(i+1, 1), model.Second, 1_000_000))
	}
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	for id, r := range d.results() {
		if id[0] != 'w' {
			exactly(t, id, (r.Finish - model.Second).Seconds(), 0.016)
		}
	}
}

func TestAFluidFlowRunsAtItsCapAndEndsWithItsDuration(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 1e9, Delay: 3 * model.Millisecond})
	warm(n, [2]model.NodeID{0, 2})
	f := fluid("f", 0, 2, model.Second, 0)
	f.Duration, f.Rate = 2*model.Second, 8e6
	g := fluid("g", 0, 2, model.Second, 1_000_000)
	g.Class = "thin"
	n.Classes = []model.Class{{ID: "thin", Max: 4e6}}
	n.Flows = append(n.Flows, f, g)
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	if r["f"].Bytes != 2_000_000 || r["f"].Finish != 3*model.Second+6*model.Millisecond || r["f"].LatencyMean != 6*model.Millisecond {
		t.Errorf("%+v", r["f"])
	}
	exactly(t, "g", (r["g"].Finish - model.Second).Seconds(), 2.006)
}

func TestAFluidThatNothingSlowsDownLosesWhatItHasNoShareFor(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e6})
	warm(n, [2]model.NodeID{0, 2})
	udp, tcp := fluid("udp", 0, 2, model.Second, 0), fluid("tcp", 0, 2, model.Second, 0)
	udp.Transport, udp.Duration, udp.Rate = model.UDP, 2*model.Second, 10e6
	tcp.Transport, tcp.Duration, tcp.Rate = model.TCP, 2*model.Second, 10e6
	alone := udp
	alone.ID, alone.Start, alone.Rate = "alone", 5*model.Second, 8e6
	n.Flows = append(n.Flows, udp, tcp, alone)
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	if f := r["udp"]; f.Bytes != 1_000_000 || f.Offered != 2_500_000 || f.Lost == 0 || f.Lost != f.Sent-f.Received {
		t.Errorf("%+v", f)
	}
	for _, id := range []string{"tcp", "alone"} {
		if f := r[id]; f.Lost != 0 || f.Offered != f.Bytes {
			t.Errorf("%s waits for nothing or is slowed down: %+v", id, f)
		}
	}
}

// meterer routes by table 1 and holds UDP port 7 to a rate in table 0.
type meterer struct{ router }

func (m *meterer) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindTopology && e.Topology.Last {
		m.router.React(e, out)
		for _, s := range m.topology.Switches {
			out.SetMeter(s.ID, flow.Meter{Name: "m", Rate: 8000})
			for _, h := range m.topology.Hosts {
				if h.At.Switch == s.ID {
					out.Install(s.ID, flow.Rule{Priority: 20, Match: flow.Match{}.IPv4To(h.IP, 32).With(flow.IPProto, uint64(packet.ProtoTCP)).With(flow.TCPDst, 7),
						MeterName: "m", Apply: []flow.Action{flow.Out(uint32(h.At.Port))}, Idle: 1, SendRemoved: true})
					out.Install(s.ID, flow.Rule{Priority: 20, Match: flow.Match{}.IPv4To(h.IP, 32).With(flow.IPProto, uint64(packet.ProtoUDP)).With(flow.UDPDst, 8),
						MeterName: "m", Apply: []flow.Action{flow.Out(uint32(h.At.Port))}})
				}
			}
		}
		return
	}
	m.router.React(e, out)
}

func TestFluidFlowsObeyMetersKeepCountersAndKeepRulesAlive(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 1e9})
	f := fluid("f", 0, 2, 0, 4_000_000)
	f.DstPort = 7
	n.Flows = []model.Flow{f}
	b := start(t, n, &meterer{}, d)
	b.run(2500 * model.Millisecond)
	var bytes, metered uint64
	for item, err := range b.s.Snapshot(t.Context(), backend.Everything()) {
		if err != nil {
			t.Fatal(err)
		}
		if item.Rule != nil && item.Rule.Rule.Meter > 0 {
			bytes += item.Rule.Counters.Bytes
		}
		if item.Meter != nil {
			metered += item.Meter.In.Bytes
		}
	}
	// 1 MB/s, less the time for the addresses.
	if bytes < 2_490_000 || bytes > 2_500_000 || bytes != metered {
		t.Errorf("the rule has seen %d bytes, the meter %d", bytes, metered)
	}
	b.run(10 * model.Second)
	b.close()
	r := d.results()["f"]
	exactly(t, "duration", (r.Finish - 0).Seconds(), r.Finish.Seconds())
	if r.Finish < 4*model.Second || r.Finish > 4*model.Second+20*model.Millisecond {
		t.Errorf("%+v", r)
	}
	var removed []float64
	for _, e := range d.kind(trace.AppMetric) {
		removed = append(removed, *e.Value)
	}
	if len(removed) != 2 || removed[0]+removed[1] != 4_000_000 { // the other host's rule saw nothing
		t.Errorf("rules ended with %v bytes", removed)
	}
}

func TestAFluidFlowMakesTheControllerActAndFollowsItsRules(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-s2", "s2-h2", "s1-s3", "s3-s2"}, model.LinkSpec{Rate: 8e6})
	n.Flows = []model.Flow{fluid("f", 0, 3, 0, 2_000_000)}
	b := start(t, n, &router{reactive: true}, d)
	b.run(500 * model.Millisecond)
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: b.link("s1--s2"), Node: model.NoNode}})
	b.run(model.Forever)
	ports := b.ports()
	b.close()
	r := d.results()["f"]
	if len(d.kind(trace.PacketIn)) == 0 || len(r.Path) != 4 {
		t.Errorf("%d packets went to the controller, path %v", len(d.kind(trace.PacketIn)), r.Path)
	}
	// 2 s, and what addresses, first packet and the way around cost.
	if r.Finish < 2*model.Second || r.Finish > 2*model.Second+50*model.Millisecond {
		t.Errorf("%+v", r)
	}
	if ports.TxBytes < 3*2_000_000 { // counted on every link
		t.Errorf("%+v", ports)
	}
}

func TestAFluidFlowWaitsForItsLink(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e6})
	warm(n, [2]model.NodeID{0, 2})
	n.Flows = append(n.Flows, fluid("f", 0, 2, model.Second, 1_000_000))
	b := start(t, n, &router{}, d)
	change := func(at model.Time, c model.Change) {
		b.run(at)
		c.Node = model.NoNode
		b.do(backend.Action{Change: &c})
	}
	change(1500*model.Millisecond, model.Change{Kind: model.LinkDown, Link: 0})
	change(2500*model.Millisecond, model.Change{Kind: model.LinkUp, Link: 0})
	change(2750*model.Millisecond, model.Change{Kind: model.LinkRate, Link: 1, Rate: 4e6})
	b.run(model.Forever)
	b.close()
	// It tries again 0.2, 0.6 and 1.4 s after its link has gone.
	exactly(t, "finish", d.results()["f"].Finish.Seconds(), 2.9+1)
}

func TestAFluidFlowWithoutAWayGivesUp(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{})
	n.Flows = []model.Flow{fluid("f", 0, 2, 0, 1000)}
	b := start(t, n, nil, d)
	b.run(model.Forever)
	b.close()
	if r := d.results()["f"]; r.Error == "" || r.Bytes != 0 {
		t.Errorf("%+v", r)
	}
}

func TestFramesGetWhatFluidFlowsLeave(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 10e6})
	warm(n, [2]model.NodeID{0, 2})
	f := fluid("f", 0, 2, model.Second, 0)
	f.Duration, f.Rate = 4*model.Second, 6e6
	n.Flows = append(n.Flows, f, udp("u", 0, 2, 2*model.Second, 2*model.Second, 10e6))
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	if got := r["u"].Rate; got < 3.8e6 || got > 4.2e6 {
		t.Errorf("frames got %.3g bit/s beside 6 of 10 Mbit/s", got)
	}
}

func BenchmarkFlowEvents(b *testing.B) {
	const k, count = 8, 10_000
	r := splitMix(3)
	hosts := k * k * k / 4
	n := fatTree(b, k, func(int) []model.Flow { return nil })
	at := 1.0
	for i := range count {
		from := int(r.next() % uint64(hosts))
		to := int(r.next() % uint64(hosts-1))
		if to >= from {
			to++
		}
		at -= math.Log(1-float64(r.next()>>11)*0x1p-53) * 1e-4
		f := fluid(fmt.Sprint("f", i), model.NodeID(from), model.NodeID(to), model.FromSeconds(at), model.Size(10_000+r.next()%1_000_000))
		f.Transport, f.SrcPort = model.UDP, uint16(1024+i)
		n.Flows = append(n.Flows, f)
	}
	for b.Loop() {
		bed := start(b, n, byPort(k), trace.Discard{})
		bed.run(model.Forever)
		bed.close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(2*count), "ns/flow-event")
}
