package naming

import (
	"slices"
	"sync"

	"sendim/core/model"
)

// index finds nodes by a key: ids sorted by it.
type index struct {
	once sync.Once
	ids  []model.NodeID
}

func (n *Names) find(x *index, key func(model.NodeID) uint64, want uint64) (model.NodeID, bool) {
	if want == 0 {
		return model.NoNode, false
	}
	x.once.Do(func() {
		for i := range n.net.NodeCount() {
			if id := model.NodeID(i); !n.net.Gone(id) && key(id) != 0 {
				x.ids = append(x.ids, id)
			}
		}
		slices.SortFunc(x.ids, func(a, b model.NodeID) int { return compare(key(a), key(b)) })
	})
	i, ok := slices.BinarySearchFunc(x.ids, want, func(id model.NodeID, want uint64) int { return compare(key(id), want) })
	if !ok {
		return model.NoNode, false
	}
	return x.ids[i], true
}

// ByIP finds the host with an address.
func (n *Names) ByIP(ip uint32) (model.NodeID, bool) {
	return n.find(&n.reverse[0], func(id model.NodeID) uint64 { ip, _ := n.IP(id); return uint64(ip) }, uint64(ip))
}

// ByMAC finds the host with an Ethernet address, or the node with such a port.
func (n *Names) ByMAC(mac uint64) (model.NodeID, bool) {
	if id, ok := n.find(&n.reverse[1], n.MAC, mac); ok {
		return id, true
	}
	switch mac &^ (1<<40 - 1) {
	case portMAC:
		if id := model.NodeID(mac & (1<<nodeBits - 1)); int(id) < n.net.NodeCount() {
			return id, true
		}
	case farPortMAC:
		if arc := mac & (1<<40 - 1); arc < 2*uint64(n.net.LinkCount()) {
			return n.net.ArcFrom(model.Arc(arc)).Node, true
		}
	}
	return model.NoNode, false
}

// ByDPID finds the switch with a datapath id.
func (n *Names) ByDPID(dpid uint64) (model.NodeID, bool) {
	return n.find(&n.reverse[2], n.DPID, dpid)
}
