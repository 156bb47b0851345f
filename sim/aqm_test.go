package sim_test

import (
	"fmt"
	"math"
	"testing"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/sim"
)

// bottleneck has n senders h1.. and n receivers behind a link of a rate, whose queue has a
// discipline; access links are ten times as fast.
func bottleneck(t testing.TB, n int, rate model.Rate, delay model.Time, queue int32, d model.Discipline) *model.Network {
	b := model.NewBuilder("bottleneck")
	access := b.SpecID(model.LinkSpec{Rate: 10 * rate, Delay: 10 * model.Microsecond, Queue: model.QueueLimit{Packets: 1 << 20}})
	middle := b.SpecID(model.LinkSpec{Rate: rate, Delay: delay, Queue: model.QueueLimit{Packets: queue}, Discipline: d.ID})
	link := func(x, y model.NodeID, spec model.SpecID) {
		b.Link(model.LinkDraft{A: x, B: y, APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	left, _ := b.Declare([]byte("left"), model.Switch)
	right, _ := b.Declare([]byte("right"), model.Switch)
	link(left, right, middle)
	for i := range 2 * n {
		h, _ := b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		link(h, []model.NodeID{left, right}[i/n], access)
	}
	network, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if d.ID != "" {
		network.Disciplines = []model.Discipline{d}
	}
	if err := network.Validate(nil).Err(); err != nil {
		t.Fatal(err)
	}
	return network
}

// transfers are n flows of TCP, one from each sender.
func transfers(n int, stagger, span model.Time, how string) (out []model.Flow) {
	for i := range n {
		out = append(out, model.Flow{ID: fmt.Sprint("f", i), From: model.NodeID(2 + i), To: model.NodeID(2 + n + i),
			Start: model.Time(i) * stagger, Duration: span - model.Time(i)*stagger, Transport: model.TCP, TCP: how})
	}
	return out
}

type outcome struct {
	total, jain, queue float64
	drops              int64
	repeats            int64
}

func measure(t testing.TB, n *model.Network, options ...option) (x outcome, text string) {
	d := newDiary()
	b := startOn(t, sim.Backend{}, n, &router{}, d, options...)
	b.run(model.Forever)
	b.close()
	var squares float64
	for _, r := range d.results() {
		x.total += r.Rate
		squares += r.Rate * r.Rate
		x.repeats += r.Retransmits
	}
	x.jain = x.total * x.total / (float64(len(d.results())) * squares)
	for _, e := range d.kind(trace.LinkTotal) {
		if e.Link == "left--right" && e.Sample.From == "left" {
			x.drops, x.queue = e.Sample.Drops, e.Sample.Queue
		}
	}
	return x, d.all(t)
}

func packets(n int32) model.QueueLimit { return model.QueueLimit{Packets: n} }

func TestDCTCPOverAMarkingThresholdAgreesWithNs3(t *testing.T) {
	// ns-3 3.37, two DCTCP flows, 1 Gbit/s, marks above 65: 964.0 Mbit/s in total, Jain's
	// index 1, no drops, 61.8 packets in the queue.
	n := bottleneck(t, 2, 1e9, 50*model.Microsecond, 250, model.Discipline{ID: "ecn", Kind: model.Threshold, Mark: packets(65)})
	n.TCPs = []model.TCPOptions{{ID: "lan", Congestion: model.DCTCP, ECN: true, AckEvery: 1}}
	n.Flows = transfers(2, 10*model.Millisecond, 3*model.Second, "lan")
	x, _ := measure(t, n)
	if math.Abs(x.total-964e6) > 0.05*964e6 || x.jain < 0.95 || x.drops != 0 || x.repeats != 0 || math.Abs(x.queue-61.8) > 0.2*61.8 {
		t.Errorf("%+v", x)
	}
	// Transfers that cannot be marked pass the threshold and fill the queue.
	n.Flows = transfers(2, 10*model.Millisecond, 3*model.Second, "newreno")
	if x, _ := measure(t, n); x.drops == 0 || x.queue < 80 {
		t.Errorf("without ECN: %+v", x)
	}
}

func TestRandomEarlyDetectionKeepsTheQueueShort(t *testing.T) {
	red := model.Discipline{ID: "red", Kind: model.RED, Min: packets(10), Max: packets(30), Probability: 0.1, Weight: 0.002, Packet: 1500, Gentle: true}
	span := 20 * model.Second
	flows := transfers(4, 100*model.Millisecond, span, "newreno")
	full := bottleneck(t, 4, 50e6, 5*model.Millisecond, 100, model.Discipline{})
	full.Flows = flows
	long, _ := measure(t, full)

	n := bottleneck(t, 4, 50e6, 5*model.Millisecond, 100, red)
	n.Flows = flows
	short, text := measure(t, n)
	for k := range 3 {
		if _, again := measure(t, n, workers(1+k)); again != text {
			t.Errorf("the diary of %d workers differs", 1+k)
		}
	}
	if short.queue > 30 || short.queue < 5 || short.queue > long.queue/1.5 || short.total < 0.9*long.total || short.drops == 0 {
		t.Errorf("with RED %+v, without %+v", short, long)
	}

	red.ECN = true
	n = bottleneck(t, 4, 50e6, 5*model.Millisecond, 100, red)
	n.TCPs = []model.TCPOptions{{ID: "marked", Congestion: model.NewReno, ECN: true}}
	n.Flows = transfers(4, 100*model.Millisecond, span, "marked")
	if x, _ := measure(t, n); x.drops > short.drops/4 || x.queue > 30 || x.total < 0.9*long.total {
		t.Errorf("with marks %+v, with drops %+v", x, short)
	}
}

// toFive sends what comes for UDP port 8 through queue 5 of the left switch's first port.
type toFive struct{ router }

func (q *toFive) React(e *app.Event, out *app.Commands) {
	q.router.React(e, out)
	if e.Kind == app.KindTopology && e.Topology.Last {
		out.Install(0, flow.Rule{Priority: 20, Match: flow.Match{}.With(flow.EthType, uint64(packet.EthTypeIPv4)).With(flow.IPProto, uint64(packet.ProtoUDP)).With(flow.UDPDst, 8),
			Apply: []flow.Action{{Type: flow.SetQueue, Arg: 5}, flow.Out(1)}})
	}
}

func TestQueuesOfAPortAreServedByTheirPriorityAndRates(t *testing.T) {
	ports := model.Discipline{ID: "ports", Kind: model.Queues, Queues: []model.PortQueue{
		{Number: 0, DSCP: -1}, {Number: 1, Min: 2e6, Max: 3e6, DSCP: 3}, {Number: 2, Priority: 1, DSCP: 7}}}
	n := bottleneck(t, 3, 10e6, model.Millisecond, 100, ports)
	// The classes of the model give the packets their marks; they mean nothing themselves.
	n.Classes = []model.Class{{ID: "limited"}, {ID: "first"}}
	for i, f := range []struct {
		class string
		rate  model.Rate
	}{{"", 9e6}, {"limited", 9e6}, {"first", 4e6}} {
		n.Flows = append(n.Flows, model.Flow{ID: fmt.Sprint("f", i), From: model.NodeID(2 + i), To: model.NodeID(5 + i), Class: f.class,
			Duration: 10 * model.Second, Rate: f.rate * 958 / 1000, Transport: model.UDP, Packet: 1000})
	}
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	for id, want := range map[string]float64{"f2": 4e6, "f1": 3e6, "f0": 3e6} {
		if got := d.results()[id].Rate * 1000 / 958; math.Abs(got-want) > 0.02*want {
			t.Errorf("%s got %.3g bit/s, want %.3g", id, got, want)
		}
	}
}

func TestSetQueueChoosesAQueueOfThePort(t *testing.T) {
	ports := model.Discipline{ID: "ports", Kind: model.Queues, Queues: []model.PortQueue{{Number: 5, Max: 2e6, DSCP: -1}}}
	n := bottleneck(t, 2, 10e6, model.Millisecond, 100, ports)
	for i := range 2 {
		n.Flows = append(n.Flows, model.Flow{ID: fmt.Sprint("f", i), From: model.NodeID(2 + i), To: model.NodeID(4 + i),
			Duration: 5 * model.Second, Rate: 8e6 * 958 / 1000, Transport: model.UDP, Packet: 1000, DstPort: uint16(7 + i)})
	}
	d := newDiary()
	b := start(t, n, &toFive{}, d)
	b.run(model.Forever)
	b.close()
	for id, want := range map[string]float64{"f0": 8e6, "f1": 2e6} {
		if got := d.results()[id].Rate * 1000 / 958; math.Abs(got-want) > 0.03*want {
			t.Errorf("%s got %.3g bit/s, want %.3g", id, got, want)
		}
	}
}

func TestRandomEarlyDetectionAgreesWithNs3(t *testing.T) {
	// ns-3 3.37, four NewReno flows, 50 Mbit/s, RedQueueDisc with MinTh 10, MaxTh 30, LInterm 10,
	// QW 0.002, gentle: from 5 s to 20 s 48.07 Mbit/s in total, 13.9 packets in the queue (the
	// device's included); 696 drops from the start, Jain's index 0.997.
	red := model.Discipline{ID: "red", Kind: model.RED, Min: packets(10), Max: packets(30), Probability: 0.1, Weight: 0.002, Packet: 1500, Gentle: true}
	n := bottleneck(t, 4, 50e6, 5*model.Millisecond, 100, red)
	n.TCPs = []model.TCPOptions{{ID: "each", Congestion: model.NewReno, AckEvery: 1}}
	n.Flows = transfers(4, 100*model.Millisecond, 20*model.Second, "each")
	x, _ := measure(t, n)
	if math.Abs(x.total-48.07e6) > 0.05*48.07e6 || math.Abs(x.queue-13.9) > 0.2*13.9 || x.drops < 696*2/3 || x.drops > 696*3/2 || x.jain < 0.947 {
		t.Errorf("%+v", x)
	}
}
