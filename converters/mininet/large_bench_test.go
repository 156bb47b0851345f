package mininet_test

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/converters/mininet"
	"sendim/descriptors"
)

// largeDescriptor writes a system descriptor of nodes with degree random links each; every
// link is mentioned at both ends.
func largeDescriptor(b *testing.B, nodes, degree int) string {
	r := rand.New(rand.NewSource(1))
	near := make([][]int32, nodes)
	for range nodes * degree / 2 {
		x := r.Intn(nodes)
		y := (x + 1 + r.Intn(nodes-1)) % nodes
		near[x], near[y] = append(near[x], int32(y)), append(near[y], int32(x))
	}
	path := filepath.Join(b.TempDir(), "large.xml")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, `<system name="large">`)
	var line []byte
	for i, list := range near {
		fmt.Fprintf(w, "<node id=\"n%d\" type=\"switch\">", i)
		for _, x := range list {
			line = strconv.AppendInt(append(line[:0], "\n  <link to=\"n"...), int64(x), 10)
			w.Write(append(line, "\"/>"...))
		}
		fmt.Fprintln(w, "\n</node>")
	}
	fmt.Fprintln(w, "</system>")
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkConvertLarge makes a Mininet script of a descriptor of 100,000 nodes: the time is
// that of decoding and writing, write-ns/op the part of the writing.
func BenchmarkConvertLarge(b *testing.B) {
	for _, degree := range []int{10, 100} {
		b.Run(fmt.Sprintf("links=%d", degree), func(b *testing.B) {
			file := largeDescriptor(b, 100_000, degree)
			script := filepath.Join(b.TempDir(), "large.py")
			runtime.GC()
			debug.FreeOSMemory()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak so far is forgotten
			var writing time.Duration
			b.ReportAllocs()
			for b.Loop() {
				sys, _, err := descriptors.Load(descriptors.Options{}, file)
				if err != nil {
					b.Fatal(err)
				}
				f, err := os.Create(script)
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := mininet.Write(f, sys.Model, mininet.Options{}); err != nil {
					b.Fatal(err)
				}
				writing += time.Since(start)
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(writing.Nanoseconds())/float64(b.N), "write-ns/op")
			if info, err := os.Stat(script); err == nil {
				b.ReportMetric(float64(info.Size())/1e6, "script-MB")
			}
			if status, err := os.ReadFile("/proc/self/status"); err == nil {
				_, rest, _ := strings.Cut(string(status), "VmHWM:")
				kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
				b.ReportMetric(kib/1024, "peak-MiB")
			}
		})
	}
}
