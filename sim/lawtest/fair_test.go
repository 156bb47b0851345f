package lawtest

import (
	"fmt"
	"math"
	"slices"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// share is what a fluid flow got between two looks.
type share struct {
	flow *model.Flow
	rate float64 // bytes a second
	cap  float64
	arcs []model.Arc
}

// sharesAreFair works the rates of fluid flows out of the counters of the first table,
// where each has a rule of its own, and looks for a flow that could have more.
func (p *play) sharesAreFair() error {
	if !p.facts().chaos || len(p.deploy.Applications[0].Params) > 0 || p.hasRandomLinks() {
		return nil
	}
	for i := 1; i < len(p.looks); i++ {
		a, b := &p.looks[i-1], &p.looks[i]
		if p.disturbed(a.at, b.at) || i > 1 && p.resumed(&p.looks[i-2], a, b) {
			continue
		}
		shares, err := p.shares(a, b)
		if err != nil {
			return err
		}
		if err := p.fair(shares, a.at, (b.at - a.at).Seconds()); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) hasRandomLinks() bool {
	for a := range model.Arc(2 * p.net.LinkCount()) {
		if s := p.net.ArcSpec(a); s.Jitter > 0 || s.Loss > 0 {
			return true
		}
	}
	return false
}

// disturbed says whether anything happened that may change shares.
func (p *play) disturbed(from, to model.Time) bool {
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		at := e.At
		switch e.Kind {
		case trace.FlowEnd:
			if e.Result.Granularity != "flow" {
				continue
			}
			at -= e.Result.LatencyMax // its last byte had left by then
			if e.At > from && at <= to {
				return true
			}
		case trace.FlowStart, trace.LinkDown, trace.LinkUp, trace.LinkSet, trace.NodeDown, trace.NodeUp:
		case trace.RuleMod, trace.GroupMod, trace.MeterMod:
			at += p.deploy.ControlDelay() // it takes effect then, or later
			if e.At <= to && at+model.Second > from {
				return true
			}
		default:
			continue
		}
		if at > from && at <= to {
			return true
		}
	}
	return false
}

// resumed says whether a flow that had stood still went on meanwhile: after an outage
// transfers wait until they try again.
func (p *play) resumed(before, a, b *look) bool {
	for i := range p.flows {
		if f := &p.flows[i]; f.Granularity == model.GranularityFlow && f.Transport != model.ICMP {
			if was, at := p.sentBytes(before, f), p.sentBytes(a, f); was > 0 && was == at && p.sentBytes(b, f) != at {
				return true
			}
		}
	}
	return false
}

// sentBytes is what the rules of a flow have counted at the switch that its host is at.
func (p *play) sentBytes(l *look, f *model.Flow) uint64 {
	at := p.net.ArcTo(p.net.Arcs(f.From)[0]).Node
	for _, r := range l.rules[at] {
		if r.Rule.Table == 0 && r.Rule.Match.Equal(tallies(f)[0]) {
			return r.Counters.Bytes
		}
	}
	return 0
}

func (p *play) shares(a, b *look) (out []share, err error) {
	for i := range p.flows {
		f := &p.flows[i]
		if f.Granularity != model.GranularityFlow || f.Transport == model.ICMP {
			continue
		}
		before, after := p.sentBytes(a, f), p.sentBytes(b, f)
		if after == before || before == 0 {
			if after != before { // it began meanwhile
				return nil, nil
			}
			continue
		}
		arcs := p.path(b, f)
		if arcs == nil {
			continue
		}
		probes := uint64(0)
		for _, list := range p.arrivals() {
			for _, x := range list {
				if x.flow == f.ID && x.at > a.at && x.at <= b.at {
					probes++
				}
			}
		}
		if probes > 0 {
			return nil, nil
		}
		c := float64(f.Rate) / 8
		if c == 0 {
			c = math.Inf(1)
		}
		out = append(out, share{f, float64(after-before) / (b.at - a.at).Seconds(), c, arcs})
	}
	return out, nil
}

// path follows the rules of the second table.
func (p *play) path(l *look, f *model.Flow) (arcs []model.Arc) {
	ip, _ := p.names.IP(f.To)
	at := p.net.Arcs(f.From)[0]
	for range 20 {
		if arcs = append(arcs, at); p.net.ArcTo(at).Node == f.To {
			return arcs
		}
		node, found := p.net.ArcTo(at).Node, false
		for _, r := range l.rules[node] {
			if x, ok := r.Rule.Match.Field(flow.IPv4Dst); r.Rule.Table == pathTable && ok && x.Value.Lo == uint64(ip) && len(r.Rule.Apply) == 1 {
				at, found = p.net.ArcAtPort(node, model.PortNo(r.Rule.Apply[0].Arg))
			}
		}
		if !found {
			return nil
		}
	}
	return nil
}

// capacity is a direction's rate at a time, in bytes a second.
func (p *play) capacity(a model.Arc, at model.Time) float64 {
	rate := p.net.ArcSpec(a).Rate
	for _, s := range p.net.Scenario {
		for _, c := range s.Changes {
			if c.Kind == model.LinkRate && c.Link == a.Link() && s.At <= at {
				rate = c.Rate
			}
		}
	}
	if rate == 0 {
		return math.Inf(1)
	}
	return float64(rate) / 8
}

// fair: every flow is at its cap, or uses a direction that is full and where nobody of its
// kind has more, or where its class is at its highest rate. Without classes that is
// max-min fairness. Rates are known to a byte and a half over the span.
func (p *play) fair(shares []share, at model.Time, span float64) error {
	fuzz := func(n int, x float64) float64 { return 2*float64(n)/span + 1e-6*x }
	load, users := map[model.Arc]float64{}, map[model.Arc][]int{}
	for i, s := range shares {
		for _, a := range s.arcs {
			load[a] += s.rate
			users[a] = append(users[a], i)
		}
	}
	for a, sum := range load {
		if c := p.capacity(a, at); sum > c+fuzz(len(users[a]), c) {
			return fmt.Errorf("at %s %s carries %.1f bytes a second of %.1f", at, p.net.PortName(p.net.ArcFrom(a)), sum, c)
		}
	}
	for _, s := range shares {
		if s.rate > s.cap+fuzz(1, s.cap) {
			return fmt.Errorf("at %s flow %s gets %.1f bytes a second, and asks for %.1f", at, s.flow.ID, s.rate, s.cap)
		}
		if s.rate >= s.cap-fuzz(1, s.cap) {
			continue
		}
		held := slices.ContainsFunc(s.arcs, func(a model.Arc) bool {
			c, n := p.capacity(a, at), len(users[a])
			if load[a] >= c-fuzz(n, c) {
				most := 0.0
				for _, i := range users[a] {
					if len(p.net.Classes) == 0 {
						most = max(most, shares[i].rate)
					}
				}
				if s.rate >= most-fuzz(2, most) {
					return true
				}
			}
			for _, k := range p.net.Classes {
				if k.ID != s.flow.Class || k.Max == 0 {
					continue
				}
				sum, n := 0.0, 0
				for _, i := range users[a] {
					if shares[i].flow.Class == k.ID {
						sum, n = sum+shares[i].rate, n+1
					}
				}
				if most := float64(k.Max) / 8; sum >= most-fuzz(n, most) {
					return true
				}
			}
			return false
		})
		if !held {
			text := ""
			for _, x := range shares {
				text += fmt.Sprintf("\n%s: %.1f of %.1f over %v", x.flow.ID, x.rate, x.cap, x.arcs)
			}
			for _, a := range s.arcs {
				text += fmt.Sprintf("\n%s carries %.1f of %.1f", p.net.PortName(p.net.ArcFrom(a)), load[a], p.capacity(a, at))
			}
			return fmt.Errorf("at %s flow %s gets %.1f bytes a second, and nothing holds it back%s", at, s.flow.ID, s.rate, text)
		}
	}
	for _, k := range p.net.Classes {
		if k.Max == 0 {
			continue
		}
		for a, list := range users {
			sum, n := 0.0, 0
			for _, i := range list {
				if shares[i].flow.Class == k.ID {
					sum, n = sum+shares[i].rate, n+1
				}
			}
			if most := float64(k.Max) / 8; sum > most+fuzz(n, most) {
				return fmt.Errorf("at %s class %s has %.1f bytes a second of %.1f at %s", at, k.ID, sum, most, p.net.PortName(p.net.ArcFrom(a)))
			}
		}
	}
	return nil
}
