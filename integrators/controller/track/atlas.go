package track

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// Atlas holds the network that was found. Its methods may be called from any goroutine.
type Atlas struct {
	mu       sync.Mutex
	net      *model.Network
	most     int
	switches map[uint64]model.NodeID
	dpids    map[model.NodeID]uint64
}

// NewAtlas has an empty network with a name, which takes in so many switches at most:
// whoever can reach the listener can claim to be one.
func NewAtlas(name string, most int) (*Atlas, error) {
	n, faults := model.NewBuilder(name).Build(nil)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Atlas{net: n, most: most, switches: map[uint64]model.NodeID{}, dpids: map[model.NodeID]uint64{}}, nil
}

// Network is the network as it is known now. It does not change; the next one is another.
func (a *Atlas) Network() *model.Network {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.net
}

// Switch gives the node that a datapath id is, made when it is first seen; false when
// there are too many. It is what embedded.Config.Unknown asks.
func (a *Atlas) Switch(dpid uint64) (model.NodeID, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if id, known := a.switches[dpid]; known {
		return id, true
	}
	if len(a.switches) >= a.most || dpid == 0 {
		return model.NoNode, false
	}
	name := SwitchName(dpid)
	n, err := a.net.Edit([]model.Edit{{Kind: model.AddNode, Node: name, NodeKind: model.Switch, Identity: model.Identity{DPID: dpid}}})
	if err != nil {
		return model.NoNode, false
	}
	id, ok := n.NodeByName(name)
	if !ok {
		return model.NoNode, false
	}
	a.net, a.switches[dpid], a.dpids[id] = n, id, dpid
	return id, true
}

// everMost is how many nodes and links there may be in the life of a network, those that
// are gone included: their ids are not given again.
const everMost = 1 << 20

// full says that no more hosts can be taken in.
func (a *Atlas) full() bool {
	n := a.Network()
	return n.NodeCount() >= everMost || n.LinkCount() >= everMost
}

// DPID is the datapath id of a switch.
func (a *Atlas) DPID(sw model.NodeID) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dpids[sw]
}

// edit carries edits out. Of those that cannot be carried out together each is tried
// alone; the error names those that cannot.
func (a *Atlas) edit(edits []model.Edit) (*model.Network, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := a.net.Edit(edits)
	if err == nil {
		a.net = n
		return n, nil
	}
	var errs []error
	for i := range edits {
		n, err := a.net.Edit(edits[i : i+1])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		a.net = n
	}
	return a.net, errors.Join(errs...)
}

// SwitchName is what a switch is called: by its number where that is one that people
// write, as Mininet numbers them, else by all of its datapath id.
func SwitchName(dpid uint64) string {
	if dpid < 1e6 {
		return fmt.Sprintf("s%d", dpid)
	}
	return fmt.Sprintf("s-%016x", dpid)
}

// HostName is what a host is called: by its address, or by its Ethernet address as long
// as nobody has heard another.
func HostName(mac packet.MAC, ip packet.IPv4) string {
	if ip != 0 {
		return ip.String()
	}
	return strings.ReplaceAll(mac.String(), ":", "-")
}

// addressing is what the runtime asks for: addresses as they were heard, and none that
// nobody has.
type addressing struct{ net *model.Network }

func (a addressing) HostIP(host model.NodeID) packet.IPv4 {
	return packet.IPv4(a.net.Identity(host).IP)
}

func (a addressing) HostMAC(host model.NodeID) packet.MAC {
	return packet.MAC(a.net.Identity(host).MAC)
}

func (a addressing) PortMAC(e model.Endpoint) packet.MAC {
	if i := a.net.Identity(e.Node); i.HasMAC {
		return packet.MAC(i.MAC)
	}
	return probe.Address(uint32(e.Port))
}
