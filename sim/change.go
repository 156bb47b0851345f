package sim

import (
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
)

// change carries out a change of the living network. The data plane feels it at once, the
// controller when the switches' messages arrive.
func (w *world) change(c *model.Change, now int64) error {
	if err := w.net.Check(c); err != nil {
		return err
	}
	e := trace.Happened(w.net, c, w.outside(now))
	w.emit(&e)
	switch c.Kind {
	case model.LinkDown, model.LinkUp, model.LinkRate, model.LinkDelay, model.LinkLoss:
		w.changeLink(c, now)
	case model.NodeDown, model.NodeUp:
		w.changeNode(c.Node, c.Kind == model.NodeDown, now)
	case model.PortDown, model.PortUp:
		arc, _ := w.net.ArcAtPort(c.Node, c.Port)
		cause, back := portIsDown, peerIsDown
		if arc&1 == 1 {
			cause, back = back, cause
		}
		w.setLink(uint32(arc)&^1, cause, back, c.Kind == model.PortDown, now)
	case model.MemberLeave, model.MemberJoin:
		if w.control.driver != nil {
			w.control.driver.Change(model.Time(now+w.control.up), *c)
			w.control.fresh = true
		}
	case model.ControlDown, model.ControlUp:
		w.tether(&w.switches[w.slot[c.Node]], channelIsCut, c.Kind == model.ControlDown, now)
	case model.ControllerDown, model.ControllerUp:
		for i := range w.switches {
			w.tether(&w.switches[i], controllerIsDown, c.Kind == model.ControllerDown, now)
		}
	case model.ControlDelay:
		w.setControlDelay(w.slot[c.Node], int64(c.Delay))
	case model.ControlLoss:
		w.setControlLoss(w.slot[c.Node], c.Loss)
	}
	return nil
}

func (w *world) changeLink(c *model.Change, now int64) {
	there := uint32(c.Link) * 2
	if c.Kind == model.LinkDown || c.Kind == model.LinkUp {
		w.setLink(there, linkIsDown, linkIsDown, c.Kind == model.LinkDown, now)
		return
	}
	for _, a := range [2]uint32{there, there + 1} {
		if !c.Way.Concerns(model.Arc(a)) {
			continue
		}
		switch c.Kind {
		case model.LinkRate:
			w.setRate(a, int64(c.Rate), false)
		case model.LinkDelay:
			w.setDelay(a, int64(c.Delay))
		case model.LinkLoss:
			w.setLoss(a, c.Loss)
		}
	}
}

// setLink sets the causes for which both directions of a link are down, and tells
// everybody who notices.
func (w *world) setLink(there uint32, cause, causeBack uint8, down bool, now int64) {
	w.setLinkOr(there, cause, causeBack, down, false, now)
}

// setLinkOr is setLink, or says nothing of the ports, which are gone with the link.
func (w *world) setLinkOr(there uint32, cause, causeBack uint8, down, gone bool, now int64) {
	was := w.arcs[there].flags&isDown != 0
	w.setFlag(there, cause, down, now)
	w.setFlag(there+1, causeBack, down, now)
	is := w.arcs[there].flags&isDown != 0
	if is == was {
		return
	}
	for _, a := range [2]uint32{there, there + 1} {
		from := w.net.ArcFrom(model.Arc(a)).Node
		w.fluidCapacity(a)
		if slot := w.slot[from]; slot >= 0 {
			s := &w.switches[slot]
			if gone {
				s.digest = chain(s.digest, uint64(now), uint64(a)<<8|uint64(isDown))
			} else {
				w.portChanged(s, a, now)
			}
			w.detour(s, now, true)
		} else {
			h := &w.hosts[^slot]
			if is && h.arc == int32(a) {
				w.forgetNeighbours(h, now)
			}
			w.detourHost(h, now)
		}
	}
}

// changeNode takes a node down or brings it back. A switch forgets its tables.
func (w *world) changeNode(id model.NodeID, down bool, now int64) {
	var s *node
	if slot := w.slot[id]; slot >= 0 {
		s = &w.switches[slot]
		if s.down == down {
			return
		}
		if down {
			w.tethers() // what was sent to it must not reach it when it is back
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
