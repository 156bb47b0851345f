package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/freeze"
	"sendim/core/job"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/core/report"
	"sendim/descriptors"
)

// About is what a checkpoint says of itself to whoever looks at the file.
type About struct {
	Format  int        `json:"format"`
	Version string     `json:"version"` // of the program that wrote it
	Run     string     `json:"run"`
	Network string     `json:"network"`
	World   string     `json:"world"`
	At      model.Time `json:"at"`      // ps
	Entries int64      `json:"entries"` // of the trace until then
	Nodes   int        `json:"nodes"`
}

// Checkpoint is a run as it was at a moment: Run goes on from there when it is in a
// RunSpec. It can be used once.
type Checkpoint struct {
	About
	Job      *job.Job
	results  *report.Collector
	scenario []model.ScenarioStep
	tested   bool
	session  io.Reader
}

// conducted is what the conductor itself has to keep of a run.
type conducted struct {
	Model      *model.Network
	Deployment *deployment.Deployment
	Descriptor string
	Sources    []descriptors.Source
	Results    *report.Collector
	Scenario   []model.ScenarioStep // what is still to come
	Tested     bool                 // the tests of reachability have been made
}

func conducting() *freeze.Plan {
	p := freeze.NewPlan()
	model.Freezing(p)
	report.Freezing(p)
	return p
}

// checkpointFormat rises when the envelope of a checkpoint changes; that the types in it
// are the same is looked at by core/freeze.
const checkpointFormat = 1

// Checkpoint writes the whole run as it is now, so that it can go on from there, also in
// another process, and give what it would have given here. Worlds that cannot do this say
// so, by capability.
func (w *World) Checkpoint(to io.Writer) error {
	s, ok := w.Session.(backend.Checkpointer)
	if !ok {
		return NoCheckpoints(w.Capabilities)
	}
	if w.testing {
		return fault.New(fault.NotYet, fault.Place{}, "the run is in the middle of its tests of reachability, of which no checkpoint can be made; make one before them or after")
	}
	about := About{Format: checkpointFormat, Version: w.about.Version, Run: w.about.ID, Network: w.Model.Name, World: w.about.Backend, At: w.Session.Now(), Nodes: w.Model.NodeCount()}
	if w.entries != nil {
		about.Entries = w.entries()
	}
	line, err := json.Marshal(about)
	if err != nil {
		return fmt.Errorf("describe the checkpoint: %w", err)
	}
	e, err := newEnvelope(to)
	if err != nil {
		return err
	}
	c := conducted{Model: w.Model, Deployment: w.job.Deployment, Descriptor: w.job.Descriptor, Sources: w.job.Sources, Results: w.Results, Scenario: w.scenario, Tested: w.tested}
	return errors.Join(
		e.part(func(to io.Writer) error { _, err := to.Write(line); return err }),
		e.part(func(to io.Writer) error { return freeze.Write(to, conducting(), &c, nil) }),
		e.part(s.Checkpoint),
		e.close())
}

// CheckpointFile is Checkpoint to a file, which is there as a whole or not at all.
func (w *World) CheckpointFile(name string) error {
	if err := record.WriteFile(name, w.Checkpoint); err != nil {
		return fmt.Errorf("leave a checkpoint: %w", err)
	}
	return nil
}

// NoCheckpoints is the fault of a world that has none.
func NoCheckpoints(c backend.Capabilities) error {
	why := "only the simulation can be written down whole"
	if m := c.Missing[backend.Checkpoints]; m != "" {
		why = m
	}
	return fault.New(fault.MissingCapability, fault.Place{}, "this world has no checkpoints (%s): %s", backend.Checkpoints, why)
}

// ReadCheckpoint reads what World.Checkpoint wrote. Files that are none, damaged or from
// another build are refused.
func ReadCheckpoint(from io.Reader) (*Checkpoint, error) {
	parts, err := openEnvelope(from, 3)
	if err != nil {
		return nil, err
	}
	out := &Checkpoint{}
	if err := json.Unmarshal(parts[0], &out.About); err != nil {
		return nil, fmt.Errorf("read what the checkpoint says of itself: %w", err)
	}
	if out.Format != checkpointFormat {
		return nil, fault.New(fault.NotYet, fault.Place{}, "the checkpoint has format %d, and this program reads format %d", out.Format, checkpointFormat)
	}
	c, err := freeze.Read[conducted](parts[1], conducting(), nil)
	if err != nil {
		return nil, refused(out.About, err)
	}
	if c.Model == nil || c.Deployment == nil || c.Results == nil {
		return nil, refused(out.About, &freeze.DamageError{What: "it has no network"})
	}
	c.Model.Thawed()
	out.Job = &job.Job{Model: c.Model, Deployment: c.Deployment, Descriptor: c.Descriptor, Sources: c.Sources}
	out.results, out.scenario, out.tested, out.session = c.Results, c.Scenario, c.Tested, &reader{parts[2]}
	return out, nil
}

// refused says whose checkpoint cannot be read.
func refused(a About, err error) error {
	if l := (*freeze.LayoutError)(nil); errors.As(err, &l) {
		return fault.New(fault.NotYet, fault.Place{}, "the checkpoint of run %s cannot be read by this build (%s wrote it): %v", a.Run, a.Version, err)
	}
	return fmt.Errorf("the checkpoint of run %s cannot be read: %w", a.Run, err)
}

// reader gives bytes away that it does not keep.
type reader struct{ b []byte }

func (r *reader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		r.b = nil
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

// restore opens a session as a checkpoint has it. The one before it is heard no more.
func (r *run) restore(ctx context.Context, spec backend.Spec, from *Checkpoint) (backend.Session, error) {
	b, ok := r.backend.(backend.Restorer)
	if !ok {
		return nil, NoCheckpoints(r.found.Capabilities)
	}
	spec.Model, spec.Deployment = from.Job.Model, from.Job.Deployment
	fresh := &gate{to: r.sink}
	s, err := b.Restore(ctx, spec, fresh, from.session)
	if err != nil {
		return nil, refused(from.About, err)
	}
	if r.gate != nil {
		r.gate.shut()
	}
	r.gate = fresh
	return s, nil
}

// Stop is a moment at which time stands still for something to be done, which leaves no
// mark in what follows.
type Stop struct {
	At model.Time
	Do func(*World) error
}

// let has time pass as Session.Run does, with the stops in it.
func (w *World) let(ctx context.Context, until model.Time) error {
	for len(w.stops) > 0 && w.stops[0].At < until {
		s, ok := w.Session.(backend.Checkpointer)
		if !ok {
			return NoCheckpoints(w.Capabilities)
		}
		_, stopped, err := s.RunTo(ctx, w.stops[0].At, until)
		if err != nil || !stopped {
			return err
		}
		stop := w.stops[0]
		w.stops = w.stops[1:]
		if err := stop.Do(w); err != nil {
			return err
		}
	}
	_, err := w.Session.Run(ctx, until)
	return err
}
