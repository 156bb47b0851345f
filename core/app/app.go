package app

import (
	"context"

	"sendim/core/model"
)

// App is what an author writes. React is never called concurrently.
type App interface {
	Manifest() Manifest
	React(e *Event, out *Commands)
}

// Stateful is an App whose state survives a hot swap or a restart elsewhere.
type Stateful interface {
	Save() ([]byte, error)
	Restore([]byte) error
}

// Manifest describes an app before it runs; validate checks descriptors against it.
type Manifest struct {
	Name       string      `json:"name"`
	Version    string      `json:"version"`
	Doc        string      `json:"doc,omitempty"`
	Tables     int         `json:"tables"`           // flow tables it uses, at least 1
	Chains     bool        `json:"chains,omitempty"` // uses NextApp: another app must follow
	Parameters []Parameter `json:"parameters,omitempty"`
	Needs      []Need      `json:"needs,omitempty"`    // capabilities of the world without which it cannot work
	Services   []Service   `json:"services,omitempty"` // services wanted from the runtime
	Heeds      []Matter    `json:"heeds,omitempty"`    // what it carries out of what networks say about their users
	Stateful   bool        `json:"stateful,omitempty"` // implements Stateful
}

// ParameterType is the type of a parameter's value.
type ParameterType string

// The parameter types.
const (
	String   ParameterType = "string"
	Int      ParameterType = "int"
	Float    ParameterType = "float"
	Bool     ParameterType = "bool"
	Duration ParameterType = "duration" // model.ParseTime
	RateType ParameterType = "rate"     // model.ParseRate
	Choice   ParameterType = "choice"   // one of Choices
)

// Parameter is one thing a deployment descriptor may set.
type Parameter struct {
	Name     string        `json:"name"`
	Type     ParameterType `json:"type"`
	Default  string        `json:"default,omitempty"`
	Choices  []string      `json:"choices,omitempty"`
	Least    string        `json:"least,omitempty"` // of an int, float, duration or rate: the lowest value, written as one; empty: none
	Most     string        `json:"most,omitempty"`  // the highest
	Required bool          `json:"required,omitempty"`
	Doc      string        `json:"doc"`
}

// Need is a capability of the world.
type Need string

// The needs; core/backend has a capability of each name.
const (
	NeedMeters       Need = "meters"
	NeedGroups       Need = "groups" // all and indirect
	NeedSelect       Need = "select-groups"
	NeedFastFailover Need = "fast-failover"
	NeedPortRate     Need = "port-rate"
	NeedQueues       Need = "queues"
)

// Matter is something that a network says about its users, which apps alone carry out. A
// run in which no app says that it heeds what the network has of it begins with a warning.
type Matter string

// The matters, by what Settings calls them.
const (
	MatterProfiles Matter = "profiles" // rates of their members, their own or their class's
	MatterServices Matter = "services"
	MatterTenants  Matter = "tenants" // quotas, VLANs
	MatterPolicies Matter = "policies"
)

// Service is something the control runtime does in an app's stead.
type Service string

// The services.
const (
	// ServiceARP answers ARP requests for hosts and services from the topology. Requests
	// for other addresses come to every app of the run as packets of its first table, so
	// that an app may answer for an address of its own.
	ServiceARP Service = "arp"
	// ServiceFlood keeps a spanning-tree group on every switch, for flow.Flood.
	ServiceFlood Service = "flood"
)

// Instance is a running app, in this process or another. Calls are never concurrent.
type Instance interface {
	Manifest() Manifest
	// Handle gives events, in order, to the app and emits each one's commands, in
	// order, with the index of the event in the batch; many commands come in several
	// calls. It returns when all events have been answered. An error means the app is lost (crash, deadline on silence).
	Handle(ctx context.Context, events []Event, emit func(event int, commands []Command)) error
	Save(ctx context.Context) ([]byte, error)
	Restore(ctx context.Context, state []byte) error
	Close() error
}

// Local runs an app in this process: fastest, without crash isolation.
func Local(a App) Instance { return &local{app: a} }

// IsLocal says that an app runs in this process: what it answers is there at once.
func IsLocal(i Instance) bool { _, local := i.(*local); return local }

type local struct {
	app App
	out Commands
}

func (l *local) Manifest() Manifest { return l.app.Manifest() }

func (l *local) Handle(ctx context.Context, events []Event, emit func(int, []Command)) error {
	for i := range events {
		if i&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l.out.spill = func(some []Command) { emit(i, some) }
		l.app.React(&events[i], &l.out)
		if len(l.out.List) > 0 {
			emit(i, l.out.List)
		}
		l.out.List = nil
	}
	l.out.spill = nil
	return nil
}

func (l *local) Save(context.Context) ([]byte, error) {
	if s, ok := l.app.(Stateful); ok {
		state, err := s.Save()
		if err != nil {
			return nil, err
		}
		return PackState(state, l.out.Issued()), nil
	}
	return nil, nil
}

func (l *local) Restore(_ context.Context, state []byte) error {
	if s, ok := l.app.(Stateful); ok && len(state) > 0 {
		state, issued := UnpackState(state)
		l.out.SetIssued(issued)
		if len(state) == 0 {
			return nil
		}
		return s.Restore(state)
	}
	return nil
}

func (l *local) Close() error { return nil }

// Port names a port of a switch.
type Port struct {
	Switch model.NodeID `json:"switch"`
	Port   model.PortNo `json:"port"`
}
