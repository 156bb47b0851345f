package embedded

import (
	"cmp"
	"slices"

	"sendim/core/flow"
)

// tidyPorts leaves reserved ports out and, of several words about one port, keeps the
// last.
func tidyPorts(list []flow.PortState) []flow.PortState {
	list = slices.DeleteFunc(list, func(p flow.PortState) bool { return p.Port > flow.PortMax })
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b flow.PortState) int { return cmp.Compare(a.Port, b.Port) })
	return slices.CompactFunc(list, func(a, b flow.PortState) bool { return a.Port == b.Port })
}
