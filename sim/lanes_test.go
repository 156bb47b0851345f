package sim_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/sim"
	"sendim/sim/hops"
)

func workers(n int) option {
	return func(_ *backend.Spec, d *deployment.Deployment) {
		d.Realization, d.Simulation.Workers = deployment.Simulation, n
	}
}

// text is what a diary has written.
func (d *diary) all(t testing.TB) string {
	if err := d.writer.Flush(); err != nil {
		t.Fatal(err)
	}
	return d.text.String()
}

func TestWorkersChangeNothing(t *testing.T) {
	apart := 0
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		if rapid.IntRange(0, 7).Draw(r, "mixed") > 0 {
			for i := range s.flows {
				s.flows[i].Granularity = model.GranularityPacket
			}
		}
		if rapid.Bool().Draw(r, "classes") {
			s.classes = []model.Class{{ID: "gold", Min: 5e5, Priority: 2}, {ID: "tin", Max: 1e6}}
			for i := range s.flows {
				s.flows[i].Class = rapid.SampledFrom([]string{"", "gold", "tin"}).Draw(r, "class")
			}
		}
		forever := rapid.Bool().Draw(r, "forever")
		see := func(b *bed) {
			if forever {
				b.run(b.s.Now() + 1)
			}
		}
		s.workers = 1
		a, first := s.play(tb{t, r}, sim.Backend{}, nil, see)
		for _, n := range []int{2, 3, 7} {
			s.workers = n
			b, other := s.play(tb{t, r}, sim.Backend{}, nil, see, func(b *bed) { apart += sim.Apart(b.s) })
			if x, y := a.all(t), b.all(t); x != y {
				r.Fatalf("the diary of %d workers differs: %s", n, difference(x, y))
			}
			if first != other {
				r.Fatalf("the digest of %d workers is %s, not %s", n, other, first)
			}
		}
	})
	t.Log(apart, "looks")
	if apart == 0 {
		t.Error("no worker has ever worked beside another")
	}
}

// Runs until everything has ended stop at the very event that ends the last flow.
func TestWorkersStopWithTheLastFlow(t *testing.T) {
	for _, k := range []int{4} {
		var want, digest string
		for _, n := range []int{1, 2, 3, 4, 7} {
			d := newDiary()
			b := start(t, permutation(t, k, 500e6, int64(5*model.Millisecond)), byPort(k), d, workers(n))
			b.run(model.Forever)
			at := b.s.Now()
			b.close()
			text := fmt.Sprint(at, d.all(t))
			if b.s.Workers() != n || n > 1 && sim.Apart(b.s) < 100 {
				t.Errorf("%d workers in %d windows, want %d", b.s.Workers(), sim.Apart(b.s), n)
			}
			if n == 1 {
				want, digest = text, b.s.Digest()
			} else if text != want || b.s.Digest() != digest {
				t.Errorf("%d workers: %s", n, difference(want, text))
			}
		}
	}
}

// busy is a fat tree with traffic of every kind that workers divide, over links that lose
// and fail, and with an app that hears of each pair's first packets again and again.
func busy(t testing.TB, workersAsked int) (text, digest string, windows int) {
	const k = 4
	i := 0
	n := hops.FatTree(k, func(h int) (list []model.Flow) {
		for _, step := range []int{1, 5, 10} {
			i++
			f := model.Flow{ID: fmt.Sprint("f", i), From: model.NodeID(h), To: model.NodeID((h + step) % 16), Start: model.Time(i) * 200 * model.Microsecond,
				Granularity: model.GranularityPacket, SrcPort: uint16(2000 + i), DstPort: 80, Packet: 1514}
			switch {
			case i%5 == 0:
				f.Transport, f.Count = model.ICMP, 3
			case i%3 == 0:
				f.Transport, f.Rate, f.Duration = model.UDP, 20e6, 30*model.Millisecond
			case i%7 == 0:
				f.Transport, f.Duration = model.TCP, 40*model.Millisecond
			default:
				f.Transport, f.Size = model.TCP, model.Size(20_000*i)
			}
			list = append(list, f)
		}
		return list
	})
	d := newDiary()
	b := start(t, n, &router{reactive: true, idle: 1}, d, workers(workersAsked), controlDelay(300*model.Microsecond))
	change := func(kind model.ChangeKind, link int, share float64) {
		b.do(backend.Action{Change: &model.Change{Kind: kind, Link: model.LinkID(link), Node: model.NoNode, Loss: share}})
	}
	for link := 0; link < n.LinkCount(); link += 5 {
		change(model.LinkLoss, link, 0.01)
	}
	b.run(20 * model.Millisecond)
	change(model.LinkDown, 33, 0)
	b.run(50 * model.Millisecond)
	change(model.LinkUp, 33, 0)
	b.run(model.Forever)
	text = fmt.Sprint(b.s.Now())
	b.close()
	return text + d.all(t), b.s.Digest(), sim.Apart(b.s)
}

func TestWorkersAgreeOnBusyNetworks(t *testing.T) {
	want, digest, _ := busy(t, 1)
	for _, n := range []int{2, 3, 7} {
		text, other, windows := busy(t, n)
		if text != want || other != digest {
			t.Errorf("%d workers: %s", n, difference(want, text))
		}
		if windows < 1000 {
			t.Errorf("%d workers were beside each other in %d windows only", n, windows)
		}
	}
}

// The way of a flow is that of its first packet that is not lost, which nobody may get
// wrong because the loss and the next packet are two workers' within one window.
func TestWorkersFollowTheSamePacket(t *testing.T) {
	play := func(asked int) (string, int) {
		n := sketch(t, []string{"h1-s1", "s1-s2", "s2-h2"}, model.LinkSpec{Rate: 1e9, Delay: 3 * model.Millisecond})
		n.Flows = append(n.Flows, udp("warm", 0, 3, 0, model.Second, 1e6))
		for i := range 60 {
			f := udp(fmt.Sprint("f", i), 0, 3, 500*model.Millisecond+model.Time(i)*20*model.Millisecond, 0, 1_050_000)
			f.Packet, f.Size, f.SrcPort = 1000, 2*958, uint16(3000+i)
			n.Flows = append(n.Flows, f)
		}
		d := newDiary()
		b := start(t, n, &router{}, d, workers(asked))
		b.run(400 * model.Millisecond)
		b.do(backend.Action{Change: &model.Change{Kind: model.LinkLoss, Link: b.link("s2--h2"), Node: model.NoNode, Loss: 0.5}})
		b.run(model.Forever)
		b.close()
		return d.all(t), sim.Apart(b.s)
	}
	want, _ := play(1)
	got, windows := play(2)
	if got != want {
		t.Error(difference(want, got))
	}
	if windows == 0 {
		t.Error("nobody worked beside another")
	}
}
