package main

import (
	"encoding/csv"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sendim/integrators/labtest"
)

func TestOfAScriptOnlyWhatAPersonTypesIsAnAction(t *testing.T) {
	got := partsOf(`# What is done.

#: first
one
# why
two || test $? = 1 # it may find something
until three; do sleep 1; done # wait

#: second
# nothing
`)
	if len(got) != 2 || got[0].name != "first" || got[0].actions != 2 || got[1].name != "second" || got[1].actions != 0 {
		t.Errorf("%+v", got)
	}
}

func TestBothWaysHaveTheSameParts(t *testing.T) {
	all, err := ways(".")
	if err != nil {
		t.Fatal(err)
	}
	names := func(w way) (out []string) {
		for _, p := range w.parts {
			out = append(out, p.name)
		}
		return out
	}
	if a, b := names(all[0]), names(all[1]); !slices.Equal(a, b) || len(a) != 3 {
		t.Errorf("%v and %v", a, b)
	}
}

func TestTheReadmeCountsRight(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := ways(".")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, w := range all {
		for _, f := range w.files {
			n, _, err := count(filepath.Join("allocation", f))
			if err != nil {
				t.Fatal(err)
			}
			lines[filepath.Base(f)] = n
		}
	}
	for _, row := range []string{
		fmt.Sprintf("| %d | %d |", lines["network.xml"], lines["network.py"]),
		fmt.Sprintf("| %d | %d |", lines["allocate.py"], lines["controller.py"]),
		fmt.Sprintf("| %d (Mininet), %d (simulator) | |", lines["mininet.xml"], lines["simulation.xml"]),
		fmt.Sprintf("| simulation | %d | not possible |", all[0].parts[0].actions),
		fmt.Sprintf("| emulation | %d, of which one compares it with the simulation | %d |", all[0].parts[1].actions, all[1].parts[1].actions),
		fmt.Sprintf("| change | %d | %d |", all[0].parts[2].actions, all[1].parts[2].actions),
	} {
		if !strings.Contains(string(readme), row) {
			t.Errorf("the README lacks %q", row)
		}
	}
}

func TestEveryPublishedFigureHasASourceAndANumberOrWords(t *testing.T) {
	papers, err := readPublished()
	if err != nil {
		t.Fatal(err)
	}
	if len(papers) == 0 {
		t.Fatal("there are none")
	}
	for _, p := range papers {
		if p.source == "" || p.source == measured {
			t.Errorf("%+v has no source", p)
		}
		if math.IsNaN(p.value) && p.said == "" {
			t.Errorf("%+v says nothing", p)
		}
	}
}

func TestAnEstimateShowsTheDigitsThatItsIntervalIsWorth(t *testing.T) {
	for _, c := range []struct {
		e    estimate
		want string
	}{
		{estimate{}, ""},
		{estimate{mean: 0.0123456, n: 1}, "0.0123"},
		{estimate{mean: 438319804, n: 1}, "438,319,804"},
		{estimate{mean: -1234567, n: 1}, "-1,234,567"},
		{estimate{mean: 12.3456, half: 0.234, n: 3}, "12.35 ± 0.23"},
		{estimate{mean: 123.456, half: 12.3, n: 3}, "123 ± 12"},
		{estimate{mean: 1.5, half: 0, n: 3}, "1.5"},
	} {
		if got := c.e.text(); got != c.want {
			t.Errorf("%+v: %q, not %q", c.e, got, c.want)
		}
	}
}

func TestARefusalIsToldWithoutPlaceAndCode(t *testing.T) {
	for text, want := range map[string]string{
		"a line before\nd.xml:4:3: <emulation budget>: mininet would take about 74 s; the budget is 1m0s [over-budget]\n": "mininet would take about 74 s; the budget is 1m0s",
		"something else": "something else",
	} {
		if got := refusal(text); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestWhatWouldNotBeDoneInTimeIsLeftOutByName(t *testing.T) {
	l := lab{options: options{budget: time.Minute, each: 30 * time.Second, again: 10 * time.Second}, began: time.Now(), took: map[string]map[int]float64{}}
	due := func(size, repetition int) bool {
		return l.due("construction", "w", size, 0, repetition, func(nodes float64) float64 { return nodes })
	}
	if !due(100, 1) {
		t.Error("of the first size nothing is known")
	}
	l.done("w", 100, 0, 20)
	if due(100, 2) {
		t.Error("what took 20 s is measured again")
	}
	if due(200, 1) || due(1000, 1) {
		t.Error("40 and 200 s are more than there is")
	}
	if due(1000, 2) || len(l.left) != 2 {
		t.Errorf("left out twice: %+v", l.left)
	}
	if !strings.Contains(l.left[0].why, "the time for one network is 30s") || !strings.Contains(l.left[1].why, "the time for everything (1m0s)") {
		t.Errorf("%+v", l.left)
	}
}

func TestAPlotIsADrawingWithWhatWasMeasuredAndPublished(t *testing.T) {
	papers, err := readPublished()
	if err != nil {
		t.Fatal(err)
	}
	l := lab{options: options{quick: true}}
	for size, took := range map[int]float64{10: 0.1, 100: 1.5} {
		for i := range 3 {
			l.add(row{experiment: "construction", world: "mininet", size: size, repetition: i + 1, metric: "build_s", value: took * (1 + 0.1*float64(i)), unit: "s"})
		}
	}
	for _, p := range l.plots(papers) {
		text := p.svg()
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s has places that are no numbers", p.name)
		}
		if p.name == "construction" && (strings.Count(text, "<circle") != 2 || !strings.Contains(text, "published: Mininet alone, 1,800 nodes")) {
			t.Errorf("%s lacks something:\n%s", p.name, text)
		}
	}
}

func TestWrongArgumentsAreNamed(t *testing.T) {
	for want, args := range map[string][]string{
		"there is no argument \"x\"": {"x"},
		"-repetitions 0":             {"-repetitions", "0"},
		"-only dance":                {"-only", "dance"},
	} {
		if _, err := parse(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := parse([]string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}

// needs skips a test where something of this machine is missing, or fails it where
// everything must be there.
func needs(t *testing.T, there bool, missing string) {
	t.Helper()
	if !there {
		labtest.Lacks(t, missing)
	}
}

func runs(argv ...string) bool { return exec.Command(argv[0], argv[1:]...).Run() == nil }

// program builds sendim, once for a test that needs it.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sendim")
	if out, err := exec.Command("go", "build", "-o", path, "sendim/cmd/sendim").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// carriedOut runs the program and gives its figures.
func carriedOut(t *testing.T, args ...string) (rows [][]string, markdown string) {
	t.Helper()
	out := t.TempDir()
	o, err := parse(append([]string{"-sendim", program(t), "-files", ".", "-o", out}, args...))
	if err != nil {
		t.Fatal(err)
	}
	if err := replay(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(out, "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err = csv.NewReader(f).ReadAll(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "results.md"))
	if err != nil {
		t.Fatal(err)
	}
	return rows, string(text)
}

// value finds a figure.
func value(rows [][]string, experiment, world, size, metric string) string {
	for _, r := range rows {
		if r[0] == experiment && r[1] == world && r[2] == size && r[5] == metric {
			return r[6]
		}
	}
	return ""
}

func TestTheQuickReplayMeasuresWhatThisMachineCan(t *testing.T) {
	labtest.NeedsPython(t)
	rows, text := carriedOut(t, "-quick")
	for _, f := range [][4]string{
		{"construction", "simulation", "10000", "build_s"},
		{"conversion", "conversion", "10000", "convert_s"},
		{"conversion", "conversion", "10000", "py_compile_s"},
		{"allocation", withSendim + ", simulation", "", "rate to ann"},
		{"construction", "mininet-alone", "1800", "build_s"}, // the paper's
	} {
		if value(rows, f[0], f[1], f[2], f[3]) == "" {
			t.Errorf("%v is not in results.csv", f)
		}
	}
	if v := value(rows, "lines", "descriptor, shape", "10000", "lines"); v != "3" {
		t.Errorf("a chain's shape takes %s lines", v)
	}
	if strings.Contains(text, "exit code") && runs("mn", "--version") {
		t.Error("something broke down")
	}
	if os.Geteuid() != 0 && !strings.Contains(text, "networks are emulated by root") {
		t.Error("it is not said why nothing was emulated")
	}
	if os.Geteuid() == 0 && runs("mn", "--version") {
		up := value(rows, "construction", "mininet", "10", "build_s") != "" // within 5 s, unless the machine has much else to do
		told := value(rows, "construction", "mininet", "10", "cpu_s") != "" || strings.Contains(text, "Without control groups")
		if up && !told {
			t.Error("processor time of Mininet is neither told nor said to be unknown")
		}
		if !up && !strings.Contains(text, "| construction, mininet | 10 |") {
			t.Error("it is not said why Mininet was left out")
		}
	}
}

func TestThePythonFilesCompile(t *testing.T) {
	needs(t, runs("/usr/bin/python3", "--version"), "python3")
	for _, f := range []string{"mininet_alone.py", "allocation/allocate.py", "allocation/by-hand/network.py", "allocation/by-hand/controller.py"} {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), filepath.Base(f))
		if err := os.WriteFile(copied, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("/usr/bin/python3", "-m", "py_compile", copied).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", f, err, out)
		}
	}
}

func TestTheCaseByHandGivesUsersWhatSendimGivesThem(t *testing.T) {
	needs(t, os.Geteuid() == 0, "root")
	needs(t, runs("mn", "--version"), "mininet")
	needs(t, osKen(), "python3-os-ken")
	// Whatever else this machine does spoils a measurement now and then, and hardly each of some.
	for range 3 {
		wrong := judged(t)
		if len(wrong) == 0 {
			return
		}
		t.Logf("this is not as it should be: %s", strings.Join(wrong, "\n"))
		if l, err := strconv.ParseFloat(load(), 64); err == nil && l > 2 {
			t.Log("the machine is too busy to judge")
			return
		}
	}
	t.Error("three times it was not as it should be")
}

// judged says what is wrong with the rates that users get in all three worlds.
func judged(t *testing.T) (wrong []string) {
	t.Helper()
	rows, text := carriedOut(t, "-only", "allocation")
	for _, user := range []string{"ann", "ben", "cem", "dov", "eva", "fay"} {
		var got []float64
		for _, world := range []string{withSendim + ", simulation", withSendim + ", emulation", byHand + ", emulation"} {
			if v := value(rows, "allocation", world, "", "rate to "+user); v != "" {
				got = append(got, number64(t, v))
			} else {
				wrong = append(wrong, fmt.Sprintf("%s, %s: no rate\n%s", world, user, text))
			}
		}
		if len(got) > 0 && slices.Min(got) < 0.95*slices.Max(got) {
			wrong = append(wrong, fmt.Sprintf("%s got %v Mbit/s", user, got))
		}
	}
	if strings.Contains(text, "not carried out") {
		wrong = append(wrong, text)
	}
	return wrong
}

func number64(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
