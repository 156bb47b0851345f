package control

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// Runtime is the Driver. It works through what arrived in three passes, so that apps can
// be asked about many events in one call and the answer is still the one that event by
// event would give: read brings the topology view up to date and makes the apps' events;
// then every app answers all its events; then write goes through the same arrivals again
// and, at each, changes what is wanted and sends. What the first pass reads is changed by
// the first pass only, or by the last pass with effect no sooner than Lookahead later.
type Runtime struct {
	net       *model.Network
	address   Addressing
	delays    Delays
	lookahead model.Time
	seed      uint64
	granted   []app.Need
	settings  app.Settings
	diary     diary

	apps   []*application
	owner  [tableMost]int16 // index of the app by table, -1 none
	floods bool
	arp    *resolver // nil: no app asks for the service

	view    view
	tree    *tree    // nil: no app asks for floods
	plants  []*plant // by node, nil until something is wanted or sent
	spare   []plant  // room for the next ones
	planted int
	shared  sharing // rules that many switches are sent
	live    nodes   // switches connected, as the last pass sees it
	removed nodes   // switches that are gone, as the last pass sees it
	queue   queue
	asked   map[uint64]asked

	started bool // Start was called
	begun   bool // and its events have been made
	running bool // and answered, as the last pass sees it
	unacked int  // downcalls not yet acknowledged
	xid     uint64
	seq     uint64 // of the runtime's own notes

	// of the React under way
	steps   []step
	ordinal int32
	changed []model.LinkID // by the step being read
	out     [][]Downcall   // in pieces, which are never moved
	touched []model.NodeID
	acking  []model.NodeID
	// gathering lists the switches whose comparison waits for the end of the step.
	gathering []model.NodeID
}

// application is an app with its place.
type application struct {
	Application
	manifest     app.Manifest
	index        int32
	base, tables uint8
	next         int // first table of the next app, -1 none
	floods       bool
	timers       map[string][]*timer
	lost         error

	// of the React under way
	events  []app.Event
	ordinal []int32
	answers []answer
	cursor  int
}

type answer struct {
	ordinal  int32
	commands []app.Command
}

// step is one arrival between the two passes.
type step struct {
	at       model.Time
	up       Upcall // Kind 0: a note of the runtime's own
	start    bool
	from, to int32 // ordinals of the events that came of it
	flood    []floodChange
	reply    *flow.PacketOut // of the ARP service
	stats    []asked         // what a lost switch will not answer
	late     []sent          // what it had not yet acknowledged
	refused  *sent           // what a switch refused
	edit     *edited
	speak    []model.NodeID // switches that the ARP service comes to
	mute     []model.NodeID // and that it leaves
}

// acknowledgement is a command whose app waits for Applied.
type acknowledgement struct {
	app     int32
	command uint64
}

// AppLostError says that an app whose loss ends the run was lost.
type AppLostError struct {
	App string
	Err error
}

func (e *AppLostError) Error() string {
	return fmt.Sprintf("app %s was lost, and the run cannot go on without it: %s", e.App, cause(e.Err))
}

// cause says why an app was lost, and not once more which: an error that names its app
// has a method for that.
func cause(err error) string {
	if l := (interface{ Loss() string })(nil); errors.As(err, &l) {
		return l.Loss()
	}
	return err.Error()
}

// Unwrap gives the cause.
func (e *AppLostError) Unwrap() error { return e.Err }

// New makes a runtime. The instances stay the caller's to close. Parameters that do not
// fit a manifest are faults; other errors say what about the configuration cannot be.
func New(c Config) (*Runtime, error) {
	if c.Model == nil || c.Address == nil || c.Delays == nil {
		return nil, fmt.Errorf("control: the configuration lacks the model, the addresses or the delays")
	}
	r := &Runtime{net: c.Model, address: c.Address, delays: c.Delays, seed: c.Seed, granted: c.Granted, settings: c.Settings,
		diary: newDiary(c.Sink, c.Model), view: newView(c.Model, c.Address), plants: make([]*plant, c.Model.NodeCount()), live: newNodes(c.Model), removed: newNodes(c.Model),
		asked: map[uint64]asked{}}
	for i := range r.owner {
		r.owner[i] = -1
	}
	if err := r.admit(c.Apps, int(c.FirstTable)); err != nil {
		return nil, err
	}
	if err := r.measure(); err != nil {
		return nil, err
	}
	if r.floods {
		r.tree = newTree(c.Model)
	}
	return r, nil
}

// admit gives every app its tables, from the given one on, and parameters.
func (r *Runtime) admit(apps []Application, table int) error {
	for i := range apps {
		a := &application{Application: apps[i], manifest: apps[i].Instance.Manifest(), index: int32(i), next: -1, timers: map[string][]*timer{}}
		if a.Name == "" {
			a.Name = a.manifest.Name
		}
		params, faults := a.manifest.Resolve(a.Params)
		if err := faults.Err(); err != nil {
			return err
		}
		a.Params = params
		if a.manifest.Tables < 1 {
			return fmt.Errorf("control: app %s asks for %d flow tables; at least 1 is needed", a.Name, a.manifest.Tables)
		}
		if table+a.manifest.Tables > tableMost || i >= appMost {
			return fmt.Errorf("control: app %s asks for %d flow tables; a switch has %d, and %d are taken by the apps before it",
				a.Name, a.manifest.Tables, tableMost, table)
		}
		a.base, a.tables = uint8(table), uint8(a.manifest.Tables)
		for t := table; t < table+a.manifest.Tables; t++ {
			r.owner[t] = int16(i)
		}
		if i > 0 {
			r.apps[i-1].next = table
		}
		table += a.manifest.Tables
		if a.manifest.Chains && i == len(apps)-1 {
			return fmt.Errorf("control: app %s hands packets on to the next app, and none follows it", a.Name)
		}
		for _, s := range a.manifest.Services {
			switch s {
			case app.ServiceARP:
				if r.arp == nil {
					r.arp = newResolver(&r.view, r.settings.Services)
				}
			case app.ServiceFlood:
				a.floods, r.floods = true, true
			default:
				return fmt.Errorf("control: app %s asks for the service %q, which does not exist", a.Name, s)
			}
		}
		r.apps = append(r.apps, a)
	}
	return nil
}

// measure works out the lookahead.
func (r *Runtime) measure() error {
	least, err := leastDelays(r.net, r.delays)
	r.lookahead = least
	return err
}

// leastDelays is the least upward plus the least downward delay.
func leastDelays(n *model.Network, delays Delays) (model.Time, error) {
	least := [2]model.Time{model.Forever, model.Forever}
	for id := range model.NodeID(n.NodeCount()) {
		if n.NodeKindOf(id) != model.Switch || n.Gone(id) {
			continue
		}
		up, down := delays(id)
		if up <= 0 || down <= 0 {
			return 0, fmt.Errorf("control: the control delays of %s are %s up and %s down; both must be positive", n.NodeName(id), up, down)
		}
		least[0], least[1] = min(least[0], up), min(least[1], down)
	}
	if least[0] == model.Forever { // no switches
		least = [2]model.Time{model.Millisecond, model.Millisecond}
	}
	return least[0] + least[1], nil
}

// Start queues Start and Topology for every app; React(at+1) delivers them.
func (r *Runtime) Start(at model.Time) error {
	if r.started {
		return fmt.Errorf("control: started twice")
	}
	r.started = true
	r.queue.push(item{at: at, source: model.NoNode, kind: noteStart})
	return nil
}

// Up takes one message of a switch.
func (r *Runtime) Up(u Upcall) {
	if u.Switch < 0 || int(u.Switch) >= r.net.NodeCount() || r.net.NodeKindOf(u.Switch) != model.Switch || r.net.Gone(u.Switch) {
		return
	}
	r.queue.pushUpcall(u)
}

// Change takes a change of who serves a service.
func (r *Runtime) Change(at model.Time, c model.Change) {
	if c.OfMember() {
		r.queueNote(at, noteChange, &note{change: c})
	}
}

// Due is the earliest arrival waiting, model.Forever if none.
func (r *Runtime) Due() model.Time { return r.queue.due() }

// Lookahead is the least upward plus the least downward delay.
func (r *Runtime) Lookahead() model.Time { return r.lookahead }

// Prompt says that all apps are linked in, so that React does not wait for anybody.
func (r *Runtime) Prompt() bool {
	return !slices.ContainsFunc(r.apps, func(a *application) bool { return !app.IsLocal(a.Instance) })
}

// Settled says that everything sent has been acknowledged and nothing but timers waits.
func (r *Runtime) Settled() bool {
	return r.started && r.queue.others == 0 && r.unacked == 0 && len(r.asked) == 0
}

// React gives the apps everything that arrived before the given time and returns what
// they and the runtime answer. The slice is the caller's. An error is ctx's, or an *AppLostError; the downcalls
// are valid even then.
func (r *Runtime) React(ctx context.Context, before model.Time) ([]Downcall, error) {
	out, err := r.Answer(ctx, before)
	if len(out) == 1 {
		return out[0], err
	}
	return slices.Concat(out...), err
}

// Answer is React with the answer in pieces.
func (r *Runtime) Answer(ctx context.Context, before model.Time) ([][]Downcall, error) {
	r.out = nil
	var err error
	for more := true; more && err == nil; {
		r.ordinal = 0
		if more = r.read(before); len(r.steps) == 0 {
			err = ctx.Err()
			break
		}
		err = r.ask(ctx)
		r.write()
		clear(r.steps)
		r.steps = r.steps[:0]
	}
	if cap(r.steps) > kept {
		r.steps = nil
	}
	r.queue.shrink()
	for _, a := range r.apps {
		if cap(a.events) > kept {
			a.events, a.ordinal = nil, nil
		}
	}
	out := r.out
	r.out = nil
	return out, err
}

// hand puts a downcall into the answer.
func (r *Runtime) hand(d *Downcall) {
	last := len(r.out) - 1
	if last < 0 || len(r.out[last]) == cap(r.out[last]) {
		r.out = append(r.out, make([]Downcall, 0, 8<<min(2*len(r.out), 9)))
		last++
	}
	r.out[last] = append(r.out[last], *d)
}

// kept is how much room for what arrives together stays from one React to the next. All
// switches of a network come up together, and never again.
const kept = 1 << 12

// ask has every app answer its events.
func (r *Runtime) ask(ctx context.Context) (failed error) {
	for _, a := range r.apps {
		if len(a.events) == 0 {
			continue
		}
		last := 0
		var misplaced error
		err := a.Instance.Handle(ctx, a.events, func(event int, commands []app.Command) {
			if event < last || event >= len(a.events) {
				misplaced = fmt.Errorf("it answered event %d of %d after event %d", event, len(a.events), last)
				return
			}
			last = event
			a.answers = append(a.answers, answer{a.ordinal[event], commands})
		})
		if err == nil {
			err = misplaced
		}
		if err != nil && ctx.Err() != nil {
			err, failed = nil, ctx.Err()
		}
		if err != nil {
			a.lost = err
			r.diary.appLost(a.events[0].At, a.Name, err)
			if a.FailRun && failed == nil {
				failed = &AppLostError{a.Name, err}
			}
		}
		clear(a.events)
		a.events, a.ordinal = a.events[:0], a.ordinal[:0]
	}
	return failed
}

// tell appends an event to every app's batch.
func (r *Runtime) tell(e app.Event) {
	for _, a := range r.apps {
		r.append(a, e)
	}
	r.ordinal++
}

// tellOne appends an event to one app's batch.
func (r *Runtime) tellOne(app int32, e app.Event) {
	r.append(r.apps[app], e)
	r.ordinal++
}

func (r *Runtime) append(a *application, e app.Event) {
	if a.lost == nil {
		a.events, a.ordinal = append(a.events, e), append(a.ordinal, r.ordinal)
	}
}

// Wanted yields the rules that apps and the runtime want on a switch, in the switch's
// numbering and in canonical order: what a switch holds once it has acknowledged
// everything and no timeout has gone by unreported.
func (r *Runtime) Wanted(sw model.NodeID) iter.Seq[flow.Rule] {
	return func(yield func(flow.Rule) bool) {
		if p := r.plants[sw]; p != nil {
			for s := range p.wanted.Rules(0) {
				if !yield(s.Rule) {
					return
				}
			}
		}
	}
}

// WantedGroups and WantedMeters are the same for groups and meters, by number.
func (r *Runtime) WantedGroups(sw model.NodeID) iter.Seq[flow.Group] {
	return func(yield func(flow.Group) bool) {
		if p := r.plants[sw]; p != nil {
			for _, s := range p.wanted.Groups() {
				if !yield(s.Group) {
					return
				}
			}
		}
	}
}

// WantedMeters yields the meters wanted on a switch, by number.
func (r *Runtime) WantedMeters(sw model.NodeID) iter.Seq[flow.Meter] {
	return func(yield func(flow.Meter) bool) {
		if p := r.plants[sw]; p != nil {
			for _, s := range p.wanted.Meters() {
				if !yield(s.Meter) {
					return
				}
			}
		}
	}
}

// GroupNumber is the number on a switch of the group that an app, the i-th, calls name.
func (r *Runtime) GroupNumber(sw model.NodeID, i int32, name string) (uint32, bool) {
	if p := r.plants[sw]; p != nil {
		return p.groups.of(label{i, name})
	}
	return 0, false
}

// MeterNumber is the same for a meter.
func (r *Runtime) MeterNumber(sw model.NodeID, i int32, name string) (uint32, bool) {
	if p := r.plants[sw]; p != nil {
		return p.meters.of(label{i, name})
	}
	return 0, false
}

// Unacknowledged is how many messages to a switch it has not yet acknowledged.
func (r *Runtime) Unacknowledged(sw model.NodeID) int {
	if p := r.plants[sw]; p != nil {
		return len(p.sent) - p.head
	}
	return 0
}

var _ Driver = (*Runtime)(nil)
