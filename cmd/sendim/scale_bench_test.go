package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/cmd/sendim/internal/cli"
)

// BenchmarkWholeRun is what a user waits for: "sendim run" from the descriptor of a random
// network, half of it hosts, to all files of the results. Flows between random hosts come
// 0.1 ms apart, of 1 MB and followed as rates, or of 20 KB and followed packet by packet;
// shortest-path is linked in and finds paths when their first packets come.
func BenchmarkWholeRun(b *testing.B) {
	for _, c := range []struct{ nodes, flows int }{{10_000, 1000}, {100_000, 1000}, {1_000_000, 10_000}} {
		for _, granularity := range []string{"flow", "packet"} {
			b.Run(fmt.Sprintf("nodes=%d/flows=%d/%s", c.nodes, c.flows, granularity), func(b *testing.B) {
				benchRun(b, "random", fmt.Sprintf("--n=%d --degree=4 --connected --hosts=1", c.nodes/2), "mode=reactive", c.nodes/2, c.flows, granularity)
			})
		}
	}
}

// BenchmarkProactiveRun is the same with rules for every destination on every switch.
func BenchmarkProactiveRun(b *testing.B) {
	for _, n := range []int{300, 1000, 2000} {
		b.Run(fmt.Sprintf("switches=%d", n), func(b *testing.B) {
			benchRun(b, "random", fmt.Sprintf("--n=%d --degree=4 --connected --hosts=1", n), "mode=proactive ecmp=none", n, 100, "flow")
		})
	}
}

func benchRun(b *testing.B, kind, options, parameters string, hosts, flows int, granularity string) {
	b.Helper()
	dir := b.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	silence(b)
	network := append([]string{"sendim", "generate", kind, "-o", filepath.Join(dir, "network.xml"), "--rate=1Gbps", "--delay=100us"}, strings.Fields(options)...)
	if code := cli.Main(wiring(), network); code != 0 {
		b.Fatalf("generate: exit code %d", code)
	}
	size, random := "1MB", rand.New(rand.NewPCG(1, 2))
	if granularity == "packet" {
		size = "20KB"
	}
	var list bytes.Buffer
	list.WriteString("<system name=\"flows\">\n")
	for i := range flows {
		from, to := random.IntN(hosts), random.IntN(hosts-1)
		if to >= from {
			to++
		}
		fmt.Fprintf(&list, "<flow id=\"f%d\" from=\"h%d\" to=\"h%d\" start=\"%dus\" size=\"%s\" granularity=\"%s\"/>\n", i, from+1, to+1, 100*i, size, granularity)
	}
	list.WriteString("</system>\n")
	write("flows.xml", list.String())
	params := ""
	for _, p := range strings.Fields(parameters) {
		name, value, _ := strings.Cut(p, "=")
		params += fmt.Sprintf("<param name=%q value=%q/>", name, value)
	}
	write("run.xml", `<deployment name="scale" realization="simulation"><system href="network.xml"/><system href="flows.xml"/>`+
		`<application name="router" plugin="builtin:shortest-path">`+params+`</application><control delay="1ms"/><simulation seed="7"/></deployment>`)
	report := startCost(b)
	for b.Loop() {
		runs := filepath.Join(dir, "runs")
		if code := cli.Main(wiring(), []string{"sendim", "run", "--runs", runs, filepath.Join(dir, "run.xml")}); code != 0 {
			b.Fatalf("run: exit code %d", code)
		}
		if err := os.RemoveAll(runs); err != nil {
			b.Fatal(err)
		}
	}
	report()
}

// silence keeps what commands print away from the benchmark's own lines.
func silence(b *testing.B) {
	b.Helper()
	nothing, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = nothing, nothing
	b.Cleanup(func() {
		os.Stdout, os.Stderr = out, errs
		nothing.Close()
	})
}
