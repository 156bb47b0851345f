package sim_test

import (
	"fmt"
	"testing"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
)

// BenchmarkPacketHopsWorkers is PacketHops with several workers.
func BenchmarkPacketHopsWorkers(b *testing.B) {
	for _, k := range []int{8, 16} {
		for _, n := range []int{1, 2} {
			b.Run(fmt.Sprintf("k=%d/workers=%d", k, n), func(b *testing.B) {
				span := 100 * model.Millisecond
				if k == 16 {
					span /= 5
				}
				hops, windows, spent := uint64(0), 0, time.Duration(0)
				for range b.N {
					bed := start(b, permutation(b, k, 250e6, int64(span)), byPort(k), trace.Discard{}, workers(n))
					bed.run(900 * model.Millisecond)
					before := bed.ports().RxPackets
					was := sim.Apart(bed.s)
					at := time.Now()
					bed.run(model.Forever)
					spent += time.Since(at)
					windows += sim.Apart(bed.s) - was
					hops += bed.ports().RxPackets - before
					bed.close()
				}
				b.ReportMetric(float64(hops)/spent.Seconds(), "hops/s")
				b.ReportMetric(float64(windows)/float64(b.N), "windows")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
