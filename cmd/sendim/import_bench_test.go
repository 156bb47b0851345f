package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"sendim/cmd/sendim/internal/cli"
	"sendim/converters/draft"
	"sendim/core/model"
	"sendim/descriptors"
	"sendim/descriptors/generate"
)

// BenchmarkImport takes the largest file of each kind in the reference collection (the
// folder SENDIM_REFERENCE) from bytes to a system descriptor.
func BenchmarkImport(b *testing.B) {
	for _, kind := range []struct{ name, ending, folder string }{
		{"topology-zoo", ".graphml", ""}, {"topology-zoo", ".gml", ""}, {"sndlib", ".xml", "sndlib/xml"}, {"sndlib", ".txt", "sndlib/native"},
		{"brite", ".brite", ""}, {"rocketfuel", ".cch", ""}, {"rocketfuel", ".intra", ""}, {"caida", ".txt", "caida"}, {"topohub", ".json", "caida"},
		{"repetita", ".graph", ""}, {"containerlab", ".yml", ""}, {"miniedit", ".mn", ""}, {"netbench", ".topology", ""}, {"hpcc", ".txt", "datacenter/hpcc"},
		{"htsim", ".topo", ""}, {"cloudsim", ".json", "datacenter/cloudsimsdn"},
	} {
		b.Run("kind="+kind.name+kind.ending, func(b *testing.B) {
			root := os.Getenv("SENDIM_REFERENCE")
			if root == "" {
				b.Skip("SENDIM_REFERENCE does not name a folder of reference files")
			}
			file, size := "", int64(-1)
			filepath.WalkDir(filepath.Join(root, "data", kind.folder), func(p string, d fs.DirEntry, err error) error { //nolint:errcheck // what cannot be read is not the largest
				if err == nil && strings.HasSuffix(p, kind.ending) {
					if info, err := d.Info(); err == nil && info.Size() > size {
						file, size = p, info.Size()
					}
				}
				return nil
			})
			if file == "" {
				b.Skip("no such file")
			}
			data, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			benchImport(b, kind.name, draft.File{Name: filepath.Base(file), Data: data})
		})
	}
}

// BenchmarkImportLarge takes generated networks of ten to a thousand thousand nodes, as
// the formats' own writers would write them, from bytes to a system descriptor. A peer,
// networkx, reads the same bytes into its graph, which is less work.
func BenchmarkImportLarge(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		for _, format := range []struct {
			kind, peer string
			write      func(*bytes.Buffer, *model.Network)
		}{
			{"topology-zoo", "networkx.read_graphml(f)", writeGraphML},
			{"brite", "", writeBRITE},
			{"caida", "networkx.read_edgelist(f)", writeEdges},
		} {
			for _, peer := range []bool{true, false} {
				if peer && (format.peer == "" || n > 100_000) {
					continue
				}
				name := fmt.Sprintf("kind=%s/nodes=%d/ours", format.kind, n)
				if peer {
					name = fmt.Sprintf("kind=%s/nodes=%d/peer=networkx", format.kind, n)
				}
				b.Run(name, func(b *testing.B) {
					network := generated(b, "barabasi-albert", n)
					var text bytes.Buffer
					format.write(&text, network)
					network = nil
					if peer {
						benchNetworkx(b, format.peer, text.Bytes())
						return
					}
					benchImport(b, format.kind, draft.File{Name: "large", Data: text.Bytes()})
				})
			}
		}
	}
}

// BenchmarkGenerate makes networks of every generated kind that has random links, or a
// shape of its own, and of about as many nodes as named.
func BenchmarkGenerate(b *testing.B) {
	for _, kind := range []string{"linear", "leaf-spine", "fat-tree", "jellyfish", "small-world", "random", "waxman", "barabasi-albert"} {
		for _, n := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("kind=%s/nodes=%d", kind, n), func(b *testing.B) {
				report := startCost(b)
				nodes := 0
				for b.Loop() {
					nodes = generated(b, kind, n).NodeCount()
				}
				report()
				b.ReportMetric(float64(nodes), "nodes")
				b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(nodes), "ns/node")
			})
		}
	}
}

// shape asks for about n nodes of a kind.
func shape(kind string, n int) string {
	switch kind {
	case "linear":
		return fmt.Sprintf("linear,%d", n/2)
	case "leaf-spine":
		return fmt.Sprintf("leaf-spine,spines=16,leaves=%d,hosts=31", n/32)
	case "fat-tree":
		k := 2
		for k*k*k/4+5*k*k/4 < n {
			k += 2
		}
		return fmt.Sprintf("fat-tree,k=%d", k)
	case "jellyfish":
		return fmt.Sprintf("jellyfish,switches=%d,ports=8,degree=4,hosts=1", n/2)
	case "small-world":
		return fmt.Sprintf("small-world,n=%d,k=4,p=0.1,hosts=0", n)
	case "random":
		return fmt.Sprintf("random,n=%d,degree=4,hosts=0", n)
	case "waxman":
		return fmt.Sprintf("waxman,n=%d,degree=4,hosts=0", n)
	}
	return fmt.Sprintf("barabasi-albert,n=%d,m=2,hosts=0", n)
}

func generated(b *testing.B, kind string, n int) *model.Network {
	b.Helper()
	r, err := generate.Parse(shape(kind, n))
	if err != nil {
		b.Fatal(err)
	}
	builder := model.NewBuilder(kind)
	if err := generate.Build(r, builder); err != nil {
		b.Fatal(err)
	}
	network, faults := builder.Build(nil)
	if err := faults.Err(); err != nil {
		b.Fatal(err)
	}
	return network
}

func benchImport(b *testing.B, kind string, file draft.File) {
	b.Helper()
	var imp cli.Importer
	for _, i := range importers() {
		if i.Name == kind {
			imp = i
		}
	}
	b.SetBytes(int64(len(file.Data)))
	b.ReportAllocs()
	report := startCost(b)
	var r *draft.Result
	for b.Loop() {
		n, err := imp.Read([]draft.File{file})
		if err != nil {
			b.Fatal(err)
		}
		if r, err = draft.Build(n, draft.Options{Hosts: draft.Hosts{PerSwitch: 1}}); err != nil {
			b.Fatal(err)
		}
		if err := descriptors.Encode(io.Discard, r.Model); err != nil {
			b.Fatal(err)
		}
	}
	report()
	b.ReportMetric(float64(r.Summary.Nodes), "nodes")
	b.ReportMetric(float64(r.Summary.Links), "links")
}

// benchNetworkx lets Python time itself, without its start.
func benchNetworkx(b *testing.B, call string, text []byte) {
	b.Helper()
	if err := exec.Command("python3", "-c", "import networkx").Run(); err != nil {
		b.Skip("no Python 3 with networkx")
	}
	file := filepath.Join(b.TempDir(), "large")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		b.Fatal(err)
	}
	script := "import networkx, sys, time\nf = sys.argv[1]\nt = time.perf_counter()\ng = " + call + "\nprint(time.perf_counter() - t)"
	total := 0.0
	for b.Loop() {
		out, err := exec.Command("python3", "-c", script, file).Output()
		if err != nil {
			b.Fatal(err)
		}
		s, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		total += s
	}
	b.ReportMetric(total*1e9/float64(b.N), "ns/op")
}

func writeGraphML(w *bytes.Buffer, n *model.Network) {
	w.WriteString(`<?xml version="1.0" encoding="utf-8"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">` +
		`<key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d1"/><key attr.name="label" attr.type="string" for="node" id="d2"/><graph edgedefault="undirected">` + "\n")
	for node := range n.Nodes() {
		fmt.Fprintf(w, "<node id=\"%d\"><data key=\"d2\">%s</data></node>\n", node.ID, node.Name)
	}
	for l := range n.Links() {
		fmt.Fprintf(w, "<edge source=\"%d\" target=\"%d\"><data key=\"d1\">1000000000.0</data></edge>\n", l.A.Node, l.B.Node)
	}
	w.WriteString("</graph></graphml>\n")
}

func writeBRITE(w *bytes.Buffer, n *model.Network) {
	fmt.Fprintf(w, "Topology: ( %d Nodes, %d Edges )\nModel (2 - RTBarabasi): %d 1000 100 1 2 1 10.0 1024.0\n\nNodes: ( %d )\n", n.NodeCount(), n.LinkCount(), n.NodeCount(), n.NodeCount())
	for node := range n.Nodes() {
		fmt.Fprintf(w, "%d\t%d\t%d\t4\t4\t-1\tRT_NODE\n", node.ID, node.ID%1000, node.ID/1000)
	}
	fmt.Fprintf(w, "\n\nEdges: ( %d )\n", n.LinkCount())
	for l := range n.Links() {
		fmt.Fprintf(w, "%d\t%d\t%d\t120.5\t0.4019\t10.0\t-1\t-1\tE_RT\tU\n", l.ID, l.A.Node, l.B.Node)
	}
}

func writeEdges(w *bytes.Buffer, n *model.Network) {
	for l := range n.Links() {
		fmt.Fprintf(w, "%d %d\n", l.A.Node, l.B.Node)
	}
}

// startCost forgets the peak of resident memory so far; what it answers reports the new one.
func startCost(b *testing.B) (report func()) {
	b.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	b.ResetTimer()
	return func() {
		if status, err := os.ReadFile("/proc/self/status"); err == nil {
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			b.ReportMetric(kib/1024, "peak-MiB")
		}
	}
}
