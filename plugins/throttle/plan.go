package throttle

import (
	"cmp"
	"maps"
	"slices"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/plugins/forward"
)

// The app's two tables: what members send is metered in the first, what they receive in
// the second, so that a packet from one member to another meets both meters.
const (
	tableUp uint8 = iota
	tableDown
)

// member is a host with a limit.
type member struct {
	host    *app.HostInfo
	profile string
	rate    model.Rate
}

// members gives the hosts that are limited, by rising id. A member's rate is the lower of
// its profile's rate and the highest rate of its profile's class; of a host with several
// profiles the lowest.
func (a *throttle) members() []member {
	most := map[string]model.Rate{}
	for _, c := range a.settings.Classes {
		most[c.ID] = c.Max
	}
	found := map[model.NodeID]member{}
	for i := range a.settings.Profiles {
		p := &a.settings.Profiles[i]
		rate := p.Rate
		if top := most[p.Class]; top > 0 && (rate == 0 || top < rate) {
			rate = top
		}
		if rate <= 0 {
			continue
		}
		for _, ip := range p.Members {
			h, ok := a.view.HostByIP(ip)
			if !ok {
				continue // no link joins it to a switch
			}
			if m, known := found[h.ID]; !known || rate < m.rate {
				found[h.ID] = member{h, p.ID, rate}
			}
		}
	}
	out := slices.Collect(maps.Values(found))
	slices.SortFunc(out, func(x, y member) int { return cmp.Compare(x.host.ID, y.host.ID) })
	return out
}

// plan is what should be on the switches. It is a function of the view and the settings.
type plan struct {
	misses map[missKey]bool // on to the next table
	meters map[meterKey]limit
	rules  map[ruleKey]treatment
	order  []ruleKey // of the rules, as they should be installed
	rates  map[app.Port]limit
}

type missKey struct {
	sw    model.NodeID
	table uint8
}

type meterKey struct {
	sw   model.NodeID
	name string
}

// ruleKey is a rule: what comes in at a port, what goes to an address, or ARP requests.
type ruleKey struct {
	sw   model.NodeID
	port model.PortNo // in tableUp
	to   packet.IPv4  // in tableDown
}

// treatment is what a rule does: a meter, if any, and then a port, or what follows.
type treatment struct {
	meter string
	port  model.PortNo
}

// limit is what a meter or a port holds, and for whom.
type limit struct {
	rate          model.Rate
	host, profile string
	sends         bool // rather than receives
}

// work makes the plan.
func (a *throttle) work() plan {
	p := plan{misses: map[missKey]bool{}, meters: map[meterKey]limit{}, rules: map[ruleKey]treatment{}, rates: map[app.Port]limit{}}
	for _, s := range a.view.Switches() {
		p.misses[missKey{s.ID, tableUp}] = true
		if !a.alone {
			p.misses[missKey{s.ID, tableDown}] = true
		}
	}
	if a.alone {
		for _, s := range a.view.Switches() {
			p.put(ruleKey{sw: s.ID}, treatment{})
		}
		forward.Ports(&a.view, func(sw model.NodeID, dst packet.IPv4, port model.PortNo) {
			p.put(ruleKey{sw: sw, to: dst}, treatment{port: port})
		})
	}
	has := func(n app.Need) bool { return slices.Contains(a.granted, n) }
	for _, m := range a.members() {
		h := m.host
		down := limit{m.rate, h.Name, m.profile, false}
		if a.ports {
			if a.opt.direction != "up" && has(app.NeedPortRate) {
				p.rates[h.At] = down
			}
			continue
		}
		if !has(app.NeedMeters) {
			continue
		}
		if a.opt.direction != "down" {
			up := down
			up.sends = true
			name := up.name()
			p.meters[meterKey{h.At.Switch, name}] = up
			p.put(ruleKey{sw: h.At.Switch, port: h.At.Port}, treatment{meter: name})
		}
		if a.opt.direction != "up" {
			name, k := down.name(), ruleKey{sw: h.At.Switch, to: h.IP}
			p.meters[meterKey{h.At.Switch, name}] = down
			p.put(k, treatment{name, p.rules[k].port})
		}
	}
	return p
}

func (p *plan) put(k ruleKey, t treatment) {
	if _, known := p.rules[k]; !known {
		p.order = append(p.order, k)
	}
	p.rules[k] = t
}

// refresh works the plan out anew and sends what differs: meters before the rules that
// use them, and what is no longer wanted last.
func (a *throttle) refresh(out *app.Commands) {
	old := a.plan
	a.plan = a.work()
	now := &a.plan
	for _, k := range sorted(now.misses, missKey.compare) {
		if !old.misses[k] {
			out.OnMiss(k.sw, k.table, app.MissNext)
		}
	}
	for _, k := range sorted(now.meters, meterKey.compare) {
		if was, known := old.meters[k]; !known || was.rate != now.meters[k].rate {
			out.SetMeter(k.sw, a.meter(k.name, now.meters[k].rate))
			delete(a.seen, k.name) // it counts anew
		}
	}
	for _, k := range now.order {
		if was, known := old.rules[k]; !known || was != now.rules[k] {
			out.Install(k.sw, a.rule(k, now.rules[k]))
		}
	}
	for _, k := range sorted(now.rates, comparePorts) {
		if old.rates[k].rate != now.rates[k].rate {
			out.LimitPort(k.Switch, k.Port, now.rates[k].rate)
		}
	}
	for _, k := range old.order {
		if _, wanted := now.rules[k]; !wanted {
			out.Remove(k.sw, a.rule(k, treatment{}))
		}
	}
	for _, k := range sorted(old.meters, meterKey.compare) {
		if _, wanted := now.meters[k]; !wanted {
			out.RemoveMeter(k.sw, k.name)
		}
	}
	for _, k := range sorted(old.rates, comparePorts) {
		if _, wanted := now.rates[k]; !wanted {
			out.LimitPort(k.Switch, k.Port, 0)
		}
	}
	a.forget(&old)
}

// meter is a token bucket of the rate, burst long, and never too small for two frames.
func (a *throttle) meter(name string, rate model.Rate) flow.Meter {
	const twoFrames = 25 // kilobits
	kbps := min(max(1, int64(rate)/1000), 0xffffffff)
	burst := a.opt.burst.Seconds() * float64(kbps)
	return flow.Meter{Name: name, Rate: uint32(kbps), Burst: uint32(min(max(twoFrames, burst), 0xffffffff))}
}

// rule is the rule of a key.
func (a *throttle) rule(k ruleKey, t treatment) flow.Rule {
	if k.to == 0 && k.port == 0 {
		return a.requests()
	}
	if k.to == 0 {
		return flow.Rule{Table: tableUp, Priority: a.opt.priority, MeterName: t.meter, HasGoto: true, Goto: tableDown,
			Match: flow.Match{}.With(flow.InPort, uint64(k.port)).With(flow.EthType, uint64(packet.EthTypeIPv4))}
	}
	r := flow.Rule{Table: tableDown, Priority: a.opt.priority, MeterName: t.meter, Match: flow.Match{}.IPv4To(k.to, 32), Apply: []flow.Action{flow.Next()}}
	if t.port != 0 {
		r.Apply = []flow.Action{flow.Out(uint32(t.port))}
	}
	return r
}

func (k missKey) compare(l missKey) int {
	return cmp.Or(cmp.Compare(k.sw, l.sw), cmp.Compare(k.table, l.table))
}

func (k meterKey) compare(l meterKey) int {
	return cmp.Or(cmp.Compare(k.sw, l.sw), cmp.Compare(k.name, l.name))
}

func comparePorts(p, q app.Port) int {
	return cmp.Or(cmp.Compare(p.Switch, q.Switch), cmp.Compare(p.Port, q.Port))
}

func sorted[K comparable, V any](m map[K]V, compare func(x, y K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
