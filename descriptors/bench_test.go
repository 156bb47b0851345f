package descriptors

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// writeLarge writes a system descriptor of nodes that each mention degree others, every
// link at both ends, at random: the worst order for pairing.
func writeLarge(tb testing.TB, nodes, degree int) (path string, size int64) {
	path = filepath.Join(tb.TempDir(), "large.xml")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	r := rand.New(rand.NewSource(1))
	near := make([][]int32, nodes)
	for k := 0; k < nodes*degree/2; {
		a, b := int32(r.Intn(nodes)), int32(r.Intn(nodes))
		if a != b {
			near[a], near[b] = append(near[a], b), append(near[b], a)
			k++
		}
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, `<system name="large">`)
	for i, list := range near {
		fmt.Fprintf(w, "<node id=\"n%d\" type=\"switch\">", i)
		for _, x := range list {
			fmt.Fprintf(w, "\n  <link to=\"n%d\"/>", x)
		}
		fmt.Fprintln(w, "\n</node>")
	}
	fmt.Fprintln(w, "</system>")
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return path, info.Size()
}

func BenchmarkDecode(b *testing.B) {
	for _, degree := range []int{10, 100} {
		b.Run(fmt.Sprintf("100000-nodes-%d-links-each", degree), func(b *testing.B) {
			path, size := writeLarge(b, 100_000, degree)
			runtime.GC()
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				sys, _, err := Load(Options{}, path)
				if err != nil {
					b.Fatal(err)
				}
				if sys.Model.NodeCount() != 100_000 {
					b.Fatal("nodes are missing")
				}
			}
		})
	}
}
