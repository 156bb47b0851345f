package emulate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/trace"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
	"sendim/integrators/traffic"
)

// The errors that callers may look for.
var (
	// ErrClosed says that the session is closed.
	ErrClosed = errors.New("the session is closed")
	// ErrEmpty says that nothing has been applied to the session yet.
	ErrEmpty = errors.New("nothing has been applied to the session yet")
)

// Session is one emulated network.
type Session struct {
	spec      backend.Spec
	sink      trace.Sink
	self      string
	native    bool // the network is ours to build, and not Mininet's
	caps      backend.Capabilities
	dir       string
	temporary bool // dir is ours to remove

	working sync.Mutex      // held by whatever works; Close ends life to get it
	life    context.Context // of flows and actions; its cause is why the session ended
	end     context.CancelCauseFunc
	place   *place
	apps    []app.Instance
	world   *world
	closed  bool

	phases   phases
	released []func() error // what gives back what the session has of the machine as a whole

	mu   sync.Mutex
	busy int           // flows and actions under way
	idle chan struct{} // closed while none is
	tag  uint32
}

// world is what an Apply made.
type world struct {
	session *Session
	place   *place
	is      atomic.Pointer[network] // as it is now
	list    []model.Flow

	processes context.Context // of the script and the agents: they outlive the flows
	stop      context.CancelFunc
	ground    ground
	clock     *controller.Clock
	ctl       *embedded.Controller
	zero      int64 // traffic.Monotonic at t=0
	work      sync.WaitGroup
	hosts     hosts
	links     links
	channels  channels
	pools     pools
	reliant   dependents
	still     standstill
	gate      *gate
	timers    timers
	patience  patience
	revival   revival
	meter     meter
	begun     atomic.Bool               // t=0 has come
	closing   atomic.Bool               // it ends because it is told to
	abort     context.CancelCauseFunc   // ends the Apply under way
	early     map[int]*traffic.Transfer // by index in list: prepared before t=0
}

// network is what there is, under which names. It is replaced as a whole when the living
// network is edited: ids of before mean the same in all that follow.
type network struct {
	net      *model.Network
	names    *naming.Names
	switches []model.NodeID
}

func (w *world) net() *model.Network { return w.is.Load().net }

func (w *world) names() *naming.Names { return w.is.Load().names }

func (w *world) switches() []model.NodeID { return w.is.Load().switches }

// watch ends the session when something it stands on ends.
func (w *world) watch() {
	p := w.place
	var why func() error
	select {
	case <-p.sandbox.Done():
		why = p.sandbox.Err
	case <-p.vswitch.Done():
		why = p.vswitch.Err
	case <-w.ground.done():
		why = w.ground.err
	case <-w.processes.Done():
	}
	if why != nil && !w.closing.Load() {
		w.fail(why())
	}
}

// fail ends the Apply under way, or the session.
func (w *world) fail(err error) {
	w.abort(err)
	if w.begun.Load() {
		w.session.end(err)
	}
}

// living ties a context to the session's life.
func (s *Session) living(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(context.Cause(s.life)) })
	return ctx, func() { stop(); cancel(nil) }
}

// ready gives the world, if there is one and it goes.
func (s *Session) ready() (*world, error) {
	w, err := s.there()
	if err == nil {
		err = w.goes()
	}
	return w, err
}

// there gives the world, if there is one.
func (s *Session) there() (*world, error) {
	switch {
	case s.life.Err() != nil:
		return nil, context.Cause(s.life)
	case s.world == nil:
		return nil, ErrEmpty
	}
	return s.world, nil
}

// begin notes that so many flows and actions begin; done that one has ended.
func (s *Session) begin(count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy == 0 && count > 0 {
		s.idle = make(chan struct{})
	}
	s.busy += count
}

func (s *Session) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy--; s.busy == 0 {
		close(s.idle)
	}
}

// emit writes into the diary; times are those of the run.
func (s *Session) emit(e *trace.Entry) { s.sink.Emit(e) }

// Run waits until a time; with model.Forever until flows and actions have ended.
func (s *Session) Run(ctx context.Context, until model.Time) (model.Time, error) {
	s.working.Lock()
	defer s.working.Unlock()
	w, err := s.ready()
	if err != nil {
		return 0, err
	}
	var over <-chan struct{}
	var alarm <-chan time.Time
	if until == model.Forever {
		s.mu.Lock()
		over = s.idle
		s.mu.Unlock()
	} else {
		timer := time.NewTimer(time.Duration((until - w.now()) / model.Nanosecond))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-over:
		w.stands() // or it has ended, and all flows with it
		if s.life.Err() != nil {
			return w.now(), context.Cause(s.life)
		}
	case <-alarm:
	case <-ctx.Done():
		return w.now(), context.Cause(ctx)
	case <-s.life.Done():
		return w.now(), context.Cause(s.life)
	}
	return w.now(), nil
}

func (w *world) now() model.Time { return w.clock.Now() }

// when is the time of the run at a reading of traffic.Monotonic; at is the reverse.
func (w *world) when(ns int64) model.Time { return model.Time(ns-w.zero) * model.Nanosecond }

func (w *world) at(t model.Time) int64 { return w.zero + int64(t/model.Nanosecond) }

// Now is the session's clock: real time since t=0.
func (s *Session) Now() model.Time {
	if s.world == nil {
		return -1
	}
	return s.world.now()
}

// Snapshot asks the switches over OpenFlow.
func (s *Session) Snapshot(ctx context.Context, what backend.Selector) iter.Seq2[backend.Item, error] {
	return backend.Items(func() ([]backend.Item, error) { return s.ask(ctx, what) })
}

func (s *Session) ask(ctx context.Context, what backend.Selector) ([]backend.Item, error) {
	s.working.Lock()
	defer s.working.Unlock()
	w, err := s.ready()
	if err != nil {
		return nil, err
	}
	ctx, stop := s.living(ctx)
	defer stop()
	if what.Node != model.NoNode {
		if int(what.Node) < 0 || int(what.Node) >= w.net().NodeCount() {
			return nil, fmt.Errorf("snapshot: there is no node %d", what.Node)
		}
		if err := w.here(what.Node); err != nil {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
		if w.net().NodeKindOf(what.Node) != model.Switch {
			return nil, nil
		}
	}
	if err := w.revival.wait(ctx); err != nil {
		return nil, err
	}
	if what.Rules || what.Groups {
		// What passed until now is counted in what they answer.
		if _, err := s.place.vswitch.Appctl(ctx, "revalidator/wait"); err != nil {
			return nil, fmt.Errorf("bringing counters up to date: %w", err)
		}
	}
	items, err := w.ctl.Ask(ctx, what)
	for _, item := range items {
		if item.Rule != nil {
			w.timers.asWanted(item.Node, &item.Rule.Rule)
		}
	}
	return items, err
}

// farewell is how long agents have to tell what they measured when a session ends early.
const farewell = 2 * time.Second

// Close tells of what has not ended and of the links, and takes everything away. It may
// be called while another method works, which then returns early.
func (s *Session) Close() error {
	s.end(ErrClosed)
	s.working.Lock()
	defer s.working.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.discard()
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// discard ends the world, the place it is in, and the apps.
func (s *Session) discard() error {
	var errs []error
	w := s.world
	if w != nil && w.still.on() {
		w.leave()
	}
	if w != nil {
		began := w.begun.Load()
		if began {
			s.end(ErrClosed) // flows and actions tell how far they came
			told := make(chan struct{})
			go func() { w.flowsEnded(); close(told) }()
			timer := time.NewTimer(farewell)
			select {
			case <-told:
			case <-timer.C:
			}
			timer.Stop()
			<-w.meter.told // until life ended
			w.links.total()
			w.outside()
		} else {
			w.clock.Flush()
		}
		if began {
			s.emit(&trace.Entry{At: w.now(), Kind: trace.RunEnd})
		}
		if w.ctl != nil {
			errs = append(errs, w.ctl.Close())
		}
	}
	if s.place != nil {
		if w != nil {
			w.closing.Store(true)
		}
		errs = append(errs, s.place.close())
		s.place = nil
	}
	if w != nil {
		w.stop()
		w.hosts.wait()
		if w.ground != nil {
			w.ground.wait()
		}
		w.work.Wait()
		if !w.begun.Load() {
			s.world = nil // else its clock goes on
		}
	}
	if w != nil {
		errs = append(errs, w.still.forget())
	}
	errs = append(errs, s.release()...)
	for _, a := range s.apps {
		errs = append(errs, a.Close())
	}
	s.apps = nil
	return errors.Join(errs...)
}
