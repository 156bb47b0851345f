package embedded

import (
	"sendim/core/control"
	"sendim/core/model"
)

// owed is the barrier by which a switch will be asked to acknowledge packets that it was
// sent: nobody waits for that, and one in a while does for many. The desk's.
type owed struct {
	is      bool
	since   model.Time
	barrier control.Downcall // the newest, which stands for those before it
	changed bool             // something else than packets has gone to the switch since the last barrier
}

// leisure is how long that may be put off.
const leisure = 10 * model.Millisecond

// parcel hands downcalls to the queues of their switches, in order. What the runtime
// answered together changes a switch as one, where something is replaced: such runs
// become a bundle.
func (d *desk) parcel(down []control.Downcall) {
	var runs map[model.NodeID][]control.Downcall
	flush := func(sw model.NodeID) {
		run := runs[sw]
		if len(run) == 0 {
			return
		}
		delete(runs, sw)
		atomic := false
		for i := range run {
			atomic = atomic || replaces(&run[i])
		}
		if to := d.active[sw]; atomic && len(run) > 1 {
			to.out.push(item{bundle: run})
		} else {
			for i := range run {
				to.out.push(item{down: run[i]})
			}
		}
	}
	var to *conn
	for i := range down {
		x := &down[i]
		if to == nil || to.node != x.Switch {
			if to = d.active[x.Switch]; to == nil {
				continue
			}
			if !to.touched {
				to.touched = true
				d.touched = append(d.touched, to)
			}
		}
		switch {
		case bundled(x):
			if runs == nil {
				runs = map[model.NodeID][]control.Downcall{}
			}
			runs[x.Switch] = append(runs[x.Switch], *x)
			to.owed.changed = true
			continue
		case x.Kind == control.Barrier && !x.Awaited && !to.owed.changed:
			d.owe(to, x)
			continue
		}
		flush(x.Switch)
		to.out.push(item{down: *x})
		switch x.Kind {
		case control.SendPacket:
		case control.Barrier:
			to.owed.is, to.owed.changed = false, false
		default:
			to.owed.changed = true
		}
	}
	if len(runs) > 0 {
		for i := range down { // in their order, not the map's
			flush(down[i].Switch)
		}
	}
	d.collect()
	d.forward()
}

// owe puts a barrier off.
func (d *desk) owe(to *conn, x *control.Downcall) {
	to.owed.barrier = *x
	if !to.owed.is {
		to.owed.is, to.owed.since = true, d.cfg.Clock.Elapsed()
		d.owing = append(d.owing, to)
	}
}

// collect sends the barriers that have been put off long enough.
func (d *desk) collect() {
	if len(d.owing) == 0 {
		return
	}
	now, kept := d.cfg.Clock.Elapsed(), d.owing[:0]
	for _, to := range d.owing {
		switch {
		case !to.owed.is: // another one did it
		case now < to.owed.since+leisure:
			kept = append(kept, to)
		default:
			to.owed.is = false
			to.out.push(item{down: to.owed.barrier})
			if !to.touched {
				to.touched = true
				d.touched = append(d.touched, to)
			}
		}
	}
	clear(d.owing[len(kept):])
	d.owing = kept
}

// few is for how many switches the desk writes itself: to more of them their writers do it
// side by side.
const few = 4

// forward sees to it that what waits is written.
func (d *desk) forward() {
	for _, to := range d.touched {
		to.touched = false
		if len(d.touched) > few || !to.dash(d.ctx) {
			to.out.ring()
		}
	}
	clear(d.touched)
	d.touched = d.touched[:0]
}
