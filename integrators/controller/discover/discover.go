package discover

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
)

// Options say how long to look, and for what. All may be left zero.
type Options struct {
	// Name is what the network is called.
	Name string
	// TLS is how switches are spoken with; nil means in the clear.
	TLS *tls.Config
	// OpenFlow is the one version that is spoken, as 1.3; empty: with each switch the highest
	// that both have.
	OpenFlow string
	// Switches is how many must be there before the look may end by itself.
	Switches int
	// Quiet is how long nothing new must have been seen: 3 s. Most ends the look in any
	// case; 0 means never. Interval is between two rounds of LLDP: 1 s.
	Quiet, Most, Interval model.Time
	// Ask are addresses that hosts may have: every port without a switch is asked for them
	// by ARP in every round.
	Ask []packet.IPv4
	// Key signs this look's LLDP; nobody else should know it.
	Key [32]byte
}

// Found is what a look has seen, in order: switches by datapath id, links by their first
// end, hosts by where they are.
type Found struct {
	Name     string
	Switches []Switch
	Links    []Link
	Hosts    []Host
	Notes    []string // what was seen and cannot be said in a model, and what went wrong
}

// Switch is a switch that connected.
type Switch struct{ DPID uint64 }

// Port is a port of the switch at that index of Found.Switches.
type Port struct {
	Switch int
	Port   uint32
}

// Link is a link between two ports; A comes before B.
type Link struct{ A, B Port }

// Host is who alone speaks at a port where no switch is. IP is 0 where it was not told.
type Host struct {
	At  Port
	MAC packet.MAC
	IP  packet.IPv4
}

// book numbers datapath ids as they come.
type book struct {
	mu    sync.Mutex
	nodes map[uint64]model.NodeID
	dpids []uint64
}

func (b *book) node(dpid uint64) (model.NodeID, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, known := b.nodes[dpid]
	if !known {
		n = model.NodeID(len(b.dpids))
		b.nodes[dpid], b.dpids = n, append(b.dpids, dpid)
	}
	return n, true
}

func (b *book) dpid(n model.NodeID) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dpids[n]
}

// diary keeps what goes wrong.
type diary struct {
	mu    sync.Mutex
	texts []string
}

func (d *diary) Emit(e *trace.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Kind == trace.Warning && len(d.texts) < 1000 {
		text := e.Text
		if e.Node != "" {
			text = e.Node + ": " + text
		}
		d.texts = append(d.texts, text)
	}
}

// Look serves the switches that dial a listener, which it takes over, until nothing new
// is seen, and says what was. progress, if not nil, hears how many switches are there.
// When ctx ends first, that is the error, and rules of the look may be left at switches
// (by their cookie).
func Look(ctx context.Context, listener net.Listener, o Options, progress func(switches int)) (*Found, error) {
	if o.Name == "" {
		o.Name = "found"
	}
	o.Quiet, o.Interval = cmp.Or(o.Quiet, 3*model.Second), cmp.Or(o.Interval, model.Second)
	b, d := &book{nodes: map[uint64]model.NodeID{}}, &diary{}
	s := newScout(o, b.dpid)
	clock := controller.NewClock(time.Now, d)
	c, err := embedded.New(embedded.Config{Listener: listener, TLS: o.TLS, OpenFlow: o.OpenFlow, Driver: s, Clock: clock, Unknown: b.node, Keep: true,
		Name: func(n model.NodeID) string { return fmt.Sprintf("switch %#x", b.dpid(n)) }})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { ended <- c.Run(ctx) }()
	if err := c.StartApps(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for told := -1; ; {
		select {
		case <-s.done:
			if err := c.Close(); err != nil {
				return nil, err
			}
			<-ended // nobody else touches the scout from here on
			clock.Flush()
			f := s.found()
			f.Notes = append(f.Notes, d.texts...)
			return f, nil
		case err := <-ended:
			return nil, errors.Join(err, context.Cause(ctx), c.Close())
		case <-tick.C:
			if n := len(c.Connected()); n != told && progress != nil {
				progress(n)
				told = n
			}
		}
	}
}

// found makes sense of what was seen.
func (s *scout) found() *Found {
	f := &Found{Name: s.o.Name, Notes: s.notes}
	nodes := slices.SortedFunc(slices.Values(s.nodes), func(a, b model.NodeID) int {
		return cmp.Compare(s.devices[a].dpid, s.devices[b].dpid)
	})
	number := map[model.NodeID]int{}
	for i, node := range nodes {
		number[node] = i
		f.Switches = append(f.Switches, Switch{DPID: s.devices[node].dpid})
		if !s.devices[node].up {
			f.Notes = append(f.Notes, fmt.Sprintf("switch %#x was there and went", s.devices[node].dpid))
		}
	}
	name := func(at spot) string { return fmt.Sprintf("port %d of switch %#x", at.port, s.devices[at.node].dpid) }
	taken := map[spot]bool{}
	for _, node := range nodes {
		ports := slices.Sorted(slices.Values(s.devices[node].order))
		for _, port := range ports {
			at := spot{node, port}
			from, linked := s.heard[at]
			who, foreign := s.foreign[at]
			switch {
			case linked && s.heard[from] == at:
				a, b := Port{number[node], port}, Port{number[from.node], from.port}
				if taken[at] = true; comparePorts(a, b) < 0 {
					f.Links = append(f.Links, Link{a, b})
				}
			case linked:
				taken[at] = true
				f.Notes = append(f.Notes, fmt.Sprintf("LLDP came from %s to %s and not the other way: no link", name(from), name(at)))
			case foreign:
				f.Notes = append(f.Notes, fmt.Sprintf("%q speaks LLDP at %s and no OpenFlow here", who, name(at)))
			}
		}
	}
	s.hosts(f, number, taken, name)
	return f
}

// hosts places everybody where he was heard last, and leaves out ports where there are
// several.
func (s *scout) hosts(f *Found, number map[model.NodeID]int, links map[spot]bool, name func(spot) string) {
	last := map[packet.MAC]voice{}
	for _, v := range s.voices {
		old, known := last[v.mac]
		if links[v.at] || known && old.last >= v.last {
			continue
		}
		v.ip = cmp.Or(v.ip, old.ip)
		last[v.mac] = v
	}
	at := map[spot][]Host{}
	for _, v := range last {
		at[v.at] = append(at[v.at], Host{At: Port{number[v.at.node], v.at.port}, MAC: v.mac, IP: v.ip})
	}
	var crowded []spot
	for where, hosts := range at {
		if len(hosts) > 1 {
			crowded = append(crowded, where)
			continue
		}
		f.Hosts = append(f.Hosts, hosts[0])
	}
	slices.SortFunc(f.Hosts, func(a, b Host) int { return comparePorts(a.At, b.At) })
	slices.SortFunc(crowded, func(a, b spot) int {
		return comparePorts(Port{number[a.node], a.port}, Port{number[b.node], b.port})
	})
	for _, where := range crowded {
		f.Notes = append(f.Notes, fmt.Sprintf("%d hosts speak at %s: there is something between that speaks no OpenFlow", len(at[where]), name(where)))
	}
}

func comparePorts(a, b Port) int {
	return cmp.Or(cmp.Compare(a.Switch, b.Switch), cmp.Compare(a.Port, b.Port))
}

// Network makes a model of what was found: switches s1, s2, ... with their datapath ids,
// hosts h1, h2, ... with their addresses, at the ports that they really have. Links have
// no rate and no delay, which nobody has said. The prefix of a
// host's address is taken to be 24 bits long.
func (f *Found) Network() (*model.Network, error) {
	b := model.NewBuilder(f.Name)
	spec := b.SpecID(model.LinkSpec{})
	ids := make([]model.NodeID, len(f.Switches))
	for i, sw := range f.Switches {
		ids[i], _ = b.Declare(fmt.Appendf(nil, "s%d", i+1), model.Switch)
		b.SetNodeExtra(ids[i], model.Identity{DPID: sw.DPID}, nil, nil)
	}
	for _, l := range f.Links {
		b.Link(model.LinkDraft{A: ids[l.A.Switch], B: ids[l.B.Switch], APort: model.PortNo(l.A.Port), BPort: model.PortNo(l.B.Port), Spec: spec, Back: spec})
	}
	for i, h := range f.Hosts {
		id, _ := b.Declare(fmt.Appendf(nil, "h%d", i+1), model.Host)
		identity := model.Identity{HasMAC: true, MAC: uint64(h.MAC)}
		if h.IP != 0 {
			identity.IP, identity.Prefix = uint32(h.IP), 24
		}
		b.SetNodeExtra(id, identity, nil, nil)
		b.Link(model.LinkDraft{A: ids[h.At.Switch], B: id, APort: model.PortNo(h.At.Port), BPort: model.AutoPort, Spec: spec, Back: spec})
	}
	n, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("making a model of the network that was found: %w", err)
	}
	return n, nil
}
