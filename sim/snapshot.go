package sim

import (
	"context"
	"iter"

	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
)

// Snapshot yields the chosen switches' contents by rising id: per switch rules in
// canonical order, groups, meters, ports. Hosts have ports only.
func (s *Session) Snapshot(ctx context.Context, what backend.Selector) iter.Seq2[backend.Item, error] {
	return func(yield func(backend.Item, error) bool) {
		w := s.world
		if w == nil {
			return
		}
		now := w.queue.Now()
		nodes := w.slot
		first := model.NodeID(0)
		if what.Node != model.NoNode {
			if what.Node < 0 || int(what.Node) >= len(w.slot) {
				yield(backend.Item{}, &ErrNoNode{what.Node})
				return
			}
			nodes, first = w.slot[what.Node:what.Node+1], what.Node
		}
		var onWire map[int32]carried
		if what.Ports {
			onWire = w.census()
		}
		for i, slot := range nodes {
			if ctx.Err() != nil {
				yield(backend.Item{}, ctx.Err())
				return
			}
			if !w.items(first+model.NodeID(i), slot, what, now, onWire, func(it backend.Item) bool { return yield(it, nil) }) {
				return
			}
		}
	}
}

func (w *world) items(id model.NodeID, slot int32, what backend.Selector, now int64, onWire map[int32]carried, yield func(backend.Item) bool) bool {
	if slot >= 0 {
		s := &w.switches[slot]
		w.catchUp(s, now)
		if what.Rules {
			for r := range s.Rules(flow.AllTables, now) {
				if !yield(backend.Item{Node: id, Rule: &r}) {
					return false
				}
			}
		}
		if what.Groups {
			for _, g := range s.Groups() {
				if !yield(backend.Item{Node: id, Group: &g}) {
					return false
				}
			}
		}
		if what.Meters {
			for _, m := range s.Meters() {
				if !yield(backend.Item{Node: id, Meter: &m}) {
					return false
				}
			}
		}
	}
	if what.Ports {
		for _, p := range w.portStatsOf(w.net.Arcs(id), onWire, now) {
			if !yield(backend.Item{Node: id, Port: &p}) {
				return false
			}
		}
	}
	return true
}

func (w *world) portStats(s *node, now int64) []flow.PortStat {
	return w.portStatsOf(w.net.Arcs(s.id), w.census(), now)
}

// carried is what travels on a channel.
type carried struct{ packets, bytes uint64 }

// census counts what travels, by channel; nobody goes through the map.
func (w *world) census() map[int32]carried {
	out := map[int32]carried{}
	w.frames.travelling(func(f *frame) {
		c := out[f.on]
		out[f.on] = carried{c.packets + 1, c.bytes + uint64(f.Bytes)}
	})
	return out
}

// portStatsOf works out what ports have seen. What a port has received is what the other
// end has sent less what still waits, travels or was lost on the way.
func (w *world) portStatsOf(arcs []model.Arc, onWire map[int32]carried, now int64) []flow.PortStat {
	out := make([]flow.PortStat, len(arcs))
	for i, arc := range arcs {
		c, back := &w.arcs[arc], &w.arcs[arc^1]
		packets, bytes := w.waiting(c, now)
		travelling := onWire[int32(arc^1)]
		out[i] = flow.PortStat{Port: uint32(w.net.ArcFrom(arc).Port), TxPackets: c.packets - packets, TxBytes: c.bytes - bytes,
			RxPackets: back.packets - travelling.packets, RxBytes: back.bytes - travelling.bytes}
		if c.odd != 0 {
			o := &w.odds[c.odd]
			out[i].TxDropped = o.drops
			out[i].TxPackets += o.fluidPackets
			out[i].TxBytes += o.fluidBytes
		}
		if back.odd != 0 {
			o := &w.odds[back.odd]
			out[i].RxPackets += o.fluidPackets - o.strayed
			out[i].RxBytes += o.fluidBytes - o.strayedBytes
		}
	}
	return out
}
