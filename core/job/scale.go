package job

import (
	"slices"

	"sendim/core/deployment"
	"sendim/core/model"
)

// scaled gives the network with its quantities multiplied, the same in every world:
// whoever compares two worlds must scale both alike. notes says what could not be.
func scaled(n *model.Network, s deployment.Scale) (out *model.Network, notes []string) {
	if s == (deployment.Scale{}) {
		return n, nil
	}
	rate := func(r model.Rate) model.Rate { return model.Rate(s.Rate.Of(int64(r))) }
	span := func(t model.Time) model.Time { return model.Time(s.Time.Of(int64(t))) }
	delay := func(t model.Time) model.Time { return model.Time(s.Delay.Of(int64(t))) }
	size := func(v model.Size) model.Size { return model.Size(s.Size.Of(int64(v))) }

	out = n.MapLinkSpecs(func(l model.LinkSpec) model.LinkSpec {
		l.Rate, l.Delay, l.Jitter = rate(l.Rate), delay(l.Delay), delay(l.Jitter)
		return l
	})
	out.Classes = each(n.Classes, func(c *model.Class) { c.Min, c.Max = rate(c.Min), rate(c.Max) })
	out.Disciplines = each(n.Disciplines, func(d *model.Discipline) {
		d.Queues = each(d.Queues, func(q *model.PortQueue) { q.Min, q.Max = rate(q.Min), rate(q.Max) })
	})
	out.Profiles = each(n.Profiles, func(p *model.Profile) { p.Rate = rate(p.Rate) })
	out.Tenants = each(n.Tenants, func(t *model.Tenant) { t.Quota = rate(t.Quota) })
	out.Flows = each(n.Flows, func(f *model.Flow) {
		f.Rate, f.Size, f.Start, f.Duration = rate(f.Rate), size(f.Size), span(f.Start), span(f.Duration)
		f.Pattern = model.SpreadPattern(f.Pattern, span)
		if f.Chunks != "" && (s.Size.Of(1<<20) != 1<<20 || s.Time.Of(1<<20) != 1<<20) {
			notes = append(notes, "flow "+f.ID+": its list of chunks is not scaled; only a size is")
		}
	})
	out.Demands = each(n.Demands, func(m *model.DemandMatrix) {
		m.Start, m.Until, m.Pattern = span(m.Start), span(m.Until), model.SpreadPattern(m.Pattern, span)
		m.Demands = each(m.Demands, func(d *model.Demand) { d.Rate = rate(d.Rate) })
	})
	declared := map[string]bool{}
	out.Distributions = each(n.Distributions, func(d *model.Distribution) {
		declared[d.ID] = true
		d.Points = each(d.Points, func(p *model.SizePoint) {
			if p.Size > 0 {
				p.Size = max(1, size(p.Size))
			}
		})
	})
	out.Traffic = each(n.Traffic, func(t *model.Traffic) {
		t.Rate, t.Start, t.Until, t.Pattern = rate(t.Rate), span(t.Start), span(t.Until), model.SpreadPattern(t.Pattern, span)
		if v, err := model.ParseSize(t.Sizes); declared[t.Sizes] {
			return // scaled where it is declared
		} else if err == nil {
			t.Sizes = size(v).String()
		} else if t.Sizes != "" && s.Size.Of(1<<20) != 1<<20 {
			notes = append(notes, "traffic "+t.ID+": the distribution "+t.Sizes+" is not scaled; only sizes given as numbers are")
		}
	})
	out.Processes = each(n.Processes, func(p *model.Process) { p.At = span(p.At) })
	out.Scenario = each(n.Scenario, func(step *model.ScenarioStep) {
		step.At = span(step.At)
		step.Changes = each(step.Changes, func(c *model.Change) {
			c.Rate = rate(c.Rate)
			if c.Kind != model.ControlDelay { // as <control delay>, which is the deployment's
				c.Delay = delay(c.Delay)
			}
		})
	})
	out.Failures = each(n.Failures, func(f *model.Failures) {
		f.MTBF, f.MTTR, f.From, f.Until = max(1, span(f.MTBF)), max(1, span(f.MTTR)), span(f.From), span(f.Until)
	})
	out.Tests = each(n.Tests, func(t *model.Test) {
		t.MinRate, t.MaxRate = rate(t.MinRate), rate(t.MaxRate)
		switch t.Kind {
		case model.TestCompletion:
			t.Max = span(t.Max)
		case model.TestLatency:
			t.Max = delay(t.Max)
		}
	})
	return out, notes
}

// each copies a list and changes the copies.
func each[T any](list []T, change func(*T)) []T {
	out := slices.Clone(list)
	for i := range out {
		change(&out[i])
	}
	return out
}
