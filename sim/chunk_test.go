package sim_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
)

// inChunks is a flow that is followed chunk by chunk.
func inChunks(id string, from, to model.NodeID, at model.Time, size, chunk model.Size) model.Flow {
	return model.Flow{ID: id, From: from, To: to, Start: at, Size: size, Chunk: chunk, Granularity: model.GranularityChunk, Transport: model.TCP, SrcPort: 3000, DstPort: 3000}
}

// listed is a flow with a chunk list.
func listed(id string, from, to model.NodeID, at model.Time, chunks string) model.Flow {
	f := inChunks(id, from, to, at, 0, 0)
	f.Chunks = chunks
	return f
}

func udpInChunks(id string, from, to model.NodeID, at, span model.Time, rate model.Rate, chunk model.Size) model.Flow {
	f := inChunks(id, from, to, at, 0, chunk)
	f.Transport, f.Duration, f.Rate = model.UDP, span, rate
	return f
}

// carry runs flows to their end; the pairs of hosts know each other's addresses.
func carry(t *testing.T, n *model.Network, flows ...model.Flow) (map[string]*trace.FlowResult, *diary) {
	t.Helper()
	d := newDiary()
	for i, f := range flows {
		w := fluid(fmt.Sprint("warm", i), f.From, f.To, 0, 1)
		w.SrcPort = uint16(100 + i)
		n.Flows = append(n.Flows, w)
	}
	n.Flows = append(n.Flows, flows...)
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	conserved(t, b)
	b.close()
	return d.results(), d
}

func TestChunksFollowEachOtherThroughEqualLinksAsInAPipeline(t *testing.T) {
	// 1 MB in ten chunks over four links: the first takes four times 0.8 ms and four
	// delays, the nine others come 0.8 ms after each other.
	n := sketch(t, []string{"h1-s1", "s1-s2", "s2-s3", "s3-h2"}, model.LinkSpec{Rate: 1e9, Delay: 5 * model.Millisecond})
	r, _ := carry(t, n, inChunks("f", 0, 4, model.Second, 1_000_000, 100_000))
	f := r["f"]
	exactly(t, "duration", (f.Finish - model.Second).Seconds(), 4*(0.0008+0.005)+9*0.0008)
	exactly(t, "latency of a chunk", f.LatencyMax.Seconds(), 4*(0.0008+0.005))
	if f.Bytes != 1_000_000 || f.Offered != f.Bytes || f.Sent != 10*67 || f.Received != f.Sent || f.Lost != 0 || f.Retransmits != 0 {
		t.Errorf("%+v", f)
	}
	if fmt.Sprint(f.Path) != "[h1 s1 s2 s3 h2]" {
		t.Errorf("path %v", f.Path)
	}
}

func TestTheSlowestLinkSetsThePaceOfChunks(t *testing.T) {
	for _, c := range []struct {
		name  string
		rates [3]model.Rate
		want  float64
	}{
		{"first", [3]model.Rate{1e8, 1e9, 1e9}, 0.008*10 + 2*0.0008},
		{"middle", [3]model.Rate{1e9, 1e8, 1e9}, 0.0008 + 0.008*10 + 0.0008},
		{"last", [3]model.Rate{1e9, 1e9, 1e8}, 2*0.0008 + 0.008*10},
		{"none but one", [3]model.Rate{0, 1e8, 0}, 0.008 * 10},
	} {
		b := model.NewBuilder("n")
		var ids []model.NodeID
		for _, x := range []struct {
			name string
			kind model.NodeKind
		}{{"h1", model.Host}, {"s1", model.Switch}, {"s2", model.Switch}, {"h2", model.Host}} {
			id, _ := b.Declare([]byte(x.name), x.kind)
			ids = append(ids, id)
		}
		for i, rate := range c.rates {
			s := b.SpecID(model.LinkSpec{Rate: rate})
			b.Link(model.LinkDraft{A: ids[i], B: ids[i+1], APort: model.AutoPort, BPort: model.AutoPort, Spec: s, Back: s})
		}
		n, faults := b.Build(nil)
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		r, _ := carry(t, n, inChunks("f", 0, 3, model.Second, 1_000_000, 100_000))
		exactly(t, c.name, (r["f"].Finish - model.Second).Seconds(), c.want)
	}
}

func TestAChunkListKeepsXSDNsTimes(t *testing.T) {
	// Sizes over speeds of 8 Mbit/s (1 MB takes 1 s), two links between unlimited ones.
	for _, c := range []struct {
		chunks string
		want   float64
	}{
		{"3", 6},                // store and forward: size/speed on each link
		{"3,2", 3 + 3 + 2},      // the second follows the first and waits for it at the second link
		{"2,2G,3", 2 + 2 + 6},   // two seconds after the first has left its sender
		{"2,5D,3", 5 + 6},       // five seconds after it has begun
		{"D,1,1,1", 1 + 3},      // all at once
		{"1*4", 1 + 4},          // one after the other
		{"1+2D*3", 2*2 + 2},     // every two seconds
		{"1+2G*3", 2*(1+2) + 2}, // two seconds between
		{"4/1", 8},              // a total in one piece
	} {
		n := sketch(t, []string{"s1-s2", "s2-s3"}, model.LinkSpec{Rate: 8e6})
		n = unlimitedHosts(t, n)
		h1, _ := n.NodeByName("h1")
		h2, _ := n.NodeByName("h2")
		r, _ := carry(t, n, listed("f", h1, h2, model.Second, c.chunks))
		exactly(t, c.chunks, (r["f"].Finish - model.Second).Seconds(), c.want)
	}
}

// unlimitedHosts adds hosts to the first and last switch of a chain, as for xSDN's nodes.
func unlimitedHosts(t *testing.T, chain *model.Network) *model.Network {
	t.Helper()
	b := model.NewBuilder("x")
	last := model.NodeID(chain.NodeCount() - 1)
	for i := range chain.NodeCount() {
		b.Declare([]byte(chain.NodeName(model.NodeID(i))), model.Switch)
	}
	h1, _ := b.Declare([]byte("h1"), model.Host)
	h2, _ := b.Declare([]byte("h2"), model.Host)
	for l := range chain.Links() {
		s := b.SpecID(l.Spec)
		b.Link(model.LinkDraft{A: l.A.Node, B: l.B.Node, APort: model.AutoPort, BPort: model.AutoPort, Spec: s, Back: s})
	}
	b.Link(model.LinkDraft{A: h1, B: 0, APort: model.AutoPort, BPort: model.AutoPort})
	b.Link(model.LinkDraft{A: h2, B: last, APort: model.AutoPort, BPort: model.AutoPort})
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTwoFlowsOnALinkTakeTurnsChunkByChunk(t *testing.T) {
	for _, c := range []struct {
		name string
		from [2]model.NodeID
		want [2]float64
	}{
		// One host's link, then two more: A's and B's chunks alternate, A's last is the last but one.
		{"of one host", [2]model.NodeID{0, 0}, [2]float64{19*0.001 + 2*0.001, 20*0.001 + 2*0.001}},
		// Of two hosts: they meet at the middle link.
		{"of two hosts", [2]model.NodeID{0, 1}, [2]float64{0.001 + 19*0.001 + 0.001, 0.001 + 20*0.001 + 0.001}},
	} {
		n := sketch(t, []string{"h1-s1", "h2-s1", "s1-s2", "s2-h3"}, model.LinkSpec{Rate: 8e8})
		id := func(name string) model.NodeID { x, _ := n.NodeByName(name); return x }
		hosts := [2]model.NodeID{id("h1"), id("h2")}
		a := inChunks("A", hosts[c.from[0]], id("h3"), model.Second, 1_000_000, 100_000)
		b := inChunks("B", hosts[c.from[1]], id("h3"), model.Second, 1_000_000, 100_000)
		b.SrcPort = 3001
		r, _ := carry(t, n, a, b)
		exactly(t, c.name+", A", (r["A"].Finish - model.Second).Seconds(), c.want[0])
		exactly(t, c.name+", B", (r["B"].Finish - model.Second).Seconds(), c.want[1])
	}
}

func TestChunksOfUDPStartAtTheFlowsRate(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e8})
	f := udpInChunks("f", 0, 2, model.Second, model.Second, 8e6, 100_000)
	r, _ := carry(t, n, f)
	// Ten chunks, one each 100 ms; the last takes a millisecond on either link.
	exactly(t, "finish", (r["f"].Finish - model.Second).Seconds(), 0.9+0.002)
	if r["f"].Offered != 1_000_000 || r["f"].Bytes != 1_000_000 {
		t.Errorf("%+v", r["f"])
	}
}

func TestChunksOfUDPThatFindNoRoomAreLost(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "h2-s1", "s1-h3"}, model.LinkSpec{Rate: 8e6})
	id := func(name string) model.NodeID { x, _ := n.NodeByName(name); return x }
	a := udpInChunks("a", id("h1"), id("h3"), model.Second, 20*model.Second, 8e6, 50_000)
	b := udpInChunks("b", id("h2"), id("h3"), model.Second, 20*model.Second, 8e6, 50_000)
	b.SrcPort = 3001
	r, _ := carry(t, n, a, b)
	got := r["a"].Bytes + r["b"].Bytes
	if got < 20_000_000 || got > 20_300_000 || r["a"].Lost+r["b"].Lost == 0 || r["a"].Retransmits != 0 {
		t.Errorf("20 s of 1 MB/s carried %d bytes\n%+v\n%+v", got, r["a"], r["b"])
	}
}

func TestFramesAndFluidFlowsGoFirstAndChunksGetTheRest(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 10e6})
	fl := fluid("fluid", 0, 2, model.Second, 0)
	fl.Duration, fl.Rate, fl.SrcPort = 10*model.Second, 3e6, 3001
	u := udp("frames", 0, 2, model.Second, 10*model.Second, 2e6)
	u.Packet = 1042
	c := inChunks("chunks", 0, 2, model.Second, 5_000_000, 50_000)
	r, _ := carry(t, n, fl, u, c)
	// 10 less 3 less 2 times 1042/1000 Mbit/s.
	want := 40e6 / (10e6 - 3e6 - 2e6*1.042)
	if got := (r["chunks"].Finish - model.Second).Seconds(); got < want || got > want+0.1 {
		t.Errorf("5 MB took %g s, want %g", got, want)
	}
	if r["frames"].Lost != 0 || r["frames"].LatencyMax > 5*model.Millisecond || r["fluid"].Bytes != 3_750_000 {
		t.Errorf("frames %+v\nfluid %+v", r["frames"], r["fluid"])
	}
}

func TestALongChunkFollowsEveryChangeOfItsRate(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e6}) // 1 MB takes a second
	warm(n, [2]model.NodeID{0, 2})
	fl := fluid("fluid", 0, 2, 2*model.Second, 1_000_000)
	fl.Rate = 4e6 // half the link for two seconds
	n.Flows = append(n.Flows, inChunks("f", 0, 2, model.Second, 10_000_000, 10_000_000), fl)
	d := newDiary()
	b := start(t, n, &router{}, d)
	b.run(6 * model.Second) // 1 s + 2 s at half + 2 s: 4 MB
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkRate, Link: 0, Node: model.NoNode, Rate: 24e6}})
	b.run(model.Forever) // 6 MB in 2 s: at 8 s; and 10 s on the other link
	b.close()
	exactly(t, "finish", d.results()["f"].Finish.Seconds(), 18)
}

func TestAPortsCountersGrowWhileAChunkIsSent(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e6})
	warm(n, [2]model.NodeID{0, 2})
	n.Flows = append(n.Flows, inChunks("f", 0, 2, model.Second, 4_000_000, 4_000_000))
	b := start(t, n, &router{}, trace.Discard{})
	b.run(2 * model.Second)
	before := b.ports()
	b.run(3 * model.Second)
	if after := b.ports(); after.TxBytes-before.TxBytes != 1_000_000 || after.RxBytes != before.RxBytes || after.TxPackets <= before.TxPackets {
		t.Errorf("%+v, then %+v", before, after)
	}
	b.run(5*model.Second + 1)
	if whole := b.ports(); whole.RxBytes-before.RxBytes != 4_000_000 { // it has arrived when its last byte has
		t.Errorf("%+v, then %+v", before, whole)
	}
	b.close()
}

func TestALinkThatGoesDownLosesItsChunksAndTCPSendsThemAgain(t *testing.T) {
	for _, transport := range []model.Transport{model.TCP, model.UDP} {
		d := newDiary()
		n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e6})
		warm(n, [2]model.NodeID{0, 2})
		f := inChunks("f", 0, 2, model.Second, 2_000_000, 100_000)
		f.Transport = transport
		if transport == model.UDP {
			f.Rate = 8e6
		}
		n.Flows = append(n.Flows, f)
		b := start(t, n, &router{}, d)
		b.run(1550 * model.Millisecond)
		b.do(backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: 1, Node: model.NoNode}})
		b.run(1650 * model.Millisecond)
		b.do(backend.Action{Change: &model.Change{Kind: model.LinkUp, Link: 1, Node: model.NoNode}})
		b.run(model.Forever)
		conserved(t, b)
		b.close()
		r := d.results()["f"]
		if r.Lost == 0 || r.Sent != r.Received+r.Lost {
			t.Errorf("%s: %+v", transport, r)
		}
		if tcp := transport == model.TCP; tcp && (r.Bytes != 2_000_000 || r.Retransmits != r.Lost || r.Finish < 3*model.Second+200*model.Millisecond) ||
			!tcp && (r.Bytes >= 2_000_000 || r.Retransmits != 0) {
			t.Errorf("%s: %+v", transport, r)
		}
	}
}

func TestChunksOfTCPGiveUpOnALinkThatStaysDown(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 8e6})
	warm(n, [2]model.NodeID{0, 2})
	n.Flows = append(n.Flows, inChunks("f", 0, 2, model.Second, 2_000_000, 100_000))
	b := start(t, n, &router{}, d)
	b.run(1500 * model.Millisecond)
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: 0, Node: model.NoNode}})
	b.run(model.Forever)
	b.close()
	if r := d.results()["f"]; r.Error == "" || r.Bytes == 0 || r.Sent != r.Received+r.Lost {
		t.Errorf("%+v", r)
	}
}

func TestChunksWaitForTheControllerAndFollowItsRules(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-s2", "s2-h2", "s1-s3", "s3-s2"}, model.LinkSpec{Rate: 8e6})
	n.Flows = []model.Flow{inChunks("f", 0, 3, 0, 2_000_000, 10_000)}
	b := start(t, n, &router{reactive: true}, d)
	b.run(500 * model.Millisecond)
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: b.link("s1--s2"), Node: model.NoNode}})
	b.run(model.Forever)
	conserved(t, b)
	b.close()
	r := d.results()["f"]
	if c := len(d.kind(trace.PacketIn)); c == 0 || c > 10 || fmt.Sprint(r.Path) != "[h1 s1 s2 h2]" {
		t.Errorf("%d packets went to the controller, path %v", c, r.Path)
	}
	// 2 s, what addresses and the first packet cost, and a time-out.
	if r.Bytes != 2_000_000 || r.Finish < 2200*model.Millisecond || r.Finish > 2350*model.Millisecond {
		t.Errorf("%+v", r)
	}
}

func TestChunksWithoutAWayGiveUp(t *testing.T) {
	for _, reactive := range []bool{false, true} { // no address, or nobody who answers
		d := newDiary()
		n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{})
		n.Flows = []model.Flow{inChunks("f", 0, 2, 0, 1000, 1000)}
		b := start(t, n, nil, d)
		if reactive {
			b = start(t, n, &deaf{}, d)
		}
		b.run(model.Forever)
		b.close()
		if r := d.results()["f"]; r.Error == "" || r.Bytes != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// deaf has addresses answered and every miss sent to it, and does nothing about it.
type deaf struct{ router }

func (a *deaf) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindTopology {
		for _, s := range e.Topology.Switches {
			out.OnMiss(s.ID, 0, app.MissController)
		}
	}
}

func TestChunksObeyMetersAndAreCounted(t *testing.T) {
	for _, transport := range []model.Transport{model.TCP, model.UDP} {
		d := newDiary()
		n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 1e9})
		f := inChunks("f", 0, 2, 0, 4_000_000, 10_000)
		f.DstPort = 7
		if transport == model.UDP { // twice what passes
			f = udpInChunks("f", 0, 2, 0, 4*model.Second, 16e6, 10_000)
			f.DstPort = 8
		}
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
		// 1 MB/s, less the time for the addresses, and one chunk more.
		if bytes < 2_490_000 || bytes > 2_510_000 || transport == model.TCP && bytes != metered {
			t.Errorf("the rule has seen %d bytes, the meter %d", bytes, metered)
		}
		b.run(10 * model.Second)
		b.close()
		r := d.results()["f"]
		if transport == model.UDP {
			if r.Bytes < 3_980_000 || r.Bytes > 4_020_000 || r.Offered != 8_000_000 || r.Sent != r.Received+r.Lost {
				t.Errorf("%+v", r)
			}
			continue
		}
		if r.Finish < 3990*model.Millisecond || r.Finish > 4*model.Second+20*model.Millisecond {
			t.Errorf("%+v", r)
		}
	}
}

func TestChunksThatMeanNothingAreRefused(t *testing.T) {
	b := start(t, line(t, model.LinkSpec{}), nil, newDiary())
	defer b.close()
	for _, c := range []struct {
		name string
		flow model.Flow
		want fault.Code
	}{
		{"a list followed packet by packet", model.Flow{Chunks: "1", Granularity: model.GranularityPacket}, fault.FlowConflict},
		{"a list that cannot be read", model.Flow{Chunks: "x"}, fault.BadNumber},
		{"a list without end", model.Flow{Chunks: "1000000000000"}, fault.OutOfRange},
		{"UDP without a rate", model.Flow{Size: 1, Transport: model.UDP, Granularity: model.GranularityChunk}, fault.FlowIncomplete},
	} {
		c.flow.ID, c.flow.From, c.flow.To = "f", 0, 3
		if _, err := b.s.Do(t.Context(), backend.Action{Flow: &c.flow}); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNoChunkIsLostFromTheBooks(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		for i := range s.flows {
			f := &s.flows[i]
			if f.Transport == model.ICMP {
				f.Transport, f.Count, f.Size = model.TCP, 0, 30_000
			}
			f.Granularity, f.Chunk = model.GranularityChunk, model.Size(rapid.IntRange(500, 20_000).Draw(r, "chunk"))
			if f.Transport == model.TCP && rapid.Bool().Draw(r, "list") {
				f.Size, f.Chunk = 0, 0
				f.Chunks = rapid.SampledFrom([]string{"0.01*5", "D,0.01*5", "0.01,0.1D,0.02*3", "0.02+0.05G*4", "0.01R0.03*4", "0.1/7"}).Draw(r, "chunks")
			}
		}
		at := model.Time(rapid.Int64Range(0, 2e12).Draw(r, "stop"))
		books := func(b *bed) { // sent = received + lost + under way, at any time
			for _, x := range sim.Books(b.s) {
				if x.Sent != x.Received+x.Lost+x.UnderWay || x.UnderWay < 0 || x.Waiting < 0 {
					r.Fatalf("%+v", x)
				}
			}
		}
		d, _ := s.play(tb{t, r}, sim.Backend{}, []model.Time{at}, books)
		for id, x := range d.results() {
			if x.Finish != trace.Unfinished && x.Error == "" && x.Sent != x.Received+x.Lost {
				r.Fatalf("%s: %+v", id, x)
			}
			if x.Bytes > x.Offered || x.Lost < 0 {
				r.Fatalf("%s: %+v", id, x)
			}
		}
	})
}

func TestAChunksHopAllocatesNothing(t *testing.T) {
	n := sketch(t, []string{"h1-s1", "s1-s2", "s2-s3", "s3-h2"}, model.LinkSpec{Rate: 1e9, Delay: model.Microsecond})
	warm(n, [2]model.NodeID{0, 4})
	n.Flows = append(n.Flows, udpInChunks("u", 0, 4, model.Second, 1000*model.Second, 300e6, 10_000), inChunks("t", 0, 4, model.Second, 1<<40, 10_000))
	b := start(t, n, &router{}, trace.Discard{})
	defer b.close()
	b.run(3 * model.Second)
	long := testing.AllocsPerRun(5, func() { b.run(b.s.Now() + 100*model.Millisecond) }) // some 10,000 hops
	if long > 50 {
		t.Errorf("%v allocations while 10,000 chunks cross a link", long)
	}
}

func BenchmarkChunkHops(b *testing.B) {
	const chunk = 10_000
	for _, k := range []int{4, 8} {
		b.Run(fmt.Sprintf("k=%d", k), func(b *testing.B) {
			hops, spent := 0, time.Duration(0)
			for range b.N {
				n := permutation(b, k, 250e6, int64(model.Second))
				for i := range n.Flows {
					if f := &n.Flows[i]; f.Start > 0 {
						f.Granularity, f.Chunk = model.GranularityChunk, chunk
					}
				}
				d := newDiary()
				bed := start(b, n, byPort(k), d)
				bed.run(900 * model.Millisecond)
				at := time.Now()
				bed.run(model.Forever)
				spent += time.Since(at)
				bed.close()
				for _, r := range d.results() {
					if r.Granularity == "chunk" {
						hops += int(r.Bytes) / chunk * (len(r.Path) - 1)
					}
				}
			}
			b.ReportMetric(float64(hops)/spent.Seconds(), "chunk-hops/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func TestADelayBeforeTheFirstLinkWithARateDoesNotSlowChunksDown(t *testing.T) {
	b := model.NewBuilder("n")
	for i, name := range []string{"h1", "s1", "s2", "h2"} {
		b.Declare([]byte(name), []model.NodeKind{model.Host, model.Switch, model.Switch, model.Host}[i])
	}
	far, slow := b.SpecID(model.LinkSpec{Delay: 5 * model.Millisecond}), b.SpecID(model.LinkSpec{Rate: 1e9})
	for i, spec := range []model.SpecID{far, slow, far} {
		b.Link(model.LinkDraft{A: model.NodeID(i), B: model.NodeID(i + 1), APort: model.AutoPort, BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	r, _ := carry(t, n, inChunks("f", 0, 3, model.Second, 10_000_000, 100_000))
	// 100 chunks of 0.8 ms and two delays; and once what the first chunk finds out costs,
	// a delay in which the link is busy for its own 0.8 ms.
	exactly(t, "duration", (r["f"].Finish - model.Second).Seconds(), 0.080+0.010+0.0042)
}

func TestALinkCarriesNoMoreChunksAndFramesThanItsRate(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		const rate = 10e6
		n := sketch(tb{t, r}, []string{"h1-s1", "h2-s1", "h3-s1", "s1-s2", "s2-h4", "s2-h5"}, model.LinkSpec{Rate: rate, Delay: model.Millisecond})
		n.Watches = []model.Watch{{Nodes: "*", Sample: model.Millisecond}}
		for i := range rapid.IntRange(1, 6).Draw(r, "flows") {
			from, _ := n.NodeByName(fmt.Sprint("h", rapid.IntRange(1, 3).Draw(r, "from")))
			to, _ := n.NodeByName(fmt.Sprint("h", rapid.IntRange(4, 5).Draw(r, "to")))
			at := model.Time(rapid.Int64Range(0, 50e9).Draw(r, "start"))
			chunk := model.Size(rapid.IntRange(100, 30_000).Draw(r, "chunk"))
			var f model.Flow
			switch rapid.IntRange(0, 2).Draw(r, "kind") {
			case 0:
				f = inChunks("", from, to, at, model.Size(rapid.IntRange(1, 200_000).Draw(r, "size")), chunk)
			case 1:
				f = udpInChunks("", from, to, at, 100*model.Millisecond, model.Rate(rapid.IntRange(1e5, 2e7).Draw(r, "rate")), chunk)
			default:
				f = udp("", from, to, at, 100*model.Millisecond, 2e6)
			}
			f.ID, f.SrcPort = fmt.Sprint("f", i), uint16(2000+i)
			n.Flows = append(n.Flows, f)
		}
		d := newDiary()
		b := start(tb{t, r}, n, &router{}, d)
		b.run(model.Forever)
		b.close()
		samples := d.kind(trace.LinkSample)
		for _, e := range samples {
			// A frame counts when its transmission begins.
			if got, most := float64(e.Sample.Bytes), e.Sample.Span.Seconds()*rate/8+2*1042; got > most {
				r.Fatalf("%s from %s carried %g bytes in %s", e.Link, e.Sample.From, got, e.Sample.Span)
			}
		}
		if len(samples) == 0 {
			r.Fatal("there are no samples")
		}
	})
}
