package draft

import (
	"strconv"

	"sendim/core/model"
)

// BeyondGraph names what a network says besides its nodes and links: what is lost in a
// format that has places only for those.
func BeyondGraph(n *model.Network) []string {
	var out []string
	add := func(count int, one, several string) {
		switch {
		case count == 1:
			out = append(out, "1 "+one)
		case count > 1:
			out = append(out, strconv.Itoa(count)+" "+several)
		}
	}
	add(len(n.Classes), "QoS class", "QoS classes")
	add(len(n.Disciplines), "queue discipline", "queue disciplines")
	add(len(n.TCPs), "choice of TCP", "choices of TCP")
	add(len(n.Profiles), "profile", "profiles")
	add(len(n.Services), "service", "services")
	add(len(n.Tenants), "tenant", "tenants")
	add(len(n.Policies), "policy", "policies")
	add(len(n.Flows), "flow", "flows")
	demands := 0
	for _, m := range n.Demands {
		demands += len(m.Demands)
	}
	add(demands, "demand", "demands")
	add(len(n.Traffic), "traffic description", "traffic descriptions")
	add(len(n.Processes), "process", "processes")
	add(len(n.Scenario), "scenario step", "scenario steps")
	add(len(n.Tests), "test", "tests")
	add(len(n.Watches), "trace selection", "trace selections")
	return out
}
