package apptest

import (
	"fmt"
	"strings"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
)

// NothingLeftBehind checks that an app cleans up after itself; see the method.
func NothingLeftBehind[N string | *model.Network](t T, fresh func() app.App, network N, params map[string]string) {
	t.Helper()
	Linked(fresh, params).NothingLeftBehind(t, Network(t, network))
}

// NothingLeftBehind checks that an app's rules do not pile up: the same traffic and the
// same failures once more leave no more rules, groups and meters than the first time, when
// every timeout has passed. Then the app is stopped, and what bears its name must be all
// that it ever put there.
func (s Subject) NothingLeftBehind(t T, net *model.Network) {
	t.Helper()
	i := s.life(t)
	defer i.Close() //nolint:errcheck // an end that fails breaks no law
	b := s.bench(t, i, net)
	b.hour()
	b.outlast()
	first, tables := b.counts(), b.Tables()
	b.hour()
	b.outlast()
	for _, sw := range net.NodesOfKind(model.Switch) {
		if was, is := first[sw], b.counts()[sw]; is > was {
			t.Fatalf("after an hour of traffic and failures %s held %d rules, groups and meters, and after the same hour again %d: they pile up\nfirst\n%s\nthen\n%s",
				net.NodeName(sw), was, is, tables, b.Tables())
		}
	}
	b.Stop()
	if left := b.theirs(); left != "" {
		t.Fatalf("after the app was stopped there are left\n%s", left)
	}
}

// outlast lets the longest timeout of any rule pass, a quarter of an hour at most.
func (b *Bench) outlast() {
	b.t.Helper()
	longest := model.Time(0)
	for _, s := range b.switches {
		if s != nil {
			for r := range s.Rules(flow.AllTables, int64(b.now)) {
				longest = max(longest, model.Time(max(r.Rule.Idle, r.Rule.Hard))*model.Second)
			}
		}
	}
	b.Run(min(longest+2*model.Second, 15*model.Minute))
}

func (b *Bench) counts() map[model.NodeID]int {
	out := map[model.NodeID]int{}
	for id, s := range b.switches {
		if s != nil {
			for range s.Rules(flow.AllTables, int64(b.now)) {
				out[model.NodeID(id)]++
			}
			out[model.NodeID(id)] += len(s.Groups()) + len(s.Meters())
		}
	}
	return out
}

// A cookie's upper byte says whose rule it is: the app's place plus one, or the
// runtime itself.
const (
	ownerShift = 56
	ofRuntime  = 0xff
)

// Stop takes from every switch what bears an app's cookie, and the groups and meters
// that apps made: what is done when an app leaves a network that goes on. The bench is
// of no use afterwards but to look at its tables.
func (b *Bench) Stop() {
	b.t.Helper()
	now := int64(b.now)
	for id, s := range b.switches {
		if s == nil {
			continue
		}
		for owner := range b.c.Apps {
			must(b.t, s.ApplyRule)(&flow.RuleMod{Command: flow.Delete, AllTables: true, Rule: flow.Rule{Cookie: uint64(owner+1) << ownerShift}, CookieMask: ofRuntime << ownerShift}, now)
		}
		for _, g := range s.Groups() {
			if b.made[made{model.NodeID(id), control.ModGroup, g.Group.Number}] {
				must(b.t, s.ApplyGroup)(&flow.GroupMod{Command: flow.Delete, Group: flow.Group{Number: g.Group.Number}}, now)
			}
		}
		for _, m := range s.Meters() {
			if b.made[made{model.NodeID(id), control.ModMeter, m.Meter.Number}] {
				must(b.t, s.ApplyMeter)(&flow.MeterMod{Command: flow.Delete, Meter: flow.Meter{Number: m.Meter.Number}}, now)
			}
		}
	}
}

func must[M any](t T, apply func(M, int64) ([]flow.Removed, error)) func(M, int64) {
	t.Helper()
	return func(m M, now int64) {
		if _, err := apply(m, now); err != nil {
			t.Fatal(err)
		}
	}
}

// made is a group or a meter that an app asked for.
type made struct {
	sw     model.NodeID
	kind   control.DowncallKind
	number uint32
}

// note remembers whose a group or a meter is.
func (b *Bench) note(d *control.Downcall) {
	switch {
	case d.App < 0:
	case d.Kind == control.ModGroup:
		b.made[made{d.Switch, d.Kind, d.Group.Group.Number}] = true
	case d.Kind == control.ModMeter:
		b.made[made{d.Switch, d.Kind, d.Meter.Meter.Number}] = true
	}
}

// theirs lists what is on the switches and not the runtime's.
func (b *Bench) theirs() string {
	var out strings.Builder
	for id, s := range b.switches {
		if s == nil {
			continue
		}
		name := b.Model.NodeName(model.NodeID(id))
		for r := range s.Rules(flow.AllTables, int64(b.now)) {
			if r.Rule.Cookie>>ownerShift != ofRuntime {
				fmt.Fprintf(&out, "%s %s\n", name, r.Rule)
			}
		}
		for _, g := range s.Groups() {
			if b.made[made{model.NodeID(id), control.ModGroup, g.Group.Number}] {
				fmt.Fprintf(&out, "%s group %d\n", name, g.Group.Number)
			}
		}
		for _, m := range s.Meters() {
			if b.made[made{model.NodeID(id), control.ModMeter, m.Meter.Number}] {
				fmt.Fprintf(&out, "%s meter %d\n", name, m.Meter.Number)
			}
		}
	}
	return out.String()
}
