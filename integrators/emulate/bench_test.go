package emulate_test

import (
	"fmt"
	"testing"
	"time"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/model"
	"sendim/integrators/emulate"
)

func up(b *testing.B, e backend.Backend, n *model.Network, names ...string) backend.Session {
	b.Helper()
	d := apps(names...)
	s, err := e.Open(b.Context(), specOf(n, d, "bench", b.TempDir()), nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Apply(b.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkStart brings chains of switches, a host at each, up to t=0 and away again: the
// network and the connections to its controller, without apps.
func BenchmarkStart(b *testing.B) {
	lab(b)
	for _, nodes := range []int{60, 200, 400, 800, 1800} {
		for _, e := range []emulate.Backend{{}, {Native: true}} {
			b.Run(fmt.Sprintf("nodes=%d/emulator=%s", nodes, e.Name()), func(b *testing.B) {
				n := chain(b, nodes/2)
				var closing time.Duration
				for b.Loop() {
					s := up(b, e, n)
					b.StopTimer()
					began := time.Now()
					if err := s.Close(); err != nil {
						b.Fatal(err)
					}
					closing += time.Since(began)
					b.StartTimer()
				}
				b.ReportMetric(closing.Seconds()/float64(b.N), "stop-s/op")
			})
		}
	}
}

// chain is a row of switches with a host at each.
func chain(t testing.TB, switches int) *model.Network {
	var lines []string
	for i := 1; i <= switches; i++ {
		lines = append(lines, fmt.Sprintf("h%d s%d", i, i))
		if i > 1 {
			lines = append(lines, fmt.Sprintf("s%d s%d", i-1, i))
		}
	}
	return wire(t, lines...)
}

// BenchmarkFlows reports, in Mbit/s, what passes two switches.
func BenchmarkFlows(b *testing.B) {
	lab(b)
	for _, rate := range []model.Rate{0, 10e6, 50e6, 100e6, 200e6, 400e6, 800e6} {
		line, offered := "s1 s2", model.Rate(1e9)
		if rate > 0 {
			line, offered = line+" "+rate.String(), rate*12/10
		}
		n := wire(b, line, "h1 s1", "h2 s2")
		for _, f := range []model.Flow{{Transport: model.TCP}, {Transport: model.UDP, Rate: offered}} {
			b.Run(f.Transport.String()+" "+rate.String(), func(b *testing.B) {
				s := up(b, emulate.Backend{}, n, "shortest-path")
				defer s.Close()
				for b.Loop() {
					f.ID, f.Duration, f.From, f.To = "f", 3*model.Second, node(b, n, "h1"), node(b, n, "h2")
					h, err := s.Do(b.Context(), backend.Action{Flow: &f})
					if err != nil {
						b.Fatal(err)
					}
					for !h.Done() {
						if _, err := s.Run(b.Context(), s.Now()+10*model.Millisecond); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(h.Outcome().Flow.Rate/1e6, "Mbit/s")
				}
			})
		}
	}
}
