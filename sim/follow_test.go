package sim_test

import (
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
)

// bothGoldAndPlain is a dumbbell where a TCP flow of a class meets too much UDP of none, for
// long enough to fill the queue.
func bothGoldAndPlain(t testing.TB, g model.Granularity) *model.Network {
	n := classDumbbell(t, []model.Class{{ID: "gold", Min: 6e6, Priority: 1}}, []demand{{class: "gold"}, {rate: 12e6}}, g)
	for i := range n.Flows {
		n.Flows[i].Duration = 3 * model.Second
	}
	return n
}

func followed(t testing.TB, n *model.Network, watches ...model.Watch) *diary {
	t.Helper()
	n.Watches = watches
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	return d
}

func TestThePointsOfAFlowAddUpToTheFlow(t *testing.T) {
	for _, g := range []model.Granularity{model.GranularityPacket, model.GranularityFlow, model.GranularityChunk} {
		t.Run(g.String(), func(t *testing.T) {
			n := bothGoldAndPlain(t, g)
			if g == model.GranularityChunk {
				for i := range n.Flows {
					n.Flows[i].Chunk = 64e3
				}
			}
			d := followed(t, n, model.Watch{Series: model.SeriesFlows, Flows: "f0", Sample: 100 * model.Millisecond})
			points, bytes, covered := 0, int64(0), model.Time(0)
			for _, e := range d.kind(trace.FlowPoint) {
				if e.Flow != "f0" {
					t.Fatalf("nobody asked for %s", e.Flow)
				}
				points++
				bytes += e.Transfer.Bytes
				covered += e.Transfer.Span
				if e.Transfer.Total != bytes {
					t.Errorf("at %s the total is %d, the points so far have %d", e.At, e.Transfer.Total, bytes)
				}
				if g == model.GranularityPacket && (e.Transfer.Window == 0 || e.Transfer.RTT == 0) {
					t.Errorf("at %s there is neither window nor round-trip time: %+v", e.At, e.Transfer)
				}
			}
			if r := d.results()["f0"]; bytes != r.Bytes || points < 25 || covered > r.Finish-r.Start+model.Second {
				t.Errorf("%d points in %s have %d bytes, the flow has %d", points, covered, bytes, r.Bytes)
			}
		})
	}
}

func TestTheQueueOfALinkIsFollowedInAllAndByClass(t *testing.T) {
	d := followed(t, bothGoldAndPlain(t, model.GranularityPacket), model.Watch{Series: model.SeriesQueues, Links: "s1--s2", Sample: 50 * model.Millisecond})
	type key struct {
		at    model.Time
		class string
	}
	length, drops, most := map[key]int64{}, map[string]int64{}, int64(0)
	for _, e := range d.kind(trace.QueuePoint) {
		if e.Link != "s1--s2" {
			t.Fatalf("nobody asked for %s", e.Link)
		}
		if q := e.Queue; q.From == "s1" {
			length[key{e.At, q.Class}] = q.Packets
			drops[q.Class] += q.Drops
			most = max(most, q.Packets)
			if q.Packets > 0 && q.Bytes == 0 {
				t.Errorf("at %s %d packets have no bytes", e.At, q.Packets)
			}
		}
	}
	for k, whole := range length {
		if k.class == "" && length[key{k.at, "gold"}]+length[key{k.at, trace.NoClass}] != whole {
			t.Errorf("at %s %d wait in all, %d of gold, %d of none", k.at, whole, length[key{k.at, "gold"}], length[key{k.at, trace.NoClass}])
		}
	}
	if drops[""] == 0 || drops[""] != drops["gold"]+drops[trace.NoClass] || most < 20 {
		t.Errorf("drops %v, at most %d waiting", drops, most)
	}
}

func TestASwitchTellsItsPacketsMissesAndRules(t *testing.T) {
	n := bothGoldAndPlain(t, model.GranularityPacket)
	d := followed(t, n, model.Watch{Series: model.SeriesSwitches, Nodes: "s1", Sample: 500 * model.Millisecond})
	packets, rules := int64(0), int64(0)
	for _, e := range d.kind(trace.NodePoint) {
		if e.Node != "s1" {
			t.Fatalf("nobody asked for %s", e.Node)
		}
		packets, rules = packets+e.Switch.Packets, e.Switch.Rules
	}
	sent := int64(0)
	for _, e := range d.kind(trace.LinkTotal) {
		if e.Sample.From == "s1" {
			sent += e.Sample.Packets + e.Sample.Drops
		}
	}
	if rules == 0 || packets == 0 || packets > sent {
		t.Errorf("%d packets looked up, %d sent on; %d rules", packets, sent, rules)
	}
}

func TestWhatIsFollowedChangesNothing(t *testing.T) {
	for _, g := range []model.Granularity{model.GranularityPacket, model.GranularityFlow} {
		plain, all := newDiary(), newDiary()
		var digests []string
		for _, x := range []struct {
			d      *diary
			series model.Series
		}{{plain, model.SeriesNone}, {all, model.SeriesAll}} {
			n := bothGoldAndPlain(t, g)
			n.Watches = []model.Watch{{Series: x.series, Sample: 30 * model.Millisecond}}
			b := start(t, n, &router{}, x.d)
			b.run(model.Forever)
			digests = append(digests, b.s.Digest())
			b.close()
		}
		extra := len(all.kind(trace.FlowPoint)) + len(all.kind(trace.QueuePoint)) + len(all.kind(trace.NodePoint))
		if digests[0] != digests[1] || len(all.entries)-extra != len(plain.entries) || extra == 0 {
			t.Errorf("%s: digests %v; %d entries become %d, %d of them points", g, digests, len(plain.entries), len(all.entries), extra)
		}
	}
}

func TestOnlyTheLinksAskedForAreSampled(t *testing.T) {
	d := followed(t, bothGoldAndPlain(t, model.GranularityPacket), model.Watch{Series: model.SeriesLinks, Links: "s1--s2", Sample: 50 * model.Millisecond})
	for _, e := range d.kind(trace.LinkSample) {
		if e.Link != "s1--s2" {
			t.Fatalf("nobody asked for %s", e.Link)
		}
	}
	if len(d.kind(trace.LinkTotal)) < 6 || len(d.kind(trace.LinkSample)) < 50 {
		t.Errorf("%d totals, %d samples", len(d.kind(trace.LinkTotal)), len(d.kind(trace.LinkSample)))
	}
}

func TestWorkersFollowTheSame(t *testing.T) {
	var want string
	for _, n := range []int{1, 2, 3} {
		network := permutation(t, 4, 700e6, int64(4*model.Millisecond))
		for i := range 4 { // and transfers that meet them
			f := network.Flows[i]
			f.ID, f.Transport, f.Rate, f.Duration, f.Size, f.SrcPort = f.ID+"t", model.TCP, 0, 0, 200e3, 7000
			network.Flows = append(network.Flows, f)
		}
		network.Watches = []model.Watch{{Series: model.SeriesAll, Sample: 100 * model.Microsecond}}
		d := newDiary()
		b := start(t, network, byPort(4), d, workers(n))
		b.run(model.Forever)
		b.close()
		switch text := d.text.String(); {
		case n == 1:
			want = text
			if len(d.kind(trace.FlowPoint)) < 100 || len(d.kind(trace.QueuePoint)) < 50 || len(d.kind(trace.NodePoint)) < 50 {
				t.Errorf("%d, %d and %d points", len(d.kind(trace.FlowPoint)), len(d.kind(trace.QueuePoint)), len(d.kind(trace.NodePoint)))
			}
		case text != want:
			t.Errorf("%d workers: %s", n, difference(want, text))
		case sim.Apart(b.s) < 10:
			t.Errorf("%d workers were apart in %d windows only", n, sim.Apart(b.s))
		}
	}
}
