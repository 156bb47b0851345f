package miniedit

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// Is says whether a file looks like one of MiniEdit's.
func Is(f draft.File) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(f.Data[:min(len(f.Data), 16<<10)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if !bytes.HasPrefix(head, []byte("{")) {
		return false
	}
	has := func(words ...string) bool {
		for _, w := range words {
			if bytes.Contains(head, []byte(`"`+w+`"`)) {
				return true
			}
		}
		return false
	}
	return has("hosts", "switches", "application", "controllers") &&
		(has("openFlowVersions", "ovsOf10", "controllerType", "switchType", "nodeNum") || has("hosts") && has("switches") && has("opts"))
}

// Read reads one file. Its error is a fault or a *fault.List.
func Read(files []draft.File) (*draft.Network, error) {
	if len(files) != 1 {
		return nil, fault.New(fault.Limit, fault.Place{}, "a MiniEdit file stands alone: read one at a time, not %d", len(files))
	}
	top, err := parse(files[0])
	if err != nil {
		return nil, err
	}
	r := &reader{file: files[0].Name, index: map[string]int32{}, taken: map[string]string{}, base: netip.MustParsePrefix("10.0.0.0/8"),
		n: &draft.Network{File: files[0].Name, Format: "MiniEdit file"}}
	if !top.object || top.get("hosts") == nil && top.get("switches") == nil {
		return nil, r.fault(fault.Syntax, top, "a MiniEdit file is an object with hosts, switches and links")
	}
	r.top(top)
	for _, h := range r.list(top, "hosts") {
		r.node(h, model.Host)
	}
	for _, s := range r.list(top, "switches") {
		r.node(s, model.Switch)
	}
	for _, l := range r.list(top, "links") {
		r.link(l)
	}
	r.remarks()
	r.reorder()
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	if len(r.n.Nodes) > 0 {
		first := &r.n.Nodes[0]
		first.Properties = append(first.Properties, r.whole...)
	} else {
		r.n.Properties = r.whole
	}
	return r.n, nil
}

type reader struct {
	file   string
	n      *draft.Network
	faults fault.List
	index  map[string]int32  // of a node by its hostname
	names  []string          // of nodes, for suggestions
	taken  map[string]string // address or datapath id to hostname
	base   netip.Prefix
	hosts  uint32 // so far
	whole  []model.Property

	ours        bool    // we wrote the file
	order       []int32 // of nodes that we wrote: their ids
	controllers map[string]bool

	routers, legacy, control        int
	bare, fast                      int   // links with a delay without a unit, and above 1000 Mbit/s
	bareLine                        int32 // first of them
	bareText                        string
	commands, doubled, hexadecimals int
}

func (r *reader) place(v *value) fault.Place { return fault.Place{File: r.file, Line: int(v.line)} }

func (r *reader) fault(code fault.Code, v *value, format string, args ...any) fault.Fault {
	return fault.New(code, r.place(v), format, args...)
}

func (r *reader) wrong(code fault.Code, v *value, format string, args ...any) {
	r.faults.Add(r.fault(code, v, format, args...))
}

func (r *reader) warn(code fault.Code, v *value, format string, args ...any) {
	r.n.Warnings.Add(r.fault(code, v, format, args...))
}

// list gives the objects of a list, reporting what is none.
func (r *reader) list(v *value, name string) []*value {
	l := v.get(name)
	if l == nil {
		return nil
	}
	if !l.array {
		r.wrong(fault.Syntax, l, "%q is not a list", name)
		return nil
	}
	out := make([]*value, 0, len(l.items))
	for i := range l.items {
		if !l.items[i].object {
			r.wrong(fault.Syntax, &l.items[i], "an entry of %q is not an object", name)
			continue
		}
		out = append(out, &l.items[i])
	}
	return out
}

// keep makes properties of all members but those named; keys that cannot be the name of
// a property go together into one.
func (r *reader) keep(v *value, prefix string, but ...string) (out []model.Property) {
	if v == nil {
		return nil
	}
	var odd []string
	last := make(map[string]int, len(v.members))
	for i, m := range v.members {
		last[m.name] = i
	}
	for i, m := range v.members {
		if slices.Contains(but, m.name) {
			continue
		}
		if last[m.name] != i {
			r.doubled++
			continue
		}
		if model.CheckID(prefix+m.name) != nil || strings.HasPrefix(m.name, "node.") || strings.HasPrefix(m.name, "link.") || strings.HasPrefix(m.name, "file.") || m.name == "other" {
			odd = append(odd, string(draft.Quote(m.name))+":"+draft.CompactJSON(m.raw))
			continue
		}
		out = append(out, model.Property{Name: prefix + m.name, Value: draft.ValueText(m.raw)})
	}
	if odd != nil {
		out = append(out, model.Property{Name: prefix + "other", Value: "{" + strings.Join(odd, ",") + "}"})
	}
	return out
}

// top reads what the file says as a whole.
func (r *reader) top(top *value) {
	switch v := top.get("version"); {
	case v == nil:
		r.warn(fault.MissingAttribute, top, "the file has no version; it is read as version 2")
	case v.text() != "1" && v.text() != "2":
		r.wrong(fault.BadChoice, v, "version %s is not known; there are 1 and 2", draft.Clip(string(v.raw)))
	}
	if own := top.get("sendim"); own != nil {
		r.ours, r.n.Name, r.n.KeepName = true, own.get("name").text(), true
	}
	r.whole = r.keep(top, "miniedit.file.", append(derived(top, ""), "hosts", "switches", "links", "sendim")...)
	if base := top.get("application").get("ipBase"); base != nil && base.text() != "" {
		p, err := netip.ParsePrefix(base.text())
		if err != nil || !p.Addr().Is4() {
			r.warn(fault.BadAddress, base, "ipBase %q is not an IPv4 network; 10.0.0.0/8 is taken", draft.Clip(base.text()))
		} else {
			r.base = p.Masked()
		}
	}
	r.controllers = map[string]bool{}
	switch c := top.get("controllers"); {
	case c == nil:
	case c.object: // version 1
		for _, m := range c.members {
			r.controllers[m.name] = true
		}
	default:
		for _, c := range r.list(top, "controllers") {
			if name := c.get("opts").get("hostname").text(); name != "" {
				r.controllers[name] = true
			}
		}
	}
}

func (r *reader) node(v *value, kind model.NodeKind) {
	opts := v.get("opts")
	name := opts.get("hostname").text()
	if name == "" {
		if name = v.get("number").text(); name == "" {
			r.wrong(fault.MissingAttribute, v, "a %s has neither a hostname nor a number", kind)
			return
		}
		name = map[model.NodeKind]string{model.Host: "h", model.Switch: "s"}[kind] + name
	}
	n := draft.Node{ID: name, Kind: kind, Line: v.line}
	skip := append(derived(opts, ""), "hostname", "sendim")
	if kind == model.Host {
		r.hosts++
		skip = append(skip, r.address(&n, opts, slices.Contains(skip, "ip"))...)
	} else {
		skip = append(skip, r.datapath(&n, opts, slices.Contains(skip, "dpid"))...)
		switch opts.get("switchType").text() {
		case "legacyRouter":
			r.routers++
		case "legacySwitch":
			r.legacy++
		}
	}
	if opts.get("startCommand").text() != "" || opts.get("stopCommand").text() != "" {
		r.commands++
	}
	ofNode := append(derived(opts, "node."), "opts")
	if !slices.Contains(ofNode, "x") {
		r.position(&n, v)
	}
	r.extras(&n, opts.get("sendim"))
	n.Properties = append(n.Properties, r.keep(v, "miniedit.node.", append(ofNode, "x", "y")...)...)
	n.Properties = append(n.Properties, r.keep(opts, "miniedit.", skip...)...)
	if _, taken := r.index[name]; taken {
		r.warn(fault.DuplicateID, v, "%q is there already; links lead to the first, as in MiniEdit", draft.Clip(name))
	} else {
		r.index[name] = int32(len(r.n.Nodes))
	}
	r.n.Nodes = append(r.n.Nodes, n)
}

func (r *reader) position(n *draft.Node, v *value) {
	x, y := v.get("x"), v.get("y")
	if x == nil || y == nil {
		return
	}
	var errX, errY error
	n.X, errX = draft.Number(x.text())
	n.Y, errY = draft.Number(y.text())
	if errX != nil || errY != nil {
		r.wrong(fault.BadNumber, v, "the position of %q is not two numbers", draft.Clip(n.ID))
		return
	}
	n.Placed = true
}

// claim takes an address for a node unless another has it.
func (r *reader) claim(v *value, what, key, name string) bool {
	if other, taken := r.taken[what+key]; taken {
		r.warn(fault.AddressTaken, v, "the %s %s of %q is that of %q; it is kept as a property only", what, key, draft.Clip(name), draft.Clip(other))
		return false
	}
	r.taken[what+key] = name
	return true
}

// address gives a host the address it has in MiniEdit, and tells which options it used.
func (r *reader) address(n *draft.Node, opts *value, derived bool) (used []string) {
	ip := opts.get("ip")
	if derived {
		return nil
	}
	if ip.text() != "" {
		text := ip.text()
		if !strings.Contains(text, "/") {
			text += "/8" // Mininet's Node.setIP
		}
		p, err := netip.ParsePrefix(text)
		if err != nil || !p.Addr().Is4() || p.Addr().IsUnspecified() {
			r.warn(fault.BadAddress, ip, "%q is not an IPv4 address: it is kept as a property only", draft.Clip(ip.text()))
			return nil
		}
		if !r.claim(ip, "address", p.Addr().String(), n.ID) {
			return nil
		}
		n.Identity.IP, n.Identity.Prefix = number(p.Addr()), uint8(p.Bits())
		return []string{"ip"}
	}
	// ipBase + nodeNum; hosts that would get that address anyway keep none of their own.
	num, err := draft.Count(opts.get("nodeNum").text(), 1<<32-1)
	if err != nil || num == 0 {
		return nil
	}
	want := uint64(number(r.base.Addr())) + uint64(num)
	if want >= 1<<32 || want == 10<<24|uint64(r.hosts) {
		return nil
	}
	at := opts.get("nodeNum")
	if a := dotted(uint32(want)); r.claim(at, "address", a, n.ID) {
		n.Identity.IP, n.Identity.Prefix = uint32(want), 8
	}
	return nil
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func dotted(ip uint32) string {
	return fmt.Sprintf("%d.%d.%d.%d", byte(ip>>24), byte(ip>>16), byte(ip>>8), byte(ip))
}

// datapath gives a switch its datapath id: hexadecimal digits.
func (r *reader) datapath(n *draft.Node, opts *value, derived bool) (used []string) {
	dpid := opts.get("dpid")
	if derived || dpid == nil {
		return nil
	}
	text := strings.ReplaceAll(dpid.text(), ":", "")
	if text == "" {
		return nil
	}
	v, err := strconv.ParseUint(text, 16, 64)
	if err != nil || v == 0 {
		r.warn(fault.BadNumber, dpid, "the dpid %s of %q is not a number in hexadecimal: it is kept as a property only", draft.Clip(string(dpid.raw)), draft.Clip(n.ID))
		return nil
	}
	if !r.claim(dpid, "datapath id", strconv.FormatUint(v, 16), n.ID) {
		return nil
	}
	n.Identity.DPID = v
	if dpid.raw[0] != '"' {
		r.hexadecimals++
		return nil // the property keeps its type
	}
	return []string{"dpid"}
}

// remarks tells which rules were applied.
func (r *reader) remarks() {
	note := func(n int, one, several string) {
		switch {
		case n == 1:
			r.n.Notes = append(r.n.Notes, "1 "+one)
		case n > 1:
			r.n.Notes = append(r.n.Notes, fmt.Sprintf("%d %s", n, several))
		}
	}
	if r.bare > 0 {
		r.n.Warnings.Addf(fault.BadUnit, fault.Place{File: r.file, Line: int(r.bareLine)},
			"the delay %q has no unit (%d in the file): microseconds, because tc reads it so. If milliseconds were meant, write \"%sms\"", draft.Clip(r.bareText), r.bare, draft.Clip(r.bareText))
	}
	if !r.ours {
		note(len(r.controllers), "controller is kept as a property: applications and the deployment say who controls", "controllers are kept as a property: applications and the deployment say who controls")
	}
	note(r.legacy, "legacy switch forwards here by its tables, as all switches", "legacy switches forward here by their tables, as all switches")
	note(r.routers, "legacy router forwards here by its tables, as a switch; its routes are not read", "legacy routers forward here by their tables, as switches; their routes are not read")
	note(r.fast, "link has a bw above 1000 Mbit/s: taken as it stands, Mininet ignores it", "links have a bw above 1000 Mbit/s: taken as it stands, Mininet ignores it")
	note(r.commands, "node has a start or stop command: kept as a property, not run", "nodes have start or stop commands: kept as properties, not run")
	note(r.control, "link to a controller is left out", "links to controllers are left out")
	note(r.doubled, "key is there twice: the last counts", "keys are there twice: the last counts")
	note(r.hexadecimals, "dpid is a number without quotes, which Mininet refuses: read as hexadecimal like the others", "dpids are numbers without quotes, which Mininet refuses: read as hexadecimal like the others")
}
