package sim_test

import (
	"fmt"
	"math"
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
	"sendim/sim/tcp"
)

// dumbbell has n senders h1.. and n receivers behind them: access 1 Gbit/s and 1 ms, in the
// middle 100 Mbit/s and 8 ms with a queue.
func dumbbell(t testing.TB, n int, queue int32) *model.Network {
	b := model.NewBuilder("dumbbell")
	access := b.SpecID(model.LinkSpec{Rate: 1e9, Delay: model.Millisecond, Queue: model.QueueLimit{Packets: 1 << 20}})
	middle := b.SpecID(model.LinkSpec{Rate: 100e6, Delay: 8 * model.Millisecond, Queue: model.QueueLimit{Packets: queue}})
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
	return network
}

func newReno() sim.Backend {
	c := tcp.Default()
	c.Control, c.DelayedACK = tcp.NewReno, 1
	return sim.Backend{TCP: c}
}

func TestCompetingTransfersAgreeWithNs3(t *testing.T) {
	// ns-3 3.37, four NewReno flows over a queue of 100: 94.17 Mbit/s in total from 10 s to
	// 60 s, Jain's index 0.9996, 587 drops, 45 packets in the queue. Its frames are 12 bytes shorter than Ethernet's.
	d := newDiary()
	n := dumbbell(t, 4, 100)
	for i := range 4 {
		n.Flows = append(n.Flows, model.Flow{ID: fmt.Sprint("f", i), From: model.NodeID(2 + i), To: model.NodeID(6 + i),
			Start: model.Time(i) * 100 * model.Millisecond, Duration: 60 * model.Second, Transport: model.TCP})
	}
	b := startOn(t, newReno(), n, &router{}, d)
	b.run(model.Forever)
	b.close()
	var total, squares float64
	for _, r := range d.results() {
		total += r.Rate
		squares += r.Rate * r.Rate
	}
	if want := 94.17e6; math.Abs(total-want) > 0.05*want {
		t.Errorf("%.4g bit/s in total, want %.4g", total, want)
	}
	if jain := total * total / (4 * squares); jain < 0.95 {
		t.Errorf("Jain's index %.4f", jain)
	}
	for _, e := range d.kind(trace.LinkTotal) {
		if e.Link == "left--right" && e.Sample.From == "left" && (e.Sample.Drops < 587*2/3 || e.Sample.Drops > 587*3/2) {
			t.Errorf("%d drops, want about 587", e.Sample.Drops)
		}
		if e.Link == "left--right" && e.Sample.From == "left" && math.Abs(e.Sample.Queue-45) > 9 {
			t.Errorf("%.1f packets in the queue, want 45", e.Sample.Queue)
		}
	}
}

func TestCompletionTimesAgreeWithNs3(t *testing.T) {
	for size, want := range map[model.Size]float64{10_000: 0.030865, 100_000: 0.075022, 1_000_000: 0.176513} {
		d := newDiary()
		n := dumbbell(t, 1, 1000)
		n.Flows = []model.Flow{{ID: "f", From: 2, To: 3, Start: model.Second, Size: size, Transport: model.TCP}}
		b := startOn(t, newReno(), n, &router{}, d)
		b.do(backend.Action{Ping: &backend.Ping{From: 2, To: 3}})
		b.run(model.Forever)
		b.close()
		got := (d.results()["f"].Finish - model.Second).Seconds()
		t.Logf("%v: %.6f s, ns-3 %.6f s", size, got, want)
		if math.Abs(got-want) > 0.05*want {
			t.Errorf("%v in %.6f s, want %.6f s", size, got, want)
		}
	}
}
