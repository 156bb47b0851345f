package sim

import (
	"math"

	"sendim/sim/fluid"
)

// fluidActivate lets the series see what fluid flows carry.
func (w *world) fluidActivate() {
	if w.fluid == nil {
		return
	}
	now := w.queue.Now()
	for _, f := range w.fluid.runs {
		if f != nil {
			w.accountFluid(f, now)
			for _, a := range f.fluid.arcs {
				w.activate(a, &w.arcs[a])
			}
		}
	}
}

// leftOver is the rate that frames have beside fluid flows.
func (w *world) leftOver(o *oddity, rate int64) int64 {
	x := w.fluid
	if rate == 0 {
		return 0
	}
	if o.settled != x.settles {
		o.settled, o.fluidLoad = x.settles, x.net.Load(fluid.Resource(o.fluid-1))
	}
	return max(rate-int64(o.fluidLoad*8), rate/10, 1)
}

// fluidCapacity tells the sharing about a channel's new rate.
func (w *world) fluidCapacity(a uint32) {
	if x := w.fluid; x != nil && x.resource[a] != 0 {
		x.net.SetCapacity(fluid.Resource(x.resource[a]-1), w.capacity(a))
		w.bother(w.queue.Now())
	}
}

// capacity is in bytes a second.
func (w *world) capacity(a uint32) float64 {
	if r := w.arcs[a].rate; r > 0 {
		return float64(r) / 8
	}
	return math.Inf(1)
}
