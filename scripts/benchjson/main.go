// Command benchjson turns the output of `go test -bench` on its standard input into JSON
// lines: one object a benchmark, with every figure under its unit. Where a benchmark has
// a sub-benchmark called "ours" beside others ("peer=..."), it adds how many times
// faster ours was, measured in the same run.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// result is one line of output.
type result struct {
	Bench   string             `json:"bench"`
	Package string             `json:"package"`
	Runs    int                `json:"runs"`
	Figures map[string]float64 `json:"figures"`
	Faster  map[string]float64 `json:"times_faster_than,omitempty"`
}

var cores = regexp.MustCompile(`-\d+$`)

func main() {
	var results []*result
	pkg, failed := "", false
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		fields := strings.Fields(in.Text())
		switch {
		case len(fields) == 2 && fields[0] == "pkg:":
			pkg = fields[1]
		case len(fields) > 0 && (fields[0] == "FAIL" || fields[0] == "---"):
			failed = true
			fmt.Fprintln(os.Stderr, in.Text())
		case len(fields) >= 4 && strings.HasPrefix(fields[0], "Benchmark"):
			runs, err := strconv.Atoi(fields[1])
			if err != nil {
				continue
			}
			r := &result{Bench: strings.TrimPrefix(cores.ReplaceAllString(fields[0], ""), "Benchmark"), Package: pkg, Runs: runs, Figures: map[string]float64{}}
			for i := 2; i+1 < len(fields); i += 2 {
				if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
					r.Figures[fields[i+1]] = v
				}
			}
			results = append(results, r)
		}
	}
	out := json.NewEncoder(os.Stdout)
	for _, r := range results {
		if base, ours := strings.CutSuffix(r.Bench, "/ours"); ours {
			for _, peer := range results {
				if name, ok := strings.CutPrefix(peer.Bench, base+"/peer="); ok && r.Figures["ns/op"] > 0 {
					if r.Faster == nil {
						r.Faster = map[string]float64{}
					}
					r.Faster[name] = peer.Figures["ns/op"] / r.Figures["ns/op"]
				}
			}
		}
		if err := out.Encode(r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if failed {
		os.Exit(1)
	}
}
