package track

import (
	"maps"
	"slices"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

// ending is the end of a Tracker's work.
type ending struct {
	keep bool
	told bool
	need map[model.NodeID]uint64
	done chan struct{}
}

// End has every switch that is there hold nothing of this run any more, or, with keep, go
// on with what it has: known hosts and links keep their way through the gate, for good,
// and whoever comes later finds none. The channel is closed when all have done it. From
// then on the runtime is heard no more. It may be called once, on the Driver's goroutine.
func (t *Tracker) End(keep bool) <-chan struct{} {
	t.ending = &ending{keep: keep, need: map[model.NodeID]uint64{}, done: make(chan struct{})}
	return t.ending.done
}

// leave is what an ending Tracker tells the switches.
func (t *Tracker) leave(out []control.Downcall) []control.Downcall {
	e := t.ending
	if e.told {
		return out
	}
	e.told = true
	var own []control.Downcall
	for _, node := range t.order {
		d := t.devices[node]
		switch {
		case !d.up:
			continue
		case e.keep:
			own = t.keepGate(d, own)
		default:
			own = append(own,
				control.Downcall{Kind: control.ModRule, Switch: node, Rule: &flow.RuleMod{Command: flow.Delete, AllTables: true}},
				control.Downcall{Kind: control.ModGroup, Switch: node, Group: &flow.GroupMod{Command: flow.Delete, Group: flow.Group{Number: flow.GroupAll}}},
				control.Downcall{Kind: control.ModMeter, Switch: node, Meter: &flow.MeterMod{Command: flow.Delete, Meter: flow.Meter{Number: flow.MeterAll}}})
		}
		own = append(own, control.Downcall{Kind: control.Barrier, Switch: node})
	}
	from := len(out)
	out = t.ledger.number(own, out)
	for _, x := range out[from:] {
		if x.Kind == control.Barrier {
			e.need[x.Switch] = x.Xid
		}
	}
	t.leaving()
	return out
}

// keepGate makes a switch's gate one that needs nobody.
func (t *Tracker) keepGate(d *device, own []control.Downcall) []control.Downcall {
	rules := slices.SortedFunc(maps.Values(d.installed), func(a, b flow.Rule) int { return flow.CompareRules(&a, &b) })
	for _, r := range rules {
		switch kindOf(r.Cookie) {
		case ofHosts:
			r.Idle, r.SendRemoved = 0, false
			own = append(own, control.Downcall{Kind: control.ModRule, Switch: d.node, Rule: &flow.RuleMod{Command: flow.Add, Rule: r}})
		case ofTrunks:
		default:
			own = append(own, control.Downcall{Kind: control.ModRule, Switch: d.node, Rule: &flow.RuleMod{Command: flow.DeleteStrict, CookieMask: ^uint64(0),
				Rule: flow.Rule{Table: Gate, Priority: r.Priority, Match: r.Match, Cookie: r.Cookie}}})
		}
	}
	return own
}

// leaving says when all have done it.
func (t *Tracker) leaving() {
	if e := t.ending; e != nil && e.told && len(e.need) == 0 {
		select {
		case <-e.done:
		default:
			close(e.done)
		}
	}
}
