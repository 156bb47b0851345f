package cost

import (
	"time"

	"sendim/core/model"
)

// Size is what a network's cost depends on.
type Size struct {
	Hosts    int `json:"hosts"`
	Switches int `json:"switches"`
	Links    int `json:"links"`
	Ports    int `json:"ports"`  // of switches, in use
	Agents   int `json:"agents"` // hosts where flows begin or end: a program runs there that makes them
	// Known is how many neighbours all hosts together are told of from the beginning.
	Known int `json:"known,omitempty"`
}

// SizeOf counts a network with its concrete flows; whatever is not a switch is carried
// like a host.
func SizeOf(n *model.Network, flows []model.Flow) Size {
	var s Size
	for _, id := range n.NodesOfKind(model.Switch) {
		s.Switches++
		for _, arc := range n.Arcs(id) {
			if !n.LinkGone(arc.Link()) {
				s.Ports++
			}
		}
	}
	s.Hosts, s.Links = n.LiveNodes()-s.Switches, n.LiveLinks()
	if n.StaticARP {
		s.Known = s.Hosts * (s.Hosts - 1)
	}
	busy := make([]bool, n.NodeCount())
	note := func(id model.NodeID) {
		if id >= 0 && int(id) < len(busy) && !busy[id] {
			busy[id] = true
			s.Agents++
		}
	}
	served := map[string]bool{}
	for i := range flows {
		note(flows[i].From)
		switch {
		case flows[i].Transport == model.ICMP: // a host's kernel answers
		case flows[i].Service == "":
			note(flows[i].To)
		default:
			served[flows[i].Service] = true
		}
	}
	for i := range n.Services {
		if served[n.Services[i].ID] {
			for _, m := range n.Services[i].Members {
				note(m.Node)
			}
		}
	}
	return s
}

// unknowns is how many figures a column has: of nothing, and of each thing more.
const unknowns = 5

// counts gives what the figures are multiplied by.
func (s *Size) counts() [unknowns]float64 {
	return [unknowns]float64{1, float64(s.Hosts), float64(s.Switches), float64(s.Ports), float64(s.Agents)}
}

// Usage is what something takes.
type Usage struct {
	Seconds   float64 `json:"seconds"`   // from opening the world to t=0
	Memory    float64 `json:"bytes"`     // of main memory
	Processes float64 `json:"processes"` // threads, too: the kernel counts them alike
	Files     float64 `json:"files"`     // open in the process inside that opens most
	Own       float64 `json:"own_files"` // open in this program itself
	Terminals float64 `json:"terminals"` // pseudo-terminals
	// Namespaces are those of the network: one for each host, and the run's own. They are
	// counted and not measured.
	Namespaces float64 `json:"namespaces,omitempty"`
}

// columns gives the numbers of a usage that are measured, to work on them alike.
func (u *Usage) columns() [6]*float64 {
	return [6]*float64{&u.Seconds, &u.Memory, &u.Processes, &u.Files, &u.Own, &u.Terminals}
}

// Beyond is what is to be had more where less was taken already. What bounds one process is
// not a difference.
func (u Usage) Beyond(less Usage) Usage {
	u.Seconds = max(0, u.Seconds-less.Seconds)
	u.Memory = max(0, u.Memory-less.Memory)
	u.Processes = max(0, u.Processes-less.Processes)
	u.Terminals = max(0, u.Terminals-less.Terminals)
	u.Namespaces = max(0, u.Namespaces-less.Namespaces)
	return u
}

// Sample is a network that was brought up and what it took.
type Sample struct {
	Size
	Usage
}

// Figures are the costs of one world on one machine.
type Figures struct {
	Measured time.Time `json:"measured"`
	Base     Usage     `json:"base"` // of a network of nothing
	Host     Usage     `json:"host"` // of each more
	Switch   Usage     `json:"switch"`
	Port     Usage     `json:"port"` // of a switch, with half of its link
	Agent    Usage     `json:"agent"`
	Growth   float64   `json:"growth,omitempty"` // see growth; 0: that, nothing large enough was measured
	Samples  []Sample  `json:"samples"`          // what they were fitted to
}

// growth is the weight at which a network takes twice the time that its parts took in a small
// one: at a weight w it is 1+(w/growth)² times as long, because Open vSwitch goes through all
// its ports for every one that is added, in the kernel as in itself. Chains of 200, 400, 800 and
// 1,800 nodes took the native emulator 3.0, 2.8, 3.2 and 4.7 ms a node, Mininet 27, 24 and 26 at
// the first three, and 17, 18, 20 and 33 at all four where a machine was half as fast: between
// 1,600 and 2,300.
const growth = 1850

// What is measured of it is believed between these, and from samples of that weight on: a
// smaller one takes little longer for it than a start takes now and then.
const (
	leastGrowth = growth / 2
	mostGrowth  = 2 * growth
	heavy       = growth / 4
)

// weight is how large a network is for those who go through all of it: in nodes, or in ports
// of Open vSwitch, one of its own for each bridge, of which a chain with a host at each
// switch has two for each node.
func (s *Size) weight() float64 {
	return max(float64(s.Hosts+s.Switches), float64(s.Switches+s.Ports)/2)
}

// slowness is how many times as long its parts take for all that there is besides; a growth of
// 0 is not known.
func (s *Size) slowness(by float64) float64 {
	if by == 0 {
		by = growth
	}
	n := s.weight() / by
	return 1 + float64(n*n)
}

// knownBytes and knownSeconds are what it takes of the kernel that a host is told of a
// neighbour.
const (
	knownBytes   = 512
	knownSeconds = 3e-6
)

// Estimate says what a network will take.
func (f *Figures) Estimate(s Size) Usage {
	var out Usage
	to, many := out.columns(), s.counts()
	for k, part := range f.parts() {
		for i, v := range part.columns() {
			*to[i] += float64(many[k] * *v)
		}
	}
	out.Seconds = f.Base.Seconds + (out.Seconds-f.Base.Seconds)*s.slowness(f.Growth)
	out.Seconds += knownSeconds * float64(s.Known)
	out.Memory += knownBytes * float64(s.Known)
	out.Namespaces = float64(s.Hosts + 1)
	return out
}

func (f *Figures) parts() [unknowns]*Usage {
	return [unknowns]*Usage{&f.Base, &f.Host, &f.Switch, &f.Port, &f.Agent}
}
