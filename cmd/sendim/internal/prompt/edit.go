package prompt

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
)

// editing are the words that add nodes and links to a network that lives, and remove them.
func editing() []command {
	return []command{
		{"node", "node add NAME host|switch [ip=A/N] [mac=M] [dpid=D]", "a new host or switch; link add joins it to others", (*call).editNode, []argument{aNodeEdit, aNodeOfEdit}},
		{"", "node del NAME...", "remove nodes, with their links", nil, nil},
	}
}

func aNodeEdit(o *offer) { o.add("add", "del") }

func aNodeOfEdit(o *offer) {
	switch {
	case o.words[1] == "del":
		aNode(o)
	case len(o.words) == 3:
		o.add("host", "switch")
	case len(o.words) > 3:
		o.add("ip=", "mac=", "dpid=", "cpu=", "memory=", "label=")
	}
}

// editNode is node add and node del.
func (c *call) editNode() error {
	usage := fmt.Errorf("say node add NAME host|switch, with ip=10.0.0.9/8 mac=00:00:00:00:00:09 if need be, or node del NAME")
	if len(c.args) < 2 {
		return usage
	}
	switch c.args[0] {
	case "add":
		e, err := c.newNode(c.args[1:])
		if err != nil {
			return err
		}
		return c.carryOut([]model.Edit{e})
	case "del":
		var edits []model.Edit
		for _, name := range c.args[1:] {
			edits = append(edits, model.Edit{Kind: model.DelNode, Node: name})
		}
		return c.carryOut(edits)
	}
	return usage
}

// newNode reads "h9 host ip=10.0.0.9/8", "h9 host --ip 10.0.0.9/8" and "s9 switch".
func (c *call) newNode(words []string) (model.Edit, error) {
	e := model.Edit{Kind: model.AddNode, Node: words[0]}
	plain, set, err := attributes(words[1:])
	if err != nil {
		return e, err
	}
	if len(plain) > 1 {
		if _, ok := model.ParseNodeKind(plain[0]); ok {
			return e, fmt.Errorf("%q: a node comes without links; say link add %s %s when it is there", plain[1], e.Node, plain[1])
		}
	}
	if len(plain) != 1 {
		return e, fmt.Errorf("say what %s is, a host or a switch, as in node add %s host", e.Node, e.Node)
	}
	kind, ok := model.ParseNodeKind(plain[0])
	if !ok {
		return e, fault.New(fault.BadChoice, fault.Place{}, "there is no kind of node %q; there are host and switch", plain[0]).Suggest(plain[0], model.NodeKindNames())
	}
	e.NodeKind = kind
	for _, a := range set {
		if err := nodeAttribute(&e, a.name, a.value); err != nil {
			return e, err
		}
	}
	return e, nil
}

// attribute is a name=value of a line.
type attribute struct{ name, value string }

// attributes parts words from name=value, --name=value and --name value.
func attributes(words []string) (plain []string, set []attribute, err error) {
	for i := 0; i < len(words); i++ {
		word := strings.TrimPrefix(words[i], "--")
		name, value, given := strings.Cut(word, "=")
		switch {
		case !given && word == words[i]:
			plain = append(plain, word)
			continue
		case !given && i+1 == len(words):
			return nil, nil, fmt.Errorf("--%s needs a value", name)
		case !given:
			i++
			value = words[i]
		}
		if slices.ContainsFunc(set, func(a attribute) bool { return a.name == name && name != "label" && name != "property" }) {
			return nil, nil, fmt.Errorf("the %s is given twice", name)
		}
		set = append(set, attribute{name, value})
	}
	return plain, set, nil
}

func nodeAttribute(e *model.Edit, name, value string) error {
	var err error
	switch name {
	case "ip":
		var p netip.Prefix
		if !strings.Contains(value, "/") {
			value += "/8" // as hosts have that say nothing
		}
		if p, err = netip.ParsePrefix(value); err != nil || !p.Addr().Is4() || p.Addr().IsUnspecified() {
			return fault.New(fault.BadAddress, fault.Place{}, "ip=%s is no IPv4 address; write ip=10.0.0.9/8", value)
		}
		b := p.Addr().As4()
		e.Identity.IP, e.Identity.Prefix = uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), uint8(p.Bits())
	case "mac":
		mac, bad := net.ParseMAC(value)
		if bad != nil || len(mac) != 6 {
			return fault.New(fault.BadAddress, fault.Place{}, "mac=%s is no Ethernet address; write mac=00:00:00:00:00:09", value)
		}
		e.Identity.HasMAC = true
		for _, b := range mac {
			e.Identity.MAC = e.Identity.MAC<<8 | uint64(b)
		}
	case "dpid":
		if e.Identity.DPID, err = strconv.ParseUint(value, 0, 64); err != nil || e.Identity.DPID == 0 {
			return fault.New(fault.BadNumber, fault.Place{}, "dpid=%s is no datapath id; write dpid=9 or dpid=0x9", value)
		}
	case "cpu":
		cores, bad := strconv.ParseFloat(value, 64)
		if bad != nil || !(cores >= 0) || cores > 1e6 {
			return fault.New(fault.BadNumber, fault.Place{}, "cpu=%s is no number of cores", value)
		}
		e.NodeSpec.CPU = int64(cores * 1000)
	case "memory":
		if e.NodeSpec.Memory, err = model.ParseSize(value); err != nil {
			return fmt.Errorf("memory: %w", err)
		}
	case "label":
		e.Labels = append(e.Labels, value)
	default:
		names := []string{"ip", "mac", "dpid", "cpu", "memory", "label"}
		return fault.New(fault.BadChoice, fault.Place{}, "a node has no %q; there are %s", name, strings.Join(names, ", ")).Suggest(name, names)
	}
	return nil
}

// editLink is link add and link del.
func (c *call) editLink() error {
	plain, set, err := attributes(c.args[1:])
	if err != nil {
		return err
	}
	e := model.Edit{Kind: model.AddLink}
	if c.args[0] == "del" {
		e.Kind = model.DelLink
		switch {
		case len(set) > 0 || len(plain) < 1 || len(plain) > 2:
			return fmt.Errorf("name a link, as in link del s1--s2, or the two nodes that it joins")
		case len(plain) == 1:
			e.Link = plain[0]
			return c.carryOut([]model.Edit{e})
		}
	}
	if len(plain) != 2 {
		return fmt.Errorf("name the two nodes that the link joins, as in link add h9 s1 rate=10Mbps; a port of one as s1:3")
	}
	if e.A, err = c.newEnd(plain[0]); err != nil {
		return err
	}
	if e.B, err = c.newEnd(plain[1]); err != nil {
		return err
	}
	for _, a := range set {
		if err := linkAttribute(&e, a.name, a.value); err != nil {
			return err
		}
	}
	e.Back = e.Spec
	return c.carryOut([]model.Edit{e})
}

// newEnd reads NODE or NODE:PORT, where the port need not be there yet.
func (c *call) newEnd(text string) (model.LinkEnd, error) {
	if _, ok := c.Model.NodeByName(text); !ok {
		if name, number, given := strings.Cut(text, ":"); given {
			port, err := strconv.ParseUint(number, 10, 32)
			if err != nil {
				return model.LinkEnd{}, fault.New(fault.BadNumber, fault.Place{}, "%q is not a port number; write %s:3", number, name)
			}
			return model.LinkEnd{Node: name, Port: model.PortNo(port)}, nil
		}
		if at, err := c.port(text); err == nil { // an interface that is there, as h1-eth0
			return model.LinkEnd{Node: c.Model.NodeName(at.Node), Port: at.Port}, nil
		}
	}
	return model.LinkEnd{Node: text, Port: model.AutoPort}, nil
}

func linkAttribute(e *model.Edit, name, value string) error {
	s := &e.Spec
	var err error
	switch name {
	case "rate":
		s.Rate, err = model.ParseRate(value)
	case "delay":
		s.Delay, err = model.ParseTime(value)
	case "jitter":
		s.Jitter, err = model.ParseTime(value)
	case "loss":
		s.Loss, err = model.ParseRatio(value)
	case "queue":
		s.Queue, err = model.ParseQueue(value)
	case "mtu":
		var n int64
		n, err = strconv.ParseInt(strings.TrimSuffix(value, "B"), 10, 32)
		s.MTU = int32(n)
	case "weight":
		s.Weight, err = strconv.ParseInt(value, 10, 64)
	case "discipline":
		s.Discipline = value
	case "class":
		s.Class = value
	case "spare":
		s.Spare, err = strconv.ParseBool(value)
	case "id":
		e.Link = value
	case "bw":
		return fault.New(fault.BadChoice, fault.Place{}, "bw is Mininet's word; write rate=10Mbps")
	default:
		names := []string{"rate", "delay", "jitter", "loss", "queue", "mtu", "weight", "discipline", "class", "spare", "id"}
		return fault.New(fault.BadChoice, fault.Place{}, "a link has no %q; there are %s", name, strings.Join(names, ", ")).Suggest(name, names)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// carryOut edits the network and says what there is now.
func (c *call) carryOut(edits []model.Edit) error {
	old := c.Model
	if err := c.Edit(c.ctx, edits); err != nil {
		var f fault.Fault
		if errors.As(err, &f) { // it is about this line, not a place in a descriptor
			f.Place = fault.Place{}
			return f
		}
		return err
	}
	n := c.Model
	names, err := naming.New(n)
	if err != nil {
		return err
	}
	for id := range model.LinkID(old.LinkCount()) {
		if n.LinkGone(id) && !old.LinkGone(id) {
			c.printf("- %s\n", n.LinkName(id))
		}
	}
	for id := range model.NodeID(old.NodeCount()) {
		if n.Gone(id) && !old.Gone(id) {
			c.printf("- %s\n", n.NodeName(id))
		}
	}
	for id := model.NodeID(old.NodeCount()); int(id) < n.NodeCount(); id++ {
		if n.Gone(id) {
			continue
		}
		if d := names.DPID(id); d != 0 {
			c.printf("+ %s: switch, dpid %016x\n", n.NodeName(id), d)
			continue
		}
		ip, bits := names.IP(id)
		c.printf("+ %s: %s, %s/%d %s\n", n.NodeName(id), n.NodeKindOf(id), packet.IPv4(ip), bits, packet.MAC(names.MAC(id)))
	}
	for id := model.LinkID(old.LinkCount()); int(id) < n.LinkCount(); id++ {
		if a, b := n.Ends(id); !n.LinkGone(id) {
			c.printf("+ %s: %s to %s%s\n", n.LinkName(id), names.Interface(a.Node, a.Port), names.Interface(b.Node, b.Port), specText(n.Link(id).Spec))
		}
	}
	c.settle()
	return nil
}
