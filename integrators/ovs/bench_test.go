package ovs_test

import (
	"fmt"
	"testing"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
)

// BenchmarkStart is sandbox and Open vSwitch from nothing; the end is not
// counted but reported.
func BenchmarkStart(b *testing.B) {
	need(b)
	for _, switches := range []int{0, 30} {
		b.Run(fmt.Sprintf("then-close-%d-switches", switches), func(b *testing.B) {
			var closing time.Duration
			for b.Loop() {
				s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: b.TempDir()})
				if err != nil {
					b.Fatal(err)
				}
				v, err := ovs.Start(b.Context(), s, ovs.Options{Datapath: ovs.Netdev})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				// Switches in a row, a host on each.
				args := []string{"init"}
				for i := range switches {
					name := fmt.Sprintf("s%d", i)
					netnstest.Inside(b, s, fmt.Sprintf(`ip netns add h%[1]d
						ip link add s%[1]d-eth1 type veth peer name eth0 netns h%[1]d
						ip link add s%[1]d-eth2 type veth peer name s%[2]d-eth3
						ip link set s%[1]d-eth1 up; ip link set s%[1]d-eth2 up; ip link set s%[2]d-eth3 up`, i, i+1))
					args = append(args, "--", "add-br", name, "--", "set", "bridge", name, "datapath_type=netdev",
						"--", "add-port", name, name+"-eth1", "--", "add-port", name, name+"-eth2")
					if i > 0 {
						args = append(args, "--", "add-port", name, name+"-eth3")
					}
				}
				if _, err := v.Vsctl(b.Context(), args...); err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				closing += time.Since(began)
				b.StartTimer()
			}
			b.ReportMetric(closing.Seconds()*1e3/float64(b.N), "close-ms/op")
		})
	}
}
