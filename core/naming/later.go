package naming

import (
	"slices"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// address is one of a kind: 'i' of IPv4, 'm' of Ethernet, 'd' of datapaths.
type address struct {
	kind byte
	of   uint64
}

// later names the nodes that were added to a living network, one by one: what each gets
// depends on those before it alone, gone or not, so that nothing that comes or goes later
// changes it. ip and mac are where counting has come to, and ips and macs what was fixed
// before, sorted: of those counted nobody has one that is not yet reached.
//
// An address that was worked out is not given again, but to a node of the same name: a host
// that is removed and added is the same station again, for all who remember its address.
func (n *Names) later(ip, mac uint32, ips, macs []uint32) {
	net := n.net
	first := model.NodeID(net.Founders())
	if int(first) == net.NodeCount() {
		return
	}
	taken := map[address]model.NodeID{} // the last of those added who had it
	var dpids []uint64                  // of the others, sorted; nil: nobody has asked
	free := func(a address) bool {
		if _, used := taken[a]; used {
			return false
		}
		used := false
		switch a.kind {
		case 'i':
			_, used = slices.BinarySearch(ips, uint32(a.of))
		case 'm':
			_, used = slices.BinarySearch(macs, uint32(a.of))
		case 'd':
			if dpids == nil {
				dpids = append(make([]uint64, 0, first+1), 0)
				for id := range first {
					if net.NodeKindOf(id) == model.Switch {
						dpids = append(dpids, n.column[id])
					}
				}
				slices.Sort(dpids)
			}
			_, used = slices.BinarySearch(dpids, a.of)
		}
		return !used
	}
	// again says that an address is still that of the node's predecessor.
	again := func(a address, before model.NodeID) bool {
		last, used := taken[a]
		return used && last == before || !used && before < first
	}
	dpid := uint64(1)
	for id := first; int(id) < net.NodeCount(); id++ {
		e, before := net.Identity(id), net.Predecessor(id)
		if before != model.NoNode && (net.NodeKindOf(before) == model.Switch) != (net.NodeKindOf(id) == model.Switch) {
			before = model.NoNode
		}
		if net.NodeKindOf(id) == model.Switch {
			was := before != model.NoNode && net.Identity(before).DPID == 0 && again(address{'d', n.column[before]}, before)
			switch own := firstNumber(net.NodeNameBytes(id)); {
			case e.DPID != 0:
				n.column[id] = e.DPID
			case was:
				n.column[id] = n.column[before]
			case own != 0 && free(address{'d', own}):
				n.column[id] = own
			default:
				for !free(address{'d', dpid}) {
					dpid++
				}
				n.column[id] = dpid
			}
			taken[address{'d', n.column[id]}] = id
			continue
		}
		mine, ether := uint64(e.IP), uint64(0)
		switch {
		case mine != 0:
		case before != model.NoNode && net.Identity(before).IP == 0 && again(address{'i', n.column[before] >> 32}, before):
			mine = n.column[before] >> 32
		default:
			for !free(address{'i', uint64(ip)}) {
				ip++
			}
			mine = uint64(ip)
		}
		switch {
		case e.HasMAC:
		case before != model.NoNode && !net.Identity(before).HasMAC && again(address{'m', n.column[before] & (1<<32 - 1)}, before):
			ether = n.column[before] & (1<<32 - 1)
		default:
			for !free(address{'m', uint64(mac)}) {
				mac++
			}
			ether = uint64(mac)
		}
		n.column[id] = mine<<32 | ether
		taken[address{'i', mine}] = id
		if e.HasMAC {
			ether = e.MAC
		}
		taken[address{'m', ether}] = id
	}
}

// added looks at what only it knows of the nodes that were added: addresses that were
// worked out, and names of ours, which must not change.
func (n *Names) added() *fault.Fault {
	net := n.net
	first := model.NodeID(net.Founders())
	n.once.Do(n.addresses)
	fresh := map[address]model.NodeID{}
	for id := first; int(id) < net.NodeCount(); id++ {
		if net.Gone(id) {
			continue
		}
		if f := n.misnamed(id); f != nil {
			return f
		}
		if net.NodeKindOf(id) == model.Switch {
			fresh[address{'d', n.column[id]}] = id
			continue
		}
		ip := uint32(n.column[id] >> 32)
		if ip&^(1<<24-1) == base && ip-base > lastHost {
			f := fault.New(fault.OutOfRange, fault.Place{Element: "node"}, "10.0.0.0/8 has no address left for %q", net.NodeName(id))
			return &f
		}
		fresh[address{'i', uint64(ip)}], fresh[address{'m', n.MAC(id)}] = id, id
	}
	if len(fresh) == 0 {
		return nil
	}
	var clash *fault.Fault
	look := func(id model.NodeID, a address, attribute, noun string) {
		if other, ok := fresh[a]; ok && other != id && clash == nil {
			f := fault.New(fault.AddressTaken, fault.Place{Element: "node", Attribute: attribute}, "%q and %q have the same %s", net.NodeName(min(id, other)), net.NodeName(max(id, other)), noun)
			clash = &f
		}
	}
	for id := range model.NodeID(net.NodeCount()) {
		switch {
		case net.Gone(id):
		case net.NodeKindOf(id) == model.Switch:
			look(id, address{'d', n.column[id]}, "dpid", "datapath id")
		default:
			look(id, address{'i', n.column[id] >> 32}, "ip", "IPv4 address")
			look(id, address{'m', n.MAC(id)}, "mac", "Ethernet address")
		}
	}
	return clash
}

// misnamed says that a node that was added has the name that a bridge or an interface of
// another has already.
func (n *Names) misnamed(id model.NodeID) *fault.Fault {
	name := n.net.NodeName(id)
	taken := func(what string, by model.NodeID) *fault.Fault {
		f := fault.New(fault.BadName, fault.Place{Element: "node", Attribute: "id"}, "%q is the name of %s of %q already", name, what, n.net.NodeName(by))
		return &f
	}
	if at := strings.LastIndex(name, "-eth"); at > 0 {
		if _, err := strconv.ParseUint(name[at+4:], 10, 32); err == nil {
			f := fault.New(fault.BadName, fault.Place{Element: "node", Attribute: "id"}, "%q is what interfaces are called; a node that is added must not be", name)
			return &f
		}
	}
	if len(name) < 2 || !strings.Contains(letters, name[:1]) {
		return nil
	}
	node, port, ported := strings.Cut(strings.TrimRight(name[1:], "_"), "_")
	other, err := strconv.ParseUint(node, 36, 31)
	if err != nil || other >= uint64(n.net.NodeCount()) || other == uint64(id) {
		return nil
	}
	n.except = name
	defer func() { n.except = "" }()
	if by := model.NodeID(other); !ported && n.Technical(by) == name {
		return taken("a bridge or a host", by)
	} else if p, err := strconv.ParseUint(port, 36, 32); ported && err == nil && n.Interface(by, model.PortNo(p)) == name {
		return taken("an interface", by)
	}
	return nil
}
