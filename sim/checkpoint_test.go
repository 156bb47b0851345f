package sim_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/sim"
)

// halved is a bed whose session is written to bytes at moments and goes on as another one.
type halved struct {
	*bed
	stops   []model.Time
	again   func() app.App
	workers []int // of the sessions that follow, in turn
	sizes   []int
}

// run is bed.run.
func (h *halved) run(until model.Time) {
	h.Helper()
	for len(h.stops) > 0 && h.stops[0] < until {
		_, stopped, err := h.s.RunTo(context.Background(), h.stops[0], until)
		if err != nil {
			h.Fatal(err)
		}
		h.stops = h.stops[1:]
		if stopped {
			h.restart()
		}
	}
	h.bed.run(until)
}

func (h *halved) restart() {
	h.Helper()
	var b bytes.Buffer
	if err := h.s.Checkpoint(&b); err != nil {
		h.Fatal(err)
	}
	h.sizes = append(h.sizes, b.Len())
	spec := sim.SpecOf(h.s)
	spec.Launch = func(context.Context, deployment.Application) (app.Instance, error) { return app.Local(h.again()), nil }
	d := *spec.Deployment
	d.Simulation.Workers = 0 // those who were at work
	if len(h.workers) > 0 {
		d.Simulation.Workers = h.workers[0]
		h.workers = append(h.workers[1:], h.workers[0])
	}
	spec.Deployment = &d
	next, err := sim.Backend{}.Restore(context.Background(), spec, h.d, bytes.NewReader(b.Bytes()))
	if err != nil {
		h.Fatal(err)
	}
	h.s = next.(*sim.Session)
	var again bytes.Buffer
	if err := h.s.Checkpoint(&again); err != nil {
		h.Fatal(err)
	}
	if len(h.workers) == 0 && !bytes.Equal(b.Bytes(), again.Bytes()) {
		h.Fatalf("a checkpoint of what was restored has %d other bytes than the %d restored", again.Len(), b.Len())
	}
}

func moments(r *rapid.T, most model.Time) []model.Time {
	out := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, int64(most)), func(t int64) model.Time { return model.Time(t) }), 1, 3).Draw(r, "checkpoints")
	slices.Sort(out)
	return out
}

// playHalved is scene.play with checkpoints.
func (s *scene) playHalved(t testing.TB, stops []model.Time, hands []int, look ...func(*bed)) (*diary, string) {
	n := sketch(t, s.links, s.spec, func(n *model.Network) {
		n.Classes = s.classes
		for _, f := range s.flows {
			from, _ := n.NodeByName(fmt.Sprint("h", f.From))
			to, _ := n.NodeByName(fmt.Sprint("h", f.To))
			f.From, f.To = from, to
			n.Flows = append(n.Flows, f)
		}
	})
	d := newDiary()
	anew := func() app.App { return &router{reactive: s.reactive, idle: s.idle} }
	b := &halved{bed: start(t, n, anew(), d, controlDelay(s.delay), seed(s.seed), workers(s.workers)), stops: stops, again: anew, workers: hands}
	for i, at := range s.at {
		b.run(at)
		c := s.changes[i]
		if c.OfControl() && c.Node >= 0 {
			c.Node = n.NodesOfKind(model.Switch)[0]
		}
		if (c.Node == model.NoNode || int(c.Node) < n.NodeCount()) && n.Check(&c) == nil {
			b.do(backend.Action{Change: &c})
		}
	}
	b.run(30 * model.Second)
	for _, see := range look {
		see(b.bed)
	}
	conserved(t, b.bed)
	b.close()
	return d, b.s.Digest()
}

func TestASessionGoesOnFromACheckpointAsIfNothingHadHappened(t *testing.T) {
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		slices.Sort(s.at)
		s.workers = rapid.SampledFrom([]int{1, 2, 3}).Draw(r, "workers")
		first, want := s.playHalved(tb{t, r}, nil, nil)
		second, got := s.playHalved(tb{t, r}, moments(r, 600*model.Millisecond), nil)
		if x, y := first.all(t), second.all(t); x != y {
			r.Fatalf("the diary differs: %s", difference(x, y))
		}
		if want != got {
			r.Fatalf("the digest is %s, not %s", got, want)
		}
	})
}

// However many workers there are before a checkpoint and after it.
func TestWorkersMayComeAndGoAtACheckpoint(t *testing.T) {
	apart := 0
	rapidly(t, func(r *rapid.T) {
		s := scenes(r)
		slices.Sort(s.at)
		for i := range s.flows {
			s.flows[i].Granularity = model.GranularityPacket
		}
		if rapid.Bool().Draw(r, "classes") {
			s.classes = []model.Class{{ID: "gold", Min: 5e5, Priority: 2}, {ID: "tin", Max: 1e6}}
			for i := range s.flows {
				s.flows[i].Class = rapid.SampledFrom([]string{"", "gold", "tin"}).Draw(r, "class")
			}
		}
		s.workers = 1
		first, want := s.playHalved(tb{t, r}, nil, nil)
		s.workers = rapid.IntRange(1, 4).Draw(r, "workers")
		hands := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 3).Draw(r, "workers after")
		stops := moments(r, 600*model.Millisecond)
		second, got := s.playHalved(tb{t, r}, stops, hands, func(b *bed) { apart += sim.Apart(b.s) })
		if x, y := first.all(t), second.all(t); x != y {
			r.Fatalf("the diary differs: %s", difference(x, y))
		}
		if want != got {
			r.Fatalf("the digest is %s, not %s", got, want)
		}
	})
	if apart == 0 {
		t.Error("no worker has ever worked beside another after a checkpoint")
	}
}

// A fat-tree with k=8 in the middle of a permutation of its 128 hosts.
func BenchmarkCheckpoint(b *testing.B) {
	const k = 8
	bed := start(b, permutation(b, k, 500e6, int64(20*model.Millisecond)), byPort(k), nil, workers(1))
	if _, _, err := bed.s.RunTo(context.Background(), 10*model.Millisecond, model.Forever); err != nil {
		b.Fatal(err)
	}
	var file bytes.Buffer
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			if err := bed.s.Checkpoint(&file); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(file.Len()), "bytes")
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			spec := sim.SpecOf(bed.s)
			spec.Launch = func(context.Context, deployment.Application) (app.Instance, error) { return app.Local(byPort(k)), nil }
			if _, err := (sim.Backend{}).Restore(context.Background(), spec, nil, bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
