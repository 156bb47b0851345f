package containerlab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like a containerlab topology.
func Is(f draft.File) bool {
	head := bytes.TrimPrefix(f.Data[:min(len(f.Data), 64<<10)], []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
		return bytes.Contains(head, []byte(`"topology"`)) && bytes.Contains(head, []byte(`"nodes"`)) &&
			(bytes.Contains(head, []byte(`"kind"`)) || bytes.Contains(head, []byte(`"endpoints"`)))
	}
	return regexp.MustCompile(`(?m)^["']?topology["']?[ \t]*:`).Match(head) &&
		regexp.MustCompile(`(?m)^[ \t]+["']?nodes["']?[ \t]*:`).Match(head)
}

// Read reads one file. Its error is a fault or a *fault.List.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.Limit, fault.Place{}, "a containerlab topology stands alone: read one at a time, not %d", len(files))
	}
	f := files[0]
	if len(f.Data) > maxFile {
		return nil, fault.New(fault.Limit, fault.Place{File: f.Name}, "the file is larger than %d MiB", maxFile>>20)
	}
	text, err := draft.Text(f)
	if err != nil {
		return nil, err
	}
	if err := template(f.Name, text); err != nil {
		return nil, err
	}
	text, defaults, left := expand(text, 0)
	top, more, err := parse(f.Name, text)
	if err != nil {
		return nil, err
	}
	r := &reader{file: f.Name, index: map[string]int32{}, taken: map[string]string{}, interfaces: map[string]int32{}, aliases: map[string]string{},
		budget: 32<<20 + 4*int64(len(text)), n: &draft.Network{File: f.Name, Format: "containerlab topology"}}
	topo := top.get("topology")
	nodes := topo.get("nodes")
	switch {
	case topo == nil:
		return nil, r.fault(fault.Syntax, top, "a containerlab file is a mapping with topology, and in it nodes and links")
	case nodes == nil || nodes.kind != yaml.MappingNode || len(nodes.members) == 0:
		return nil, r.fault(fault.Syntax, topo, "the topology has no nodes")
	}
	r.top(top)
	r.t = topology{topo.get("defaults"), topo.get("kinds"), topo.get("groups")}
	for _, m := range nodes.members {
		if r.node(m.name, m.value); r.budget < 0 {
			break
		}
	}
	if links := topo.get("links"); !links.empty() {
		if links.kind != yaml.SequenceNode {
			r.wrong(fault.Syntax, links, "the links are not a list")
		}
		for _, l := range links.items {
			r.link(l)
		}
	}
	r.transit()
	r.inside()
	r.addresses()
	r.remarks(defaults, left, more)
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	return r.n, nil
}

type reader struct {
	file   string
	t      topology
	n      *draft.Network
	faults fault.List
	index  map[string]int32  // of a node by its key
	taken  map[string]string // address to the key of its node
	budget int64             // bytes of properties that are left

	keys       []string // of nodes
	settings   [][]member
	first      []*ending         // of each node: the end of its first link
	aliases    map[string]string // a node that shares another's interfaces, to that other's key
	interfaces map[string]int32  // "key:interface" to the line of its link
	names      []string
	ours       bool // we wrote the file

	routers, joining, shared, unknown, addressed, fixed int
}

func (r *reader) fault(code fault.Code, v *value, format string, args ...any) fault.Fault {
	return fault.New(code, fault.Place{File: r.file, Line: int(v.line)}, format, args...)
}

func (r *reader) wrong(code fault.Code, v *value, format string, args ...any) {
	r.faults.Add(r.fault(code, v, format, args...))
}

func (r *reader) warn(code fault.Code, v *value, format string, args ...any) {
	r.n.Warnings.Add(r.fault(code, v, format, args...))
}

// keep makes a property of a value; keys that cannot name one go to odd.
func (r *reader) keep(list *[]model.Property, odd *[]string, m member) {
	raw := m.json()
	r.budget -= int64(len(raw)) + 32
	if r.budget < 0 {
		if r.faults.Total == 0 {
			r.wrong(fault.Limit, m.value, "what nodes inherit comes to more than four times the file and 32 MiB")
		}
		return
	}
	if model.CheckID("clab."+m.name) != nil || m.name == "other" {
		*odd = append(*odd, string(draft.Quote(m.name))+":"+string(raw))
		return
	}
	*list = append(*list, model.Property{Name: "clab." + m.name, Value: draft.ValueText(raw)})
}

func together(list []model.Property, odd []string) []model.Property {
	if odd == nil {
		return list
	}
	return append(list, model.Property{Name: "clab.other", Value: "{" + strings.Join(odd, ",") + "}"})
}

// top reads what the file says about the lab as a whole.
func (r *reader) top(top *value) {
	r.n.Name = top.get("name").scalar()
	var odd []string
	for _, m := range top.members {
		if m.name != "topology" && m.name != "name" && !m.empty() {
			r.keep(&r.n.Properties, &odd, m)
		}
	}
	r.n.Properties = together(r.n.Properties, odd)
}

func (r *reader) node(key string, v *value) {
	if v.kind == yaml.SequenceNode || v.kind == yaml.ScalarNode && !v.empty() {
		r.wrong(fault.Syntax, v, "node %q is not a mapping", draft.Clip(key))
		return
	}
	set := r.t.settings(v)
	at := func(name string) *value {
		for _, m := range set {
			if m.name == name {
				return m.value
			}
		}
		return nil
	}
	labels := at("labels")
	kind := at("kind").scalar()
	role := roleOf(kind, at("image").scalar())
	if kind == "linux" && role.kind == model.Host && labels.get("sendim.id") == nil && routes(set) {
		role.kind = model.Switch
		r.routers++
	}
	n := draft.Node{ID: key, Kind: role.kind, Line: v.line}
	own := r.labels(&n, labels)
	if role.opaque && labels.get("sendim.kind") == nil {
		r.unknown++
		if what := "no kind"; r.unknown <= 3 {
			if kind != "" {
				what = fmt.Sprintf("the kind %q, which is not known", draft.Clip(kind))
			}
			r.warn(fault.BadChoice, v, "%q has %s: it is a host here, with all it says as properties", draft.Clip(key), what)
		}
	}
	var odd []string
	for _, m := range set {
		switch {
		case own.node && (m.name == "kind" || m.name == "image"):
			continue
		case m.name == "exec" && own.exec > 0:
			m.value = &value{line: m.line, kind: yaml.SequenceNode, items: m.items[min(own.exec, len(m.items)):]}
		case m.name == "labels":
			m.value = foreignLabels(m.value)
		case m.name == "cpu" && r.cpu(&n, m.value), m.name == "memory" && r.memory(&n, m.value):
			continue
		}
		if !m.empty() {
			r.keep(&n.Properties, &odd, m)
		}
	}
	n.Properties = together(n.Properties, odd)
	if other, ok := strings.CutPrefix(at("network-mode").scalar(), "container:"); ok {
		r.aliases[key] = other
	}
	r.index[key] = int32(len(r.n.Nodes))
	r.n.Nodes = append(r.n.Nodes, n)
	r.keys, r.settings, r.first = append(r.keys, key), append(r.settings, set), append(r.first, nil)
}

// foreignLabels are those that we did not write.
func foreignLabels(v *value) *value {
	out := &value{line: v.line, kind: v.kind}
	for _, m := range v.members {
		if !strings.HasPrefix(m.name, "sendim.") {
			out.members = append(out.members, m)
		}
	}
	return out
}

// inside joins switches that share their interfaces (network-mode container:NODE), as the
// cards of a chassis do: they stay the nodes that the file lists, but what comes in by one
// of them may leave by another. A name that is no node of the file is a container of
// somebody else.
func (r *reader) inside() {
	for i, key := range r.keys {
		root, shares := int32(i), false
		for steps := 0; ; steps++ {
			to, there := r.index[r.aliases[key]]
			if _, alias := r.aliases[key]; !there || !alias {
				break
			}
			if steps > maxDepth {
				r.faults.Addf(fault.Syntax, fault.Place{File: r.file, Line: int(r.n.Nodes[i].Line)}, "%q shares the network of nodes that share its own, or of more than %d in a row", draft.Clip(r.keys[i]), maxDepth)
				return
			}
			root, key, shares = to, r.keys[to], true
		}
		if !shares {
			continue
		}
		r.shared++
		if r.n.Nodes[i].Kind == model.Switch && r.n.Nodes[root].Kind == model.Switch {
			r.n.Links = append(r.n.Links, draft.Link{A: root, B: int32(i), Inside: true,
				Line: r.n.Nodes[i].Line, Properties: []model.Property{{Name: "clab.inside", Value: r.keys[root]}}})
		}
	}
}

// cpu and memory become what the model has for them, if they are that exactly.
func (r *reader) cpu(n *draft.Node, v *value) bool {
	cores, err := draft.Number(v.scalar())
	milli := math.Round(cores * 1000)
	if err != nil || milli < 1 || milli > 1e12 || milli/1000 != cores || n.Spec.CPU != 0 {
		return false
	}
	n.Spec.CPU = int64(milli)
	return true
}

func (r *reader) memory(n *draft.Node, v *value) bool {
	text := strings.ToLower(strings.ReplaceAll(v.scalar(), " ", ""))
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	unit, ok := map[string]int64{"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
		"ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30, "gib": 1 << 30, "ti": 1 << 40, "tib": 1 << 40}[text[len(digits):]]
	count, err := draft.Count(digits, 1<<62)
	if !ok || err != nil || count == 0 || count > (1<<62)/unit || n.Spec.Memory != 0 {
		return false
	}
	n.Spec.Memory = model.Size(count * unit)
	return true
}

// addresses gives hosts those of their first link: what its endpoint says, else what an
// "ip address add" among their commands gives that interface.
func (r *reader) addresses() {
	const command, address = `\bip\s+(?:-4\s+)?a(?:d|dd|ddr|ddress)?\s+(?:a|add|replace)\s+`, `(\d+\.\d+\.\d+\.\d+/\d+)`
	add := regexp.MustCompile(command + `(?:` + address + `\s+dev\s+(\S+)|dev\s+(\S+)\s+` + address + `)`)
	for i := range r.first {
		n := &r.n.Nodes[i]
		if r.first[i] == nil || n.Kind != model.Host || n.Keep || n.Identity != (model.Identity{}) {
			continue
		}
		end := r.first[i]
		text := end.ipv4
		for _, m := range r.settings[i] {
			if m.name != "exec" || text != "" {
				continue
			}
			for _, line := range m.items {
				for _, found := range add.FindAllStringSubmatch(line.scalar(), -1) {
					if text == "" && strings.Trim(found[2]+found[3], `"';`) == end.intf {
						text = found[1] + found[4]
					}
				}
			}
		}
		if p, err := netip.ParsePrefix(text); err == nil && p.Addr().Is4() && !p.Addr().IsUnspecified() && r.claim(n, "address", p.Addr().String()) {
			b := p.Addr().As4()
			n.Identity.IP, n.Identity.Prefix = uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), uint8(p.Bits())
			r.addressed++
		}
		if mac, err := parseMAC(end.at("mac")); err == nil && mac != 0 && r.claim(n, "Ethernet address", end.at("mac")) {
			n.Identity.HasMAC, n.Identity.MAC = true, mac
		}
	}
}

func (r *reader) claim(n *draft.Node, what, text string) bool {
	key := what + strings.ToLower(text)
	if other, taken := r.taken[key]; taken {
		r.n.Warnings.Addf(fault.AddressTaken, fault.Place{File: r.file, Line: int(n.Line)}, "the %s %s of %q is that of %q; it is kept as a property only", what, text, draft.Clip(n.ID), draft.Clip(other))
		return false
	}
	r.taken[key] = n.ID
	return true
}

// remarks tells which rules were applied.
func (r *reader) remarks(defaults, left int, more bool) {
	note := func(n int, one, several string) {
		switch {
		case n == 1:
			r.n.Notes = append(r.n.Notes, "1 "+one)
		case n > 1:
			r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d %s", n, several))
		}
	}
	note(defaults, "${VARIABLE} took its default", "${VARIABLE}s took their defaults")
	note(left, "${VARIABLE} without a default stays as it is", "${VARIABLE}s without a default stay as they are")
	note(r.routers, "linux container is a switch, because its settings make it forward", "linux containers are switches, because their settings make them forward")
	note(r.joining, "container is a switch, because it joins parts that are separate without it", "containers are switches, because they join parts that are separate without them")
	note(r.shared, "node shares the network of another (network-mode container); it stays a node, joined to the other where both forward", "nodes share the networks of others (network-mode container); they stay nodes, joined to those where both forward")
	note(r.unknown, "node of a kind that is not known is a host that only stands there", "nodes of kinds that are not known are hosts that only stand there")
	note(r.addressed, "host has the address that the file gives its first link", "hosts have the addresses that the file gives their first links")
	between := 0
	for _, l := range r.n.Links {
		if a, b := &r.n.Nodes[l.A], &r.n.Nodes[l.B]; a.Kind == model.Host && b.Kind == model.Host && !a.Outside && !b.Outside {
			between++
		}
	}
	note(between, "link joins two hosts, and hosts never forward", "links join two hosts, and hosts never forward")
	links := make([]int, len(r.n.Nodes))
	several := 0
	for _, l := range r.n.Links {
		for _, end := range [2]int32{l.A, l.B} {
			if links[end]++; links[end] == 2 && r.n.Nodes[end].Kind == model.Host && !r.n.Nodes[end].Outside {
				several++
			}
		}
	}
	note(several, "host has several links: it sends by the first and never forwards", "hosts have several links: they send by the first and never forward")
	if more {
		r.n.Notes = append(r.n.Notes, "the file has further documents, which containerlab does not read")
	}
}

// ownMarks are what our labels say about a node beyond the node itself.
type ownMarks struct {
	node bool // we made the node: its kind and image are of our choice
	exec int  // the first commands that are ours
}

// pairs reads a label that holds properties.
func (r *reader) pairs(v *value) (out []model.Property) {
	if v == nil {
		return nil
	}
	var list [][2]string
	if err := json.Unmarshal([]byte(v.scalar()), &list); err != nil {
		r.wrong(fault.Syntax, v, "the label of properties is not a list of pairs")
	}
	for _, p := range list {
		out = append(out, model.Property{Name: p[0], Value: p[1]})
	}
	return out
}
