package emulate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
)

// change carries out a change of the living network. Its entry in the diary bears the
// time when it was in force.
func (w *world) change(ctx context.Context, c *model.Change) error {
	if err := w.net.Check(c); err != nil {
		return err
	}
	var err error
	switch c.Kind {
	case model.LinkDown, model.LinkUp:
		err = w.links.setDown(ctx, w, c.Link, model.NoNode, c.Kind == model.LinkDown)
	case model.NodeDown, model.NodeUp:
		err = w.changeNode(ctx, c.Node, c.Kind == model.NodeDown)
	case model.PortDown, model.PortUp:
		err = w.links.setPort(ctx, w, model.Endpoint{Node: c.Node, Port: c.Port}, c.Kind == model.PortDown)
	case model.MemberLeave, model.MemberJoin:
		w.pools.note(c)
		err = w.ctl.Change(ctx, *c)
	case model.ControlDown, model.ControlUp:
		err = w.changeControl(ctx, c.Node, c.Kind == model.ControlDown)
	case model.ControllerDown, model.ControllerUp:
		err = w.changeControl(ctx, model.NoNode, c.Kind == model.ControllerDown)
	case model.ControlDelay, model.ControlLoss:
		if slices.Contains(w.session.spec.Allowed, backend.ControlLatency) {
			w.session.emit(&trace.Entry{At: w.now(), Kind: trace.Warning, Node: w.net.NodeName(c.Node), Text: c.Kind.String() + " is left out: " + w.session.caps.Missing[backend.ControlLatency]})
			return nil
		}
		err = fault.New(fault.MissingCapability, fault.Place{}, "%s: %s", backend.ControlLatency, w.session.caps.Missing[backend.ControlLatency])
	default:
		err = w.changeLink(ctx, c)
	}
	e := trace.Happened(w.net, c, w.now())
	if err != nil {
		return fmt.Errorf("%s %s%s: %w", c.Kind, e.Link, e.Node, err)
	}
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
