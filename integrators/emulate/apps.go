package emulate

import (
	"context"
	"errors"
	"fmt"
	"net"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
)

// addresses gives core/naming's addresses in the types of packets.
type addresses struct{ names *naming.Names }

func (a addresses) HostIP(host model.NodeID) packet.IPv4 {
	ip, _ := a.names.IP(host)
	return packet.IPv4(ip)
}

func (a addresses) HostMAC(host model.NodeID) packet.MAC { return packet.MAC(a.names.MAC(host)) }

func (a addresses) PortMAC(e model.Endpoint) packet.MAC {
	return packet.MAC(a.names.PortMAC(e.Node, e.Port))
}

// settings is what a model says about users, with their addresses, as apps are told.
func settings(n *model.Network, a addresses) app.Settings {
	s := app.Settings{Classes: n.Classes, Policies: n.Policies}
	ips := func(members []model.NodeID) []packet.IPv4 {
		out := make([]packet.IPv4, len(members))
		for i, m := range members {
			out[i] = a.HostIP(m)
		}
		return out
	}
	for _, p := range n.Profiles {
		s.Profiles = append(s.Profiles, app.Profile{ID: p.ID, Class: p.Class, Rate: p.Rate, Pool: p.Pool, Members: ips(p.Members)})
	}
	for _, v := range n.Services {
		out := app.VirtualService{ID: v.ID, IP: packet.IPv4(v.IP), Proto: v.Proto, Port: v.Port}
		for _, m := range v.Members {
			out.Members = append(out.Members, app.ServiceMember{Node: m.Node, IP: a.HostIP(m.Node), MAC: a.HostMAC(m.Node), Weight: m.Weight})
		}
		s.Services = append(s.Services, out)
	}
	for _, t := range n.Tenants {
		s.Tenants = append(s.Tenants, app.Tenant{ID: t.ID, VLAN: t.VLAN, Quota: t.Quota, Members: ips(t.Members)})
	}
	return s
}

// launch starts the applications of a deployment, in order.
func (s *Session) launch(ctx context.Context, d *deployment.Deployment) ([]control.Application, error) {
	if d == nil || len(d.Applications) == 0 {
		return nil, nil
	}
	if s.spec.Launch == nil {
		return nil, errors.New("there are apps to start, but nobody who could start them")
	}
	var apps []control.Application
	for _, a := range d.Applications {
		instance, err := s.spec.Launch(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("starting app %s: %w", a.Name, err)
		}
		s.apps = append(s.apps, instance)
		params := make(map[string]string, len(a.Params))
		for _, p := range a.Params {
			params[p.Name] = p.Value
		}
		apps = append(apps, control.Application{Name: a.Name, Instance: instance, Params: params, FailRun: a.OnLoss == "fail"})
	}
	return apps, nil
}

// serve makes the controller of the network's switches, which then listens.
func (s *Session) serve(listener net.Listener, apps []control.Application, clock *controller.Clock) (*embedded.Controller, error) {
	w := s.world
	runtime, err := control.New(control.Config{Model: w.net, Address: addresses{w.names}, Apps: apps, Granted: s.caps.Grant(), Seed: s.spec.Seed,
		// The wire decides how long messages take; the runtime needs to know no more
		// than that they do.
		Delays:   func(model.NodeID) (up, down model.Time) { return 1, 1 },
		Sink:     clock,
		Settings: settings(w.net, addresses{w.names})})
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	dpids := map[uint64]model.NodeID{}
	for _, sw := range w.switches {
		dpids[w.names.DPID(sw)] = sw
	}
	return embedded.New(embedded.Config{Listener: listener, Driver: runtime, Clock: clock, DPIDs: dpids, Name: w.net.NodeName,
		LimitPort: func(ctx context.Context, sw model.NodeID, r app.PortRate) error { return s.limitPort(ctx, sw, r) }})
}
