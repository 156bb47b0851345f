package emulate_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/converters/mininet"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/model"
	"sendim/integrators/emulate"
	"sendim/integrators/netns"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
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
// network and the connections to its controller, without apps. The peers are Mininet as
// this package drives it, with its start-up in batches, and as it is by itself.
func BenchmarkStart(b *testing.B) {
	lab(b)
	for _, nodes := range []int{60, 200, 400, 800, 1800} {
		start := func(e emulate.Backend) func(*testing.B) {
			return func(b *testing.B) {
				n := chain(b, nodes/2)
				var closing time.Duration
				var order []string
				took := map[string]float64{}
				for b.Loop() {
					s := up(b, e, n)
					b.StopTimer()
					order = order[:0]
					for _, p := range s.(backend.Phased).Phases() {
						took[p.Name] += p.Seconds
						order = append(order, p.Name)
					}
					began := time.Now()
					if err := s.Close(); err != nil {
						b.Fatal(err)
					}
					closing += time.Since(began)
					b.StartTimer()
				}
				b.ReportMetric(closing.Seconds()/float64(b.N), "stop-s/op")
				for _, name := range order { // for whoever wonders where the time goes
					b.Logf("%s: %.3f s", name, took[name]/float64(b.N))
				}
			}
		}
		b.Run(fmt.Sprintf("nodes=%d/peer=unbatched", nodes), func(b *testing.B) {
			n := chain(b, nodes/2)
			for b.Loop() {
				unbatched(b, n)
			}
		})
		b.Run(fmt.Sprintf("nodes=%d/peer=mininet", nodes), start(emulate.Backend{}))
		b.Run(fmt.Sprintf("nodes=%d/ours", nodes), start(emulate.Backend{Native: true}))
	}
}

// unbatched starts a network's script in a place of its own, without Mininet's batches and
// without a controller. Its end is not counted.
func unbatched(b *testing.B, n *model.Network) {
	var text bytes.Buffer
	if err := mininet.Write(&text, n, mininet.Options{}); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	script := filepath.Join(dir, "net.py")
	if err := os.WriteFile(script, bytes.Replace(text.Bytes(), []byte("batch=True"), []byte("batch=False"), 1), 0o644); err != nil {
		b.Fatal(err)
	}
	sandbox, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		b.StopTimer()
		_ = sandbox.Close()
		b.StartTimer()
	}()
	if _, err := ovs.Start(b.Context(), sandbox, ovs.Options{}); err != nil {
		b.Fatal(err)
	}
	p, err := shell.Elsewhere(sandbox.Command).Start(b.Context(), shell.Cmd{Argv: []string{"/usr/bin/python3", script, "--serve", "--standalone"}})
	if err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(p.Stdout()).ReadString('\n'); err != nil || !strings.Contains(line, "ready") {
		b.Fatal(line, err)
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
