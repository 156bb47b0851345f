package emulate

import (
	"context"
	"crypto/tls"
	"net"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
)

// launch starts the applications of a deployment, in order.
func (s *Session) launch(ctx context.Context, d *deployment.Deployment) ([]control.Application, error) {
	started, err := s.spec.StartApps(ctx, d)
	var apps []control.Application
	for _, a := range started {
		s.apps = append(s.apps, a.Instance)
		apps = append(apps, control.Application{Name: a.Application.Name, Instance: a.Instance, Params: a.Params, FailRun: a.Application.FailsRun()})
	}
	return apps, err
}

// serve makes the controller of the network's switches, which then listens.
func (s *Session) serve(listener net.Listener, secured *tls.Config, version string, apps []control.Application, clock *controller.Clock) (*embedded.Controller, error) {
	w := s.world
	runtime, err := control.New(control.Config{Model: w.net(), Address: control.Named{Names: w.names()}, Apps: apps, Granted: s.caps.Grant(), Seed: s.spec.Seed,
		// The wire decides how long messages take; the runtime needs to know no more
		// than that they do.
		Delays:   func(model.NodeID) (up, down model.Time) { return 1, 1 },
		Sink:     clock,
		Settings: control.Settings(w.net(), control.Named{Names: w.names()})})
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	w.gate = &gate{Runtime: runtime, timers: &w.timers}
	dpids := map[uint64]model.NodeID{}
	for _, sw := range w.switches() {
		dpids[w.names().DPID(sw)] = sw
	}
	return embedded.New(embedded.Config{Listener: listener, TLS: secured, OpenFlow: version, Driver: w.gate, Clock: clock, DPIDs: dpids, Name: func(n model.NodeID) string { return w.net().NodeName(n) },
		LimitPort: func(ctx context.Context, sw model.NodeID, r app.PortRate) error { return s.limitPort(ctx, sw, r) }})
}
