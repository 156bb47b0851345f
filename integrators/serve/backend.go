package serve

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"slices"
	"time"

	"sendim/core/backend"
	"sendim/core/deployment"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// Name is what this world is called in results.
const Name = "served"

// Backend serves switches at a listener, once. All but Listener may be left zero.
type Backend struct {
	// Listener is where switches dial; the session takes it over.
	Listener net.Listener
	// TLS is how they are spoken with; nil means in the clear.
	TLS *tls.Config
	// OpenFlow is the one version that is spoken, as 1.3; empty: with each switch the highest
	// that both have.
	OpenFlow string
	// Switches is how many must be there before the run begins; Patience how long they may
	// take, 0: for ever.
	Switches int
	Patience time.Duration
	// Most is how many switches there may be in all: 4,096.
	Most int
	// Ask are addresses that hosts may have.
	Ask []packet.IPv4
	// Age is how long a host may be silent before it is asked: 5 min.
	Age model.Time
	// Keep leaves the switches as they are at the end: known hosts reach each other by the
	// rules that are there.
	Keep bool
	// Say hears how many switches are there while the run waits for them; Found what the
	// network was at the end, as a model of its own.
	Say   func(connected int)
	Found func(*model.Network)
}

var _ backend.Backend = Backend{}

// Realization is what a deployment says that is carried out here.
const Realization deployment.Realization = Name

// Name is Name.
func (b Backend) Name() string { return Name }

// Capabilities is what OpenFlow 1.3 offers; what a switch lacks it refuses when it is told.
func (b Backend) Capabilities(context.Context, backend.Spec) (backend.Capabilities, error) {
	const others = "the hosts of a served network are somebody else's"
	c := backend.Capabilities{
		Can: []backend.Capability{backend.Groups, backend.SelectGroups, backend.FastFailover, backend.Meters},
		Missing: map[backend.Capability]string{
			backend.LiveChange:     "a served network is what is found: plug something in, or out",
			backend.Processes:      others,
			backend.Captures:       others,
			backend.PortRate:       "OpenFlow cannot limit a port",
			backend.Queues:         "OpenFlow cannot make queues",
			backend.Pause:          "real time does not stand still",
			backend.VirtualTime:    "the time of a served network is real",
			backend.ControlLatency: "the control channels of a served network take the time that they take",
		},
	}
	slices.Sort(c.Can)
	return c, nil
}

// Open readies a session; switches are let in by Apply.
func (b Backend) Open(_ context.Context, spec backend.Spec, sink trace.Sink) (backend.Session, error) {
	if sink == nil {
		sink = trace.Discard{}
	}
	s := &Session{backend: b, spec: spec, sink: sink}
	rand.Read(s.key[:]) //nolint:errcheck // it never fails
	s.life, s.end = context.WithCancelCause(context.Background())
	return s, nil
}
