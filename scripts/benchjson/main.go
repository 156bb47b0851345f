// Command benchjson runs benchmarks and prints JSON lines: one object a benchmark, with
// every figure under its unit.
//
//	benchjson [-benchtime 1s] [-repeat 1] [-pgo FILE] PACKAGE:BENCHMARK | "PROGRAM ARGUMENT..." ...
//
// Each argument runs in a process of its own, so that its peak memory (peak-MiB, unless
// the benchmark measured it itself) is its own and not its neighbour's. BENCHMARK names one
// benchmark or sub-benchmark exactly, as Construct/nodes=10000; an argument with a blank in
// it, or one that begins with a dot or a slash, is a program that prints such lines itself.
//
// A benchmark NAME/peer=OTHER is another program's answer to what NAME or NAME/ours
// measures: lines of ours say how many times faster they were than each, in this same run.
// On a busy machine -repeat goes through all arguments several times, one after the other,
// and keeps the best of each.
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
	repeat := flag.Int("repeat", 1, "how often to go through all arguments, keeping the best")
	pgo := flag.String("pgo", "off", "profile by which packages are compiled, as make build compiles the product")
	flag.Parse()
	r := runner{benchtime: *benchtime, pgo: *pgo, binaries: map[string]string{}}
	if err := r.open(); err != nil {
		fmt.Fprintln(os.Stderr, "benchjson:", err)
		os.Exit(1)
	}
	ok := true
	var results []*result
	for range max(1, *repeat) {
		for _, arg := range flag.Args() {
			found, err := r.run(arg)
			if err != nil {
				ok = false
				fmt.Fprintf(os.Stderr, "benchjson: %s: %v\n", arg, err)
			}
			for _, x := range found {
				results = best(results, x)
			}
			if *repeat <= 1 {
				results, ok = flush(results, ok)
			}
		}
	}
	ok = print(os.Stdout, results) && ok
	r.close()
	if !ok {
		os.Exit(1)
	}
}

// best adds a result, or replaces that of an earlier repetition that was slower.
func best(results []*result, x *result) []*result {
	for i, old := range results {
		if old.Bench == x.Bench && old.Package == x.Package {
			if faster(x.Figures, old.Figures) > 1 {
				results[i] = x
			}
			return results
		}
	}
	return append(results, x)
}

// flush prints what later arguments cannot belong to: all but the last question's answers.
func flush(results []*result, ok bool) ([]*result, bool) {
	for i := len(results) - 1; i > 0; i-- {
		if question(results[i-1]) != question(results[i]) {
			return results[i:], print(os.Stdout, results[:i]) && ok
		}
	}
	return results, ok
}

// question is what ours and its peers have in common.
func question(r *result) string {
	name, _, _ := strings.Cut(r.Bench, "/peer=")
	return strings.TrimSuffix(name, "/ours")
}

// print writes the answers, ours compared with the others to the same question.
func print(w io.Writer, answers []*result) bool {
	for _, ours := range answers {
		if strings.Contains(ours.Bench, "/peer=") {
			continue
		}
		for _, peer := range answers {
			if question(peer) != question(ours) {
				continue
			}
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
