package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// runner runs one argument after the other.
type runner struct {
	benchtime string
	pgo       string
	folder    string            // of the test binaries
	binaries  map[string]string // by package
	skipped   bool              // the benchmark under way has skipped itself
}

func (r *runner) open() (err error) {
	r.folder, err = os.MkdirTemp("", "benchjson")
	return err
}

func (r *runner) close() { os.RemoveAll(r.folder) }

func (r *runner) run(arg string) ([]*result, error) {
	if strings.Contains(arg, " ") || strings.HasPrefix(arg, ".") || strings.HasPrefix(arg, "/") {
		words := strings.Fields(arg)
		return r.measure(exec.Command(words[0], words[1:]...))
	}
	pkg, bench, ok := strings.Cut(arg, ":")
	if !ok {
		return nil, fmt.Errorf("PACKAGE:BENCHMARK expected")
	}
	binary, err := r.binary(pkg)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "-test.run", "^$", "-test.bench", exactly(bench), "-test.benchtime", r.benchtime, "-test.benchmem", "-test.v", "-test.timeout", "1h")
	cmd.Dir = pkg
	r.skipped = false
	results, err := r.measure(cmd)
	if err == nil && len(results) == 0 && !r.skipped { // a peer that is not there has been named
		err = fmt.Errorf("there is no such benchmark")
	}
	for _, x := range results {
		x.Package = pkg
	}
	return results, err
}

// exactly is the pattern that matches one benchmark, and those below it.
func exactly(bench string) string {
	parts := strings.Split("Benchmark"+bench, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// binary builds a package's tests, once.
func (r *runner) binary(pkg string) (string, error) {
	if b, ok := r.binaries[pkg]; ok {
		return b, nil
	}
	b := filepath.Join(r.folder, strings.ReplaceAll(pkg, "/", "-")+".test")
	if out, err := exec.Command("go", "test", "-c", "-pgo="+r.pgo, "-o", b, "./"+pkg).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	r.binaries[pkg] = b
	return b, nil
}

// measure runs a command to its end and reads the results that it prints.
func (r *runner) measure(cmd *exec.Cmd) ([]*result, error) {
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	peak := watch(cmd.Process.Pid)
	var results []*result
	why := "" // a benchmark skips itself
	in := bufio.NewScanner(out)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if x := parse(in.Text()); x != nil {
			results = append(results, x)
		} else if strings.HasPrefix(in.Text(), "--- ") {
			fmt.Fprintln(os.Stderr, in.Text())
			if r.skipped = strings.HasPrefix(in.Text(), "--- SKIP"); r.skipped {
				fmt.Fprintln(os.Stderr, why)
			}
		} else if strings.HasPrefix(in.Text(), "    ") {
			why = in.Text()
		}
	}
	err = cmd.Wait()
	if mib := peak(); len(results) == 1 && mib > 0 {
		if _, ok := results[0].Figures["peak-MiB"]; !ok {
			results[0].Figures["peak-MiB"] = mib
		}
	}
	return results, err
}

// watch reads a process's peak resident memory again and again until it ends; the
// process's own account of it (ru_maxrss) would begin with that of its parent.
func watch(pid int) (peak func() float64) {
	var kib atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			if k := highWater(pid); k > 0 {
				kib.Store(k)
			}
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(stop)
		<-done
		return float64(kib.Load()) / 1024
	}
}

// highWater is VmHWM in KiB, 0 when there is no telling.
func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	if f := strings.Fields(rest); len(f) > 0 {
		n, _ := strconv.ParseInt(f[0], 10, 64)
		return n
	}
	return 0
}

var cores = regexp.MustCompile(`-\d+$`)

// parse reads a line of `go test -bench`, or one that is JSON already; nil for others.
func parse(line string) *result {
	if strings.HasPrefix(line, "{") {
		x := &result{}
		if json.Unmarshal([]byte(line), x) != nil || x.Bench == "" {
			return nil
		}
		return x
	}
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return nil
	}
	runs, err := strconv.Atoi(fields[1])
	if err != nil {
		return nil
	}
	x := &result{Bench: strings.TrimPrefix(cores.ReplaceAllString(fields[0], ""), "Benchmark"), Runs: runs, Figures: map[string]float64{}}
	for i := 2; i+1 < len(fields); i += 2 {
		if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
			x.Figures[fields[i+1]] = v
		}
	}
	return x
}
