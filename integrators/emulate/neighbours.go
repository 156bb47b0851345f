package emulate

import (
	"sendim/core/model"
	"sendim/integrators/netns"
)

// makeNeighbourRoom lets so many hosts know each other, until the session ends. Mininet's
// own attempt comes from inside the run's namespace, where the bounds cannot be seen.
func (s *Session) makeNeighbourRoom(hosts int) error {
	release, err := netns.MachineNeighbours().Raise(hosts)
	s.released = append(s.released, release)
	return err
}

// release gives back what the session had of the machine as a whole.
func (s *Session) release() (errs []error) {
	for _, r := range s.released {
		errs = append(errs, r())
	}
	s.released = nil
	return errs
}

func hostCount(n *model.Network) (hosts int) {
	for i := range n.NodeCount() {
		if n.NodeKindOf(model.NodeID(i)) == model.Host {
			hosts++
		}
	}
	return hosts
}
