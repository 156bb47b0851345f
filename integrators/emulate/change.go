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
	if err := w.net().Check(c); err != nil {
		return err
	}
	err := w.place.vswitch.Ready(ctx) // while a daemon is dead nobody could be told
	if err != nil {
		return err
	}
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
			w.session.emit(&trace.Entry{At: w.now(), Kind: trace.Warning, Node: w.net().NodeName(c.Node), Text: c.Kind.String() + " is left out: " + w.session.caps.Missing[backend.ControlLatency]})
			return nil
		}
		err = fault.New(fault.MissingCapability, fault.Place{}, "%s: %s", backend.ControlLatency, w.session.caps.Missing[backend.ControlLatency])
	default:
		err = w.changeLink(ctx, c)
	}
	e := trace.Happened(w.net(), c, w.now())
	if err != nil {
		return fmt.Errorf("%s %s%s: %w", c.Kind, e.Link, e.Node, err)
	}
	w.session.emit(&e)
	return nil
}

func (w *world) changeLink(ctx context.Context, c *model.Change) error {
	need := backend.LinkRate
	switch c.Kind {
	case model.LinkDelay:
		need = backend.LinkDelay
	case model.LinkLoss:
		need = backend.LinkLoss
	}
	if c.Rate < 0 || c.Delay < 0 || !(c.Loss >= 0 && c.Loss <= 1) {
		return errors.New("the value is outside its range")
	}
	if !w.session.caps.Has(need) {
		return fault.New(fault.MissingCapability, fault.Place{}, "%s: %s", need, w.session.caps.Missing[need])
	}
	for _, arc := range [2]model.Arc{model.Arc(2 * c.Link), model.Arc(2*c.Link + 1)} {
		if !c.Way.Concerns(arc) {
			continue
		}
		is := *c
		if c.Kind == model.LinkRate {
			is.Rate = w.links.setRate(arc, c.Rate)
		}
		if err := w.ground.limit(ctx, w.net().ArcFrom(arc), is); err != nil {
			return err
		}
	}
	return nil
}

// limitPort carries out what an app asks of a port: the lower of its rate and the link's
// holds.
func (s *Session) limitPort(ctx context.Context, sw model.NodeID, r app.PortRate) error {
	w := s.world
	arc, ok := w.net().ArcAtPort(sw, r.Port)
	if !ok {
		return fmt.Errorf("%s has no port %d", w.net().NodeName(sw), r.Port)
	}
	return w.ground.limit(ctx, w.net().ArcFrom(arc), model.Change{Kind: model.LinkRate, Rate: w.links.setPortRate(arc, r.Rate)})
}
