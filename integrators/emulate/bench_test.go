package emulate_test

import (
	"fmt"
	"testing"

	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/model"
	"sendim/integrators/emulate"
)

func up(b *testing.B, n *model.Network) backend.Session {
	b.Helper()
	d := apps("shortest-path")
	s, err := emulate.Backend{}.Open(b.Context(), specOf(n, d, "bench", b.TempDir()), nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Apply(b.Context(), change.FromNothing(change.State{Model: n, Deployment: d}), nil); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkStart30Switches brings a chain of 30 switches and as many hosts up and down.
func BenchmarkStart30Switches(b *testing.B) {
	lab(b)
	var lines []string
	for i := 1; i <= 30; i++ {
		lines = append(lines, fmt.Sprintf("h%d s%d", i, i))
		if i > 1 {
			lines = append(lines, fmt.Sprintf("s%d s%d 50Mbps", i-1, i))
		}
	}
	n := wire(b, lines...)
	for b.Loop() {
		s := up(b, n)
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
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
				s := up(b, n)
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
