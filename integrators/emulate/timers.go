package emulate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// timers looks after rules with timeouts when the network stands still: Open vSwitch counts
// the machine's time. Just before, the same rules are put in their place without timeouts,
// which keeps what they counted; and after it with what is left of them.
//
// How long ago a rule was last used survives this (in Open vSwitch it does, whatever takes
// its place), so an idle timeout is lengthened by the time in which nothing could use it.
// That is too long for a rule as soon as it is used again. Once all that were not are gone,
// the others get the timeout back that the apps gave them.
type timers struct {
	mu    sync.Mutex
	held  bool // the rules have none
	list  []timed
	extra map[uint16]model.Time // by idle timeout: by how much rules' are too long
	turn  int                   // how often the network has gone on
	told  bool                  // of switches that are out of reach

	loans sync.Mutex
	other map[ruleKey]lent // rules that say something else than the apps said
}

// timed is a wanted rule with a timeout, as the network came to a standstill.
type timed struct {
	at  model.NodeID
	is  flow.RuleStat
	key ruleKey
}

type ruleKey struct {
	at       model.NodeID
	table    uint8
	priority uint16
	match    uint64 // a hash
}

func keyOf(at model.NodeID, r *flow.Rule) ruleKey {
	return ruleKey{at, r.Table, r.Priority, r.KeyHash()}
}

// lent is a rule's timeouts as they are and as they should be, in seconds.
type lent struct {
	cookie                       uint64
	idle, hard, wasIdle, wasHard uint16
}

// seconds rounds a span to what a rule can say.
func seconds(t model.Time) uint16 {
	return uint16(min(max((t+model.Second/2)/model.Second, 1), 65535))
}

// wanted gathers the rules with timeouts that are wanted now.
func (t *timers) wanted(ctx context.Context, w *world) (list []timed, err error) {
	if !w.ctl.Visit(ctx, func() {
		for at, is := range w.gate.Timed(w.clock.Elapsed()) {
			list = append(list, timed{at, is, keyOf(at, &is.Rule)})
		}
	}) {
		return nil, context.Cause(ctx)
	}
	return list, nil
}

// put changes rules, switch by switch, and gives the switches that are out of reach.
func (t *timers) put(w *world, list []timed, mod func(*timed) (flow.RuleMod, bool)) (lost []model.NodeID) {
	for i := 0; i < len(list); {
		at := list[i].at
		var mods []flow.RuleMod
		for ; i < len(list) && list[i].at == at; i++ {
			if m, ok := mod(&list[i]); ok {
				mods = append(mods, m)
			}
		}
		if len(mods) > 0 && w.ctl.Put(at, mods) != nil {
			lost = append(lost, at)
		}
	}
	return lost
}

// hold takes the timeouts off, and returns when the switches have done that and all that
// they were told before.
func (t *timers) hold(ctx context.Context, w *world) (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.list, err = t.wanted(ctx, w); err != nil {
		return err
	}
	t.held = true
	lost := t.put(w, t.list, func(r *timed) (flow.RuleMod, bool) {
		m := flow.RuleMod{Command: flow.Add, Rule: r.is.Rule}
		m.Rule.Idle, m.Rule.Hard, m.Rule.SendRemoved = 0, 0, false
		return m, true
	})
	if len(lost) > 0 && !t.told {
		t.told = true
		var names []string
		for _, at := range lost {
			names = append(names, w.net().NodeName(at))
		}
		w.session.emit(&trace.Entry{At: w.now(), Kind: trace.Warning,
			Text: fmt.Sprintf("%s cannot be told that time stands still: rules with timeouts there go on to run out", strings.Join(names, ", "))})
	}
	_, err = w.ctl.Ask(ctx, backend.Selector{Node: model.NoNode, Meters: true})
	return err
}

// release gives rules what is left of their timeouts.
func (t *timers) release(ctx context.Context, w *world) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held {
		return nil
	}
	t.held = false
	gone := map[ruleKey]bool{}
	if !w.ctl.Visit(ctx, func() {
		for _, u := range w.gate.gone {
			gone[keyOf(u.Switch, &u.Removed.Rule)] = true
		}
	}) {
		return context.Cause(ctx)
	}
	if t.extra == nil {
		t.extra = map[uint16]model.Time{}
	}
	t.turn++
	t.loans.Lock()
	t.other = map[ruleKey]lent{}
	t.loans.Unlock()
	var idles []uint16
	for i := range t.list {
		if idle := t.list[i].is.Rule.Idle; idle > 0 && !slices.Contains(idles, idle) {
			idles = append(idles, idle)
			t.extra[idle] += w.still.length()
		}
	}
	t.put(w, t.list, func(r *timed) (flow.RuleMod, bool) {
		m := flow.RuleMod{Command: flow.Add, Rule: r.is.Rule}
		if gone[r.key] { // it had run out just before; what took its place goes too
			m.Command, m.CookieMask = flow.DeleteStrict, ^uint64(0)
			return m, true
		}
		t.lend(&m.Rule, r, t.extra[m.Rule.Idle])
		return m, true
	})
	for _, idle := range idles {
		turn, due, since := t.turn, w.now()+(model.Time(idle)+1)*model.Second, w.clock.Elapsed()
		w.work.Go(func() {
			if w.wait(w.session.life, due) {
				t.restore(w, turn, idle, since)
			}
		})
	}
	t.list = nil
	return nil
}

// lend gives a rule timeouts of which so much is left, and notes what they stand for.
func (t *timers) lend(to *flow.Rule, r *timed, extra model.Time) {
	was := lent{cookie: to.Cookie, wasIdle: to.Idle, wasHard: to.Hard}
	if to.Idle > 0 {
		to.Idle = seconds(model.Time(to.Idle)*model.Second + extra)
	}
	if to.Hard > 0 {
		to.Hard = seconds(model.Time(to.Hard)*model.Second - model.Time(r.is.Age))
	}
	was.idle, was.hard = to.Idle, to.Hard
	t.loans.Lock()
	defer t.loans.Unlock()
	t.other[r.key] = was
}

// restore gives an idle timeout back to the rules that were used since a time of Elapsed,
// when the network went on: all others have run out.
func (t *timers) restore(w *world, turn int, idle uint16, since model.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held || t.turn != turn {
		return // it stood still again, and what is due then does this
	}
	delete(t.extra, idle)
	list, err := t.wanted(w.session.life, w)
	if err != nil {
		return
	}
	now := w.clock.Elapsed()
	t.put(w, list, func(r *timed) (flow.RuleMod, bool) {
		left := model.Time(r.is.Rule.Hard)*model.Second - model.Time(r.is.Age)
		if r.is.Rule.Idle != idle || model.Time(r.is.Age) <= now-since || r.is.Rule.Hard > 0 && left < model.Second {
			return flow.RuleMod{}, false
		}
		m := flow.RuleMod{Command: flow.Add, Rule: r.is.Rule}
		t.lend(&m.Rule, r, 0)
		return m, true
	})
}

// asWanted says of a rule that a switch tells of what the apps said.
func (t *timers) asWanted(at model.NodeID, r *flow.Rule) {
	if r.Idle == 0 && r.Hard == 0 {
		return
	}
	t.loans.Lock()
	defer t.loans.Unlock()
	if is, ok := t.other[keyOf(at, r)]; ok && is.cookie == r.Cookie && is.idle == r.Idle && is.hard == r.Hard {
		r.Idle, r.Hard = is.wasIdle, is.wasHard
	}
}
