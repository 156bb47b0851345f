package naming

import (
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
)

// later names the nodes that were added to a living network, one by one: what each gets
// depends on those before it alone, gone or not, so that nothing that comes or goes later
// changes it. ip and mac are where counting has come to.
//
// An address that was worked out is not given again, but to a node of the same name: a host
// that is removed and added is the same station again, for all who remember its address.
func (n *Names) later(ip, mac uint32) {
	net := n.net
	first := net.Founders()
	if first == net.NodeCount() {
		return
	}
	type address struct {
		kind byte
		of   uint64
	}
	ofIP := func(ip uint64) address { return address{'i', ip} }
	ofMAC := func(mac uint64) address { return address{'m', mac} }
	ofDPID := func(dpid uint64) address { return address{'d', dpid} }
	taken := map[address]model.NodeID{} // the last who had it
	note := func(id model.NodeID) {
		if net.NodeKindOf(id) == model.Switch {
			taken[ofDPID(n.column[id])] = id
			return
		}
		taken[ofIP(n.column[id]>>32)] = id
		if e := net.Identity(id); e.HasMAC {
			taken[ofMAC(e.MAC)] = id
		} else {
			taken[ofMAC(n.column[id]&(1<<32-1))] = id
		}
	}
	for id := range model.NodeID(first) {
		note(id)
	}
	for _, s := range net.Services {
		taken[ofIP(uint64(s.IP))] = model.NoNode
	}
	free := func(key address) bool { _, used := taken[key]; return !used }
	// again says that an address is still that of the node's predecessor.
	again := func(key address, before model.NodeID) bool { last, ok := taken[key]; return ok && last == before }
	dpid := uint64(1)
	for id := model.NodeID(first); int(id) < net.NodeCount(); id++ {
		e, before := net.Identity(id), net.Predecessor(id)
		if before != model.NoNode && (net.NodeKindOf(before) == model.Switch) != (net.NodeKindOf(id) == model.Switch) {
			before = model.NoNode
		}
		if net.NodeKindOf(id) == model.Switch {
			was := before != model.NoNode && net.Identity(before).DPID == 0 && again(ofDPID(n.column[before]), before)
			switch own := firstNumber(net.NodeNameBytes(id)); {
			case e.DPID != 0:
				n.column[id] = e.DPID
			case was:
				n.column[id] = n.column[before]
			case own != 0 && free(ofDPID(own)):
				n.column[id] = own
			default:
				for !free(ofDPID(dpid)) {
					dpid++
				}
				n.column[id] = dpid
			}
			note(id)
			continue
		}
		mine, ether := uint64(e.IP), uint64(0)
		switch {
		case mine != 0:
		case before != model.NoNode && net.Identity(before).IP == 0 && again(ofIP(n.column[before]>>32), before):
			mine = n.column[before] >> 32
		default:
			for !free(ofIP(uint64(ip))) {
				ip++
			}
			mine = uint64(ip)
		}
		switch {
		case e.HasMAC:
		case before != model.NoNode && !net.Identity(before).HasMAC && again(ofMAC(n.column[before]&(1<<32-1)), before):
			ether = n.column[before] & (1<<32 - 1)
		default:
			for !free(ofMAC(uint64(mac))) {
				mac++
			}
			ether = uint64(mac)
		}
		n.column[id] = mine<<32 | ether
		note(id)
	}
}

// added looks at what only it knows of the nodes that were added: addresses that were
// worked out, and names of ours, which must not change.
func (n *Names) added() *fault.Fault {
	net := n.net
	first := model.NodeID(net.Founders())
	n.once.Do(n.addresses)
	type key struct {
		what string
		of   uint64
	}
	keys := func(id model.NodeID) []key {
		if net.NodeKindOf(id) == model.Switch {
			return []key{{"dpid", n.column[id]}}
		}
		return []key{{"ip", n.column[id] >> 32}, {"mac", n.MAC(id)}}
	}
	fresh := map[key]model.NodeID{}
	hosts := 0
	for id := first; int(id) < net.NodeCount(); id++ {
		if net.Gone(id) {
			continue
		}
		if f := n.misnamed(id); f != nil {
			return f
		}
		for _, k := range keys(id) {
			fresh[k] = id
		}
		hosts++
	}
	if hosts == 0 {
		return nil
	}
	nouns := map[string]string{"ip": "IPv4 address", "mac": "Ethernet address", "dpid": "datapath id"}
	for id := range model.NodeID(net.NodeCount()) {
		if net.Gone(id) {
			continue
		}
		for _, k := range keys(id) {
			if other, ok := fresh[k]; ok && other != id {
				f := fault.New(fault.AddressTaken, fault.Place{Element: "node", Attribute: k.what}, "%q and %q have the same %s", net.NodeName(min(id, other)), net.NodeName(max(id, other)), nouns[k.what])
				return &f
			}
		}
		if ip := n.column[id] >> 32; net.NodeKindOf(id) != model.Switch && id >= first && uint32(ip)&^(1<<24-1) == base && uint32(ip)-base > lastHost {
			f := fault.New(fault.OutOfRange, fault.Place{Element: "node"}, "10.0.0.0/8 has no address left for %q", net.NodeName(id))
			return &f
		}
	}
	return nil
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
