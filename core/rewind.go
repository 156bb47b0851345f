package core

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/record"
	"sendim/core/trace"
)

// mark is the run as it was at a moment, kept in memory.
type mark struct {
	at   model.Time
	data []byte
	end  record.Mark // of the trace
}

// mostMarks bounds the marks that are kept besides the first, and mostMarked their bytes.
const (
	mostMarks  = 16
	mostMarked = 256 << 20
)

// gate is between a session and the diary, so that one that has been left is heard no more.
type gate struct {
	to     trace.Sink
	closed atomic.Bool
}

func (g *gate) Emit(e *trace.Entry) {
	if !g.closed.Load() {
		g.to.Emit(e)
	}
}

func (g *gate) shut() { g.closed.Store(true) }

// kinds counts the entries of the diary by kind.
type kinds struct {
	mu    sync.Mutex
	count map[trace.Kind]int
}

func (k *kinds) Emit(e *trace.Entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count == nil {
		k.count = map[trace.Kind]int{}
	}
	k.count[e.Kind]++
}

func (k *kinds) of(kind trace.Kind) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count[kind]
}

// checkpointer gives the session's checkpoints, or says that there are none.
func (w *World) checkpointer() (backend.Checkpointer, error) {
	if s, ok := w.Session.(backend.Checkpointer); ok {
		return s, nil
	}
	return nil, NoCheckpoints(w.Capabilities)
}

// Hold has time stand still, though there is work to be done, until it is called again
// with false. Worlds without the capability say so.
func (w *World) Hold(ctx context.Context, still bool) error {
	if !w.Capabilities.Has(backend.Pause) {
		return fault.New(fault.MissingCapability, fault.Place{}, "time in this world cannot stand still (%s)", backend.Pause)
	}
	do := w.Session.Resume
	if still {
		do = w.Session.Pause
	}
	if err := do(ctx); err != nil {
		return err
	}
	w.held = still
	return nil
}

// gone is closed when a world has ended by itself; nil where worlds do not.
func (w *World) gone() <-chan struct{} {
	if s, ok := w.session().(interface{ Ended() <-chan struct{} }); ok {
		return s.Ended()
	}
	return nil
}

// Held says whether time stands still because somebody asked for it.
func (w *World) Held() bool { return w.held }

// To lets time pass to a moment, with the scenario in it, and leaves no mark in what
// follows: whether a run was looked at does not show in its diary. Worlds without
// checkpoints simply let time pass.
func (w *World) To(ctx context.Context, t model.Time) error {
	s, err := w.checkpointer()
	if err != nil {
		return w.Advance(ctx, t)
	}
	for len(w.scenario) > 0 && w.scenario[0].At <= t {
		if _, _, err := s.RunTo(ctx, w.scenario[0].At, never); err != nil {
			return err
		}
		if err := w.act(ctx); err != nil {
			return err
		}
	}
	_, _, err = s.RunTo(ctx, t, never)
	return err
}

// never is later than anything, and still a moment.
const never = model.Forever / 2

// Step lets happen what happens at the next few moments at which something does. It says
// how many there were; fewer means that nothing is left to happen.
func (w *World) Step(ctx context.Context, moments int) (int, error) {
	s, ok := w.Session.(interface {
		Next() (model.Time, bool)
	})
	if !ok {
		return 0, fault.New(fault.MissingCapability, fault.Place{}, "this world has no single events that could be stepped through (%s)", backend.VirtualTime)
	}
	for i := range moments {
		at, any := s.Next()
		if len(w.scenario) > 0 && (!any || w.scenario[0].At <= at) {
			at, any = w.scenario[0].At, true
		}
		if !any {
			return i, nil
		}
		if err := w.To(ctx, at); err != nil {
			return i, err
		}
		if ctx.Err() != nil {
			return i, ctx.Err()
		}
	}
	return moments, nil
}

// Until lets time pass until the diary has one more entry of a kind. It is false when
// nothing is left to happen before that.
func (w *World) Until(ctx context.Context, kind trace.Kind) (bool, error) {
	for before := w.counted.of(kind); w.counted.of(kind) == before; {
		if n, err := w.Step(ctx, 1); err != nil || n == 0 {
			return false, err
		}
	}
	return true, nil
}

// Mark keeps the run as it is now in memory, so that Seek can come back to it. The first
// one is kept as long as the run lives, of the others the latest few.
func (w *World) Mark() error {
	now := w.Session.Now()
	m := mark{at: now}
	var err error
	if w.record != nil {
		if m.end, err = w.record.Mark(); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := w.Checkpoint(&b); err != nil {
		return err
	}
	m.data = b.Bytes()
	// What was done at a moment counts: of equal times the last one is right.
	w.marks = append(slices.DeleteFunc(w.marks, func(x mark) bool { return x.at >= now }), m)
	sum := 0
	for i := range w.marks {
		sum += len(w.marks[i].data)
	}
	for len(w.marks) > 2 && (len(w.marks) > mostMarks || sum > mostMarked) {
		sum -= len(w.marks[1].data)
		w.marks = slices.Delete(w.marks, 1, 2)
	}
	return nil
}

// Seek brings the run to a moment: forward by letting time pass; backward by going back to
// the latest mark before it, which it gives, and from there by doing once more what was
// done then. The diary and the results are then those of the moment.
func (w *World) Seek(ctx context.Context, t model.Time) (from model.Time, err error) {
	now := w.Session.Now()
	if t >= now {
		return now, w.To(ctx, t)
	}
	if _, err := w.checkpointer(); err != nil {
		return now, err
	}
	i := len(w.marks) - 1
	for i >= 0 && w.marks[i].at > t {
		i--
	}
	if i < 0 {
		return now, fault.New(fault.OutOfRange, fault.Place{}, "nothing is kept of the time before %s; it can be sought in runs with a prompt from their beginning on, or restored from a checkpoint", now)
	}
	m := w.marks[i]
	cp, err := ReadCheckpoint(bytes.NewReader(m.data))
	if err != nil {
		return now, err
	}
	if err := w.Become(ctx, cp); err != nil {
		return now, err
	}
	w.marks = w.marks[:i+1]
	if w.record != nil {
		if err := w.record.Rewind(m.end); err != nil {
			return now, err
		}
	}
	return m.at, w.To(ctx, t)
}

// Become has the run go on from a checkpoint of the same network. What the diary has said
// so far it keeps.
func (w *World) Become(ctx context.Context, cp *Checkpoint) error {
	if _, err := w.checkpointer(); err != nil {
		return err
	}
	n := cp.Job.Model
	same := n.NodeCount() == w.Model.NodeCount() && n.LinkCount() == w.Model.LinkCount() || n.DescendsFrom(w.Model) || w.Model.DescendsFrom(n)
	if n.Name != w.Model.Name || !same {
		return fault.New(fault.BadChoice, fault.Place{}, "the checkpoint is of another network (%s, %d nodes, %d links) than the run (%s, %d nodes, %d links); sendim run --restore goes on from it",
			n.Name, n.NodeCount(), n.LinkCount(), w.Model.Name, w.Model.NodeCount(), w.Model.LinkCount())
	}
	if ports, _ := w.Captures.List(); len(ports) > 0 {
		return fault.New(fault.NotYet, fault.Place{}, "a checkpoint cannot hold captures, and %d ports are captured; stop them first", len(ports))
	}
	next, err := w.reopen(ctx, cp)
	if err != nil {
		return err
	}
	w.swap.Lock()
	before := w.Session
	w.Session = next
	w.swap.Unlock()
	w.Model, w.scenario, w.job = n, cp.scenario, cp.Job
	w.Results.Become(cp.results)
	if err := before.Close(); err != nil {
		return fmt.Errorf("leave the session that was: %w", err)
	}
	return nil
}
