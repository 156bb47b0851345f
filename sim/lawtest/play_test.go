package lawtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/fstest"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/core/workload"
	"sendim/descriptors"
	learningswitch "sendim/plugins/learning-switch"
	loadbalancer "sendim/plugins/load-balancer"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/sim"
)

// scene is a world that was read.
type scene struct {
	net    *model.Network
	names  *naming.Names
	deploy *deployment.Deployment
	flows  []model.Flow // in order of start
}

// errInvalid is of a world that is none.
var errInvalid = errors.New("not a valid world")

func (w world) read() (*scene, error) {
	system, deploy := w.texts()
	files := fstest.MapFS{"system.xml": {Data: []byte(system)}, "deployment.xml": {Data: []byte(deploy)}}
	sys, _, err := descriptors.Decode(files, descriptors.Options{}, "system.xml")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	d, _, err := descriptors.DecodeDeployment(files, "deployment.xml")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	if !slices.ContainsFunc(sys.Model.Watches, func(x model.Watch) bool { return x.Packets && x.Links == "type=link" }) {
		return nil, fmt.Errorf("%w: the laws need the packets", errInvalid)
	}
	s := &scene{net: sys.Model, deploy: d}
	if s.names, err = naming.New(s.net); err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	// What fails at random is drawn here, as the conductor does.
	if s.net.Scenario, err = workload.Scenario(s.net, s.deploy.Simulation.Seed); err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	if s.flows, err = workload.Concrete(s.net, s.deploy.Simulation.Seed); err != nil {
		return nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	return s, nil
}

// diary keeps what happens, as entries and as bytes.
type diary struct {
	mu      sync.Mutex
	entries []trace.Entry
	text    bytes.Buffer
	writer  *trace.Writer
	stir    func(n int) // called with the number of entries so far
	storm   context.CancelFunc
}

// most is how many entries a diary may have: rules may send copies in circles, and who
// plays thousands of worlds has better things to do.
const most = 50_000

// errStorm is of a world that was given up.
var errStorm = errors.New("a storm")

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, *e)
	d.writer.Emit(e)
	if len(d.entries) == most {
		d.storm()
	}
	if d.stir != nil {
		d.stir(len(d.entries))
	}
}

// look is what a snapshot shows.
type look struct {
	at     model.Time
	rules  map[model.NodeID][]flow.RuleStat
	groups map[model.NodeID][]flow.GroupStat
	meters map[model.NodeID][]flow.MeterStat
	ports  map[model.Endpoint]flow.PortStat
}

// play is one playing of a world.
type play struct {
	*scene
	diary    *diary
	text     string
	looks    []look
	captures [2]map[model.Endpoint]*bytes.Buffer // of what leaves ports, and of what comes
	ended    model.Time
	digest   string
	cut      context.CancelFunc // of the Run under way
	session  *sim.Session
	spec     backend.Spec
}

// manner is how a world is played.
type manner struct {
	captures bool
	looks    []model.Time // at which snapshots are taken; Run returns there
	stops    []model.Time // at which Run returns
	cancels  *rand.Rand   // contexts end at random entries of the diary
	closeAt  model.Time   // 0: at the end
	thaws    []model.Time // at which it is written to bytes and goes on from those
	hands    *rand.Rand   // workers that do so, where the number matters
	workers  int          // and nobody watches the packets, which one worker alone can
}

// hasty is an app whose caller loses patience in the middle of its answer.
type hasty struct {
	app.Instance
	p    *play
	lots *rand.Rand
}

func (h *hasty) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	if h.lots != nil && h.p.cut != nil && h.lots.IntN(4) == 0 {
		h.p.cut()
	}
	return h.Instance.Handle(ctx, events, emit)
}

const last = 30 * model.Second

func (w world) play(m manner) (p *play, err error) {
	s, err := w.read()
	if err != nil {
		return nil, err
	}
	p = &play{scene: s, diary: &diary{}, captures: [2]map[model.Endpoint]*bytes.Buffer{{}, {}}}
	p.diary.writer = trace.NewWriter(&p.diary.text)
	ctx, storm := context.WithCancel(context.Background())
	defer storm()
	p.diary.storm = storm
	defer func() {
		if x := recover(); x != nil {
			p, err = nil, fmt.Errorf("panic: %v", x)
		}
	}()
	if m.workers > 0 {
		s.net.Watches, s.deploy.Simulation.Workers = nil, m.workers
	}
	spec := backend.Spec{Run: "law", Deployment: s.deploy, Model: s.net, Seed: s.deploy.Simulation.Seed,
		Launch: func(_ context.Context, a deployment.Application) (app.Instance, error) {
			var x app.App = &chaos{flows: s.flows}
			switch a.Plugin {
			case "builtin:learning-switch":
				x = learningswitch.New()
			case "builtin:shortest-path":
				x = shortestpath.New()
			case "builtin:load-balancer":
				x = loadbalancer.New()
			}
			return &hasty{app.Local(x), p, m.cancels}, nil
		}}
	opened, err := sim.Backend{}.Open(context.Background(), spec, p.diary)
	if err != nil {
		return nil, err
	}
	session := opened.(*sim.Session)
	defer session.Close() //nolint:errcheck // closed below; this is for errors
	if err := session.Apply(context.Background(), change.FromNothing(change.State{Model: s.net, Deployment: s.deploy}), nil); err != nil {
		return nil, fmt.Errorf("%w: apply: %w", errInvalid, err)
	}
	if m.captures {
		for a := range 2 * s.net.LinkCount() {
			e := s.net.ArcFrom(model.Arc(a))
			for i, direction := range []model.Direction{model.Outward, model.Inward} {
				p.captures[i][e] = &bytes.Buffer{}
				if _, err := session.Do(context.Background(), backend.Action{Capture: &backend.Capture{At: e, Writer: p.captures[i][e], Direction: direction}}); err != nil {
					return nil, err
				}
			}
		}
	}
	end := last
	if m.closeAt > 0 {
		end = m.closeAt
	}
	p.session, p.spec = session, spec
	if err := p.pass(ctx, m, end); err != nil {
		return nil, err
	}
	session = p.session
	p.ended = session.Now()
	if m.looks != nil {
		if err := p.look(session); err != nil {
			return nil, err
		}
	}
	p.digest = session.Digest()
	if err := session.Close(); err != nil {
		return nil, err
	}
	if err := session.Close(); err != nil {
		return nil, fmt.Errorf("closed twice: %w", err)
	}
	if _, err := session.Run(context.Background(), end+1); err == nil {
		return nil, errors.New("time passes in a closed session")
	}
	if err := p.diary.writer.Flush(); err != nil {
		return nil, err
	}
	p.text = p.diary.text.String()
	return p, nil
}

// pass lets time pass, with the scenario, and looks around on the way.
func (p *play) pass(ctx context.Context, m manner, end model.Time) error {
	type stop struct {
		at      model.Time
		look    bool
		changes []model.Change
	}
	var stops []stop
	for _, x := range m.looks {
		stops = append(stops, stop{at: x, look: true})
	}
	for _, x := range m.stops {
		stops = append(stops, stop{at: x})
	}
	for _, x := range p.net.Scenario {
		stops = append(stops, stop{at: x.At, changes: x.Changes})
	}
	stops = append(stops, stop{at: end})
	slices.SortStableFunc(stops, func(a, b stop) int { return int(min(max(a.at-b.at, -1), 1)) })
	for _, x := range stops {
		if x.at > end {
			break
		}
		if err := p.thaw(ctx, m, x.at); err != nil {
			return err
		}
		if err := p.run(ctx, p.session, m, x.at); err != nil {
			return err
		}
		if x.look {
			if err := p.look(p.session); err != nil {
				return err
			}
		}
		for _, c := range x.changes {
			if _, err := p.session.Do(context.Background(), backend.Action{Change: &c}); err != nil {
				return err
			}
		}
	}
	return nil
}

// thaw lets time pass up to the last moment before a time at which the world is to be
// written to bytes, and has it go on from those.
func (p *play) thaw(ctx context.Context, m manner, until model.Time) error {
	for _, at := range m.thaws {
		if at < p.session.Now() || at >= until {
			continue
		}
		if _, stopped, err := p.session.RunTo(ctx, at, until); err != nil || !stopped {
			if ctx.Err() != nil {
				return errStorm
			}
			return err
		}
		var b bytes.Buffer
		if err := p.session.Checkpoint(&b); err != nil {
			return err
		}
		d := *p.spec.Deployment
		if m.hands != nil && m.workers > 0 {
			d.Simulation.Workers = 1 + m.hands.IntN(3)
		}
		p.spec.Deployment = &d
		next, err := sim.Backend{}.Restore(context.Background(), p.spec, p.diary, &b)
		if err != nil {
			return err
		}
		p.session = next.(*sim.Session)
	}
	return nil
}

func (p *play) run(calm context.Context, session *sim.Session, m manner, until model.Time) error {
	for {
		ctx, cancel := context.WithCancel(calm)
		p.cut = cancel
		if m.cancels != nil {
			p.diary.mu.Lock()
			at := len(p.diary.entries) + 1 + m.cancels.IntN(60)
			p.diary.stir = func(n int) {
				if n >= at {
					cancel()
				}
			}
			p.diary.mu.Unlock()
		}
		before := session.Now()
		at, err := session.Run(ctx, until)
		cancel()
		switch {
		case calm.Err() != nil:
			return errStorm
		case errors.Is(err, context.Canceled) && m.cancels != nil:
			if at < before {
				return fmt.Errorf("law: time went back from %s to %s", before, at)
			}
			continue
		case err != nil:
			return err
		case at != until:
			return fmt.Errorf("law: the run was to reach %s and reached %s", until, at)
		}
		return nil
	}
}

func (p *play) look(session *sim.Session) error {
	l := look{at: session.Now(), rules: map[model.NodeID][]flow.RuleStat{}, groups: map[model.NodeID][]flow.GroupStat{},
		meters: map[model.NodeID][]flow.MeterStat{}, ports: map[model.Endpoint]flow.PortStat{}}
	for x, err := range session.Snapshot(context.Background(), backend.Everything()) {
		switch {
		case err != nil:
			return err
		case x.Rule != nil:
			l.rules[x.Node] = append(l.rules[x.Node], *x.Rule)
		case x.Group != nil:
			l.groups[x.Node] = append(l.groups[x.Node], *x.Group)
		case x.Meter != nil:
			l.meters[x.Node] = append(l.meters[x.Node], *x.Meter)
		case x.Port != nil:
			l.ports[model.Endpoint{Node: x.Node, Port: model.PortNo(x.Port.Port)}] = *x.Port
		}
	}
	p.looks = append(p.looks, l)
	return nil
}

// sorted is the diary without the order of its lines: within a window it follows the
// network first and the apps then.
func (p *play) sorted() string {
	lines := strings.Split(p.text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// arrival is a frame that the diary saw come to a port.
type arrival struct {
	at     model.Time
	length int
	header packet.Header
	flow   string
}

// arrivals lists them by port.
func (p *play) arrivals() map[model.Endpoint][]arrival {
	out := map[model.Endpoint][]arrival{}
	for i := range p.diary.entries {
		if e := &p.diary.entries[i]; e.Kind == trace.Packet {
			node, _ := p.net.NodeByName(e.Node)
			at := model.Endpoint{Node: node, Port: model.PortNo(*e.Port)}
			out[at] = append(out[at], arrival{e.At, e.Length, *e.Header, e.Flow})
		}
	}
	return out
}

// record is a frame of a capture.
type record struct {
	at    int64 // ns
	frame string
}

func (p *play) left(at model.Endpoint) []record { return records(p.captures[0][at].Bytes()) }

// came are the frames that reached a port, which the diary must have seen as well.
func (p *play) came(at model.Endpoint, seen []arrival) ([]record, error) {
	list := records(p.captures[1][at].Bytes())
	for i := range max(len(list), len(seen)) {
		switch {
		case i == len(list):
			return nil, fmt.Errorf("%s: not in the capture: at %s %s", p.net.PortName(at), seen[i].at, seen[i].header)
		case i == len(seen):
			return nil, fmt.Errorf("%s: not in the diary: a frame at %d ns", p.net.PortName(at), list[i].at)
		}
		h, _, err := packet.Decode([]byte(list[i].frame))
		if err != nil {
			return nil, fmt.Errorf("%s: a captured frame cannot be read: %w", p.net.PortName(at), err)
		}
		if list[i].at != int64(seen[i].at)/1000 || h != seen[i].header || len(list[i].frame) != seen[i].length {
			return nil, fmt.Errorf("%s: in the diary at %s %d bytes %s, in the capture at %d ns %d bytes %s", p.net.PortName(at),
				seen[i].at, seen[i].length, seen[i].header, list[i].at, len(list[i].frame), h)
		}
	}
	return list, nil
}

func records(b []byte) (out []record) {
	for b = b[24:]; len(b) >= 16; {
		at := int64(binary.BigEndian.Uint32(b))*1e9 + int64(binary.BigEndian.Uint32(b[4:]))
		n := binary.BigEndian.Uint32(b[8:])
		out = append(out, record{at: at, frame: string(b[16 : 16+n])})
		b = b[16+n:]
	}
	return out
}
