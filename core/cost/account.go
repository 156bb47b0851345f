package cost

import (
	"fmt"
	"math"
	"strings"
)

// Bill is a network in a world of real hosts, held against this machine: the one account
// that the check of a deployment, the choice between worlds, the world itself before its
// first object, and changes of a network that lives are decided by.
type Bill struct {
	World string
	Size  Size
	Needs Usage
	// Timed says that Needs.Seconds rests on measurements of this machine. Otherwise it
	// means nothing.
	Timed bool
	// Lacks names what is too little, a sentence each; nil when the network fits.
	Lacks []string
}

// Account holds a network against what a machine has left. A book without figures of the
// world, nil too, counts by careful ones.
func (b *Book) Account(world string, s Size, has Limits) Bill {
	return b.bill(world, s, Usage{}, has)
}

// Growth is Account for a network that lives and is to become larger: what it has taken it
// has.
func (b *Book) Growth(world string, from, to Size, has Limits) Bill {
	return b.bill(world, to, b.figures(world).Estimate(from), has)
}

func (b *Book) bill(world string, s Size, taken Usage, has Limits) Bill {
	figures := b.figures(world)
	out := Bill{World: world, Size: s, Needs: figures.Estimate(s).Beyond(taken), Timed: figures.Known()}
	out.Lacks = has.Lacks(out.Needs)
	return out
}

func (b *Book) figures(world string) *Figures {
	if f := b.World(world); f.Known() {
		return f
	}
	return Typical(world)
}

// Err is what is lacking, nil when nothing is.
func (b *Bill) Err() error {
	if len(b.Lacks) == 0 {
		return nil
	}
	return fmt.Errorf("this machine has no room for %d nodes and %d links in %s: %s", b.Size.Hosts+b.Size.Switches, b.Size.Links, b.World, Sentence(b.Lacks))
}

// Native is the name of the world that has no Mininet, and no process for each node.
const Native = "native"

// Typical are careful figures for a machine that nobody has measured, rounded up from what
// Linux 6.18 with Open vSwitch 3.1 took: good enough to see that a network cannot fit.
// They say nothing about time.
func Typical(world string) *Figures {
	f := &Figures{
		Base: Usage{Memory: 128 << 20, Processes: 64, Files: 256, Own: 256}, // the daemons, and this program's own growth
		Host: Usage{Memory: 512 << 10},                                      // a network namespace, and a pair of interfaces
		// A bridge: its interface, its listeners and its controller, whose other end is ours.
		Switch: Usage{Memory: 400 << 10, Files: 6, Own: 1},
		// An interface and its buffers. Of its socket this program keeps a share.
		Port:  Usage{Memory: 400 << 10, Files: 2, Own: 1},
		Agent: Usage{Memory: 2 << 20, Processes: 12, Own: 4}, // a program in a host that has flows
	}
	if world != Native { // a shell, and its terminal, for every node
		const shell = 2 << 20
		f.Base.Terminals = 1
		f.Host.Memory, f.Host.Processes, f.Host.Terminals = f.Host.Memory+shell, 1, 1
		f.Switch.Memory, f.Switch.Processes, f.Switch.Terminals = f.Switch.Memory+shell, 1, 1
	}
	return f
}

// Known says whether the figures know how long things take.
func (f *Figures) Known() bool { return f != nil && !f.Measured.IsZero() }

// Limits are what a machine has left for one more run; a number below zero is unknown.
type Limits struct {
	Memory, Processes     float64
	Files, Own, Terminals float64
	Namespaces            float64
	Handles               float64 // open files of all processes together
}

// Lacks says of what there is too little for a usage, in a sentence each.
func (l Limits) Lacks(u Usage) []string {
	var out []string
	for _, c := range l.against(u) {
		if c.has < 0 || c.needs <= c.has {
			continue
		}
		text := fmt.Sprintf("it needs about %s %s and there are %s", c.text(c.needs), c.what, c.text(c.has))
		if c.fix != "" {
			text += " (" + c.fix + ")"
		}
		out = append(out, text)
	}
	return out
}

// limit is one of the things that can be too little.
type limit struct {
	needs, has float64
	what, fix  string
	text       func(float64) string
}

func (l Limits) against(u Usage) []limit {
	return []limit{
		{u.Memory, l.Memory, "of memory", "", megabytes},
		{u.Processes, l.Processes, "processes", "sysctl kernel.pid_max and kernel.threads-max, or the control group's pids.max, raise it", count},
		{u.Files, l.Files, "open files in one process", "ulimit -n or sysctl fs.nr_open raises it", count},
		{u.Own, l.Own, "open files in sendim itself", "ulimit -n raises it", count},
		{u.Files + u.Own, l.Handles, "open files on the whole machine", "sysctl fs.file-max raises it", count},
		{u.Terminals, l.Terminals, "pseudo-terminals", "sysctl kernel.pty.max raises it", count},
		{u.Namespaces, l.Namespaces, "network namespaces", "sysctl user.max_net_namespaces raises it", count},
	}
}

// Most is how many switches of a chain, each with a host, this machine has room for in a
// world, and what the next one would lack.
func (b *Book) Most(world string, has Limits) (switches int, lack string) {
	fits := func(n int) []string {
		return b.Account(world, Size{Hosts: n, Switches: n, Links: 2*n - 1, Ports: 3*n - 2}, has).Lacks
	}
	low, high := 0, 1
	for high < 1<<24 && fits(high) == nil {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if mid := (low + high) / 2; fits(mid) == nil {
			low = mid
		} else {
			high = mid
		}
	}
	if lacks := fits(high); len(lacks) > 0 {
		lack = lacks[0]
	}
	return low, lack
}

func megabytes(v float64) string {
	if v >= 1e9 {
		return fmt.Sprintf("%.2f GB", v/1e9)
	}
	return fmt.Sprintf("%.1f MB", v/1e6)
}

func count(v float64) string { return fmt.Sprintf("%.0f", math.Ceil(v)) }

// Sentence joins what is lacking.
func Sentence(lacks []string) string { return strings.Join(lacks, "; ") }
