package fluid_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sendim/sim/fluid"
)

// referenceDir is a directory of reference cases named by SENDIM_REFERENCE, with closed
// forms in analytic/*.txt and flow lists with completion times in flows/.
func referenceDir(t *testing.T) string {
	dir := os.Getenv("SENDIM_REFERENCE")
	if dir == "" {
		t.Skip("SENDIM_REFERENCE names no directory of reference cases")
	}
	return dir
}

func readLines(t *testing.T, path string) []string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		in = bufio.NewScanner(z)
	}
	var lines []string
	for in.Scan() {
		lines = append(lines, in.Text())
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func picoseconds(seconds float64) fluid.Time { return fluid.Time(math.Round(seconds * 1e12)) }

func TestTheReferenceFlowListsFinishWhenTheyShould(t *testing.T) {
	dir := referenceDir(t)
	for _, k := range []int{8, 16} {
		tree := newFatTree(k)
		var jobs []job
		for _, line := range readLines(t, filepath.Join(dir, "flows", fmt.Sprintf("k%d-10k.csv.gz", k)))[1:] {
			var id, from, to int
			var start, size float64
			if _, err := fmt.Sscanf(line, "%d,%d,%d,%g,%g", &id, &from, &to, &start, &size); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			jobs = append(jobs, job{picoseconds(start), size, tree.route(id, from, to, nil)})
		}
		o := play(tree.capacities(125e6), jobs)
		worst := 0.0
		for _, line := range readLines(t, filepath.Join(dir, "flows", fmt.Sprintf("fct-k%d-10k.csv.gz", k)))[1:] {
			var id int
			var finish float64
			if _, err := fmt.Sscanf(line, "%d,%g", &id, &finish); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			start := float64(jobs[id].start) / 1e12
			worst = max(worst, differ(float64(o.finish[id])/1e12-start, finish-start))
		}
		t.Logf("k=%d: largest relative error %.3g, %.2f of %.0f flows change per event", k, worst,
			float64(o.changes)/float64(o.events), float64(o.active)/float64(o.events))
		if worst > 1e-5 {
			t.Errorf("k=%d: largest relative error of a completion time %g", k, worst)
		}
	}
}

func TestTheReferenceClosedFormsHold(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(referenceDir(t), "analytic", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no closed forms: %v", err)
	}
	for _, file := range files {
		var capacity []float64
		var jobs []job
		rate, finish := map[int]float64{}, map[int]float64{}
		for _, line := range readLines(t, file) {
			words := strings.Fields(line)
			number := func(i int) (v float64) {
				if _, err := fmt.Sscan(words[i], &v); err != nil {
					t.Fatalf("%s: %q: %v", file, line, err)
				}
				return v
			}
			switch words[0] {
			case "link":
				capacity = append(capacity, number(1))
			case "flow":
				j := job{start: picoseconds(number(1)), size: number(2)}
				for i := 3; i < len(words); i++ {
					j.route = append(j.route, fluid.Resource(number(i)))
				}
				jobs = append(jobs, j)
			case "rate":
				rate[int(number(1))] = number(2)
			case "expect":
				finish[int(number(1))] = number(2)
			}
		}
		checkClosedForm(t, filepath.Base(file), capacity, jobs, rate, finish)
	}
}

// checkClosedForm compares rates just after the first start and finishes, to 1e-9 of a
// flow's duration and half a unit of the twelfth digit that such files give.
func checkClosedForm(t *testing.T, name string, capacity []float64, jobs []job, rate, finish map[int]float64) {
	net := fluid.New(capacity)
	for _, j := range jobs {
		if j.start == 0 {
			net.Add(fluid.FlowSpec{Route: j.route})
		}
	}
	net.Solve()
	for i, want := range rate {
		if got := net.Rate(fluid.Flow(i)); differ(got, want) > 1e-9 {
			t.Errorf("%s: rate of flow %d is %v, want %v", name, i, got, want)
		}
	}
	o := play(capacity, jobs)
	for i, want := range finish {
		start := float64(jobs[i].start) / 1e12
		if got := float64(o.finish[i])/1e12 - start; differ(got, want-start) > 1e-9 {
			t.Errorf("%s: flow %d takes %v s, want %v", name, i, got, want-start)
		}
	}
}
