package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	sendim      string        // the program to measure
	out         string        // folder of the results
	files       string        // folder of this example
	quick       bool          // small sizes, once
	budget      time.Duration // of everything
	each        time.Duration // of bringing up one network
	again       time.Duration // what takes longer is measured once
	adaptive    time.Duration // the budget in the descriptors of the adaptive mode
	repetitions int
	only        string // experiments, by commas
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = replay(ctx, o)
	}
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sendim-paper:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("sendim-paper", flag.ContinueOnError)
	f.StringVar(&o.sendim, "sendim", "bin/sendim", "the `program` that is measured (make build)")
	f.StringVar(&o.out, "o", "runs/sendim-paper", "`folder` for results.csv, results.md, left-out.csv and the plots")
	f.StringVar(&o.files, "files", "examples/sendim-paper", "`folder` of this example")
	f.BoolVar(&o.quick, "quick", false, "small sizes, each once, in less than half a minute")
	f.DurationVar(&o.budget, "budget", 8*time.Minute, "time for everything; what would take longer is left out by name")
	f.DurationVar(&o.each, "each", 150*time.Second, "time for one network to come up")
	f.DurationVar(&o.again, "again", 10*time.Second, "what takes longer is measured once")
	f.DurationVar(&o.adaptive, "adaptive", 10*time.Second, "budget in the descriptors of the adaptive mode")
	f.IntVar(&o.repetitions, "repetitions", 3, "how often everything is measured")
	f.StringVar(&o.only, "only", "", "`experiments` to carry out: construction, conversion, lines, allocation (default all)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q; see -h", f.Arg(0))
	}
	if o.repetitions < 1 {
		return o, fmt.Errorf("-repetitions %d: at least 1", o.repetitions)
	}
	if o.quick {
		o.repetitions = 1
		o.each, o.adaptive = min(o.each, 5*time.Second), min(o.adaptive, 2*time.Second)
	}
	for _, e := range o.experiments() {
		switch e {
		case "construction", "conversion", "lines", "allocation":
		default:
			return o, fmt.Errorf("-only %s: the experiments are construction, conversion, lines and allocation", e)
		}
	}
	var err error
	if o.sendim, err = filepath.Abs(o.sendim); err != nil {
		return o, err
	}
	if o.files, err = filepath.Abs(o.files); err != nil {
		return o, err
	}
	return o, nil
}

func (o *options) experiments() []string {
	if o.only == "" {
		return []string{"lines", "allocation", "construction", "conversion"}
	}
	return strings.Split(o.only, ",")
}

func (o *options) does(experiment string) bool {
	for _, e := range o.experiments() {
		if e == experiment {
			return true
		}
	}
	return false
}

// lab is a replay under way.
type lab struct {
	options
	began   time.Time
	load    string // of the machine before anything was measured
	work    string // a folder that is thrown away
	root    bool   // networks can be emulated
	compile bool   // Python is there to look at scripts
	meter   *meter
	rows    []row
	left    []leftOut
	took    map[string]map[int]float64 // seconds, by world and size
}

// leftOut is a size that was not measured, and why.
type leftOut struct {
	experiment, world string
	size, degree      int
	repetitions       int // that are there all the same
	why               string
}

// what names the experiment and its world.
func (o *leftOut) what() string {
	if o.world == o.experiment {
		return o.experiment
	}
	return o.experiment + ", " + o.world
}

func replay(ctx context.Context, o options) error {
	if _, err := exec.LookPath(o.sendim); err != nil {
		return fmt.Errorf("%s is not there: make build makes it, -sendim names another: %w", o.sendim, err)
	}
	work, err := os.MkdirTemp("", "sendim-paper-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	l := &lab{options: o, began: time.Now(), work: work, load: load(), root: os.Geteuid() == 0, took: map[string]map[int]float64{}}
	if l.meter, err = openMeter(); err != nil {
		return err
	}
	defer l.meter.close()
	_, err = exec.LookPath("/usr/bin/python3")
	l.compile = err == nil
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	// Round by round, so that a machine that drifts does so for all alike, and that
	// time that is used up costs repetitions before it costs sizes.
	for r := range o.repetitions {
		if err := l.round(ctx, r+1); err != nil && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil {
			l.say("interrupted: what is there is written")
			break
		}
	}
	published, err := readPublished()
	if err != nil {
		return err
	}
	return l.write(published)
}

// prepare makes what is measured later and measures what only needs counting.
func (l *lab) prepare(ctx context.Context) error {
	if l.root && l.does("construction") {
		argv := []string{"doctor"} // measures once what emulated networks take of this machine
		if l.quick {
			argv = append(argv, "--measure=false")
		}
		l.say("looking at the machine: sendim doctor")
		if _, err := l.sendimIn(ctx, "", argv...); err != nil {
			return err
		}
	}
	if l.does("lines") {
		return l.lines(ctx)
	}
	return nil
}

func (l *lab) round(ctx context.Context, r int) error {
	if l.does("allocation") && r == 1 {
		if err := l.allocation(ctx); err != nil {
			return err
		}
	}
	if l.does("construction") {
		if err := l.construction(ctx, r); err != nil {
			return err
		}
	}
	if l.does("conversion") {
		return l.conversion(ctx, r)
	}
	return nil
}

// rest is what is left of the budget.
func (l *lab) rest() time.Duration { return l.budget - time.Since(l.began) }

// say tells whoever waits what is going on.
func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0fs  %s\n", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))
}

// leave notes that something is not measured, once.
func (l *lab) leave(experiment, world string, size, degree, repetition int, why string) {
	if l.wasLeft(experiment, world, size, degree) {
		return
	}
	l.left = append(l.left, leftOut{experiment, world, size, degree, repetition - 1, why})
	what := l.left[len(l.left)-1].what()
	if size > 0 {
		what += fmt.Sprintf(", %d nodes", size)
	}
	l.say("%s: left out: %s", what, why)
}

// due says whether a size of a world is measured now. It is not where it was left out
// before, where it took too long to be measured again, and where the sizes below it say
// that it would not be done in time; form says how time grows with size.
func (l *lab) due(experiment, world string, size, degree, repetition int, form func(nodes float64) float64) bool {
	if l.wasLeft(experiment, world, size, degree) {
		return false
	}
	key := timing(world, degree)
	if took, ok := l.took[key][size]; ok && took > l.again.Seconds() {
		return false
	}
	guess, limit := l.guess(key, size, form), l.rest().Seconds()
	switch {
	case limit <= 0:
		l.leave(experiment, world, size, degree, repetition, fmt.Sprintf("the time for everything (%v) is used up", l.budget))
	case guess > limit:
		l.leave(experiment, world, size, degree, repetition, fmt.Sprintf("about %.0f s by the size before it; of the time for everything (%v) %.0f s were left", guess, l.budget, limit))
	case guess > l.each.Seconds():
		l.leave(experiment, world, size, degree, repetition, fmt.Sprintf("about %.0f s by the size before it; the time for one network is %v", guess, l.each))
	default:
		return true
	}
	return false
}

// guess is how long a size will take by itself or by the largest one below it; 0 is unknown.
func (l *lab) guess(key string, size int, form func(nodes float64) float64) float64 {
	best := 0
	for s := range l.took[key] {
		if s <= size && s > best {
			best = s
		}
	}
	if best == 0 {
		return 0
	}
	return l.took[key][best] * form(float64(size)) / form(float64(best))
}

// timing names what takes alike.
func timing(world string, degree int) string { return fmt.Sprintf("%s, %d", world, degree) }

func (l *lab) done(world string, size, degree int, seconds float64) {
	key := timing(world, degree)
	if l.took[key] == nil {
		l.took[key] = map[int]float64{}
	}
	l.took[key][size] = seconds
}

func (l *lab) wasLeft(experiment, world string, size, degree int) bool {
	for _, o := range l.left {
		if o.experiment == experiment && o.world == world && o.size == size && o.degree == degree {
			return true
		}
	}
	return false
}
