package flowlist

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkReadMillion reads a table of a million flows, with and without giving them
// their nodes.
func BenchmarkReadMillion(b *testing.B) {
	const rows, hosts = 1_000_000, 1024
	var text bytes.Buffer
	text.WriteString("id,src,dst,start_s,size_bytes\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,%d,%d,%d.%09d,%d\n", i, i%hosts, (i*7+1)%hosts, i/1000, i*997%1_000_000_000, 1000+i*31%1_000_000)
	}
	n := network(b, hosts)
	m := mapping(b, n)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		l, err := Read(bytes.NewReader(text.Bytes()), Options{Expect: int64(text.Len())})
		if err != nil || len(l.Flows) != rows {
			b.Fatal(err)
		}
		if err := l.Resolve(n, m).Err(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "flows/s")
}
