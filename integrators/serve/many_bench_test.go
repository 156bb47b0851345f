package serve_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sendim/core/trace"
	"sendim/integrators/serve"
	"sendim/integrators/shell"
)

// BenchmarkManyFound is how long a ring of real switches that nobody has described takes
// from when its first switch is told where the controller is until all of its links are
// known, and how much of a core it costs to go on looking.
func BenchmarkManyFound(b *testing.B) {
	for _, n := range []int{50, 200} {
		b.Run(fmt.Sprintf("switches=%d", n), func(b *testing.B) {
			p := newPlace(b)
			script := fmt.Sprintf(`n=%d; for i in $(seq $n); do j=$((i%%n+1)); echo "link add s$i-eth1 type veth peer name s$j-eth2"; done | ip -batch -
for i in $(seq $n); do echo "link set s$i-eth1 up"; echo "link set s$i-eth2 up"; done | ip -batch -`, n)
			if _, err := p.inside.Run(b.Context(), shell.Cmd{Argv: []string{"bash", "-ec", script}}); err != nil {
				b.Fatal(err)
			}
			args := []string{"--no-wait"}
			each := func(format ...string) {
				for i := 1; i <= n; i++ {
					args = append(args, "--")
					for _, f := range format {
						args = append(args, strings.NewReplacer("N", fmt.Sprint(i), "DPID", fmt.Sprintf("%016x", i)).Replace(f))
					}
				}
			}
			each("add-br", "sN")
			each("set", "bridge", "sN", "datapath_type="+string(p.ovs.Datapath()), "fail_mode=secure", "other_config:datapath-id=DPID", "other_config:disable-in-band=true")
			each("add-port", "sN", "sN-eth1")
			each("add-port", "sN", "sN-eth2")
			if _, err := p.ovs.Vsctl(b.Context(), args...); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				v := p.serve(serve.Backend{}, "shortest-path")
				args = []string{"--no-wait"}
				each("set-controller", "sN", "tcp:127.0.0.1:"+v.port)
				b.StartTimer()
				if _, err := p.ovs.Vsctl(b.Context(), args...); err != nil {
					b.Fatal(err)
				}
				v.await("all links", time.Minute, func() bool { _, _, l := v.shape(); return l == n })
				b.StopTimer()
				changes := len(v.diary.texts(trace.ChangeStep))
				began, used := time.Now(), cpuTime(b)
				time.Sleep(5 * time.Second)
				b.ReportMetric((cpuTime(b)-used).Seconds()/time.Since(began).Seconds(), "cores-to-watch")
				if more := len(v.diary.texts(trace.ChangeStep)) - changes; more > 0 {
					b.Errorf("%d changes in a network that stands still:\n%v", more, v.diary.texts(trace.ChangeStep, trace.Warning)[changes:])
				}
				if err := v.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "links/s")
		})
	}
}
