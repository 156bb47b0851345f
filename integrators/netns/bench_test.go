package netns_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

// BenchmarkOpenClose is an empty sandbox, made and taken away.
func BenchmarkOpenClose(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: dir})
		if err != nil {
			b.Skip(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommand is /bin/true inside, with its output captured.
func BenchmarkCommand(b *testing.B) {
	s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: b.TempDir()})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	r := shell.Elsewhere(s.Command)
	for b.Loop() {
		if _, err := r.Run(b.Context(), shell.Cmd{Argv: []string{"true"}}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProbe is what a cached answer saves.
func BenchmarkProbe(b *testing.B) {
	for b.Loop() {
		if _, err := netns.Probe(); err != nil {
			b.Skip(err)
		}
	}
}

// BenchmarkMakeChain is the hosts and links of chains of switches with a host at each.
func BenchmarkMakeChain(b *testing.B) {
	for _, switches := range []int{100, 400} {
		b.Run(fmt.Sprintf("switches=%d", switches), func(b *testing.B) {
			var names []string
			var links []netns.Link
			for i := range switches {
				names = append(names, fmt.Sprint("h", i))
				links = append(links, netns.Link{{Name: fmt.Sprintf("s%d-eth1", i)},
					{Host: names[i], Name: names[i] + "-eth0", Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 8)}})
				if i > 0 {
					links = append(links, netns.Link{{Name: fmt.Sprintf("s%d-eth3", i-1)}, {Name: fmt.Sprintf("s%d-eth2", i)}})
				}
			}
			var hosts, closing time.Duration
			for b.Loop() {
				s, err := netns.Open(b.Context(), netns.Options{Label: "bench", RunDir: b.TempDir()})
				if err != nil {
					b.Skip(err)
				}
				began := time.Now()
				if err := s.MakeHosts(b.Context(), names); err != nil {
					b.Fatal(err)
				}
				hosts += time.Since(began)
				if err := s.MakeLinks(b.Context(), links); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				began = time.Now()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				closing += time.Since(began)
				b.StartTimer()
			}
			b.ReportMetric(hosts.Seconds()/float64(b.N), "hosts-s/op")
			b.ReportMetric(closing.Seconds()/float64(b.N), "stop-s/op")
		})
	}
}
