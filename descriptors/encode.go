package descriptors

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sendim/core/model"
)

// Encode writes a network as one system descriptor: generated nodes and links one by
// one, ports and ids always given where they are not what the decoder would choose. The
// output decodes to an equal model. Its error wraps that of w.
func Encode(w io.Writer, n *model.Network) error {
	e := &encoder{w: bufio.NewWriterSize(w, 1<<16), n: n}
	e.root()
	e.nodes()
	e.links()
	e.rest()
	e.close("system")
	if err := e.w.Flush(); err != nil {
		return fmt.Errorf("write system descriptor: %w", err)
	}
	return nil
}

// Addresses are what a network's nodes are called below names; *naming.Names is one.
type Addresses interface {
	DPID(model.NodeID) uint64
	MAC(model.NodeID) uint64
	IP(model.NodeID) (ip uint32, prefix uint8)
}

// EncodeResolved is Encode with everything spelled out that the network's worlds agree
// on: every datapath id, Ethernet and IPv4 address, both ports of every link, and all
// that a link's <back> says. The output decodes to a network that names, addresses and
// numbers everything alike, and encoding that again gives the same bytes. Links without
// an id of their own keep their derived name, which no attribute can say.
func EncodeResolved(w io.Writer, n *model.Network, addresses Addresses) error {
	e := &encoder{w: bufio.NewWriterSize(w, 1<<16), n: n, addresses: addresses}
	e.root()
	e.nodes()
	e.links()
	e.rest()
	e.close("system")
	if err := e.w.Flush(); err != nil {
		return fmt.Errorf("write resolved system descriptor: %w", err)
	}
	return nil
}

func (e *encoder) root() {
	attrs := []string{"name", e.n.Name}
	if e.n.StaticARP {
		attrs = append(attrs, "static-arp", "true")
	}
	e.open("system", attrs...)
}

// encoder writes XML. Errors stay in the buffered writer until its Flush.
type encoder struct {
	w         *bufio.Writer
	n         *model.Network
	depth     int
	addresses Addresses // nil: only what the network fixes
}

// start writes a tag up to its attributes; attributes come in pairs, and "" is left
// out unless it is a value.
func (e *encoder) start(name string, attrs []string) {
	for range e.depth {
		e.w.WriteString("  ")
	}
	e.w.WriteByte('<')
	e.w.WriteString(name)
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] == "" && attrs[i] != "value" {
			continue
		}
		e.w.WriteByte(' ')
		e.w.WriteString(attrs[i])
		e.w.WriteString(`="`)
		e.value(attrs[i+1])
		e.w.WriteByte('"')
	}
}

func (e *encoder) open(name string, attrs ...string) {
	e.start(name, attrs)
	e.w.WriteString(">\n")
	e.depth++
}

func (e *encoder) leaf(name string, attrs ...string) {
	e.start(name, attrs)
	e.w.WriteString("/>\n")
}

func (e *encoder) close(name string) {
	e.depth--
	for range e.depth {
		e.w.WriteString("  ")
	}
	e.w.WriteString("</" + name + ">\n")
}

// block writes an element that is a leaf when nothing is in it.
func (e *encoder) block(name string, attrs []string, empty bool, inside func()) {
	if empty {
		e.leaf(name, attrs...)
		return
	}
	e.open(name, attrs...)
	inside()
	e.close(name)
}

// value escapes an attribute's value. White space is written as references, because a
// reader turns it into blanks otherwise.
func (e *encoder) value(s string) {
	for _, r := range s {
		switch r {
		case '&':
			e.w.WriteString("&amp;")
		case '<':
			e.w.WriteString("&lt;")
		case '"':
			e.w.WriteString("&quot;")
		case '\t', '\n', '\r':
			fmt.Fprintf(e.w, "&#%d;", r)
		default:
			e.w.WriteRune(r)
		}
	}
}

func (e *encoder) nodes() {
	for v := range e.n.Nodes() {
		e.resolve(&v)
		attrs := []string{"id", v.Name, "type", v.Kind.String()}
		if d := v.Identity.DPID; d != 0 {
			attrs = append(attrs, "dpid", fmt.Sprintf("0x%x", d))
		}
		if v.Identity.HasMAC {
			attrs = append(attrs, "mac", macText(v.Identity.MAC))
		}
		if v.Identity.IP != 0 {
			attrs = append(attrs, "ip", ipText(v.Identity.IP)+"/"+strconv.Itoa(int(v.Identity.Prefix)))
		}
		if len(v.Labels) > 0 {
			attrs = append(attrs, "label", strings.Join(v.Labels, " "))
		}
		if c := v.Spec.CPU; c != 0 {
			attrs = append(attrs, "cpu", strconv.FormatFloat(float64(c)/1000, 'f', -1, 64))
		}
		attrs = append(attrs, "memory", sizeText(v.Spec.Memory), "disk", sizeText(v.Spec.Disk))
		e.block("node", attrs, len(v.Properties) == 0, func() { e.properties(v.Properties) })
	}
}

// resolve puts the addresses that are worked out in the place of those that are fixed.
func (e *encoder) resolve(v *model.Node) {
	if e.addresses == nil {
		return
	}
	if v.Kind == model.Switch {
		v.Identity.DPID = e.addresses.DPID(v.ID)
		return
	}
	v.Identity.HasMAC, v.Identity.MAC = true, e.addresses.MAC(v.ID)
	v.Identity.IP, v.Identity.Prefix = e.addresses.IP(v.ID)
}

func (e *encoder) properties(list []model.Property) {
	for _, p := range list {
		e.leaf("property", "name", p.Name, "value", p.Value)
	}
}

func (e *encoder) links() {
	n := e.n
	// The decoder counts ports in the order of the links; where a port is another one,
	// it is given, and from then on all ports of that node are.
	next := make([]model.PortNo, n.NodeCount())
	given := make([]bool, n.NodeCount())
	for id := range next {
		if n.NodeKindOf(model.NodeID(id)) == model.Switch {
			next[id] = 1
		}
	}
	for id := range n.LinkCount() {
		a, b := n.Ends(model.LinkID(id))
		for _, x := range [2]model.Endpoint{a, b} {
			if next[x.Node] != x.Port || e.addresses != nil {
				given[x.Node] = true
			}
			next[x.Node]++
		}
	}
	end := func(x model.Endpoint) string {
		if given[x.Node] {
			return n.PortName(x)
		}
		return n.NodeName(x.Node)
	}
	for l := range n.Links() {
		attrs := make([]string, 0, 26)
		if n.HasLinkName(l.ID) {
			attrs = append(attrs, "id", n.LinkName(l.ID))
		}
		attrs = append(attrs, "from", end(l.A), "to", end(l.B))
		attrs = appendSpec(attrs, &l.Spec, &model.LinkSpec{})
		same := l.Spec == l.Back
		e.block("link", attrs, same && len(l.Properties) == 0, func() {
			if !same {
				e.leaf("back", e.back(&l)...)
			}
			e.properties(l.Properties)
		})
	}
}

// back is what a link says about its way back.
func (e *encoder) back(l *model.Link) []string {
	differs := appendSpec(nil, &l.Back, &l.Spec)
	if e.addresses == nil {
		return differs
	}
	all := appendSpec(nil, &l.Back, &model.LinkSpec{})
	for i := 0; i < len(differs); i += 2 {
		named := false
		for k := 0; k < len(all); k += 2 {
			named = named || all[k] == differs[i]
		}
		if !named { // what the way back lacks
			all = append(all, differs[i], differs[i+1])
		}
	}
	return all
}

// appendSpec writes what differs from a base.
func appendSpec(attrs []string, s, base *model.LinkSpec) []string {
	add := func(differs bool, name, text string) {
		if differs {
			attrs = append(attrs, name, text)
		}
	}
	add(s.Rate != base.Rate, "rate", s.Rate.String())
	add(s.Delay != base.Delay, "delay", s.Delay.String())
	add(s.Jitter != base.Jitter, "jitter", s.Jitter.String())
	add(s.Loss != base.Loss, "loss", model.FormatRatio(s.Loss))
	add(s.Queue != base.Queue, "queue", s.Queue.String())
	add(s.MTU != base.MTU, "mtu", strconv.Itoa(int(s.MTU)))
	add(s.Class != base.Class, "class", s.Class)
	add(s.Weight != base.Weight, "weight", strconv.FormatInt(s.Weight, 10))
	add(s.Spare != base.Spare, "redundant", strconv.FormatBool(s.Spare))
	add(s.Discipline != base.Discipline, "discipline", s.Discipline)
	return attrs
}

func macText(m uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}

func ipText(ip uint32) string {
	return fmt.Sprintf("%d.%d.%d.%d", byte(ip>>24), byte(ip>>16), byte(ip>>8), byte(ip))
}

// The texts of optional values: "" when they say nothing.

func rateText(r model.Rate) string {
	if r == 0 {
		return ""
	}
	return r.String()
}

func timeText(t model.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}

func sizeText(s model.Size) string {
	if s == 0 {
		return ""
	}
	return s.String()
}

func intText[T int32 | uint16 | int64 | uint64 | int](v T) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatInt(int64(v), 10)
}

func boolText(b bool) string {
	if !b {
		return ""
	}
	return "true"
}
