package model

// MapLinkSpecs gives a copy of the network whose link specs went through f. Equal specs
// are kept once, so f is called once for each and the copy shares all columns: it costs
// the same for ten links as for ten million. f must be a pure function.
func (n *Network) MapLinkSpecs(f func(LinkSpec) LinkSpec) *Network {
	out := *n
	out.linkSpecs = make([]LinkSpec, len(n.linkSpecs))
	for i, s := range n.linkSpecs {
		out.linkSpecs[i] = f(s)
	}
	return &out
}
