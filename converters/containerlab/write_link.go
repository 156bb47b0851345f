package containerlab

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
)

// link writes one entry of links: short, unless it was long or says more of its ends.
func (x *writer) link(l model.Link) {
	if inside(l) {
		return
	}
	ends := [2]model.Endpoint{l.A, l.B}
	outside := -1
	for side, e := range ends {
		if x.keys[e.Node] == "" {
			if outside >= 0 { // both
				x.outside++
				return
			}
			outside = side
		}
	}
	labels, rest := x.linkLabels(l), [][2]string(nil)
	var set []model.Property
	var kept json.RawMessage
	kind, long := "", false
	names := [2]string{x.keys[l.A.Node], x.keys[l.B.Node]}
	var more [2][]model.Property
	for _, p := range l.Properties {
		key, ok := strings.CutPrefix(p.Name, "clab.")
		side := -1
		if ok && len(key) > 2 && key[1] == '.' && (key[0] == 'a' || key[0] == 'b') {
			side = int(key[0] - 'a')
		}
		switch {
		case !ok:
			rest = append(rest, [2]string{p.Name, p.Value})
		case side >= 0 && key[2:] == "interface":
		case side >= 0:
			long = true
			more[side] = append(more[side], model.Property{Name: key[2:], Value: flow(draft.RawValue(p.Value))})
		case key == "type":
			kind, long = p.Value, p.Value != "brief"
		case key == "labels":
			kept = draft.RawValue(p.Value)
		case key == "other":
			set = append(set, others(p.Value)...)
		case key == "endpoints", key == "endpoint", key == "mtu", key == "host-interface":
			rest = append(rest, [2]string{p.Name, p.Value})
		default:
			set = append(set, model.Property{Name: key, Value: flow(draft.RawValue(p.Value))})
		}
	}
	if rest != nil {
		labels = append(labels, model.Property{Name: "sendim.properties", Value: pairs(rest)})
	}
	switch {
	case outside >= 0 && long:
		x.longOutside(l, kind, names, more, outside)
	case outside >= 0:
		v := x.n.Node(ends[outside].Node)
		names[outside], _ = v.Property("clab.special")
		x.short(l, names)
	case long:
		if kind == "" {
			kind = "veth"
		}
		x.line("    - type: %s", yamlKey(kind))
		x.line("      endpoints:")
		for side := range 2 {
			x.ending("        - ", names[side], x.intf[l.ID][side], more[side])
		}
	default:
		x.short(l, names)
	}
	switch mtu := l.Spec.MTU; {
	case mtu != 0:
		x.line("      mtu: %d", mtu)
	case x.own[l.A.Node] || x.own[l.B.Node]:
		x.line("      mtu: %d", defaultMTU)
	}
	for _, s := range set {
		x.line("      %s: %s", yamlKey(s.Name), s.Value)
	}
	x.labels("      ", labels, kept)
}

func (x *writer) short(l model.Link, names [2]string) {
	var ends [2]string
	for side := range 2 {
		if ends[side] = quote(names[side] + ":" + x.intf[l.ID][side]); names[side] == "dummy" && x.intf[l.ID][side] == "" {
			ends[side] = "dummy"
		}
	}
	x.line("    - endpoints: [%s, %s]", ends[0], ends[1])
}

// longOutside writes a link to something outside the lab in its long form.
func (x *writer) longOutside(l model.Link, kind string, names [2]string, more [2][]model.Property, outside int) {
	x.line("    - type: %s", yamlKey(kind))
	if name := x.intf[l.ID][outside]; name != "" && !strings.HasPrefix(kind, "vxlan") {
		x.line("      host-interface: %s", quote(name))
	}
	x.line("      endpoint:")
	x.ending("        ", names[1-outside], x.intf[l.ID][1-outside], more[1-outside])
}

func (x *writer) ending(indent, node, intf string, more []model.Property) {
	x.line("%snode: %s", indent, quote(node))
	indent = strings.Repeat(" ", len(indent))
	x.line("%sinterface: %s", indent, quote(intf))
	for _, p := range more {
		x.line("%s%s: %s", indent, yamlKey(p.Name), p.Value)
	}
}

// linkLabels are what containerlab has no key for.
func (x *writer) linkLabels(l model.Link) (out []model.Property) {
	label := func(name, value string) {
		out = append(out, model.Property{Name: "sendim." + name, Value: value})
	}
	if x.n.HasLinkName(l.ID) {
		label("id", x.n.LinkName(l.ID))
	}
	there, back := l.Spec, l.Back
	if there.Class != "" || back.Class != "" {
		x.classes++
		there.Class, back.Class = "", ""
	}
	base := model.LinkSpec{}
	if !x.own[l.A.Node] && !x.own[l.B.Node] && there.MTU != defaultMTU {
		base.MTU = there.MTU // the lab's own key says it
	}
	for _, p := range draft.Attributes(there, base) {
		label(p.Name, p.Value)
	}
	for _, p := range draft.Attributes(back, there) {
		label("back."+p.Name, p.Value)
	}
	var ports [2]string
	for side, e := range [2]model.Endpoint{l.A, l.B} {
		if x.port[e.Node] {
			ports[side] = strconv.FormatUint(uint64(e.Port), 10)
		}
	}
	if ports != [2]string{} {
		label("ports", ports[0]+","+ports[1])
	}
	return out
}

// netem writes one direction as arguments of tc-netem(8); "" if it shapes nothing. Its
// limit covers the packets that are under way besides those that wait.
func netem(s *model.LinkSpec) string {
	var b strings.Builder
	if s.Delay > 0 || s.Jitter > 0 {
		fmt.Fprintf(&b, " delay %s", microseconds(s.Delay))
		if s.Jitter > 0 {
			fmt.Fprintf(&b, " %s", microseconds(s.Jitter))
		}
	}
	if s.Loss > 0 {
		fmt.Fprintf(&b, " loss %s%%", strconv.FormatFloat(s.Loss*100, 'f', -1, 64))
	}
	if s.Rate > 0 {
		fmt.Fprintf(&b, " rate %dbit", int64(s.Rate))
	}
	if b.Len() == 0 {
		return ""
	}
	fmt.Fprintf(&b, " limit %d", limit(s))
	return b.String()
}

func limit(s *model.LinkSpec) int64 {
	packets := int64(model.DefaultQueue.Packets)
	if q := s.Queue; q.Packets > 0 {
		packets = int64(q.Packets)
	} else if q.Bytes > 0 {
		packets = max(1, int64(q.Bytes)/1514)
	}
	rate := s.Rate
	if rate == 0 {
		rate = 10e9
	}
	underway := math.Ceil(s.Delay.Seconds() * float64(rate) / (8 * 1514))
	return int64(min(float64(packets)+underway, 1e7))
}

func microseconds(t model.Time) string {
	return strconv.FormatFloat(float64(t)/float64(model.Microsecond), 'f', -1, 64) + "us"
}

// head says how to run the lab. The commands themselves stand at the end.
func (x *writer) head() {
	bridges, shaped := false, false
	for v := range x.n.Nodes() {
		bridges = bridges || x.own[v.ID] && v.Kind == model.Switch
	}
	for l := range x.n.Links() {
		shaped = shaped || netem(&l.Spec) != "" || netem(&l.Back) != ""
	}
	x.line("# A lab for containerlab: %d nodes, %d links. Written by SENDIM.", x.n.NodeCount(), x.n.LinkCount())
	x.line("#")
	if bridges {
		x.line("#   sed -n 's/^#before: //p' FILE | sudo sh     makes the bridges of Open vSwitch")
	}
	x.line("#   sudo containerlab deploy -t FILE")
	if bridges || shaped {
		x.line("#   sed -n 's/^#after: //p' FILE | sudo sh      numbers ports and shapes links")
	}
	if bridges {
		x.line("#   sed -n 's/^#end: //p' FILE | sudo sh        removes the bridges, after containerlab destroy")
	}
	x.line("")
}

// before writes what is to be done before the lab is deployed: containerlab takes bridges
// as it finds them.
func (x *writer) before() {
	for v := range x.n.Nodes() {
		if x.own[v.ID] && v.Kind == model.Switch {
			key := x.keys[v.ID]
			x.line("#before: ovs-vsctl --may-exist add-br %s -- set bridge %s fail-mode=secure protocols=OpenFlow13 other-config:datapath-id=%016x -- set-controller %s tcp:%s && ip link set %s up",
				key, key, x.o.Names.DPID(v.ID), key, x.o.Controller, key)
		}
	}
}

// after writes what is to be done once the lab runs.
func (x *writer) after() {
	n := x.n
	for l := range n.Links() {
		if inside(l) {
			continue
		}
		for side, e := range [2]model.Endpoint{l.A, l.B} {
			spec := n.ArcSpec(model.Arc(2*int(l.ID) + side))
			name := x.intf[l.ID][side]
			switch {
			case x.keys[e.Node] == "":
			case x.own[e.Node] && n.NodeKindOf(e.Node) == model.Switch:
				x.line("#after: ovs-vsctl set interface %s ofport_request=%d", name, e.Port)
				if args := netem(spec); args != "" {
					x.line("#after: tc qdisc replace dev %s root netem%s", name, args)
				}
			case !x.own[e.Node]:
				x.netemOf(x.keys[e.Node], name, spec)
			}
		}
	}
	for v := range n.Nodes() {
		if x.own[v.ID] && v.Kind == model.Switch {
			x.line("#end: ovs-vsctl --if-exists del-br %s", x.keys[v.ID])
		}
	}
}

// netemOf shapes what a foreign node sends, by containerlab's own tool.
func (x *writer) netemOf(key, intf string, s *model.LinkSpec) {
	var b strings.Builder
	if s.Delay > 0 || s.Jitter > 0 {
		fmt.Fprintf(&b, " --delay %s", microseconds(s.Delay))
	}
	if s.Jitter > 0 {
		fmt.Fprintf(&b, " --jitter %s", microseconds(s.Jitter))
	}
	if s.Loss > 0 {
		fmt.Fprintf(&b, " --loss %s", strconv.FormatFloat(s.Loss*100, 'f', -1, 64))
	}
	if s.Rate > 0 {
		fmt.Fprintf(&b, " --rate %d", max(1, int64(s.Rate)/1000))
	}
	if b.Len() > 0 {
		x.line("#after: containerlab tools netem set -n %s -i %s%s", shellWord("clab-"+x.lab+"-"+key), shellWord(intf), b.String())
	}
}

// shellWord quotes a word for sh, on one line.
func shellWord(s string) string {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:", r)) {
			s = strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
			return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
	}
	return s
}
