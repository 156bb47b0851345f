package emulate

import (
	"sendim/core/cost"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
)

// lastPort is the highest number that Open vSwitch gives to a port (OFPP_MAX in its 16 bits:
// what is above are names, such as LOCAL).
const lastPort = 0xfeff

// fits says what of the machine a network would not fit into, before anything of it is
// made: a start that runs out of something half-way takes minutes to fail.
func (s *Session) fits(n *model.Network, names *naming.Names, flows []model.Flow) error {
	faults := &fault.List{}
	bill := s.spec.Costs.Account(Backend{Native: s.native}.Name(), cost.SizeOf(n, flows), cost.Machine())
	if err := bill.Err(); err != nil {
		faults.Addf(fault.MissingCapability, fault.Place{}, "%v", err)
	}
	unfit(n, names, faults)
	return faults.Err()
}

// unfit says what Open vSwitch would not take of a network: core/naming keeps apart all
// names but those that it has for itself.
func unfit(n *model.Network, names *naming.Names, faults *fault.List) {
	for _, sw := range n.NodesOfKind(model.Switch) {
		if name := names.Technical(sw); name == "ovs-netdev" || name == "ovs-system" {
			faults.Addf(fault.BadName, fault.Place{}, "Open vSwitch has an interface %s of its own: rename the switch", name)
		}
		for _, arc := range n.Arcs(sw) {
			if port := n.ArcFrom(arc).Port; int64(port) > lastPort {
				faults.Addf(fault.MissingCapability, fault.Place{Element: "link"}, "switch %s has a port %d: Open vSwitch numbers ports up to %d", n.NodeName(sw), port, lastPort)
			}
		}
	}
}
