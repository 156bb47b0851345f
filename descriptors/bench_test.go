package descriptors

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/beevik/etree"
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
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return path, info.Size()
}

// BenchmarkDecodeLarge reads 100,000 nodes with 10 and with 100 links each: ours to a
// validated model with positions; encoding/xml to tokens, which it checks and forgets;
// etree to a tree of elements, which with 100 links each takes 3.4 GiB and is done only if
// BENCH_PEERS is "all".
func BenchmarkDecodeLarge(b *testing.B) {
	readers := []struct {
		name string
		read func(file string) (nodes int, err error)
	}{
		{"ours", readOurs},
		{"peer=encoding-xml", readTokens},
		{"peer=etree", readTree},
	}
	for _, degree := range []int{10, 100} {
		for _, r := range readers {
			b.Run(fmt.Sprintf("links=%d/%s", degree, r.name), func(b *testing.B) {
				if r.name == "peer=etree" && degree > 10 && os.Getenv("BENCH_PEERS") != "all" {
					b.Skip(`takes 3.4 GiB: done if BENCH_PEERS is "all"`)
				}
				file, size := writeLarge(b, 100_000, degree)
				b.SetBytes(size)
				b.ReportAllocs()
				spent := startCost(b)
				for b.Loop() {
					nodes, err := r.read(file)
					if err != nil || nodes != 100_000 {
						b.Fatal(nodes, "nodes:", err)
					}
				}
				spent()
			})
		}
	}
}

func readOurs(file string) (int, error) {
	sys, _, err := Load(Options{}, file)
	if err != nil {
		return 0, err
	}
	return sys.Model.NodeCount(), nil
}

func readTokens(file string) (nodes int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	d := xml.NewDecoder(f)
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nodes, nil
		} else if err != nil {
			return 0, err
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "node" {
			nodes++
		}
	}
}

func readTree(file string) (int, error) {
	t := etree.NewDocument()
	if err := t.ReadFromFile(file); err != nil {
		return 0, err
	}
	return len(t.Root().SelectElements("node")), nil
}

// startCost lets go of what was allocated before, and of the peak of resident memory that
// it made; where the kernel does not allow that, the peak is that of the process. What it
// answers reports the peak (VmHWM), and the processor time, which other programs on the
// machine disturb less than the time that passes.
func startCost(b *testing.B) (report func()) {
	runtime.GC()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	b.ResetTimer()
	before := cpuTime()
	return func() {
		b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		if f := strings.Fields(rest); len(f) > 0 {
			kib, _ := strconv.ParseFloat(f[0], 64)
			b.ReportMetric(kib/1024, "peak-MiB")
		}
	}
}

// cpuTime is what this process has used, in ns.
func cpuTime() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}
