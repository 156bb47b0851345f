// Command benchjson runs benchmarks and prints JSON lines: one object a benchmark, with
// every figure under its unit.
//
//	benchjson [-benchtime 1s] PACKAGE:BENCHMARK | "PROGRAM ARGUMENT..." ...
//
// Each argument runs in a process of its own, so that its peak memory (peak-MiB, unless
// the benchmark measured it itself) is its own and not its neighbour's. BENCHMARK names one
// benchmark or sub-benchmark exactly, as Construct/nodes=10000; an argument with a blank in
// it, or one that begins with a dot or a slash, is a program that prints such lines itself.
//
// A benchmark NAME/peer=OTHER is another program's answer to what NAME or NAME/ours
// measures: lines of ours say how many times faster they were than each, in this same run.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// result is one line of output.
type result struct {
	Bench   string             `json:"bench"`
	Package string             `json:"package,omitempty"`
	Runs    int                `json:"runs,omitempty"`
	Figures map[string]float64 `json:"figures"`
	Faster  map[string]float64 `json:"times_faster_than,omitempty"`
}

func main() {
	benchtime := flag.String("benchtime", "1s", "how long each benchmark runs at least, or 3x for three times")
	flag.Parse()
	r := runner{benchtime: *benchtime, binaries: map[string]string{}}
	if err := r.open(); err != nil {
		fmt.Fprintln(os.Stderr, "benchjson:", err)
		os.Exit(1)
	}
	ok := true
	var open []*result // of one question, until another is asked
	for _, arg := range flag.Args() {
		results, err := r.run(arg)
		if err != nil {
			ok = false
			fmt.Fprintf(os.Stderr, "benchjson: %s: %v\n", arg, err)
		}
		for _, x := range results {
			if len(open) > 0 && question(open[0]) != question(x) {
				ok = print(os.Stdout, open) && ok
				open = open[:0]
			}
			open = append(open, x)
		}
	}
	ok = print(os.Stdout, open) && ok
	r.close()
	if !ok {
		os.Exit(1)
	}
}

// question is what ours and its peers have in common.
func question(r *result) string {
	name, _, _ := strings.Cut(r.Bench, "/peer=")
	return strings.TrimSuffix(name, "/ours")
}

// print writes the answers to one question, ours compared with the others.
func print(w io.Writer, answers []*result) bool {
	for _, ours := range answers {
		if strings.Contains(ours.Bench, "/peer=") {
			continue
		}
		for _, peer := range answers {
			_, name, is := strings.Cut(peer.Bench, "/peer=")
			if times := faster(ours.Figures, peer.Figures); is && times > 0 {
				if ours.Faster == nil {
					ours.Faster = map[string]float64{}
				}
				ours.Faster[name] = times
			}
		}
	}
	out := json.NewEncoder(w)
	for _, x := range answers {
		if err := out.Encode(x); err != nil {
			fmt.Fprintln(os.Stderr, "benchjson:", err)
			return false
		}
	}
	return true
}

// faster compares rates (such as hops/s) if both have one of the same unit, or else times.
func faster(ours, peer map[string]float64) float64 {
	for unit, theirs := range peer {
		if mine, ok := ours[unit]; ok && theirs > 0 && strings.HasSuffix(unit, "/s") && unit != "MB/s" {
			return mine / theirs // no benchmark has two rates
		}
	}
	if mine := ours["ns/op"]; mine > 0 {
		return peer["ns/op"] / mine
	}
	return 0
}
