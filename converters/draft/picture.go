package draft

import (
	"fmt"
	"strings"

	"sendim/core/model"
)

// Picture is what a drawing of a network shows. Where there are more than limit links,
// hosts with a single link to a switch are not drawn: Folded says how many each switch
// has.
type Picture struct {
	Folded []int // by node; nil when all are drawn
	Hidden int   // hosts that are not drawn
	leaf   []bool
}

// NewPicture decides what is drawn. It takes time linear in the network.
func NewPicture(n *model.Network, limit int) *Picture {
	p := &Picture{}
	if n.LinkCount() <= limit {
		return p
	}
	p.Folded, p.leaf = make([]int, n.NodeCount()), make([]bool, n.NodeCount())
	for i := range n.NodeCount() {
		arcs := n.Arcs(model.NodeID(i))
		if n.NodeKindOf(model.NodeID(i)) != model.Host || len(arcs) != 1 {
			continue
		}
		if at := n.ArcTo(arcs[0]).Node; n.NodeKindOf(at) == model.Switch {
			p.Folded[at]++
			p.leaf[i] = true
			p.Hidden++
		}
	}
	return p
}

// Drawn says whether a node is drawn.
func (p *Picture) Drawn(id model.NodeID) bool { return p.leaf == nil || !p.leaf[id] }

// Count is "16 hosts" at a switch whose hosts are not drawn, or "".
func (p *Picture) Count(id model.NodeID) string {
	if p.Folded == nil || p.Folded[id] == 0 {
		return ""
	}
	return plural(p.Folded[id], "host")
}

// Lost tells what is not drawn.
func (p *Picture) Lost() []string {
	if p.Hidden == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s with a single link are drawn as counts at their switches", plural(p.Hidden, "host"))}
}

// Label is what a link's line says: its rate, delay and loss, those that differ by
// direction as there/back.
func Label(l model.Link) string {
	var parts []string
	add := func(there, back string) {
		switch {
		case there == back && there != "":
			parts = append(parts, there)
		case there != back:
			parts = append(parts, orDash(there)+"/"+orDash(back))
		}
	}
	add(rateLabel(l.Spec.Rate), rateLabel(l.Back.Rate))
	add(timeLabel(l.Spec.Delay), timeLabel(l.Back.Delay))
	add(lossLabel(l.Spec.Loss), lossLabel(l.Back.Loss))
	return strings.Join(parts, " ")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func rateLabel(r model.Rate) string {
	if r == 0 {
		return ""
	}
	return r.String()
}

// timeLabel rounds to four digits: a picture is for people.
func timeLabel(t model.Time) string {
	if t == 0 {
		return ""
	}
	for _, u := range []struct {
		name string
		unit model.Time
	}{{"s", model.Second}, {"ms", model.Millisecond}, {"us", model.Microsecond}, {"ns", model.Nanosecond}} {
		if t >= u.unit {
			return fmt.Sprintf("%.4g%s", float64(t)/float64(u.unit), u.name)
		}
	}
	return t.String()
}

func lossLabel(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.3g%% lost", v*100)
}
