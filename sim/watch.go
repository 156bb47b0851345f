package sim

import (
	"fmt"
	"path"

	"sendim/core/model"
	"sendim/core/trace"
)

// watch is what the trace records packet by packet.
type watch struct {
	nodes []bool // nil: none
	links []bool // by link
	flows []string
	runs  map[int32]bool
}

// newWatch gathers what a model asks to be written down, and the shortest interval of its
// series (0: none is set).
func newWatch(n *model.Network) (*watch, model.Time, error) {
	var out *watch
	interval := model.Time(0)
	for _, x := range n.Watches {
		if x.Sample > 0 && (interval == 0 || x.Sample < interval) {
			interval = x.Sample
		}
		if !x.Packets {
			continue
		}
		if out == nil {
			out = &watch{runs: map[int32]bool{}}
		}
		if x.Nodes != "" {
			ids, err := n.SelectNodes(x.Nodes, 0)
			if err != nil {
				return nil, 0, fmt.Errorf("trace: %w", err)
			}
			if out.nodes == nil {
				out.nodes = make([]bool, n.NodeCount())
			}
			for _, id := range ids {
				out.nodes[id] = true
			}
		}
		if x.Links != "" {
			ids, err := n.SelectLinks(x.Links)
			if err != nil {
				return nil, 0, fmt.Errorf("trace: %w", err)
			}
			if out.links == nil {
				out.links = make([]bool, n.LinkCount())
			}
			for _, id := range ids {
				out.links[id] = true
			}
		}
		if x.Flows != "" {
			if _, err := path.Match(x.Flows, ""); err != nil {
				return nil, 0, fmt.Errorf("trace: flows %q: %w", x.Flows, err)
			}
			out.flows = append(out.flows, x.Flows)
		}
	}
	return out, interval, nil
}

// flow notes a flow whose packets are to be written down.
func (v *watch) flow(f *run) {
	for _, pattern := range v.flows {
		if ok, _ := path.Match(pattern, f.spec.ID); ok {
			v.runs[f.index] = true
		}
	}
}

// arrival writes a frame down where it has come to, if somebody asked.
func (v *watch) arrival(w *world, f *frame, now int64) {
	if v == nil {
		return
	}
	arc := model.Arc(f.on)
	to := w.net.ArcTo(arc)
	owned := f.owner >= 0 && f.cargo != echo && f.cargo != noCargo
	if !(v.nodes != nil && v.nodes[to.Node] || v.links != nil && v.links[arc.Link()] || owned && v.runs[f.owner]) {
		return
	}
	port, header := uint32(to.Port), f.Header
	e := &trace.Entry{At: w.outside(now), Kind: trace.Packet, Node: w.net.NodeName(to.Node), Port: &port, Link: w.net.LinkName(arc.Link()),
		Header: &header, Length: int(f.Bytes)}
	if fl := w.owner(f); fl != nil {
		e.Flow = fl.spec.ID
	}
	w.emit(e)
}
