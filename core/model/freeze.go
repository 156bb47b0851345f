package model

import "sendim/core/freeze"

// Freezing adds to a plan how a Network is written into a checkpoint. One that was read
// knows no names before Thawed.
func Freezing(p *freeze.Plan) {
	freeze.Skip[symbols](p, "seed", "hashes are another process's; Thawed")
	freeze.Skip[symbols](p, "table", "by those hashes; Thawed")
	freeze.Skip[symbols](p, "hashed", "of the table; Thawed")
}

// Thawed gives a network that was read from a checkpoint the index of its names.
func (n *Network) Thawed() { n.names = n.names.permuted(n.names.identity(), n.names.count()) }

func (s *symbols) identity() []int32 {
	out := make([]int32, s.count())
	for i := range out {
		out[i] = int32(i)
	}
	return out
}
