// Command testsum reads `go test -json` from its standard input and prints what a person
// wants to know: a line a package, the output of what failed, what was skipped and why,
// and the counts. It exits with 1 if anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

func main() {
	output := map[string]*strings.Builder{} // per package and test
	parents := map[string]bool{}            // tests that have subtests are not counted
	results := map[string]string{}
	var order, skips []string
	passed, failed, skipped := 0, 0, 0
	brokenPackages := 0
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadString('\n')
		if line == "" && err != nil {
			break
		}
		var e event
		if json.Unmarshal([]byte(line), &e) != nil {
			fmt.Print(line) // not ours: pass it on
			continue
		}
		key := e.Package + e.ImportPath + "\x00" + e.Test
		switch e.Action {
		case "output", "build-output":
			if output[key] == nil {
				output[key] = &strings.Builder{}
			}
			output[key].WriteString(e.Output)
		case "build-fail":
			fmt.Print(output[key])
		case "pass", "fail", "skip":
			if e.Test == "" {
				status := map[string]string{"pass": "ok  ", "fail": "FAIL", "skip": "?   "}[e.Action]
				fmt.Printf("%s  %-45s %6.1fs\n", status, e.Package, e.Elapsed)
				if e.Action == "fail" {
					brokenPackages++
					if output[key] != nil {
						fmt.Print(output[key])
					}
				}
				continue
			}
			for name := e.Test; ; {
				i := strings.LastIndexByte(name, '/')
				if i < 0 {
					break
				}
				name = name[:i]
				parents[e.Package+"\x00"+name] = true
			}
			results[key] = e.Action
			order = append(order, key)
			if e.Action == "fail" && output[key] != nil {
				fmt.Print(output[key])
			}
			if e.Action == "skip" && output[key] != nil {
				skips = append(skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(output[key].String())))
			}
			if e.Action != "fail" {
				delete(output, key)
			}
		}
	}
	for _, key := range order {
		if parents[key] && results[key] == "pass" {
			continue
		}
		switch results[key] {
		case "pass":
			passed++
		case "fail":
			failed++
		case "skip":
			skipped++
		}
	}
	if len(skips) > 0 {
		slices.Sort(skips)
		fmt.Printf("\nskipped:\n  %s\n", strings.Join(skips, "\n  "))
	}
	if failed == 0 {
		failed = brokenPackages // a package that does not build, or dies outside its tests
	}
	fmt.Printf("\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

// reason finds the text of t.Skip in a test's output.
func reason(output string) string {
	var kept []string
	for _, line := range strings.Split(output, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok = strings.Cut(text, ": "); ok {
				line = text
			}
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, " ")
}
