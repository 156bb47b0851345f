package sim

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
)

// Snapshot yields the chosen nodes' contents by rising id: per switch rules in canonical
// order, groups, meters, ports. Hosts have ports only. Each node is looked at when its
// turn comes.
func (s *Session) Snapshot(ctx context.Context, what backend.Selector) iter.Seq2[backend.Item, error] {
	return func(yield func(backend.Item, error) bool) {
		first, last, err := s.chosen(what.Node)
		if err != nil {
			yield(backend.Item{}, err)
			return
		}
		var items []backend.Item
		var same alike
		if what.Used {
			same.used = s.used()
		}
		for id := first; id < last; id++ {
			if items, err = s.items(ctx, id, what, &same, items[:0]); err != nil {
				yield(backend.Item{}, err)
				return
			}
			for _, it := range items {
				if !yield(it, nil) {
					return
				}
			}
		}
	}
}

// chosen is the range of nodes that a selector means.
func (s *Session) chosen(id model.NodeID) (first, last model.NodeID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	switch {
	case err != nil:
		return 0, 0, err
	case id == model.NoNode:
		return 0, model.NodeID(len(w.slot)), nil
	case id < 0 || int(id) >= len(w.slot):
		return 0, 0, fmt.Errorf("there is no node %d", id)
	}
	return id, id + 1, nil
}

// alike is a switch that no packet has come to, and its rules: most of a large network's
// switches have the same.
type alike struct {
	as    *node
	at    int64
	rules []backend.Item
	used  []uint64 // by link: whether anything was ever sent on it; nil: nobody has looked
}

// used looks at all links in the order in which they lie: going from node to node, every
// one would have to be fetched by itself. What is sent meanwhile may be missed.
func (s *Session) used() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := s.ready()
	if err != nil {
		return nil
	}
	out := make([]uint64, len(w.arcs)/128+1)
	for a := range w.arcs {
		if c := &w.arcs[a]; c.packets != 0 || c.odd != 0 {
			out[a/128] |= 1 << (a / 2 % 64)
		}
	}
	return out
}

// items appends what one node has. Somebody else may close the session meanwhile.
func (s *Session) items(ctx context.Context, id model.NodeID, what backend.Selector, same *alike, out []backend.Item) ([]backend.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, err := s.ready()
	if err != nil {
		return nil, err
	}
	now := w.queue.Now()
	if w.net.Gone(id) {
		return out, nil
	}
	if slot := w.slot[id]; slot >= 0 {
		x := &w.switches[slot]
		w.catchUp(x, now)
		if what.Rules {
			if same.as == nil || same.at != now || !x.RestsAs(&same.as.Switch) {
				from := len(out)
				for r := range x.Rules(flow.AllTables, now) {
					out = append(out, backend.Item{Node: id, Rule: &r})
				}
				if x.RestsAs(&x.Switch) {
					same.as, same.at, same.rules = x, now, slices.Clone(out[from:])
				}
			} else {
				for _, r := range same.rules {
					out = append(out, backend.Item{Node: id, Rule: r.Rule})
				}
			}
		}
		if what.Groups {
			for _, g := range x.Groups() {
				out = append(out, backend.Item{Node: id, Group: &g})
			}
		}
		if what.Meters {
			for _, m := range x.Meters() {
				out = append(out, backend.Item{Node: id, Meter: &m})
			}
		}
	} else if what.Used {
		return out, nil
	}
	if what.Ports {
		onWire := w.census()
		for _, arc := range w.net.Arcs(id) {
			if l := arc.Link(); same.used != nil && same.used[l/64]>>(l%64)&1 == 0 {
				continue
			}
			if p := w.portStatOf(arc, onWire, now); !what.Used || p.Used() {
				out = append(out, backend.Item{Node: id, Port: &p})
			}
		}
	}
	return out, nil
}

func (w *world) portStats(s *node, now int64) []flow.PortStat {
	w.counted = nil
	defer func() { w.counted = nil }()
	return w.portStatsOf(w.net.Arcs(s.id), now)
}

// carried is what travels on a channel.
type carried struct{ packets, bytes uint64 }

// census counts what travels, by channel; nobody goes through the map. While time
// stands still it is kept.
func (w *world) census() map[int32]carried {
	if w.counted == nil {
		w.counted = map[int32]carried{}
		w.countLines(w.queue.Now())
		w.travelling(func(f *frame) {
			c := w.counted[f.on]
			w.counted[f.on] = carried{c.packets + 1, c.bytes + uint64(f.Bytes)}
		})
		w.chunksTravelling(func(on int32, packets, bytes int64) {
			c := w.counted[on]
			w.counted[on] = carried{c.packets + uint64(packets), c.bytes + uint64(bytes)}
		})
	}
	return w.counted
}

// portStatsOf works out what ports have seen. What a port has received is what the other
// end has sent less what still waits, travels or was lost on the way.
func (w *world) portStatsOf(arcs []model.Arc, now int64) []flow.PortStat {
	out, onWire := make([]flow.PortStat, len(arcs)), w.census()
	for i, arc := range arcs {
		out[i] = w.portStatOf(arc, onWire, now)
	}
	return out
}

func (w *world) portStatOf(arc model.Arc, onWire map[int32]carried, now int64) flow.PortStat {
	w.countArc(uint32(arc), now)
	w.countArc(uint32(arc^1), now)
	c, back := &w.arcs[arc], &w.arcs[arc^1]
	packets, bytes := w.waiting(c, now)
	var travelling carried
	if len(onWire) > 0 {
		travelling = onWire[int32(arc^1)]
	}
	p := flow.PortStat{Port: uint32(w.net.ArcFrom(arc).Port), TxPackets: c.packets - packets, TxBytes: c.bytes - bytes,
		RxPackets: back.packets - travelling.packets, RxBytes: back.bytes - travelling.bytes}
	if c.odd != 0 {
		o := &w.odds[c.odd]
		p.TxDropped = o.drops
		p.TxPackets += o.fluidPackets
		p.TxBytes += o.fluidBytes
	}
	if back.odd != 0 {
		o := &w.odds[back.odd]
		p.RxPackets += o.fluidPackets - o.strayed
		p.RxBytes += o.fluidBytes - o.strayedBytes
	}
	return p
}
