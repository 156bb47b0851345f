// Package deployment holds what a deployment descriptor says, as values: which system
// descriptors, which applications, which kind of world (realization), which
// environment, and that world's details.
//
// The conductor and the backends read it; nobody changes it after it was decoded.
package deployment

import (
	"fmt"
	"strconv"
	"strings"

	"sendim/core/model"
)

// Realization is the kind of world.
type Realization string

// The realizations.
const (
	Simulation Realization = "simulation"
	Emulation  Realization = "emulation"
	Physical   Realization = "physical"
)

// Realizations lists them for error texts.
func Realizations() []string {
	return []string{string(Simulation), string(Emulation), string(Physical)}
}

// Environment is the stage of the work; it changes defaults, never code paths.
type Environment string

// The environments.
const (
	Development Environment = "development"
	Testing     Environment = "testing"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// Environments lists them for error texts.
func Environments() []string {
	return []string{string(Development), string(Testing), string(Staging), string(Production)}
}

// Degrade says what to do when a world cannot do what the model asks.
type Degrade string

// The choices.
const (
	Refuse Degrade = "refuse" // before anything is built; the default
	Allow  Degrade = "allow"  // go on without it, with a warning in every result
)

// Deployment is one deployment descriptor.
type Deployment struct {
	Name         string
	Realization  Realization
	Environment  Environment
	Degrade      Degrade
	Prefer       Realization // the world to take where this machine has room for it; "": Realization
	Systems      []string    // files, relative to the descriptor, in order
	Scale        Scale
	Applications []Application // in the order of their tables
	Control      Control
	Simulation   SimulationOptions
	Emulation    EmulationOptions
	Physical     PhysicalOptions
}

// Scale multiplies the model's quantities in every world alike. Each is a fraction
// Num/Den; the zero value means 1.
type Scale struct {
	Rate  Fraction // link rates, flow rates, class and meter rates
	Size  Fraction // flow sizes
	Delay Fraction
	Time  Fraction // start times, durations, scenario
}

// ParseScale reads "rate=1/100,size=1/10" or, for rates and sizes alike, "1/100".
func ParseScale(text string) (s Scale, err error) {
	for _, part := range strings.Split(text, ",") {
		name, value, named := strings.Cut(part, "=")
		if !named {
			name, value = "", part
		}
		f, err := ParseFraction(value)
		if err != nil {
			return s, err
		}
		switch strings.TrimSpace(name) {
		case "":
			s.Rate, s.Size = f, f
		case "rate":
			s.Rate = f
		case "size":
			s.Size = f
		case "delay":
			s.Delay = f
		case "time":
			s.Time = f
		default:
			return s, fmt.Errorf("nothing called %q is scaled; there are rate, size, delay, time", name)
		}
	}
	return s, nil
}

// ParseFraction reads "1/100" or "2".
func ParseFraction(text string) (Fraction, error) {
	num, den, ok := strings.Cut(text, "/")
	if !ok {
		den = "1"
	}
	n, err := strconv.ParseInt(strings.TrimSpace(num), 10, 32)
	d, err2 := strconv.ParseInt(strings.TrimSpace(den), 10, 32)
	if err != nil || err2 != nil || n < 1 || d < 1 {
		return Fraction{}, fmt.Errorf("%q is not a fraction; write it like 1/100", text)
	}
	return Fraction{n, d}, nil
}

// Fraction is Num/Den; the zero Fraction is 1.
type Fraction struct{ Num, Den int64 }

// Of multiplies, rounding to nearest; anything above zero stays at least 1.
func (f Fraction) Of(v int64) int64 {
	if f == (Fraction{}) || f.Num == f.Den || v == 0 {
		return v
	}
	whole, rest := v/f.Den, v%f.Den
	out := whole*f.Num + (rest*f.Num+f.Den/2)/f.Den
	if v > 0 && out < 1 {
		return 1
	}
	return out
}

// Application is one app of the run.
type Application struct {
	Name   string // unique in the run; defaults to Plugin
	Plugin string // name, path or "builtin:NAME"
	SHA256 string // hex, or ""
	Params []Param
	// OnLoss is what the run does when the app is lost: "keep" (its rules stay), "fail", or
	// "restart" (it is started again, and fails the run when that is of no use).
	OnLoss string

	// What it may use; more, and it is lost. 0: the default of whoever starts it.
	Memory   model.Size // resident
	Commands int64      // in answer to one event
	Silence  model.Time // while it has work
}

// FailsRun says that the run ends when the app is lost for good.
func (a *Application) FailsRun() bool { return a.OnLoss == "fail" || a.OnLoss == "restart" }

// Param is one parameter set in the descriptor.
type Param struct{ Name, Value string }

// Control describes the channel between switches and controller.
type Control struct {
	Delay   model.Time // one way, positive; 0: the default
	Delays  []SwitchDelay
	Address string // real worlds: where the controller listens
	// OpenFlow is the version that real switches and the controller speak, as 1.3; empty:
	// the world's choice.
	OpenFlow string

	// TLS is how real switches and the controller speak. The files are PEM: the authority
	// that both sides believe, and what both show; all three, or none: then a run makes its
	// own. Paths are relative to the descriptor; whoever loads it makes them whole.
	TLS           bool
	CA, Cert, Key string
}

// DefaultControlDelay is the one-way delay of a control channel nobody described.
const DefaultControlDelay = model.Millisecond

// SwitchDelay overrides the delay for the switches a selector matches.
type SwitchDelay struct {
	Nodes model.Selector
	Delay model.Time
}

// SimulationOptions are the details of a simulated run.
type SimulationOptions struct {
	Seed    uint64
	Until   model.Time // 0: until all flows have ended
	Workers int        // 0: auto
}

// EmulationOptions are the details of an emulated run.
type EmulationOptions struct {
	Emulator string // mininet (default) or native
	Until    model.Time
	Seed     uint64
	Budget   model.Time  // how long bringing it up may take; 0: as long as it takes
	Fallback Realization // the world to take where the machine is too small or too slow; "": none
}

// DefaultBudget is how long bringing up a world may take that is preferred and sets no
// budget of its own.
const DefaultBudget = 60 * model.Second

// PhysicalOptions are the details of a physical run.
type PhysicalOptions struct {
	Hosts  []PhysicalHost
	Tunnel string // vxlan, geneve, gre
	Until  model.Time
	Seed   uint64
}

// PhysicalHost is one machine that carries part of the network.
type PhysicalHost struct {
	ID      string
	OVSDB   string
	Libvirt string
	Docker  string
	Address string
}

// Until is the end that the descriptor sets for its realization; 0 means none.
func (d *Deployment) Until() model.Time {
	switch d.Realization {
	case Emulation:
		return d.Emulation.Until
	case Physical:
		return d.Physical.Until
	}
	return d.Simulation.Until
}

// Seed is the seed for its realization; traffic is drawn from it alike in every world.
func (d *Deployment) Seed() uint64 {
	switch d.Realization {
	case Emulation:
		return d.Emulation.Seed
	case Physical:
		return d.Physical.Seed
	}
	return d.Simulation.Seed
}

// ControlDelay is the default one-way delay of a control channel.
func (d *Deployment) ControlDelay() model.Time {
	if d.Control.Delay > 0 {
		return d.Control.Delay
	}
	return DefaultControlDelay
}
