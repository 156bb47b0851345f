package containerlab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/model"
	"sendim/core/naming"
)

// DefaultImage is the container image of hosts: it has ip, tc, ping and iperf3.
const DefaultImage = "ghcr.io/srl-labs/network-multitool"

// defaultMTU is that of links that say nothing; containerlab's own is 9500.
const defaultMTU = 1500

// Options may be left zero.
type Options struct {
	Image string // of hosts; "" is DefaultImage
	// Controller is HOST:PORT of the OpenFlow controller of the switches; "" is
	// 127.0.0.1:6653.
	Controller string
	Names      *naming.Names // the network's, or nil
}

// Write writes a lab. lost lists what it does not hold. The error is the writer's, or of
// names that clash.
func Write(w io.Writer, n *model.Network, o Options) (lost []string, err error) {
	if o.Names == nil {
		if o.Names, err = naming.New(n); err != nil {
			return nil, err
		}
	}
	if o.Image == "" {
		o.Image = DefaultImage
	}
	if o.Controller == "" {
		o.Controller = "127.0.0.1:6653"
	}
	x := &writer{Writer: bufio.NewWriterSize(w, 1<<16), n: n, o: o, lab: strings.TrimLeft(draft.Clean(n.Name), "._-"), used: make(map[string]bool, n.NodeCount())}
	if x.lab == "" {
		x.lab = "sendim"
	}
	x.write()
	if err := x.Flush(); err != nil {
		return nil, fmt.Errorf("writing the containerlab topology of %q: %w", n.Name, err)
	}
	lost = draft.BeyondGraph(n)
	note := func(count int, format string) {
		if count > 0 {
			lost = append(lost, fmt.Sprintf(format, count))
		}
	}
	note(x.classes, "the classes of %d links")
	note(x.outside, "%d nodes or links outside the lab that no node of it has a link to")
	note(x.chosen, "%d interface names of foreign kinds of nodes: they were chosen as eth1, eth2, ... and may not be what the kind wants")
	return lost, nil
}

// writer is a lab being written. Errors stick in the bufio.Writer.
type writer struct {
	*bufio.Writer
	n    *model.Network
	o    Options
	lab  string
	keys []string // of nodes in the file; "" for those outside the lab
	used map[string]bool
	own  []bool // nodes that are our switches and hosts, not what a lab said before
	intf [][2]string
	port []bool // nodes whose ports are not numbered in the order of the links

	classes, outside, chosen int
}

func (x *writer) line(format string, args ...any) { fmt.Fprintf(x, format+"\n", args...) }

func (x *writer) write() {
	x.name()
	x.number()
	x.interfaces()
	x.head()
	x.line("name: %s", yamlKey(x.lab))
	x.line("")
	x.line("topology:")
	x.line("  nodes:")
	first := true
	for v := range x.n.Nodes() {
		if x.keys[v.ID] != "" {
			x.node(v, first)
			first = false
		} else if len(x.n.Arcs(v.ID)) == 0 {
			x.outside++
		}
	}
	if x.n.LinkCount() > 0 {
		x.line("  links:")
	}
	for l := range x.n.Links() {
		x.link(l)
	}
	x.line("")
	x.before()
	x.after()
}

// name chooses the keys of nodes: the old ones of those that a lab had, for ours names
// that bridges and containers can have.
func (x *writer) name() {
	n := x.n
	x.keys, x.own = make([]string, n.NodeCount()), make([]bool, n.NodeCount())
	outside := make([]bool, n.NodeCount())
	was := make(map[string]bool, n.NodeCount())
	for v := range n.Nodes() {
		if _, foreign := v.Property("clab.kind"); foreign {
			was[oldKey(v)] = true
		}
	}
	for v := range n.Nodes() { // containers of somebody else must stay that
		mode, _ := v.Property("clab.network-mode")
		if name, ok := strings.CutPrefix(mode, "container:"); ok && !was[name] {
			x.used[name] = true
		}
	}
	for v := range n.Nodes() {
		_, isSpecial := v.Property("clab.special")
		_, foreign := v.Property("clab.kind")
		outside[v.ID], x.own[v.ID] = isSpecial && (v.Kind == model.External || v.Kind == model.Host && slices.Contains(v.Labels, external)), !foreign && !isSpecial
		if !foreign || outside[v.ID] {
			continue
		}
		if key := oldKey(v); !x.used[key] {
			x.keys[v.ID], x.used[key] = key, true
		}
	}
	for i := range x.keys {
		if x.keys[i] != "" || outside[i] {
			continue
		}
		key := x.o.Names.Technical(model.NodeID(i))
		for k := i; x.used[key] || special(key); k++ {
			key = "n" + strconv.Itoa(k) + "x"
		}
		x.keys[i], x.used[key] = key, true
	}
}

// oldKey is what a node was called in the lab that it came from.
func oldKey(v model.Node) string {
	if key, ok := v.Property("source.id"); ok {
		return key
	}
	return v.Name
}

// number finds the nodes whose ports are not numbered in the order of the links.
func (x *writer) number() {
	n := x.n
	x.port = make([]bool, n.NodeCount())
	next := make([]model.PortNo, n.NodeCount())
	for i := range next {
		if n.NodeKindOf(model.NodeID(i)) == model.Switch {
			next[i] = 1
		}
	}
	for l := range n.Links() {
		if inside(l) { // Read makes them after all others
			continue
		}
		for _, e := range [2]model.Endpoint{l.A, l.B} {
			x.port[e.Node] = x.port[e.Node] || e.Port != next[e.Node]
			next[e.Node]++
		}
	}
}

// interfaces chooses the names of both ends of every link.
func (x *writer) interfaces() {
	n := x.n
	x.intf = make([][2]string, n.LinkCount())
	used := map[string]bool{}
	for l := range n.Links() {
		for side, e := range [2]model.Endpoint{l.A, l.B} {
			name, kept := l.Property("clab." + string("ab"[side]) + ".interface")
			at := x.keys[e.Node] + ":" + name
			if kept && !x.own[e.Node] && !used[at] {
				used[at] = true
				x.intf[l.ID][side] = name
			}
		}
	}
	next := make([]int, n.NodeCount())
	for l := range n.Links() {
		if inside(l) {
			continue
		}
		for side, e := range [2]model.Endpoint{l.A, l.B} {
			name := &x.intf[l.ID][side]
			switch {
			case *name != "":
			case x.own[e.Node] && n.NodeKindOf(e.Node) == model.Switch:
				*name = x.o.Names.Interface(e.Node, e.Port) // bridges share the host's names
			case x.own[e.Node]:
				*name = "eth" + strconv.FormatUint(uint64(e.Port)+1, 10) // eth0 is the management's
			case x.keys[e.Node] == "" && outsideNeedsNone(n.Node(e.Node)):
			default:
				for {
					next[e.Node]++
					*name = "eth" + strconv.Itoa(next[e.Node])
					if at := x.keys[e.Node] + ":" + *name; !used[at] {
						used[at] = true
						break
					}
				}
				if x.keys[e.Node] != "" {
					x.chosen++
				}
			}
		}
	}
}

// inside says whether a link stands for what network-mode says of its ends.
func inside(l model.Link) bool {
	_, is := l.Property("clab.inside")
	return is
}

func outsideNeedsNone(v model.Node) bool {
	what, _ := v.Property("clab.special")
	return what == "dummy" || strings.HasPrefix(what, "vxlan")
}

// node writes one entry of nodes.
func (x *writer) node(v model.Node, first bool) {
	x.line("    %s:", yamlKey(x.keys[v.ID]))
	var labels []model.Property
	label := func(name, value string) {
		labels = append(labels, model.Property{Name: "sendim." + name, Value: value})
	}
	if first {
		label("network", x.n.Name)
	}
	var set []model.Property // settings with their YAML
	var rest [][2]string
	var kept json.RawMessage // the lab's own labels
	var kind, image string
	var commands []string
	own := x.own[v.ID]
	for i, p := range v.Properties {
		key, ok := strings.CutPrefix(p.Name, "clab.")
		switch {
		case !ok && i == 0 && p.Name == "source.id" && p.Value == x.keys[v.ID] && !own:
		case !ok, own && (key == "kind" || key == "image"), key == "cpu" && v.Spec.CPU != 0, key == "memory" && v.Spec.Memory != 0,
			own && key == "exec" && json.Unmarshal([]byte(p.Value), &commands) != nil:
			rest = append(rest, [2]string{p.Name, p.Value})
		case own && key == "exec":
		case key == "labels":
			kept = draft.RawValue(p.Value)
		case key == "other":
			set = append(set, others(p.Value)...)
		default:
			if key == "image" {
				image = p.Value
			}
			if key == "kind" {
				kind = p.Value
			}
			set = append(set, model.Property{Name: key, Value: flow(draft.RawValue(p.Value))})
		}
	}
	if own {
		label("id", v.Name)
		if kind, image = "linux", x.o.Image; v.Kind == model.Switch {
			kind, image = "ovs-bridge", ""
		}
		set = append(x.made(v, kind, commands, label), set...)
	}
	role := roleOf(kind, image).kind
	if kind == "linux" && !own && role == model.Host && slices.ContainsFunc(set, func(p model.Property) bool {
		return (p.Name == "exec" || p.Name == "cmd" || p.Name == "entrypoint" || p.Name == "sysctls") && forwarding(p.Value)
	}) {
		role = model.Switch // as Read has it
	}
	if role != v.Kind {
		label("kind", v.Kind.String())
	}
	x.identity(v, label)
	if rest != nil {
		label("properties", pairs(rest))
	}
	for _, s := range set {
		x.line("      %s: %s", yamlKey(s.Name), s.Value)
	}
	x.specs(v, label)
	x.labels("      ", labels, kept)
}

// made are the settings of a node of ours: a bridge of Open vSwitch, or a container whose
// commands give it its address and shape what it sends.
func (x *writer) made(v model.Node, kind string, commands []string, label func(name, value string)) []model.Property {
	set := []model.Property{{Name: "kind", Value: kind}}
	var exec []string
	if v.Kind != model.Switch {
		set = append(set, model.Property{Name: "image", Value: quote(x.o.Image)})
		for i, a := range x.n.Arcs(v.ID) {
			name := x.intf[a.Link()][a&1]
			if i == 0 {
				ip, prefix := x.o.Names.IP(v.ID)
				exec = append(exec, "ip link set dev "+name+" address "+formatMAC(x.o.Names.MAC(v.ID)),
					fmt.Sprintf("ip address add %d.%d.%d.%d/%d dev %s", byte(ip>>24), byte(ip>>16), byte(ip>>8), byte(ip), prefix, name))
			}
			if args := netem(x.n.ArcSpec(a)); args != "" {
				exec = append(exec, "tc qdisc replace dev "+name+" root netem"+args)
			}
		}
	}
	if exec != nil {
		label("exec", strconv.Itoa(len(exec)))
	}
	if exec = append(exec, commands...); exec != nil {
		if raw, err := json.Marshal(exec); err == nil { // texts always have a form
			set = append(set, model.Property{Name: "exec", Value: flow(raw)})
		}
	}
	return set
}

// identity writes the addresses that the network fixes.
func (x *writer) identity(v model.Node, label func(name, value string)) {
	if ip := v.Identity.IP; ip != 0 {
		label("ip", fmt.Sprintf("%d.%d.%d.%d/%d", byte(ip>>24), byte(ip>>16), byte(ip>>8), byte(ip), v.Identity.Prefix))
	}
	if v.Identity.HasMAC {
		label("mac", formatMAC(v.Identity.MAC))
	}
	if v.Identity.DPID != 0 {
		label("dpid", fmt.Sprintf("%x", v.Identity.DPID))
	}
	if len(v.Labels) > 0 {
		label("labels", strings.Join(v.Labels, " "))
	}
}

// specs writes what containerlab can limit as its own keys, for nodes that are containers.
func (x *writer) specs(v model.Node, label func(name, value string)) {
	if c := v.Spec.CPU; c != 0 && v.Kind != model.Switch {
		x.line("      cpu: %s", strconv.FormatFloat(float64(c)/1000, 'f', -1, 64))
	} else if c != 0 {
		label("cpu", strconv.FormatInt(c, 10))
	}
	if m := v.Spec.Memory; m != 0 && v.Kind != model.Switch {
		x.line("      memory: %dB", int64(m))
	} else if m != 0 {
		label("memory", strconv.FormatInt(int64(m), 10))
	}
	if d := v.Spec.Disk; d != 0 {
		label("disk", strconv.FormatInt(int64(d), 10))
	}
}

// labels writes ours and those the lab had.
func (x *writer) labels(indent string, ours []model.Property, kept json.RawMessage) {
	members := members(kept)
	if len(ours)+len(members) == 0 {
		return
	}
	x.line("%slabels:", indent)
	for _, m := range members {
		x.line("%s  %s: %s", indent, yamlKey(m.Name), m.Value)
	}
	for _, p := range ours {
		x.line("%s  %s: %s", indent, p.Name, strings.ReplaceAll(quote(p.Value), "$", `\u0024`)) // no variable of the shell's
	}
}
