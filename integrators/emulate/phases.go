package emulate

import (
	"slices"
	"time"

	"sendim/core/backend"
)

// phases is what the start of a session has taken so far.
type phases struct {
	list  []backend.Phase
	since time.Time
}

// begin is when the next phase begins, whatever came before it.
func (p *phases) begin() { p.since = time.Now() }

// end ends a phase, and begins the next.
func (p *phases) end(name string) {
	now := time.Now()
	p.list = append(p.list, backend.Phase{Name: name, Seconds: now.Sub(p.since).Seconds()})
	p.since = now
}

// The phases. Those in which the network is made are the emulator's own.
const (
	phasePlace    = "sandbox and database"
	phaseApps     = "apps"
	phaseMininet  = "Mininet's script"
	phaseHosts    = "hosts"
	phaseLinks    = "links"
	phaseSwitches = "switches"
	phaseShapes   = "rates and neighbours"
	phaseChannels = "control channels"
	phaseAgents   = "buffers and agents"
	phaseRules    = "first rules"
)

// Phases is what bringing the network up has taken.
func (s *Session) Phases() []backend.Phase {
	s.working.Lock()
	defer s.working.Unlock()
	return slices.Clone(s.phases.list)
}
