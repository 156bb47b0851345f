package emulate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// links follows what links carry and what was done to them.
type links struct {
	mu                       sync.Mutex
	world                    *world
	arcs                     []direction
	outages                  outages
	follow                   follow
	interval, began, sampled model.Time
}

// direction is one direction of a link.
type direction struct {
	rate     model.Rate // of the link, as set last
	port     model.Rate // an app's limit, 0 none
	start    counters   // at t=0
	last     counters   // at the last sample
	born     model.Time // when it was added to the living network
	gone     bool       // it was removed from it: last is what it had counted then
	until    model.Time // and when that was
	changed  bool       // the rate was changed since the last sample
	measured float64    // the highest rate in an interval in which it was saturated, bit/s
}

type counters struct{ packets, bytes, drops, backlog, waiting int64 } // backlog in bytes, waiting in packets

// start takes down what all counters are at t=0.
func (l *links) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	is, at := l.read(context.Background(), false)
	for i := range l.arcs {
		l.arcs[i].start, l.arcs[i].last = is[i], is[i]
	}
	for k, id := range l.follow.what.Switches {
		for _, a := range l.world.net().Arcs(id) {
			l.follow.received[k] += is[a^1].packets
		}
	}
	l.began, l.sampled = at, at
}

// make makes the columns.
func (l *links) make(w *world) {
	l.world, l.arcs = w, make([]direction, 2*w.net().LinkCount())
	for i := range l.arcs {
		l.arcs[i].rate = w.net().ArcSpec(model.Arc(i)).Rate
	}
	l.outages = outages{map[model.LinkID]map[model.NodeID]bool{}, map[model.Endpoint]bool{}}
}

// lower is the rate in force: 0 is none.
func (d *direction) lower() model.Rate {
	if d.port > 0 && (d.rate == 0 || d.port < d.rate) {
		return d.port
	}
	return d.rate
}

// setRate notes a link's new rate in a direction and gives the one in force.
func (l *links) setRate(arc model.Arc, r model.Rate) model.Rate {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := &l.arcs[arc]
	d.rate, d.changed, d.measured = r, true, 0
	return d.lower()
}

// setPortRate notes an app's limit of a port and gives the rate in force.
func (l *links) setPortRate(arc model.Arc, r model.Rate) model.Rate {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := &l.arcs[arc]
	d.port, d.changed, d.measured = r, true, 0
	return d.lower()
}

// read reads the counters of all directions. A direction is counted where it leaves a
// switch, else where it reaches one: those interfaces are in the sandbox's own
// namespace. Drops and backlogs are those of the queue it leaves by; of hosts only when
// everything is asked for. It gives the moment of the counters with them: asking for the
// queues takes a program, and on a busy machine its time.
func (l *links) read(ctx context.Context, everything bool) ([]counters, model.Time) {
	all := make([]int, len(l.arcs))
	for i := range all {
		all[i] = i
	}
	return l.readSome(ctx, all, everything)
}

// readSome is read for some directions.
func (l *links) readSome(ctx context.Context, which []int, everything bool) ([]counters, model.Time) {
	w, out := l.world, make([]counters, len(l.arcs))
	before := w.now()
	own := devices(w.place.proc("net/dev"))
	at := before + (w.now()-before)/2
	waiting := queues(ctx, w.place.run)
	isSwitch := func(id model.NodeID) bool { return w.net().NodeKindOf(id) == model.Switch }
	for _, i := range which {
		arc := model.Arc(i)
		if l.arcs[i].gone {
			out[i] = l.arcs[i].last
			continue
		}
		from, to := w.net().ArcFrom(arc), w.net().ArcTo(arc)
		name := w.names().Interface(from.Node, from.Port)
		switch {
		case isSwitch(from.Node):
			out[i] = own[name].sent
		case isSwitch(to.Node):
			out[i] = own[w.names().Interface(to.Node, to.Port)].received
		default:
			if text, err := w.ground.devices(ctx, from.Node); err == nil {
				out[i] = parseDevices(text)[name].sent
				_ = text.Close()
			}
		}
		if q, ok := waiting[name]; ok && isSwitch(from.Node) {
			out[i].drops, out[i].backlog, out[i].waiting = q.drops, q.backlog, q.waiting
		}
	}
	if everything {
		l.readHosts(ctx, which, out)
	}
	return out, at
}

// readHosts adds drops and backlogs of hosts' queues: of those that have a rate and have
// sent anything, some hosts at once.
func (l *links) readHosts(ctx context.Context, which []int, out []counters) {
	w := l.world
	byHost, order := map[model.NodeID][]int{}, []model.NodeID(nil)
	for _, i := range which {
		host := w.net().ArcFrom(model.Arc(i)).Node
		if w.net().NodeKindOf(host) == model.Switch || l.arcs[i].gone || l.arcs[i].rate == 0 || out[i].packets == l.arcs[i].start.packets {
			continue
		}
		if byHost[host] == nil {
			order = append(order, host)
		}
		byHost[host] = append(byHost[host], i)
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, host := range order {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			run, err := w.ground.inside(host)
			if err != nil {
				return
			}
			is := queues(ctx, run)
			for _, i := range byHost[host] {
				q := is[w.names().Interface(host, w.net().ArcFrom(model.Arc(i)).Port)]
				out[i].drops, out[i].backlog, out[i].waiting = q.drops, q.backlog, q.waiting
			}
		})
	}
	all.Wait()
}

type device struct{ received, sent counters }

// devices reads a file in the form of /proc/net/dev.
func devices(path string) map[string]device {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	return parseDevices(f)
}

func parseDevices(r io.Reader) map[string]device {
	out := map[string]device{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, rest, ok := strings.Cut(lines.Text(), ":")
		v := strings.Fields(rest)
		if !ok || len(v) < 16 {
			continue
		}
		number := func(i int) int64 { n, _ := strconv.ParseInt(v[i], 10, 64); return n }
		out[strings.TrimSpace(name)] = device{
			received: counters{bytes: number(0), packets: number(1)},
			sent:     counters{bytes: number(8), packets: number(9)},
		}
	}
	return out
}

// queues asks tc for drops and backlogs, by interface; the innermost queue counts.
func queues(ctx context.Context, run shell.Runner) map[string]counters {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	res, err := run.Run(ctx, shell.Cmd{Argv: []string{"tc", "-s", "-j", "qdisc", "show"}, Limit: 64 << 20})
	if err != nil {
		return nil
	}
	return parseQueues(res.Stdout)
}

func parseQueues(text []byte) map[string]counters {
	out := map[string]counters{}
	var list []struct {
		Dev     string `json:"dev"`
		Drops   int64  `json:"drops"`
		Backlog int64  `json:"backlog"`
		Waiting int64  `json:"qlen"`
	}
	if json.Unmarshal(text, &list) != nil {
		return out
	}
	for _, q := range list {
		c := out[q.Dev]
		out[q.Dev] = counters{drops: max(c.drops, q.Drops), backlog: max(c.backlog, q.Backlog), waiting: max(c.waiting, q.Waiting)}
	}
	return out
}

// sample writes what links carried, interval by interval, until the flows' time is over.
func (w *world) sample(interval model.Time) {
	w.links.mu.Lock()
	w.links.interval = interval
	w.links.mu.Unlock()
	for next := interval; w.wait(w.session.life, next); next += interval {
		w.links.sample()
		if late := w.now(); late > next+interval {
			next = late / interval * interval // the machine was too busy
		}
	}
}

func (l *links) sample() {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.world
	is, now := l.read(w.session.life, false)
	if w.session.life.Err() != nil {
		return // half of it may be missing
	}
	span := now - l.sampled
	l.sampled = now
	long := span >= l.interval/2 // a short one after a late one says little of a rate
	for i := range l.arcs {
		d := &l.arcs[i]
		more := counters{packets: is[i].packets - d.last.packets, bytes: is[i].bytes - d.last.bytes, drops: is[i].drops - d.last.drops}
		rate := float64(more.bytes) * 8 / span.Seconds()
		if limit := d.lower(); limit > 0 && long && !d.changed && (d.last.backlog > 0 && is[i].backlog > 0 || rate >= 0.95*float64(limit)) {
			d.measured = max(d.measured, rate)
		}
		l.queue(i, is[i], d.last, span, now)
		d.last, d.changed = is[i], false
		if (more.packets != 0 || more.drops != 0) && l.follow.what.Link(model.Arc(i).Link()) {
			w.session.emit(l.entry(trace.LinkSample, i, span, more, now))
		}
	}
	l.switches(is, span, now)
}

func (l *links) entry(kind trace.Kind, i int, span model.Time, c counters, now model.Time) *trace.Entry {
	w, arc := l.world, model.Arc(i)
	return &trace.Entry{At: now, Kind: kind, Link: w.net().LinkName(arc.Link()), Sample: &trace.Sample{
		From: w.net().NodeName(w.net().ArcFrom(arc).Node), To: w.net().NodeName(w.net().ArcTo(arc).Node), Span: span,
		Packets: c.packets, Bytes: c.bytes, Drops: c.drops, Rate: l.arcs[i].lower()}}
}

// total writes what every direction has carried since t=0, where it is anything, and what
// a saturated one really carried.
func (l *links) total() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.world.place.sandbox.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	is, now := l.read(ctx, true)
	for i := range l.arcs {
		d := &l.arcs[i]
		c := counters{packets: is[i].packets - d.start.packets, bytes: is[i].bytes - d.start.bytes, drops: is[i].drops - d.start.drops}
		if c.packets <= 0 && c.drops <= 0 { // less than nothing: they could not be read
			continue
		}
		e := l.entry(trace.LinkTotal, i, d.lasting(l.began, now), c, now)
		e.Sample.Measured = d.measured
		l.world.session.emit(e)
	}
}

// enlarge makes the buffers of Open vSwitch's sockets large, that of the sending one, too.
func (w *world) enlarge(ctx context.Context) error {
	if hostCount(w.net()) == 0 || len(w.switches()) == 0 {
		return nil // nobody sends anything
	}
	if err := w.wakeSender(); err != nil {
		return fmt.Errorf("having a switch send: %w", err)
	}
	for range 500 {
		sender, err := w.place.widen()
		if sender || err != nil || w.place.vswitch.Datapath() == ovs.System {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	w.clock.Emit(&trace.Entry{At: w.clock.Elapsed(), Kind: trace.Warning, Text: "the socket by which Open vSwitch sends was not found: queues above some 90 packets cannot fill"})
	return nil
}

// wakeSender has Open vSwitch send a frame, so that the socket it sends by exists and
// its buffers can be made large before the run. The frame, of an experimental EtherType
// and to nobody, goes to a host, which does not look at it; a switch could still have it
// in hand when the run begins, and hand it to an app.
func (w *world) wakeSender() error {
	frame := append([]byte{0x02, 0, 0, 0, 0, 0xfe, 0x02, 0, 0, 0, 0, 0xff, 0x88, 0xb5}, make([]byte, 46)...)
	var errs []error
	for _, sw := range w.switches() {
		for _, arc := range w.net().Arcs(sw) {
			if w.net().NodeKindOf(w.net().ArcTo(arc).Node) == model.Switch {
				continue
			}
			err := w.ctl.Send(sw, &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(uint32(w.net().ArcFrom(arc).Port))}, Frame: frame})
			if err == nil {
				return nil
			}
			errs = append(errs, err) // one that has lost its controller for the moment
			break
		}
	}
	return errors.Join(errs...)
}
