package backend

import (
	"slices"

	"sendim/core/app"
	"sendim/core/model"
)

// Capability is something a world can do, by name; names appear in descriptors' faults
// and in the manifest of a run.
type Capability string

// The capabilities.
const (
	LinkRate     Capability = "link-rate"
	LinkDelay    Capability = "link-delay"
	LinkJitter   Capability = "link-jitter"
	LinkLoss     Capability = "link-loss"
	LinkQueue    Capability = "link-queue"       // queue lengths as asked
	Discipline   Capability = "queue-discipline" // RED, marking, queues of a port
	TCPOptions   Capability = "tcp-options"      // how the TCP of a flow behaves
	Groups       Capability = "groups"
	SelectGroups Capability = "select-groups"
	FastFailover Capability = "fast-failover"
	Meters       Capability = "meters"
	PortRate     Capability = "port-rate" // an app may limit a port
	Queues       Capability = "queues"    // classes by queue
	Processes    Capability = "processes" // programs run on hosts
	Captures     Capability = "capture"
	LiveChange   Capability = "live-change" // nodes and links are added and removed while the network lives
	Pause        Capability = "pause"
	VirtualTime  Capability = "virtual-time"
	ChunkFlows   Capability = "chunk-flows"
	ExternalNode Capability = "external-nodes"

	// ControlLatency: a living control channel's delay and loss can be changed.
	ControlLatency Capability = "control-latency"
)

// Capabilities is what a world can do on this machine.
type Capabilities struct {
	Can         []Capability          // sorted
	HighestRate model.Rate            // that a link can be trusted to carry; 0: no bound
	Facts       map[string]string     // versions and findings, for the manifest
	Missing     map[Capability]string // why not, and what would bring it
}

// Has says whether a capability is there.
func (c *Capabilities) Has(want Capability) bool { return slices.Contains(c.Can, want) }

// Grant says which of the apps' needs this world meets.
func (c *Capabilities) Grant() []app.Need {
	var out []app.Need
	for _, p := range []struct {
		need app.Need
		cap  Capability
	}{{app.NeedMeters, Meters}, {app.NeedGroups, Groups}, {app.NeedSelect, SelectGroups}, {app.NeedFastFailover, FastFailover}, {app.NeedPortRate, PortRate}, {app.NeedQueues, Queues}} {
		if c.Has(p.cap) {
			out = append(out, p.need)
		}
	}
	return out
}
