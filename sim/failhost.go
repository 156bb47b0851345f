package sim

import (
	"maps"
	"slices"
)

// forgetNeighbours is what a host does whose interface has gone down, or whose peer's has:
// it forgets the addresses that it knew, as Linux does (neigh_ifdown, neigh_carrier_down),
// and what waits for one is lost. Its programs go on and find each address again. They
// are cut off, no more: a connection that is still wanted when the host returns goes on.
func (w *world) forgetNeighbours(h *host, now int64) {
	if h.life == nil {
		return
	}
	w = w.workerAt(h.id)
	var lost []uint32
	for _, ip := range slices.Sorted(maps.Keys(h.life.known)) {
		n := h.life.known[ip]
		n.mac, n.asking = 0, false
		if id, ok := w.stations[ip]; ok { // told, not learned
			n.mac = w.address.HostMAC(id)
		}
		n.round++
		lost = append(lost, n.waiting...)
		n.waiting, n.fluids = nil, nil
	}
	for _, id := range lost {
		w.drop(id, w.frames.at(id))
	}
	for _, f := range w.flows {
		if f != nil && f.from == h && f.fluid == nil && f.chunks == nil {
			f.header.EthDst, f.resolved = 0, false
		}
	}
}
