package emulate

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/ovs"
)

// A daemon that dies more often than so many times within so long is not started again.
const (
	mostDeaths   = 3
	deathsWithin = 30 * time.Second
	// daemonSilence is for how long one may live and do nothing: as long as an app may.
	daemonSilence = 10 * time.Second
)

// keepAlive has the daemons of Open vSwitch started again from now on when they die. The
// network is theirs and the kernel's: the database has bridges, ports, their numbers and the
// controllers, the kernel has the interfaces and what shapes them, and the controller
// puts back the rules.
func (w *world) keepAlive(controller string) {
	w.revival.target = controllerTarget(controller)
	w.place.vswitch.Guard(ovs.Guard{Most: mostDeaths, Within: deathsWithin, Silence: daemonSilence, Stood: w.daemonStood, Died: w.daemonDied, Back: w.daemonsBack})
}

// revival is what is known of daemons that died.
type revival struct {
	target string // of the switches' controller, as the database has it
	tally  tally

	mu    sync.Mutex
	since [3]int64 // the tally when the first of those died that are not back
	first time.Time
	died  []string
	order chan struct{} // closed when the switches are in order again; nil: nobody has died
}

// wait returns when no daemon is missing and all switches have what they should.
func (r *revival) wait(ctx context.Context) error {
	r.mu.Lock()
	order := r.order
	r.mu.Unlock()
	if order == nil {
		return nil
	}
	select {
	case <-order:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tally counts, on their way into the diary, the modifications sent to switches.
type tally struct {
	trace.Sink
	rules, groups, meters atomic.Int64
}

// Emit passes an entry on.
func (t *tally) Emit(e *trace.Entry) {
	switch e.Kind {
	case trace.RuleMod:
		t.rules.Add(1)
	case trace.GroupMod:
		t.groups.Add(1)
	case trace.MeterMod:
		t.meters.Add(1)
	}
	t.Sink.Emit(e)
}

func (t *tally) read() [3]int64 { return [3]int64{t.rules.Load(), t.groups.Load(), t.meters.Load()} }

// daemonDied is told of a death.
func (w *world) daemonDied(d ovs.Death) {
	w.still.wait(w.session.life) // of what stands still nobody is missed
	d.At, d.Seen = w.still.after(d.At), w.still.after(d.Seen)
	if d.Daemon == ovs.SwitchDaemon {
		w.place.shares.drop() // what comes in at the ports would wait there for nobody
	}
	r := &w.revival
	r.mu.Lock()
	if len(r.died) == 0 {
		r.first, r.since, r.order = away(d), r.tally.read(), make(chan struct{})
	}
	r.died = append(r.died, d.Daemon)
	r.mu.Unlock()
	text := d.Err.Error()
	if before := d.At.Sub(d.Seen).Round(time.Millisecond); before > 0 {
		text += fmt.Sprintf("; it was seen at work last %v before", before)
	}
	w.session.emit(&trace.Entry{At: w.now(), Kind: trace.DaemonLost, Name: d.Daemon, Text: text})
}

// away is since when switches stand still for a death. They do not while their database says
// nothing: only the end of its connection takes them its lock.
func away(d ovs.Death) time.Time {
	if d.Daemon == ovs.ServerDaemon && d.At.Sub(d.Seen) >= daemonSilence {
		return d.At
	}
	return d.Seen
}

// daemonStood is told of a daemon that somebody had stopped for a while.
func (w *world) daemonStood(s ovs.Spell) {
	still := s.To.Sub(s.From)
	now := w.now()
	w.session.emit(&trace.Entry{At: now, Kind: trace.Warning, Text: fmt.Sprintf("%s was stopped by a signal, and went on after %v", s.Daemon, still.Round(time.Millisecond))})
	if s.Daemon == ovs.SwitchDaemon {
		w.session.emit(&trace.Entry{At: now, Kind: trace.MachineLoad, Load: &trace.Load{Pressure: -1, Gap: model.Time(still) * model.Nanosecond}})
	}
}

// daemonsBack is told when the daemons answer again; ctx ends when one dies once more. It
// returns when the switches are as they should be.
func (w *world) daemonsBack(ctx context.Context, _ []ovs.Death) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(w.session.life, cancel)
	defer stop()
	answered := time.Now()
	if err := w.place.hasten(); err == nil {
		_, _ = w.place.widen() // the sockets that receive
	}
	expected, err := w.reconnected(ctx)
	connected := time.Now()
	if err == nil {
		_ = w.enlarge(ctx) // the one that sends; says itself what it could not do
	}
	settled := err == nil && w.settle(ctx)
	if ctx.Err() != nil {
		return // the story goes on
	}
	r := &w.revival
	r.mu.Lock()
	died, sent := r.died, r.tally.read()
	for i := range sent {
		sent[i] -= r.since[i]
	}
	since := func(t time.Time) time.Duration { return t.Sub(r.first).Round(time.Millisecond) }
	gap := since(connected)
	text := fmt.Sprintf("answered after %v, ", since(answered))
	switch {
	case err != nil:
		text += fmt.Sprintf("but not all switches are back: %v", err)
	case settled:
		gap = since(time.Now())
		text += fmt.Sprintf("%d switches connected and in order after %v", expected, gap)
	default:
		text += fmt.Sprintf("%d switches connected after %v, and had not been told everything after %v more", expected, gap, inOrder)
	}
	r.died = nil
	close(r.order)
	r.mu.Unlock()
	if said := resent(sent); said != "" {
		text += "; " + said
	}
	now := w.now()
	w.session.emit(&trace.Entry{At: now, Kind: trace.DaemonBack, Name: strings.Join(unique(died), " and "), Text: text})
	w.session.emit(&trace.Entry{At: now, Kind: trace.MachineLoad, Load: &trace.Load{Pressure: -1, Gap: model.Time(gap) * model.Nanosecond}})
}

// stands waits, where the sandbox's process 1 is gone, until the session has noticed: the
// flows that ended with it may be told of first.
func (w *world) stands() {
	if _, err := os.Readlink(w.place.proc("ns/net")); err == nil {
		return // a process gives up its namespaces before it kills those inside
	}
	select {
	case <-w.session.life.Done():
	case <-time.After(5 * time.Second):
	}
}

// resent says how much was sent to switches, "" for nothing.
func resent(sent [3]int64) string {
	var parts []string
	for i, what := range [3]string{"rules", "groups", "meters"} {
		if sent[i] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", sent[i], what))
		}
	}
	if len(parts) == 0 {
		return "nothing had to be sent again"
	}
	return strings.Join(parts, ", ") + " were sent"
}

func unique(names []string) (out []string) {
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// How long switches may take to connect again, thousands a while, and then to be told what
// they have lost: new traffic may always find something more to ask.
const (
	inTouch = time.Minute
	inOrder = 15 * time.Second
)

// reconnected waits until all switches that are to dial the controller have, and gives how
// many those are. Somebody may cut one off meanwhile, so they are counted now and again.
func (w *world) reconnected(ctx context.Context) (expected int, err error) {
	for until := time.Now().Add(inTouch); ; {
		if expected, err = w.place.dialling(ctx, w.revival.target); err != nil {
			return 0, err
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		err = w.ctl.WaitConnected(short, expected, nil)
		cancel()
		if err == nil || ctx.Err() != nil || time.Now().After(until) {
			return expected, err
		}
	}
}

// settle waits until the controller has nothing more to tell switches.
func (w *world) settle(ctx context.Context) bool {
	until := time.Now().Add(inOrder)
	for !w.ctl.Settled(ctx) {
		if ctx.Err() != nil || time.Now().After(until) {
			return false
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return true
}

// dialling is how many switches are to dial a controller: one that is down, or whose
// channel is cut, does not.
func (p *place) dialling(ctx context.Context, target string) (int, error) {
	text, err := p.vswitch.Vsctl(ctx, "--bare", "--no-headings", "--columns=target", "list", "Controller")
	if err != nil {
		return 0, fmt.Errorf("counting the switches that have a controller: %w", err)
	}
	count := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, target) {
			count++
		}
	}
	return count, nil
}
