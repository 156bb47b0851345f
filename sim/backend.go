package sim

import (
	"context"
	"slices"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim/tcp"
)

// Backend is the simulation. Its zero value is ready; it may be shared.
type Backend struct {
	// TCP is how TCP endpoints behave; the zero value is tcp.Default with CUBIC. The
	// segment size is each flow's own.
	TCP tcp.Config

	eager bool // ask the apps about every arrival by itself
}

// Name is "simulation".
func (b Backend) Name() string { return "simulation" }

// Capabilities are the same on every machine.
func (b Backend) Capabilities(context.Context, backend.Spec) (backend.Capabilities, error) {
	can := []backend.Capability{backend.LinkRate, backend.LinkDelay, backend.LinkJitter, backend.LinkLoss, backend.LinkQueue, backend.Discipline, backend.TCPOptions,
		backend.Groups, backend.SelectGroups, backend.FastFailover, backend.Meters, backend.PortRate, backend.Queues, backend.Captures,
		backend.Pause, backend.VirtualTime, backend.ChunkFlows, backend.ControlLatency, backend.Checkpoints, backend.LiveChange}
	slices.Sort(can)
	return backend.Capabilities{Can: can, Facts: map[string]string{"tcp": b.tcp().Control.String()}, Missing: map[backend.Capability]string{
		backend.Processes:    "simulated hosts run no programs; give <process> a flow that stands for it, or emulate",
		backend.ExternalNode: "a simulated network has no outside",
	}}, nil
}

func (b Backend) tcp() tcp.Config {
	if b.TCP != (tcp.Config{}) {
		return b.TCP
	}
	c := tcp.Default()
	c.Control = tcp.Cubic
	return c
}

// Open makes a session in which nothing exists yet.
func (b Backend) Open(_ context.Context, spec backend.Spec, sink trace.Sink) (backend.Session, error) {
	c := b.tcp()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if sink == nil {
		sink = trace.Discard{}
	}
	s := &Session{backend: b, spec: spec, sink: sink, origin: model.Time(0)}
	s.life, s.kill = context.WithCancel(context.Background())
	return s, nil
}

var _ backend.Backend = Backend{}
