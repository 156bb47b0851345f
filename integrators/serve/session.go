package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/controller/track"
)

// The errors that callers may look for.
var (
	// ErrClosed says that the session is closed.
	ErrClosed = errors.New("the session is closed")
	// ErrEmpty says that nothing has been applied to the session yet.
	ErrEmpty = errors.New("nothing has been applied to the session yet")
)

// Session is one served network.
type Session struct {
	backend Backend
	spec    backend.Spec
	sink    trace.Sink
	key     [32]byte

	life context.Context // its cause is why the session ended
	end  context.CancelCauseFunc

	working sync.Mutex // held by whatever works
	apps    []app.Instance
	clock   *controller.Clock
	atlas   *track.Atlas
	tracker *track.Tracker
	ctl     *embedded.Controller
	ended   sync.WaitGroup
	begun   bool
	closed  bool
}

var _ backend.Session = (*Session)(nil)

// check is how often switches are asked what they hold: others may have changed it.
const check = 10 * time.Second

// most is how many switches there may be unless somebody says otherwise.
const most = 4096

// Apply starts the apps, which is t=0, and waits for the switches. The changeset's model
// says nothing but the network's name.
func (s *Session) Apply(ctx context.Context, c *change.Changeset, progress func(step, done int)) error {
	s.working.Lock()
	defer s.working.Unlock()
	switch {
	case s.life.Err() != nil:
		return context.Cause(s.life)
	case !c.FromNothing() || s.ctl != nil:
		return fault.New(fault.NotYet, fault.Place{}, "a served network is what is found; nothing can be added to it or removed (%s)", backend.LiveChange)
	case c.New.Model == nil || c.New.Model.NodeCount() > 0:
		return fault.New(fault.BadChoice, fault.Place{}, "a served network is found; it cannot be described")
	}
	ctx, cancel := s.living(ctx)
	defer cancel()
	if err := s.start(ctx, c.New); err != nil {
		return errors.Join(err, s.discard())
	}
	for i, step := range c.Steps {
		if progress != nil {
			progress(i, step.Count)
		}
	}
	if err := s.await(ctx); err != nil {
		return errors.Join(err, s.discard())
	}
	return nil
}

func (s *Session) start(ctx context.Context, of change.State) error {
	var err error
	if s.atlas, err = track.NewAtlas(of.Model.Name, cmp.Or(s.backend.Most, most)); err != nil {
		return err
	}
	apps, err := s.launch(ctx, of.Deployment)
	if err != nil {
		return err
	}
	s.clock = controller.NewClock(time.Now, s.sink)
	caps, _ := s.backend.Capabilities(ctx, s.spec)
	runtime, err := control.New(control.Config{Model: s.atlas.Network(), Address: s.atlas.Addressing(), Apps: apps, Granted: caps.Grant(), Seed: s.spec.Seed,
		Delays: func(model.NodeID) (up, down model.Time) { return 1, 1 }, // the wire decides
		Sink:   s.clock, FirstTable: track.Gate + 1})
	if err != nil {
		return err
	}
	o := track.Options{Key: s.key, Ask: s.backend.Ask, Age: s.backend.Age}
	for _, a := range apps {
		o.Apps = append(o.Apps, a.Instance.Manifest())
	}
	s.tracker = track.New(o, s.atlas, runtime, s.clock)
	ctl, err := embedded.New(embedded.Config{Listener: s.backend.Listener, TLS: s.backend.TLS, OpenFlow: s.backend.OpenFlow, Driver: s.tracker, Clock: s.clock, Unknown: s.atlas.Switch, Check: check,
		Name: func(n model.NodeID) string { return s.atlas.Network().NodeName(n) }})
	if err != nil {
		return err
	}
	s.ctl = ctl
	s.ended.Go(func() {
		if err := ctl.Run(context.WithoutCancel(ctx)); err != nil {
			s.end(err)
		}
	})
	if err := ctl.StartApps(ctx); err != nil {
		return err
	}
	s.begun = true
	s.sink.Emit(&trace.Entry{Kind: trace.RunStart})
	return nil
}

// launch starts the applications of a deployment, in order.
func (s *Session) launch(ctx context.Context, d *deployment.Deployment) ([]control.Application, error) {
	started, err := s.spec.StartApps(ctx, d)
	var apps []control.Application
	for _, a := range started {
		s.apps = append(s.apps, a.Instance)
		apps = append(apps, control.Application{Name: a.Application.Name, Instance: a.Instance, Params: a.Params, FailRun: a.Application.FailsRun()})
	}
	return apps, err
}

// await waits for the switches that must be there, and until it is known what their ports
// are.
func (s *Session) await(ctx context.Context) error {
	if s.backend.Switches == 0 {
		return nil
	}
	if s.backend.Patience > 0 {
		within, cancel := context.WithTimeout(ctx, s.backend.Patience)
		defer cancel()
		ctx = within
	}
	if err := s.ctl.WaitConnected(ctx, s.backend.Switches, s.backend.Say); err != nil {
		if cause := context.Cause(s.life); cause != nil {
			return cause
		}
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for calm := false; ; {
		s.ctl.Visit(ctx, func() { calm = s.tracker.Calm() })
		if calm {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting until links are found: %w", context.Cause(ctx))
		}
	}
}

// living ties a context to the session's life.
func (s *Session) living(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(context.Cause(s.life)) })
	return ctx, func() { stop(); cancel(nil) }
}

// Network is the network as it is known now. It may be called from any goroutine once
// Apply has returned.
func (s *Session) Network() *model.Network { return s.atlas.Network() }

// ready says why nothing can be done, nil if something can.
func (s *Session) ready() error {
	switch {
	case s.life.Err() != nil:
		return context.Cause(s.life)
	case !s.begun:
		return ErrEmpty
	}
	return nil
}

// Run waits until a time; with model.Forever until the session ends, since a served
// network's traffic is others'.
func (s *Session) Run(ctx context.Context, until model.Time) (model.Time, error) {
	s.working.Lock()
	defer s.working.Unlock()
	if err := s.ready(); err != nil {
		return 0, err
	}
	if until == model.Forever {
		return s.clock.Now(), nil // nothing of its own is under way
	}
	timer := time.NewTimer(time.Duration((until - s.clock.Now()) / model.Nanosecond))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return s.clock.Now(), context.Cause(ctx)
	case <-s.life.Done():
		return s.clock.Now(), context.Cause(s.life)
	}
	return s.clock.Now(), nil
}

// Now is real time since t=0.
func (s *Session) Now() model.Time {
	if s.clock == nil {
		return -1
	}
	return s.clock.Now()
}

// Do is refused: what happens in a served network is others' business.
func (s *Session) Do(ctx context.Context, a backend.Action) (backend.Handle, error) {
	s.working.Lock()
	defer s.working.Unlock()
	if err := s.ready(); err != nil {
		return nil, err
	}
	what := "change links or switches"
	switch {
	case a.Ping != nil:
		what = "have its hosts ping each other"
	case a.Flow != nil:
		what = "make traffic"
	case a.Exec != nil:
		what = "run programs in its hosts"
	case a.Capture != nil:
		what = "capture frames"
	}
	return nil, fault.New(fault.MissingCapability, fault.Place{}, "a served network cannot %s: its hosts and links are somebody else's; do it there", what)
}

// Snapshot asks the switches over OpenFlow.
func (s *Session) Snapshot(ctx context.Context, what backend.Selector) iter.Seq2[backend.Item, error] {
	return backend.Items(func() ([]backend.Item, error) { return s.ask(ctx, what) })
}

func (s *Session) ask(ctx context.Context, what backend.Selector) ([]backend.Item, error) {
	s.working.Lock()
	defer s.working.Unlock()
	if err := s.ready(); err != nil {
		return nil, err
	}
	if n := s.Network(); what.Node != model.NoNode {
		if what.Node < 0 || int(what.Node) >= n.NodeCount() {
			return nil, fmt.Errorf("snapshot: there is no node %d", what.Node)
		}
		if n.NodeKindOf(what.Node) != model.Switch {
			return nil, nil
		}
	}
	ctx, stop := s.living(ctx)
	defer stop()
	return s.ctl.Ask(ctx, what)
}

// Pause is refused: real time does not stand still.
func (s *Session) Pause(context.Context) error {
	return fault.New(fault.MissingCapability, fault.Place{}, "a served network cannot %s: real time does not stand still", backend.Pause)
}

// Resume is refused as Pause is.
func (s *Session) Resume(ctx context.Context) error { return s.Pause(ctx) }

// farewell is how long switches may take to let go of what the run gave them.
const farewell = 5 * time.Second

// Close has the switches let go, or keep, what they hold, and ends everything. It may be
// called while another method works, which then returns early.
func (s *Session) Close() error {
	s.end(ErrClosed)
	s.working.Lock()
	defer s.working.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.discard()
}

func (s *Session) discard() error {
	var errs []error
	if s.ctl == nil {
		if s.backend.Listener != nil && !s.begun {
			errs = append(errs, s.backend.Listener.Close())
		}
	} else {
		if s.begun {
			if tell := s.backend.Found; tell != nil {
				n, err := plain(s.Network())
				if errs = append(errs, err); err == nil {
					tell(n)
				}
			}
			errs = append(errs, s.leave())
			s.sink.Emit(&trace.Entry{At: s.clock.Now(), Kind: trace.RunEnd})
		} else {
			s.clock.Flush()
		}
		errs = append(errs, s.ctl.Close())
		s.ended.Wait()
		s.ctl, s.begun = nil, false
	}
	for _, a := range s.apps {
		errs = append(errs, a.Close())
	}
	s.apps = nil
	return errors.Join(errs...)
}

// leave tells the switches that it is over, and waits until they have carried it out.
func (s *Session) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	var done <-chan struct{}
	if !s.ctl.Visit(ctx, func() { done = s.tracker.End(s.backend.Keep) }) {
		return nil // the controller has ended before
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("some switches have not let go of what the run gave them within %v", farewell)
	}
}
