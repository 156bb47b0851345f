package emulate_test

import (
	"testing"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/integrators/emulate"
)

func TestHostsThatKnewEachOtherFromTheStartDoWhenTheyAreBack(t *testing.T) {
	inBothAtOnce(t, func(t *testing.T, b emulate.Backend) {
		lab(t)
		n := wire(t, "h1 s1", "h2 s1", "h3 s1")
		n.StaticARP = true
		l := open(t, b, n, apps("shortest-path"))
		edge, _ := n.LinkByName("h1--s1")
		h1 := node(t, n, "h1")
		known := func() string { return l.told("h1", "sh", "-c", "ip neigh | grep PERMANENT | sort") }
		want := known()
		for what, c := range map[string][2]model.Change{
			"the host":     {{Kind: model.NodeDown, Node: h1}, {Kind: model.NodeUp, Node: h1}},
			"its link":     {{Kind: model.LinkDown, Node: model.NoNode, Link: edge}, {Kind: model.LinkUp, Node: model.NoNode, Link: edge}},
			"its port":     {{Kind: model.PortDown, Node: h1}, {Kind: model.PortUp, Node: h1}},
			"the far port": {{Kind: model.PortDown, Node: node(t, n, "s1"), Port: 1}, {Kind: model.PortUp, Node: node(t, n, "s1"), Port: 1}},
			"the switch":   {{Kind: model.NodeDown, Node: node(t, n, "s1")}, {Kind: model.NodeUp, Node: node(t, n, "s1")}},
		} {
			for i := range c {
				if o := l.do(backend.Action{Change: &c[i]}); o.Err != nil {
					t.Fatal(o.Err)
				}
			}
			if got := known(); got != want || got == "" {
				t.Errorf("when %s is back h1 knows %q, and %q before", what, got, want)
			}
		}
	})
}
