package naming

import (
	"slices"
	"sync"

	"sendim/core/fault"
	"sendim/core/model"
)

// Names answers for one network.
type Names struct {
	net  *model.Network
	once sync.Once
	// of a switch: its datapath id; of anything else: the IPv4 address above the last
	// 32 bits of a counted Ethernet address.
	column   []uint64
	faults   fault.List
	reverse  [3]index
	ports    sync.Once // before portless is asked: no node is called like a port of another
	portless bool
	except   string // a name that is looked at as if no node had it; for New only
}

// The network that hosts without an address of their own are counted in, as in Mininet.
const (
	base       uint32 = 10 << 24
	basePrefix        = 8
	lastHost   uint32 = 1<<24 - 2
)

// New gives names to a network's nodes. Its error is a *fault.List when addresses or
// datapath ids clash or run out.
func New(net *model.Network) (*Names, error) {
	n := &Names{net: net}
	n.clashes()
	hosts := 0
	for id := range net.NodeCount() {
		if net.NodeKindOf(model.NodeID(id)) != model.Switch {
			hosts++
		}
	}
	if uint32(hosts) > lastHost {
		n.faults.Addf(fault.OutOfRange, fault.Place{Element: "system"}, "%d hosts; 10.0.0.0/8 has addresses for %d", hosts, lastHost)
	}
	if err := n.faults.Err(); err != nil {
		return nil, err
	}
	if net.Edited() {
		if f := n.added(); f != nil {
			n.faults.Add(*f)
			return nil, n.faults.Err()
		}
	}
	return n, nil
}

// clashes reports what the descriptor fixed twice.
func (n *Names) clashes() {
	type claim struct {
		key  uint64
		node model.NodeID
	}
	var claims [3][]claim
	for i := range n.net.NodeCount() {
		id := model.NodeID(i)
		if n.net.Gone(id) {
			continue
		}
		e := n.net.Identity(id)
		if e.IP != 0 {
			claims[0] = append(claims[0], claim{uint64(e.IP), id})
		}
		if e.HasMAC {
			claims[1] = append(claims[1], claim{e.MAC, id})
		}
		if e.DPID != 0 && n.net.NodeKindOf(id) == model.Switch {
			claims[2] = append(claims[2], claim{e.DPID, id})
		}
	}
	for k, list := range claims {
		slices.SortStableFunc(list, func(a, b claim) int { return compare(a.key, b.key) })
		for i := 1; i < len(list); i++ {
			if a, b := list[i-1], list[i]; a.key == b.key {
				what := [...]string{"IPv4 address", "Ethernet address", "datapath id"}[k]
				n.faults.Addf(fault.AddressTaken, fault.Place{Element: "node", Attribute: [...]string{"ip", "mac", "dpid"}[k]},
					"%q and %q have the same %s", n.net.NodeName(a.node), n.net.NodeName(b.node), what)
			}
		}
	}
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// addresses fills the column.
func (n *Names) addresses() {
	net := n.net
	count := net.Founders()
	n.column = make([]uint64, net.NodeCount())
	var ips, macs []uint32 // taken, in the ranges that are counted in
	for i := range count {
		e := net.Identity(model.NodeID(i))
		if e.IP&^(1<<24-1) == base {
			ips = append(ips, e.IP)
		}
		if e.HasMAC && e.MAC>>32 == 0 {
			macs = append(macs, uint32(e.MAC))
		}
	}
	for _, s := range net.Services {
		ips = append(ips, s.IP)
	}
	slices.Sort(ips)
	slices.Sort(macs)
	taken := func(list []uint32, v uint32) bool { _, ok := slices.BinarySearch(list, v); return ok }
	ip, mac := base+1, uint32(1)
	give := func(id model.NodeID) {
		e := net.Identity(id)
		mine, ether := e.IP, uint32(0)
		if mine == 0 {
			for taken(ips, ip) {
				ip++
			}
			mine = ip
		}
		if !e.HasMAC {
			for taken(macs, mac) {
				mac++
			}
			ether = mac
		}
		ip++ // also past a host with an address of its own, as Mininet does
		mac++
		n.column[id] = uint64(mine)<<32 | uint64(ether)
	}
	for _, kind := range [2]model.NodeKind{model.Host, model.External} {
		for i := range count {
			if net.NodeKindOf(model.NodeID(i)) == kind {
				give(model.NodeID(i))
			}
		}
	}
	n.datapaths()
	n.later(ip, mac, ips, macs)
}

// datapaths gives switches their ids: fixed ones, then the first number of a name where
// no other switch has the same, then free numbers from 1.
func (n *Names) datapaths() {
	type want struct {
		dpid uint64
		node model.NodeID
	}
	var wants []want
	var used []uint64
	for i := range n.net.Founders() {
		id := model.NodeID(i)
		if n.net.NodeKindOf(id) != model.Switch {
			continue
		}
		if e := n.net.Identity(id); e.DPID != 0 {
			n.column[id] = e.DPID
			used = append(used, e.DPID)
		} else if d := firstNumber(n.net.NodeNameBytes(id)); d != 0 {
			wants = append(wants, want{d, id})
		}
	}
	slices.Sort(used)
	slices.SortFunc(wants, func(a, b want) int {
		if c := compare(a.dpid, b.dpid); c != 0 {
			return c
		}
		return int(a.node) - int(b.node)
	})
	fixed := len(used)
	for i, w := range wants {
		if i > 0 && wants[i-1].dpid == w.dpid || i+1 < len(wants) && wants[i+1].dpid == w.dpid {
			continue
		}
		if _, ok := slices.BinarySearch(used[:fixed], w.dpid); !ok {
			n.column[w.node] = w.dpid
			used = append(used, w.dpid)
		}
	}
	slices.Sort(used)
	next, k := uint64(1), 0
	for i := range n.net.Founders() {
		id := model.NodeID(i)
		if n.net.NodeKindOf(id) != model.Switch || n.column[id] != 0 {
			continue
		}
		for k < len(used) && used[k] <= next {
			if used[k] == next {
				next++
			}
			k++
		}
		n.column[id] = next
		next++
	}
}

// firstNumber reads the first run of digits, as Mininet's defaultDpid does; 0 if there
// is none or it does not fit.
func firstNumber(name []byte) uint64 {
	for i, c := range name {
		if c < '0' || c > '9' {
			continue
		}
		var d uint64
		for _, c := range name[i:] {
			if c < '0' || c > '9' {
				break
			}
			if d > 1<<59 {
				return 0
			}
			d = d*10 + uint64(c-'0')
		}
		return d
	}
	return 0
}

// IP gives the IPv4 address of a host, in host byte order, and the length of its
// network's prefix; 0 for a switch.
func (n *Names) IP(host model.NodeID) (ip uint32, prefix uint8) {
	if n.net.NodeKindOf(host) == model.Switch {
		return 0, 0
	}
	n.once.Do(n.addresses)
	ip, prefix = uint32(n.column[host]>>32), basePrefix
	if e := n.net.Identity(host); e.IP != 0 {
		prefix = e.Prefix
	}
	return ip, prefix
}

// MAC gives the Ethernet address of a host's first port, in the low 48 bits; 0 for a
// switch.
func (n *Names) MAC(host model.NodeID) uint64 {
	if n.net.NodeKindOf(host) == model.Switch {
		return 0
	}
	if e := n.net.Identity(host); e.HasMAC {
		return e.MAC
	}
	n.once.Do(n.addresses)
	return n.column[host] & (1<<32 - 1)
}

// Locally administered addresses of ports: 02, then 14 bits of port and 26 of node; the
// few that do not fit are 06 and their number in the list of all link ends.
const (
	portMAC    uint64 = 0x02 << 40
	farPortMAC uint64 = 0x06 << 40
	nodeBits          = 26
	portBits          = 14
)

// PortMAC gives the Ethernet address of a port: the host's own for its first port, one
// derived from node and port for all others.
func (n *Names) PortMAC(node model.NodeID, port model.PortNo) uint64 {
	if n.net.NodeKindOf(node) != model.Switch {
		if arcs := n.net.Arcs(node); len(arcs) == 0 && port == 0 || len(arcs) > 0 && n.net.ArcFrom(arcs[0]).Port == port {
			return n.MAC(node)
		}
	}
	if port < 1<<portBits && node < 1<<nodeBits {
		return portMAC | uint64(port)<<nodeBits | uint64(node)
	}
	if arc, ok := n.net.ArcAtPort(node, port); ok {
		return farPortMAC | uint64(arc)
	}
	return farPortMAC | 1<<33 | uint64(port)
}

// DPID gives the datapath id of a switch; 0 for anything else.
func (n *Names) DPID(sw model.NodeID) uint64 {
	if n.net.NodeKindOf(sw) != model.Switch {
		return 0
	}
	n.once.Do(n.addresses)
	return n.column[sw]
}
