package topologyzoo

import (
	"strings"

	"sendim/core/model"
)

// role is what an attribute is for, as its name says. The name's case does not matter.
type role uint8

const (
	plain role = iota
	label
	name
	id
	longitude
	latitude
	across // x
	down   // y
	junction
	internal
	kind // of a node: host, switch ...
	speedRaw
	speedNumber
	speedUnits
	linkLabel
	linkNote
	linkType
	rateOf
	delayOf
	lengthOf
	kilometres
	weight
	jitterOf
	lossOf
)

func nodeRole(s string) role {
	switch s {
	case "label", "ui.label":
		return label
	case "name":
		return name
	case "id", "node_id":
		return id
	case "longitude", "lon", "lng", "long":
		return longitude
	case "latitude", "lat":
		return latitude
	case "x", "graphics.x":
		return across
	case "y", "graphics.y":
		return down
	case "hyperedge":
		return junction
	case "internal":
		return internal
	case "type", "kind", "node_type", "nodetype":
		return kind
	}
	return plain
}

func edgeRole(s string) role {
	switch s {
	case "id", "edge_id":
		return id
	case "linkspeedraw":
		return speedRaw
	case "linkspeed":
		return speedNumber
	case "linkspeedunits":
		return speedUnits
	case "linklabel", "label", "name":
		return linkLabel
	case "linknote":
		return linkNote
	case "linktype":
		return linkType
	case "bandwidth", "bw", "capacity", "speed", "rate", "datarate", "throughput":
		return rateOf
	case "delay", "latency", "propagation_delay":
		return delayOf
	case "jitter":
		return jitterOf
	case "packet_loss", "loss", "loss_rate":
		return lossOf
	case "length", "distance", "dist":
		return lengthOf
	case "km", "length_km", "distance_km", "dist_km":
		return kilometres
	case "weight", "metric", "igp_weight", "igp_metric", "ospf_cost":
		return weight
	}
	return plain
}

// roles remembers roles by name, so that a name's case is folded once.
type roles struct {
	of    func(string) role
	known map[string]role
}

func (r *roles) role(name string) role {
	v, ok := r.known[name]
	if !ok {
		v = r.of(strings.ToLower(name))
		r.known[name] = v
	}
	return v
}

// units are what the graph says about the numbers of its edges, as FNSS writes it:
// capacity_unit, delay_unit, distance_unit.
type units struct {
	rate   string
	delay  model.Time
	metres float64
}

func unitsOf(attrs []attr) units {
	var u units
	for _, a := range attrs {
		v := strings.TrimSpace(a.value)
		switch strings.ToLower(a.name) {
		case "stats.avg_link_len": // TopoHub, whose lengths are kilometres
			u.metres = 1000
		case "capacity_unit", "bandwidth_unit", "rate_unit":
			u.rate = v
		case "delay_unit", "latency_unit":
			if t, err := model.ParseTime("1" + v); err == nil {
				u.delay = t
			}
		case "distance_unit", "length_unit":
			switch strings.ToLower(v) {
			case "km":
				u.metres = 1000
			case "m":
				u.metres = 1
			}
		}
	}
	return u
}
