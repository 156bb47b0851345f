package xsdn

import (
	"strconv"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/workload"
)

type flow struct {
	id, profile, from, to, chunks string
	start                         float64
	place                         fault.Place
}

type policy struct {
	profile, goal, property string
	priority                int32
	place                   fault.Place
}

func (c *converter) readFlows(r *reader, root string) {
	var list []flow
	real := 0
	r.each(func(name string) {
		if name != "flow" {
			r.unknown(name, root, "flow")
			return
		}
		f := flow{id: r.attr("id"), profile: r.attr("profile"), place: r.placeOf("flow")}
		if r.attr("algorithm") != "" {
			c.chosen["algorithm"]++
		}
		ok := c.checkID(f.id, f.place)
		if f.profile != "" && !c.checkID(f.profile, f.place) {
			ok = false
		}
		r.each(func(name string) {
			at := r.placeOf(name)
			switch name {
			case "start":
				f.start, _ = r.number(at, r.each(r.skip))
			case "chunks":
				f.chunks = r.each(r.skip)
				real++
				if _, err := workload.ParseChunks(f.chunks); err != nil {
					c.faults.Addf(fault.BadNumber, at, "%v", err)
				}
			case "origin":
				f.from = r.each(r.skip)
			case "destination":
				f.to = r.each(r.skip)
			default:
				r.unknown(name, "flow", "start", "chunks", "origin", "destination")
			}
		})
		if ok {
			list = append(list, f)
		}
	})
	if real == 0 {
		c.chosen["init"] += len(list)
		return
	}
	c.flows = append(c.flows, list...)
}

// resolveFlows gives flows their hosts, with the builder's provisional ids.
func (c *converter) resolveFlows(b *model.Builder, at *places) []model.Flow {
	var out []model.Flow
	var names []string
	for _, n := range c.nodes[:min(len(c.nodes), 10_000)] {
		names = append(names, n.id)
	}
	host := func(f *flow, element, id string) model.NodeID {
		p := f.place
		p.Element = element
		if id == "" {
			c.faults.Addf(fault.MissingAttribute, p, "flow %q has no %s", f.id, element)
			return model.NoNode
		}
		h, ok := b.Lookup("h-" + id)
		if _, node := b.Lookup(id); !ok || !node {
			c.faults.Add(fault.New(fault.UnknownNode, p, "%q is not declared", id).Suggest(id, names))
		}
		return h
	}
	for i := range c.flows {
		f := &c.flows[i]
		if f.profile == "" {
			f.profile = "time"
		}
		if f.chunks == "" {
			c.faults.Addf(fault.FlowIncomplete, f.place, "flow %q has no chunks", f.id)
		}
		if f.start > float64(model.Forever/model.Second)/2 {
			c.faults.Addf(fault.OutOfRange, f.place, "flow %q starts too late", f.id)
			continue
		}
		out = append(out, model.Flow{ID: f.id, From: host(f, "origin", f.from), To: host(f, "destination", f.to), Start: model.FromSeconds(f.start),
			Chunks: f.chunks, Granularity: model.GranularityChunk, Profile: f.profile})
		at.objects["flow"] = append(at.objects["flow"], f.place)
	}
	return out
}

func (c *converter) readPolicies(r *reader) {
	r.each(func(name string) {
		if name != "policy" {
			r.unknown(name, "policies", "policy")
			return
		}
		p := policy{profile: r.attr("profile"), place: r.placeOf("policy")}
		ok := c.checkID(p.profile, p.place)
		r.each(func(name string) {
			at := r.placeOf(name)
			switch name {
			case "goal":
				p.goal = r.each(r.skip)
			case "property":
				p.property = r.each(r.skip)
			case "priority":
				text := r.each(r.skip)
				n, err := strconv.ParseInt(text, 10, 32)
				if err != nil || n < 0 {
					c.faults.Addf(fault.BadNumber, at, "%q is not a priority", fault.Clip(text))
				}
				p.priority = int32(n)
			default:
				r.unknown(name, "policy", "goal", "property", "priority")
			}
		})
		if ok {
			c.policies = append(c.policies, p)
		}
	})
}

// resolvePolicies turns policies into ours and declares every profile that is named.
func (c *converter) resolvePolicies(at *places) (out []model.Policy, profiles []model.Profile) {
	known := map[string]bool{}
	declare := func(id string, p fault.Place) {
		if !known[id] {
			known[id] = true
			profiles = append(profiles, model.Profile{ID: id})
			at.objects["profile"] = append(at.objects["profile"], p)
		}
	}
	for _, p := range c.policies {
		goal, property := p.goal, p.property
		if property == "" {
			property = p.profile
		}
		if goal == "" {
			goal = "minimize"
			if property == "bandwidth" || property == "speed" {
				goal = "maximize"
			}
		}
		switch property {
		case "time":
			property = "delay"
		case "speed", "bandwidth":
			property = "rate"
		}
		declare(p.profile, p.place)
		out = append(out, model.Policy{Profile: p.profile, Maximize: goal != "minimize", Property: property, Priority: p.priority})
		at.objects["policy"] = append(at.objects["policy"], p.place)
	}
	for _, f := range c.flows {
		declare(f.profile, f.place)
	}
	return out, profiles
}
