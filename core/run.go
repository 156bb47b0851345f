package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"sendim/core/backend"
	"sendim/core/control"
	"sendim/core/cost"
	"sendim/core/deployment"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/core/trace"
	"sendim/core/workload"
)

// RunSpec is a job with everything a run of it needs.
type RunSpec struct {
	Job      *job.Job
	Backends []backend.Backend // those there are, in the order to list them
	Launch   backend.Launcher
	Root     string // folder of runs; "": nothing is recorded
	Name     string // of the run; "": made up
	Version  string
	Command  []string                            // for the manifest
	Hash     func(deployment.Application) string // of an app's binary, for the manifest; may be nil
	Notices  []string                            // for the manifest
	From     *Checkpoint                         // go on from there; its Job is the run's
	Stops    []Stop                              // by time, within the run's traffic
	Costs    *cost.Book                          // what worlds take of this machine; nil: nothing was measured
	Remember bool                                // all that a checkpoint may need, however much
}

// Hooks let a command take part in a run. Every field may be nil.
type Hooks struct {
	// Progress hears how far a stage is; total 0 means unknown.
	Progress func(stage string, done, total int)
	// Recorded hears the run's directory as soon as it exists.
	Recorded func(id, dir string)
	// Live is called at t=0, before time passes, and must return.
	Live func(*Live)
	// Interact takes the place of letting time pass; the run ends when it returns.
	Interact func(context.Context, *Live) error
	// Last is called after the tests, while the network still lives.
	Last func(context.Context, *World) error
	// Keep keeps the network alive after all its work until it returns.
	Keep func(context.Context, *Live) error
}

// Result is a run that has ended.
type Result struct {
	*report.Results
	Dir string // "" when nothing was recorded
}

// ended is how long a run that was interrupted may take to leave results behind.
const ended = 20 * time.Second

// Run carries a job out. When ctx is cancelled the run ends early with the results so
// far, its state Interrupted and no error. A run that fails half-way gives both its
// results so far, with the state Failed, and an error. Wrong input and a world that
// cannot do what is asked are faults, and nothing has been built then. The session is
// closed in every case.
func Run(ctx context.Context, spec RunSpec, h Hooks) (*Result, error) {
	r := &run{spec: spec, asked: spec.Job, hooks: h, ways: waysOf(spec.Job)}
	if spec.From != nil { // it has been chosen then
		r.ways = []way{{spec.Job.Deployment, 0}}
	}
	err := r.choose(ctx, "")
	if err != nil {
		return nil, err
	}
	if (len(spec.Stops) > 0 || spec.From != nil) && !r.found.Capabilities.Has(backend.Checkpoints) {
		return nil, NoCheckpoints(r.found.Capabilities)
	}
	j := r.spec.Job
	if spec.From != nil {
		r.results, r.scenario = spec.From.results, spec.From.scenario
	} else {
		r.results = report.NewCollector(j.Model)
		if r.scenario, err = workload.Scenario(j.Model, j.Deployment.Seed()); err != nil {
			return nil, err
		}
	}
	r.manifest = r.describe()
	r.sink = trace.Tee(r.results, &r.seen)
	if spec.Root != "" {
		if r.record, err = record.New(spec.Root, spec.Name, j.Title(), time.Now()); err != nil {
			return nil, err
		}
		r.manifest.ID = r.record.ID
		r.sink = trace.Tee(r.results, &r.seen, r.record.Trace)
		if err := r.record.Write("manifest.json", r.manifest.Write); err != nil {
			return nil, err
		}
		if h.Recorded != nil {
			h.Recorded(r.record.ID, r.record.Dir)
		}
	}
	return r.carryOut(ctx)
}

// run is one run under way.
type run struct {
	spec     RunSpec
	hooks    Hooks
	backend  backend.Backend
	found    job.Findings
	asked    *job.Job
	ways     []way // that are left to be tried
	budget   time.Duration
	choice   *report.Choice // nil: the world was not for the machine to choose
	manifest report.Manifest
	record   *record.Record // nil when nothing is recorded
	results  *report.Collector
	sink     trace.Sink
	scenario []model.ScenarioStep
	tables   []report.Table
	end      model.Time
	seen     kinds // of entries
	gate     *gate // of the session
}

func (r *run) carryOut(ctx context.Context) (*Result, error) {
	stop := r.keepFlushing()
	err := r.live(ctx)
	stop()
	r.manifest.State = report.Finished
	switch {
	case ctx.Err() != nil:
		r.manifest.State, err = report.Interrupted, nil
	case err != nil:
		r.manifest.State, r.manifest.Error = report.Failed, err.Error()
	}
	r.manifest.Ended, r.manifest.PID = time.Now().Format(time.RFC3339Nano), 0
	out := &Result{}
	if r.record != nil {
		out.Dir = r.record.Dir
		err = errors.Join(err, r.record.CloseTrace())
	}
	out.Results = r.results.Finish(r.manifest, r.tables)
	if r.record != nil {
		err = errors.Join(err, r.record.Finish(out.Results))
	}
	return out, err
}

// live is what happens while the session lives, and its end.
func (r *run) live(ctx context.Context) (err error) {
	j := r.spec.Job
	launch, endApps := steadyLauncher(ctx, r.spec.Launch)
	defer endApps()
	spec := backend.Spec{Run: r.manifest.ID, Deployment: j.Deployment, Model: j.Model, Seed: j.Deployment.Seed(), Launch: launch, Allowed: r.found.Without,
		Checkpoints: r.spec.Remember || r.spec.From != nil, Costs: r.spec.Costs}
	if r.record != nil {
		// A world may look at it from elsewhere: a sandbox has a working directory of its own.
		if spec.Dir, err = filepath.Abs(r.record.Dir); err != nil {
			return fmt.Errorf("find the run's folder: %w", err)
		}
	}
	session, err := r.bringUp(ctx, &spec)
	if err != nil {
		return err
	}
	j = r.spec.Job // in the world that it has come to
	closed := false
	current := func() backend.Session { return session }
	defer func() {
		if !closed {
			err = errors.Join(err, current().Close())
		}
	}()
	w := newWorld(session, j.Model, r.found.Capabilities, r.results, r.scenario)
	w.tested = r.spec.From != nil && r.spec.From.tested
	w.job, w.about, w.stops, w.counted, w.sink = j, r.manifest, r.spec.Stops, &r.seen, r.sink
	w.reopen = func(ctx context.Context, from *Checkpoint) (backend.Session, error) {
		return r.restore(ctx, spec, from)
	}
	current = w.session
	if r.record != nil {
		w.entries, w.record = r.record.Trace.Count, r.record
	}
	l := &Live{Manifest: r.manifest, requests: make(chan request), over: make(chan struct{}), world: w, began: time.Now(), until: j.Deployment.Until()}
	w.Captures = &Captures{}
	if r.record != nil {
		l.Dir, w.Captures.dir = r.record.Dir, r.record.Dir
	}
	if r.spec.From == nil { // a checkpoint has no captures
		if err = w.Captures.begin(ctx, w); err != nil {
			return err
		}
	}
	if r.hooks.Live != nil {
		r.hooks.Live(l)
	}
	err = r.timePasses(ctx, l)
	if ctx.Err() == nil && err == nil && r.hooks.Interact == nil {
		err = r.assert(ctx, l)
	}
	if ctx.Err() == nil && err == nil && r.hooks.Keep != nil {
		err = l.attend(ctx, r.hooks.Keep)
	}
	// What is known by now is kept, even when the run was interrupted.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), ended)
	defer cancel()
	var snapErr error
	if w.held { // what stands still tells nothing
		_ = w.Hold(last, false)
	}
	w.follow()
	r.tables, snapErr = w.Tables(last)
	if lost := (*control.AppLostError)(nil); errors.As(err, &lost) && errors.As(snapErr, &lost) {
		snapErr = nil // it is told once
	}
	session = w.Session // it may have been taken back to an earlier one
	if w.Model.Edited() {
		r.manifest.Nodes, r.manifest.LinkCount = w.Model.LiveNodes(), w.Model.LiveLinks()
	}
	r.end = session.Now()
	close(l.over)
	if d, ok := session.(interface{ Digest() string }); ok {
		r.manifest.Digest = d.Digest()
	}
	if p, ok := session.(interface{ Workers() int }); ok {
		r.manifest.Facts["workers"] = strconv.Itoa(p.Workers())
	}
	closed = true
	err = errors.Join(err, snapErr, session.Close(), w.Captures.close())
	if r.hooks.Interact == nil {
		judgeFlows(j.Model, r.results, r.tell)
	}
	return err
}

// open opens the session, empty or as a checkpoint has it.
func (r *run) open(ctx context.Context, spec backend.Spec) (backend.Session, error) {
	if r.spec.From != nil {
		return r.restore(ctx, spec, r.spec.From)
	}
	r.gate = &gate{to: r.sink}
	session, err := r.backend.Open(ctx, spec, r.gate)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", r.backend.Name(), err)
	}
	return session, nil
}

func (r *run) timePasses(ctx context.Context, l *Live) error {
	if r.hooks.Interact != nil {
		return l.attend(ctx, r.hooks.Interact)
	}
	until := r.spec.Job.Deployment.Until()
	if until == 0 {
		until = model.Forever
	}
	if err := l.pass(ctx, until, l.world.Advance); err != nil && ctx.Err() == nil {
		return fmt.Errorf("let time pass in %s: %w", r.backend.Name(), err)
	}
	return nil
}

// assert carries out what needs the network alive after its traffic.
func (r *run) assert(ctx context.Context, l *Live) error {
	w := l.world
	if w.stops = nil; w.tested {
		return nil
	}
	w.testing = true
	tell := func(v trace.Verdict) {
		r.end = w.Session.Now()
		r.tell(v)
	}
	quiet, err := w.quiet(r.spec.Job.Deployment.Seed())
	if err != nil {
		return err
	}
	if quiet > w.Session.Now() {
		if err := l.pass(ctx, quiet, w.let); err != nil {
			return err
		}
	}
	w.hear = l.hear
	err = w.reachability(ctx, tell, func(done, total int) { r.progress("test", done, total) })
	w.hear = nil
	if err != nil {
		return fmt.Errorf("test reachability: %w", err)
	}
	w.testing, w.tested = false, true
	if r.hooks.Last != nil {
		return r.hooks.Last(ctx, w)
	}
	return nil
}

func (r *run) tell(v trace.Verdict) {
	r.sink.Emit(&trace.Entry{At: r.end, Kind: trace.TestVerdict, Name: v.Name, Test: &v})
}

func (r *run) progress(stage string, done, total int) {
	if r.hooks.Progress != nil {
		r.hooks.Progress(stage, done, total)
	}
}

// keepFlushing brings the trace to the disk while the run lives, for whoever reads along, and
// for whoever wants to know what a run did that was killed.
func (r *run) keepFlushing() (stop func()) {
	if r.record == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second / 5)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				if r.record.Trace.Flush() != nil {
					return // the error sticks; closing tells it
				}
			}
		}
	}()
	return func() { close(end); <-ended }
}

// describe makes the manifest as far as it is known before the start.
func (r *run) describe() report.Manifest {
	j, caps := r.spec.Job, &r.found.Capabilities
	d := j.Deployment
	m := report.Manifest{ID: r.spec.Name, Network: j.Model.Name, Deployment: d.Name, State: report.Running, Backend: r.backend.Name(),
		Version: r.spec.Version, Command: r.spec.Command, Started: time.Now().Format(time.RFC3339Nano), PID: os.Getpid(), Seed: d.Seed(),
		Nodes: j.Model.NodeCount(), LinkCount: j.Model.LinkCount(), Notices: r.spec.Notices, Applications: []report.Application{}}
	for _, s := range j.Sources {
		m.Sources = append(m.Sources, report.Source{File: s.File, Bytes: s.Bytes, SHA256: s.SHA256})
	}
	for i, a := range d.Applications {
		out := report.Application{Name: a.Name, Plugin: a.Plugin, Version: r.found.Manifests[i].Version, Params: map[string]string{}}
		for _, p := range r.found.Manifests[i].Parameters {
			out.Params[p.Name] = p.Default
		}
		for _, p := range a.Params {
			out.Params[p.Name] = p.Value
		}
		if r.spec.Hash != nil {
			out.SHA256 = r.spec.Hash(a)
		}
		m.Applications = append(m.Applications, out)
	}
	for name, f := range map[string]deployment.Fraction{"rate": d.Scale.Rate, "size": d.Scale.Size, "delay": d.Scale.Delay, "time": d.Scale.Time} {
		if f != (deployment.Fraction{}) {
			if m.Scale == nil {
				m.Scale = map[string]string{}
			}
			m.Scale[name] = fmt.Sprintf("%d/%d", f.Num, f.Den)
		}
	}
	for _, c := range caps.Can {
		m.Capabilities = append(m.Capabilities, string(c))
	}
	for _, c := range r.found.Without {
		m.Degraded = append(m.Degraded, report.Degraded{Capability: string(c), Reason: caps.Missing[c]})
	}
	m.Facts = maps.Clone(caps.Facts)
	if m.Facts == nil {
		m.Facts = map[string]string{}
	}
	if c := r.spec.From; c != nil {
		m.Facts["restored"] = fmt.Sprintf("from a checkpoint of run %s at %s", c.Run, c.At)
	}
	m.Facts["machine"] = runtime.GOOS + "/" + runtime.GOARCH
	m.Facts["cores"] = strconv.Itoa(runtime.NumCPU())
	m.Facts["go"] = runtime.Version()
	slices.Sort(m.Capabilities)
	m.Choice = r.choice
	return m
}
