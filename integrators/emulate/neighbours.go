package emulate

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sendim/core/model"
)

// neighbourLimits are the kernel's bounds on what all hosts of the machine together may
// know of each other's Ethernet addresses: below the first nothing is forgotten, above
// the last nothing more is learned ("neighbor table overflow"), and the first of them
// stands at 128 by default and the last at 1024, which 33 hosts that all talk reach.
// They do not exist per network namespace.
const neighbourLimits = "/proc/sys/net/ipv4/neigh/default"

// makeNeighbourRoom raises the limits, never lowering any, to what so many hosts need
// and at least to what Mininet sets them to. Mininet's own attempt comes from inside the
// run's namespace, where they cannot be seen.
func makeNeighbourRoom(dir string, hosts int) error {
	pairs := hosts * (hosts - 1)
	for _, l := range []struct {
		name  string
		least int
	}{{"gc_thresh3", max(16384, 4*pairs)}, {"gc_thresh2", max(8192, 2*pairs)}, {"gc_thresh1", max(4096, pairs)}} {
		path := filepath.Join(dir, l.name)
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading how many neighbours hosts may have: %w", err)
		}
		if now, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && now >= l.least {
			continue
		}
		if err := os.WriteFile(path, []byte(strconv.Itoa(l.least)), 0o644); err != nil {
			return fmt.Errorf("making room for the neighbours of %d hosts: %w", hosts, err)
		}
	}
	return nil
}

func hostCount(n *model.Network) (hosts int) {
	for i := range n.NodeCount() {
		if n.NodeKindOf(model.NodeID(i)) == model.Host {
			hosts++
		}
	}
	return hosts
}
