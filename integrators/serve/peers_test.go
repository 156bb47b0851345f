package serve_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sendim/integrators/serve"
	"sendim/integrators/shell"
)

// The controllers that carry the same network: ours, and others' learning switches.
const (
	ours   = "ours"
	apart  = "app-in-a-process" // ours too
	tester = "peer=ovs-testcontroller"
	osken  = "peer=os-ken"
)

// carried is a network of Mininet's under a controller; it skips, by name, where the
// controller is not there.
func (p *place) carried(by, topo string) *stock {
	p.t.Helper()
	if by == ours {
		return p.mininet(topo, p.serve(serve.Backend{}, "learning-switch").port)
	}
	if by == apart {
		program := filepath.Join(p.t.TempDir(), "learning-switch")
		if out, err := exec.Command("go", "build", "-o", program, "sendim/plugins/learning-switch/plugin").CombinedOutput(); err != nil {
			p.t.Fatalf("%v\n%s", err, out)
		}
		return p.mininet(topo, p.serve(serve.Backend{}, program).port)
	}
	const port = "6653"
	var argv []string
	switch by {
	case tester:
		argv = []string{"ovs-testcontroller", "ptcp:" + port + ":127.0.0.1"}
	case osken:
		app, err := filepath.Abs("testdata/simple_switch_13.py")
		if err != nil {
			p.t.Fatal(err)
		}
		argv = []string{"/usr/bin/osken-manager", "--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", port, app}
	}
	if m := shell.Missing(argv[0]); len(m) > 0 {
		p.t.Skip(m[0].Error())
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(p.t.Context()))
	done := make(chan error, 1)
	log, err := os.CreateTemp(p.t.TempDir(), "controller-*")
	if err != nil {
		p.t.Fatal(err)
	}
	go func() {
		_, err := p.inside.Run(ctx, shell.Cmd{Argv: argv, Stdout: log, Stderr: log, Env: []string{"HOME=/tmp"}})
		done <- err
	}()
	p.t.Cleanup(func() {
		stop()
		<-done
		log.Close()
	})
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := p.inside.Run(p.t.Context(), shell.Cmd{Argv: []string{"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + port}})
		if err == nil {
			break
		}
		select {
		case ended := <-done:
			done <- ended
			text, _ := os.ReadFile(log.Name())
			p.t.Fatalf("%s has ended: %v\n%s", by, ended, text)
		default:
		}
		if time.Now().After(end) {
			p.t.Fatal(errors.Join(fmt.Errorf("%s does not listen", by), err))
		}
	}
	return p.mininet(topo, port)
}

// awaitAll waits until everybody reaches everybody.
func (s *stock) awaitAll(within time.Duration) {
	s.t.Helper()
	for end := time.Now().Add(within); ; {
		failed := s.unreachable()
		if len(failed) == 0 {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%d pairs do not answer: %v", len(failed), failed)
		}
	}
}

// Others' controllers have no tree: the network has no cycle.
func TestUnderEveryControllerTheSameIsReached(t *testing.T) {
	for _, by := range []string{ours, tester, osken} {
		t.Run(by, func(t *testing.T) {
			m := newPlace(t).carried(by, "TreeTopo(2, 2)")
			m.awaitAll(time.Minute)
			var trips struct {
				Rate float64
				Lost int
			}
			if m.eval(&trips, "trips('h1', 'h4', 1, 0.5)"); trips.Rate == 0 {
				t.Errorf("what nobody has an address for does not come through: %+v", trips)
			}
		})
	}
}

// BenchmarkContrastPingAll is how long a network of Mininet's takes from when its switches
// begin to dial until everybody has reached everybody once.
func BenchmarkContrastPingAll(b *testing.B) {
	for _, by := range []string{osken, tester, apart, ours} {
		b.Run(by, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := newPlace(b).carried(by, "TreeTopo(2, 4)")
				b.StartTimer()
				m.awaitAll(time.Minute)
			}
			b.ReportMetric(float64(b.N*16*15)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}

// BenchmarkContrastRoundTrips is how many packets a second a switch sends up and has sent
// out again, one after the other and with 64 under way.
func BenchmarkContrastRoundTrips(b *testing.B) {
	for _, window := range []int{1, 64} {
		for _, by := range []string{osken, tester, apart, ours} {
			b.Run(fmt.Sprintf("under-way=%d/%s", window, by), func(b *testing.B) {
				p := newPlace(b)
				m := p.carried(by, "SingleSwitchTopo(2)")
				m.awaitAll(time.Minute)
				controller, others := p.spent(by)
				count := 0.
				var trips struct {
					Rate float64
					Lost int
				}
				for b.Loop() {
					m.eval(&trips, "trips('h1', 'h2', %d, 2)", window)
					count += 2 * trips.Rate
				}
				controllerNow, othersNow := p.spent(by)
				b.ReportMetric(float64((controllerNow-controller).Nanoseconds())/1e3/count, "controller-us/trip")
				b.ReportMetric(float64((othersNow-others).Nanoseconds())/1e3/count, "others-us/trip")
				b.ReportMetric(trips.Rate, "trips/s")
				b.ReportMetric(float64(trips.Lost), "lost-packets")
			})
		}
	}
}
