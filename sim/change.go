package sim

import (
	"fmt"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// change carries out a change of the living network. The data plane feels it at once, the
// controller when the switches' messages arrive.
func (w *world) change(c *model.Change, now int64) error {
	switch c.Kind {
	case model.LinkDown, model.LinkUp, model.LinkRate, model.LinkDelay, model.LinkLoss:
		if c.Link < 0 || int(c.Link) >= w.net.LinkCount() {
			return fmt.Errorf("%s: there is no link %d", c.Kind, c.Link)
		}
		return w.changeLink(c, now)
	case model.NodeDown, model.NodeUp:
		if c.Node < 0 || int(c.Node) >= len(w.slot) {
			return fmt.Errorf("%s: there is no node %d", c.Kind, c.Node)
		}
		w.changeNode(c.Node, c.Kind == model.NodeDown, now)
		return nil
	case model.MemberLeave, model.MemberJoin:
		if err := w.net.CheckMember(c); err != nil {
			return err
		}
		e := trace.Entry{At: w.outside(now), Kind: trace.MemberCame, Node: w.net.NodeName(c.Node), Name: c.Service}
		if c.Kind == model.MemberLeave {
			e.Kind = trace.MemberLeft
		}
		w.emit(&e)
		if w.control.driver != nil {
			w.control.driver.Change(model.Time(now+w.control.up), *c)
			w.control.fresh = true
		}
		return nil
	}
	return fmt.Errorf("there is no change of kind %d", c.Kind)
}

func (w *world) changeLink(c *model.Change, now int64) error {
	there := uint32(c.Link) * 2
	e := trace.Entry{At: w.outside(now), Link: w.net.LinkName(c.Link)}
	switch c.Kind {
	case model.LinkDown, model.LinkUp:
		down := c.Kind == model.LinkDown
		e.Kind = trace.LinkUp
		if down {
			e.Kind = trace.LinkDown
		}
		w.emit(&e)
		w.setLink(there, linkIsDown, linkIsDown, down, now)
		return nil
	case model.LinkRate:
		if c.Rate < 0 {
			return fmt.Errorf("link %s: a rate of %d bit/s", e.Link, c.Rate)
		}
		w.setRate(there, int64(c.Rate), false)
		w.setRate(there+1, int64(c.Rate), false)
	case model.LinkDelay:
		if c.Delay < 0 {
			return fmt.Errorf("link %s: a delay of %s", e.Link, c.Delay)
		}
		w.setDelay(there, int64(c.Delay))
		w.setDelay(there+1, int64(c.Delay))
	case model.LinkLoss:
		if !(c.Loss >= 0 && c.Loss <= 1) {
			return fmt.Errorf("link %s: a loss of %v", e.Link, c.Loss)
		}
		w.setLoss(there, c.Loss)
		w.setLoss(there+1, c.Loss)
	}
	e.Kind, e.Spec = trace.LinkSet, &trace.LinkSetting{Rate: c.Rate, Delay: c.Delay, Loss: c.Loss}
	w.emit(&e)
	return nil
}

// setLink sets the causes for which both directions of a link are down, and tells
// everybody who notices.
func (w *world) setLink(there uint32, cause, causeBack uint8, down bool, now int64) {
	was := w.arcs[there].flags&isDown != 0
	w.setFlag(there, cause, down, now)
	w.setFlag(there+1, causeBack, down, now)
	if is := w.arcs[there].flags&isDown != 0; is == was {
		return
	}
	for _, a := range [2]uint32{there, there + 1} {
		from := w.net.ArcFrom(model.Arc(a)).Node
		w.fluidCapacity(a)
		if slot := w.slot[from]; slot >= 0 {
			s := &w.switches[slot]
			w.portChanged(s, a, now)
			w.detour(s, now, true)
		} else {
			w.detourHost(&w.hosts[^slot], now)
		}
	}
}

// changeNode takes a node down or brings it back. A switch forgets its tables.
func (w *world) changeNode(id model.NodeID, down bool, now int64) {
	e := trace.Entry{At: w.outside(now), Kind: trace.NodeUp, Node: w.net.NodeName(id)}
	if down {
		e.Kind = trace.NodeDown
	}
	w.emit(&e)
	var s *node
	if slot := w.slot[id]; slot >= 0 {
		s = &w.switches[slot]
		if s.down == down {
			return
		}
		if down {
			w.catchUp(s, now)
			w.up(s, control.Upcall{Kind: control.SwitchLost}, now)
			s.Switch = flow.Switch{Config: s.Config, Seed: s.Seed}
			s.expiry = flow.Never
			s.down = true
		}
	}
	for _, arc := range w.net.Arcs(id) {
		cause, back := fromIsDown, toIsDown
		if arc&1 == 1 {
			cause, back = back, cause
		}
		w.setLink(uint32(arc)&^1, cause, back, down, now)
	}
	if s != nil && !down {
		s.down = false
		w.hello(s, now)
		w.detour(s, now, true)
	}
}
