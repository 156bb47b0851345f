package serve

import (
	"fmt"

	"sendim/core/model"
)

// plain is a network without what is gone from it, as it would be described. What joins
// several hosts at one port and speaks no OpenFlow is written as one more switch, so that
// every world can have it.
func plain(n *model.Network) (*model.Network, error) {
	b := model.NewBuilder(n.Name)
	ids := map[model.NodeID]model.NodeID{}
	for x := range n.Nodes() {
		kind := x.Kind
		if kind == model.External {
			kind = model.Switch
		}
		id, _ := b.Declare([]byte(x.Name), kind)
		b.SetNodeExtra(id, n.Identity(x.ID), nil, nil)
		ids[x.ID] = id
	}
	spec := b.SpecID(model.LinkSpec{})
	for l := range n.Links() {
		for _, e := range [2]*model.Endpoint{&l.A, &l.B} {
			if n.NodeKindOf(e.Node) == model.External {
				e.Port++ // ports of switches count from 1
			}
		}
		b.Link(model.LinkDraft{A: ids[l.A.Node], B: ids[l.B.Node], APort: l.A.Port, BPort: l.B.Port, Spec: spec, Back: spec})
	}
	out, faults := b.Build(nil)
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("describing the network that was found: %w", err)
	}
	return out, nil
}
