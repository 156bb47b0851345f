package sim

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"sendim/core/naming"
	"sendim/core/random"
)

// BenchmarkConstructLarge makes the simulated world of a network that is in memory: ports,
// queues, names and empty tables. bytes/node is what the world takes beside the network,
// peak-MiB both and what making them took.
func BenchmarkConstructLarge(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			network := meshOf(b, n)
			runtime.GC()
			debug.FreeOSMemory()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak so far is forgotten
			var before, after runtime.MemStats
			var w *world
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				w = nil
				runtime.GC()
				runtime.ReadMemStats(&before)
				b.StartTimer()
				names, err := naming.New(network)
				if err != nil {
					b.Fatal(err)
				}
				w = compile(network, names, random.New(1))
			}
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/node")
			if status, err := os.ReadFile("/proc/self/status"); err == nil {
				_, rest, _ := strings.Cut(string(status), "VmHWM:")
				kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
				b.ReportMetric(kib/1024, "peak-MiB")
			}
			runtime.KeepAlive(w)
			runtime.KeepAlive(network)
		})
	}
}
