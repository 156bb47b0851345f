package emulate

import (
	"context"
	"errors"
	"fmt"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
)

// change carries out a change of the living network. Its entry in the diary bears the
// time when it was in force.
func (w *world) change(ctx context.Context, c *model.Change) error {
	switch c.Kind {
	case model.LinkDown, model.LinkUp, model.LinkRate, model.LinkDelay, model.LinkLoss:
		if c.Link < 0 || int(c.Link) >= w.net.LinkCount() {
			return fmt.Errorf("%s: there is no link %d", c.Kind, c.Link)
		}
	case model.NodeDown, model.NodeUp:
		if c.Node < 0 || int(c.Node) >= w.net.NodeCount() {
			return fmt.Errorf("%s: there is no node %d", c.Kind, c.Node)
		}
	case model.MemberLeave, model.MemberJoin:
		if err := w.net.CheckMember(c); err != nil {
			return err
		}
	default:
		return fmt.Errorf("there is no change of kind %d", c.Kind)
	}
	var err error
	e := trace.Entry{}
	switch c.Kind {
	case model.LinkDown, model.LinkUp:
		e.Kind, e.Link = trace.LinkUp, w.net.LinkName(c.Link)
		if c.Kind == model.LinkDown {
			e.Kind = trace.LinkDown
		}
		err = w.links.setDown(ctx, w, c.Link, model.NoNode, c.Kind == model.LinkDown)
	case model.NodeDown, model.NodeUp:
		e.Kind, e.Node = trace.NodeUp, w.net.NodeName(c.Node)
		if c.Kind == model.NodeDown {
			e.Kind = trace.NodeDown
		}
		err = w.changeNode(ctx, c.Node, c.Kind == model.NodeDown)
	case model.MemberLeave, model.MemberJoin:
		e.Kind, e.Node, e.Name = trace.MemberCame, w.net.NodeName(c.Node), c.Service
		if c.Kind == model.MemberLeave {
			e.Kind = trace.MemberLeft
		}
		w.pools.note(c)
		err = w.ctl.Change(ctx, *c)
	default:
		e.Kind, e.Link, e.Spec = trace.LinkSet, w.net.LinkName(c.Link), &trace.LinkSetting{Rate: c.Rate, Delay: c.Delay, Loss: c.Loss}
		err = w.changeLink(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("%s %s%s: %w", c.Kind, e.Link, e.Node, err)
	}
	e.At = w.now()
	w.session.emit(&e)
	return nil
}

func (w *world) changeLink(ctx context.Context, c *model.Change) error {
	values, need := map[string]any{}, backend.LinkRate
	switch c.Kind {
	case model.LinkRate:
		values["rate"] = int64(c.Rate)
	case model.LinkDelay:
		values["delay"], need = c.Delay.Seconds()*1e3, backend.LinkDelay
	case model.LinkLoss:
		values["loss"], need = c.Loss, backend.LinkLoss
	}
	if c.Rate < 0 || c.Delay < 0 || !(c.Loss >= 0 && c.Loss <= 1) {
		return errors.New("the value is outside its range")
	}
	if !w.session.caps.Has(need) {
		return fault.New(fault.MissingCapability, fault.Place{}, "%s: %s", need, w.session.caps.Missing[need])
	}
	for _, arc := range [2]model.Arc{model.Arc(2 * c.Link), model.Arc(2*c.Link + 1)} {
		if c.Kind == model.LinkRate {
			values["rate"] = int64(w.links.setRate(arc, c.Rate))
		}
		if err := w.limit(ctx, w.net.ArcFrom(arc), values); err != nil {
			return err
		}
	}
	return nil
}

// limit changes what leaves by a port.
func (w *world) limit(ctx context.Context, e model.Endpoint, values map[string]any) error {
	all := map[string]any{"node": w.names.Technical(e.Node)}
	for k, v := range values {
		all[k] = v
	}
	return w.service.do(ctx, order{Op: "limit", Limits: [][2]any{{w.names.Interface(e.Node, e.Port), all}}})
}

// limitPort carries out what an app asks of a port: the lower of its rate and the link's
// holds.
func (s *Session) limitPort(ctx context.Context, sw model.NodeID, r app.PortRate) error {
	w := s.world
	arc, ok := w.net.ArcAtPort(sw, r.Port)
	if !ok {
		return fmt.Errorf("%s has no port %d", w.net.NodeName(sw), r.Port)
	}
	return w.limit(ctx, w.net.ArcFrom(arc), map[string]any{"rate": int64(w.links.setPortRate(arc, r.Rate))})
}

// changeNode takes all links of a node down or up; a switch loses its controller and its
// tables, too.
func (w *world) changeNode(ctx context.Context, id model.NodeID, down bool) error {
	isSwitch := w.net.NodeKindOf(id) == model.Switch
	sw := order{Op: "switch", Node: w.names.Technical(id), Up: !down}
	if isSwitch && down {
		if err := w.service.do(ctx, sw); err != nil {
			return err
		}
	}
	for _, arc := range w.net.Arcs(id) {
		if err := w.links.setDown(ctx, w, arc.Link(), id, down); err != nil {
			return err
		}
	}
	if isSwitch && !down {
		return w.service.do(ctx, sw)
	}
	return nil
}
