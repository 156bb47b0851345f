package cost

import (
	"math"
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
	Samples  []Sample  `json:"samples"` // what they were fitted to
}

// Nodes from which the time for one more grows noticeably: at a network's weight w all that
// is made takes 1+(w/growth)² of what it takes in a small one. Chains of 50 to 1,800 nodes
// took Mininet 2.3 18, 17, 17, 18, 20 and 33 ms a node, and the native emulator 2.0 ms at
// 400, 2.4 at 800 and 3.9 at 1,800: Open vSwitch goes through all its ports for every one
// that is added, in the kernel as in itself.
const growth = 1700

// weight is how large a network is for those who go through all of it: in nodes, or in ports
// of Open vSwitch, one of its own for each bridge, of which a chain with a host at each
// switch has two for each node.
func (s *Size) weight() float64 {
	return max(float64(s.Hosts+s.Switches), float64(s.Switches+s.Ports)/2)
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
	n := s.weight() / growth
	out.Seconds = f.Base.Seconds + (out.Seconds-f.Base.Seconds)*(1+float64(n*n))
	out.Seconds += knownSeconds * float64(s.Known)
	out.Memory += knownBytes * float64(s.Known)
	out.Namespaces = float64(s.Hosts + 1)
	return out
}

func (f *Figures) parts() [unknowns]*Usage {
	return [unknowns]*Usage{&f.Base, &f.Host, &f.Switch, &f.Port, &f.Agent}
}

// Fit finds the figures that explain samples best: least squares, none below zero. A
// number of a sample that is below zero is unknown and left out.
func Fit(samples []Sample, measured time.Time) *Figures {
	f := &Figures{Measured: measured, Samples: samples}
	for c := range (&Usage{}).columns() {
		var rows [][unknowns]float64
		var y []float64
		for i := range samples {
			s := samples[i]
			if v := *s.columns()[c]; v >= 0 {
				rows = append(rows, s.counts())
				y = append(y, v)
			}
		}
		x := leastSquares(rows, y)
		for k, p := range f.parts() {
			*p.columns()[c] = x[k]
		}
	}
	return f
}

// leastSquares solves rows·x = y for x >= 0. Of all sets of coefficients that may
// be above zero the best is taken whose solution has none below: with so few
// unknowns trying all is the simple way, and it is exact.
func leastSquares(rows [][unknowns]float64, y []float64) (best [unknowns]float64) {
	least := math.Inf(1)
	for set := range 1 << unknowns {
		x, ok := solve(rows, y, set)
		if !ok {
			continue
		}
		sum := 0.0
		for i, r := range rows {
			d := y[i]
			for k := range x {
				d -= float64(r[k] * x[k])
			}
			sum += float64(d * d)
		}
		if sum < least-1e-9*math.Abs(least) || math.IsInf(least, 1) {
			least, best = sum, x
		}
	}
	return best
}

// solve solves the normal equations of the columns in set by elimination. ok is false
// when they do not determine a solution, or one has a coefficient below zero.
func solve(rows [][unknowns]float64, y []float64, set int) (x [unknowns]float64, ok bool) {
	var m [unknowns][unknowns + 1]float64
	for k := range unknowns {
		if set&(1<<k) == 0 {
			m[k][k] = 1 // x[k] = 0
			continue
		}
		for i, r := range rows {
			for l := range unknowns {
				if set&(1<<l) != 0 {
					m[k][l] += float64(r[k] * r[l])
				}
			}
			m[k][unknowns] += float64(r[k] * y[i])
		}
	}
	for k := range unknowns {
		pivot := k
		for i := k + 1; i < unknowns; i++ {
			if math.Abs(m[i][k]) > math.Abs(m[pivot][k]) {
				pivot = i
			}
		}
		m[k], m[pivot] = m[pivot], m[k]
		if math.Abs(m[k][k]) < 1e-9 {
			return x, false
		}
		for i := range unknowns {
			if i == k {
				continue
			}
			share := m[i][k] / m[k][k]
			for l := k; l <= unknowns; l++ {
				m[i][l] -= float64(share * m[k][l])
			}
		}
	}
	for k := range x {
		if x[k] = m[k][unknowns] / m[k][k]; x[k] < 0 {
			return x, false
		}
	}
	return x, true
}
