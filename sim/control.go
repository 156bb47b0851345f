package sim

import (
	"context"
	"fmt"
	"math"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/flow"
	"sendim/core/model"
)

// channelToController is what connects switches and the control runtime.
//
// The order of things: a message sent at t reaches the runtime at t+up; what answers it
// takes effect at its switch down later. So the network may go on until the earliest
// arrival plus the least downward delay before the apps must be asked, and whatever
// arrives earlier than one least upward delay after that is known by then.
type channelToController struct {
	driver   control.Driver // nil: there are no apps
	delay    int64          // one way, of switches without one of their own
	delays   []int64        // by switch; nil when all are alike
	special  []deployment.SwitchDelay
	up, down int64     // the least
	eager    bool      // ask for every arrival by itself; tests compare
	fresh    bool      // a message was sent since the horizon was worked out
	downs    downcalls // on the way to their switches
	tethers  []tether  // by switch; nil until something happens to one
}

// connect works the delays of control channels out.
func (w *world) connect(d *deployment.Deployment) error {
	c := &w.control
	c.delay = int64(deployment.DefaultControlDelay)
	if d != nil {
		c.delay = int64(d.ControlDelay())
		c.special = d.Control.Delays
		for _, o := range d.Control.Delays {
			if o.Delay <= 0 {
				return fmt.Errorf("the control delay of %q is %s; it must be positive", o.Nodes, o.Delay)
			}
			nodes, err := w.net.SelectNodes(o.Nodes, model.Switch)
			if err != nil {
				return fmt.Errorf("control delay: %w", err)
			}
			if c.delays == nil {
				c.delays = make([]int64, len(w.switches))
				for i := range c.delays {
					c.delays[i] = c.delay
				}
			}
			for _, n := range nodes {
				c.delays[w.slot[n]] = int64(o.Delay)
			}
		}
	}
	c.up = c.delay
	if len(c.delays) > 0 {
		c.up = c.delays[0]
		for _, d := range c.delays {
			c.up = min(c.up, d)
		}
	}
	c.down = c.up
	return nil
}

// delayOf is the one-way delay of a switch's control channel, the same both ways.
func (w *world) delayOf(sw model.NodeID) int64 {
	if w.control.delays != nil {
		return w.control.delays[w.slot[sw]]
	}
	return w.control.delay
}

// up sends a message of a switch to the runtime.
func (w *world) up(s *node, u control.Upcall, now int64) {
	if s.down && u.Kind != control.SwitchLost || w.control.driver == nil {
		return
	}
	delay := w.delayOf(s.id)
	at := now + delay
	if w.control.tethers != nil {
		var arrives bool
		if at, arrives = w.control.tethers[w.slot[s.id]].upward(&u, at, delay); !arrives {
			return
		}
	}
	s.upSeq++
	u.Switch, u.Seq, u.At = s.id, uint64(s.upSeq), model.Time(at)
	w.follows.upcall(w.slot[s.id], u.Kind)
	if w.apart {
		w.ups = append(w.ups, u)
		return
	}
	w.control.fresh = true
	w.control.driver.Up(u)
}

// hello has a switch introduce itself.
func (w *world) hello(s *node, now int64) {
	u := control.Upcall{Kind: control.SwitchConnected, AllUp: true}
	for _, a := range w.out[s.base : s.base+s.ports] {
		if w.arcs[a].flags&isDown != 0 {
			u = control.Upcall{Kind: control.SwitchConnected, Ports: w.portStates(s)}
			break
		}
	}
	w.up(s, u, now)
}

// portStates says which ports are up. Their names and addresses follow from the model,
// which the runtime knows; a million switches need not spell them out.
func (w *world) portStates(s *node) []flow.PortState {
	out := make([]flow.PortState, s.ports)
	for i := range out {
		a := w.out[s.base+uint32(i)]
		out[i] = flow.PortState{Port: uint32(w.net.ArcFrom(a).Port), Up: w.arcs[a].flags&isDown == 0}
	}
	return out
}

// portState describes the port that a channel leaves.
func (w *world) portState(a uint32) flow.PortState {
	e := w.net.ArcFrom(model.Arc(a))
	return flow.PortState{Port: uint32(e.Port), Name: w.names.Interface(e.Node, e.Port), MAC: w.address.PortMAC(e), Up: w.arcs[a].flags&isDown == 0}
}

// portChanged tells the controller about a port.
func (w *world) portChanged(s *node, a uint32, now int64) {
	s.digest = chain(s.digest, uint64(now), uint64(a)<<8|uint64(w.arcs[a].flags&isDown))
	w.up(s, control.Upcall{Kind: control.PortStatus, Ports: []flow.PortState{w.portState(a)}}, now)
}

// horizon is the latest moment up to which the network may go on before the apps are
// asked.
func (w *world) horizon() int64 {
	c := &w.control
	if c.driver == nil {
		return math.MaxInt64
	}
	due := c.driver.Due()
	switch {
	case due == model.Forever:
		return math.MaxInt64
	case c.eager:
		return int64(due)
	}
	return int64(due) + c.down - 1
}

// react asks the apps about what arrived before the given time.
func (w *world) react(ctx context.Context, before int64) error {
	c := &w.control
	pieces, err := c.driver.Answer(ctx, model.Time(before))
	for i, downs := range pieces {
		for k := range downs {
			w.deliver(&downs[k])
		}
		pieces[i] = nil
	}
	return err
}

// deliver sends a message to a switch; equal arrivals at a switch keep their order.
func (w *world) deliver(d *control.Downcall) {
	c := &w.control
	if d.Switch < 0 || int(d.Switch) >= len(w.slot) || w.slot[d.Switch] < 0 {
		return
	}
	i := c.downs.put(d)
	arrive := int64(d.Arrive)
	if c.tethers != nil {
		arrive = c.tethers[w.slot[d.Switch]].downward(d, arrive, w.delayOf(d.Switch))
	}
	arrive = max(arrive, w.queue.Now())
	if d.Kind == control.SendPacket || d.Kind == control.AskStats {
		w.together(arrive)
	}
	w.schedule(arrive, d.Switch, onDowncall, i, 0)
}

// obey carries a message of the controller out.
func (w *world) obey(slot uint32, now int64) {
	c := &w.control
	d := c.downs.take(slot)
	if w.apart {
		w.obeyed = append(w.obeyed, slot)
	} else {
		c.downs.release(slot)
	}
	s := &w.switches[w.slot[d.Switch]]
	if s.down || c.tethers != nil && c.tethers[w.slot[d.Switch]].severed(&d) {
		return
	}
	if d.Kind != control.Barrier { // how many there are depends on how arrivals were gathered
		s.digest = chain(s.digest, uint64(now), d.Xid<<8|uint64(d.Kind))
	}
	var gone []flow.Removed
	var err error
	switch d.Kind {
	case control.ModRule:
		w.catchUp(s, now)
		gone, err = s.ApplyShared(d.Rule, now)
	case control.ModGroup:
		w.catchUp(s, now)
		if s.Seed == 0 {
			s.Seed = w.names.DPID(s.id)
		}
		gone, err = s.ApplyGroup(d.Group, now)
	case control.ModMeter:
		w.catchUp(s, now)
		gone, err = s.ApplyMeter(d.Meter, now)
	case control.SendPacket:
		err = w.packetOut(s, d.Packet, now)
	case control.LimitPort:
		if a, ok := w.arcAt(s, uint32(d.Port.Port)); ok {
			w.setRate(a, int64(d.Port.Rate), true)
		} else {
			err = fmt.Errorf("there is no port %d", d.Port.Port)
		}
	case control.AskStats:
		w.up(s, control.Upcall{Kind: control.StatsReply, Xid: d.Xid, Stats: w.stats(s, d.Stats, now)}, now)
	case control.Barrier:
		w.up(s, control.Upcall{Kind: control.BarrierReply, Xid: d.Xid}, now)
	}
	if err != nil {
		w.up(s, control.Upcall{Kind: control.Refusal, Xid: d.Xid, Reason: err.Error()}, now)
	}
	if d.Kind <= control.ModMeter {
		w.removed(s, gone, now)
		w.changed(s, now)
	}
}

// stats answers a request for counters.
func (w *world) stats(s *node, q *app.StatsRequest, now int64) *app.Stats {
	out := &app.Stats{}
	w.catchUp(s, now)
	if q.Rules {
		for r := range s.Rules(flow.AllTables, now) {
			out.Rules = append(out.Rules, r)
		}
	}
	if q.Groups {
		out.Groups = s.Groups()
	}
	if q.Meters {
		out.Meters = s.Meters()
	}
	if q.Ports {
		out.Ports = w.portStats(s, now)
	}
	return out
}
