package flow

import "sendim/core/packet"

// Check reports the first thing that a switch would refuse about the match: an unknown
// field, fields out of order or twice, bits outside a field or its mask, a mask on a
// field that has none, a missing prerequisite. The error is an [*Error] of type BadMatch.
func (m Match) Check() error {
	for i := range m {
		x := &m[i]
		f := x.Field
		if !f.Valid() {
			return refuse(BadMatch, BadField, "there is no match field %d", uint8(f))
		}
		if i > 0 && f == m[i-1].Field {
			return refuse(BadMatch, DuplicateField, "the match mentions %s twice", f)
		}
		if i > 0 && f < m[i-1].Field {
			return refuse(BadMatch, BadField, "the match has %s after %s; build matches with With, which sorts them", f, m[i-1].Field)
		}
		full := f.AllOnes()
		switch {
		case x.Mask == Value{}:
			return refuse(BadMatch, BadMask, "%s has an empty mask; leave the field out to match anything", f)
		case x.Mask.And(full) != x.Mask:
			return refuse(BadMatch, BadMask, "the mask of %s has bits beyond the field's %d", f, f.Width())
		case x.Value.And(full) != x.Value:
			return refuse(BadMatch, BadValue, "the value of %s has bits beyond the field's %d", f, f.Width())
		case x.Value.And(x.Mask) != x.Value:
			return refuse(BadMatch, BadMask, "the value of %s has bits outside its mask", f)
		case x.Mask != full && !f.Maskable():
			return refuse(BadMatch, BadMask, "%s cannot be masked", f)
		}
		if f == InPort && x.Value.Lo == 0 {
			return refuse(BadMatch, BadValue, "in_port=0 is no port")
		}
		if f == VLANVID && x.Value.Lo&uint64(packet.VLANPresent) == 0 && x.Value.Lo != 0 {
			return refuse(BadMatch, BadValue, "vlan_vid=0x%04x lacks the bit VLANPresent (0x1000), so no packet can have it", x.Value.Lo)
		}
		if need := m.lacks(specs[f].needs); need != "" {
			return refuse(BadMatch, BadPrereq, "%s needs %s in the match", f, need)
		}
	}
	return nil
}

// lacks names what the match would have to say for a prerequisite, or "".
func (m Match) lacks(n prerequisite) string {
	eth, _ := m.exact(EthType)
	proto, hasProto := m.exact(IPProto)
	ip4, ip6 := eth == uint64(packet.EthTypeIPv4), eth == uint64(packet.EthTypeIPv6)
	over := func(p uint8) bool { return (ip4 || ip6) && hasProto && proto == uint64(p) }
	switch {
	case n == needsTag && !m.tagged():
		return "vlan_vid of a tagged packet"
	case n == needsIP && !ip4 && !ip6:
		return "eth_type=0x0800 or eth_type=0x86dd"
	case n == needsIPv4 && !ip4:
		return "eth_type=0x0800"
	case n == needsIPv6 && !ip6:
		return "eth_type=0x86dd"
	case n == needsARP && eth != uint64(packet.EthTypeARP):
		return "eth_type=0x0806"
	case n == needsTCP && !over(packet.ProtoTCP):
		return "ip_proto=6"
	case n == needsUDP && !over(packet.ProtoUDP):
		return "ip_proto=17"
	case n == needsSCTP && !over(packet.ProtoSCTP):
		return "ip_proto=132"
	case n == needsICMPv4 && !(ip4 && over(packet.ProtoICMP)):
		return "eth_type=0x0800 and ip_proto=1"
	case n == needsICMPv6 && !(ip6 && over(packet.ProtoICMPv6)):
		return "eth_type=0x86dd and ip_proto=58"
	}
	return ""
}

// tagged reports whether only packets with a VLAN tag match.
func (m Match) tagged() bool {
	x, _ := m.Field(VLANVID)
	return x.Value.Lo&uint64(packet.VLANPresent) != 0
}

// Check reports the first thing that any switch would refuse about the rule, whatever
// is installed there: its match, actions that do not fit the match, where it leads.
// Names of groups and meters, Flood and NextApp pass: they are between apps and the
// control runtime. The error is an [*Error].
func (r *Rule) Check() error {
	if err := r.Match.Check(); err != nil {
		return err
	}
	if r.Table == 0xff {
		return refuse(FlowModFailed, BadTable, "table 255 stands for all tables and holds no rules")
	}
	if r.HasGoto && (r.Goto <= r.Table || r.Goto == 0xff) {
		return refuse(BadInstruction, BadGoto, "a rule of table %d cannot go to table %d, only to a later one", r.Table, r.Goto)
	}
	if r.Metadata&^r.MetadataMask != 0 {
		return refuse(BadInstruction, BadMetadataMask, "metadata 0x%x has bits outside its mask 0x%x", r.Metadata, r.MetadataMask)
	}
	c := actionCheck{match: r.Match, known: true, tagged: r.Match.tagged()}
	for i := range r.Apply {
		if err := c.check(&r.Apply[i], i == len(r.Apply)-1); err != nil {
			return err
		}
	}
	// The action set has an order of its own: pop, push, then set.
	for i := range r.Write {
		c.tagged = c.tagged || r.Write[i].Type == PushVLAN
	}
	c.set = true
	for i := range r.Write {
		if err := c.check(&r.Write[i], i == len(r.Write)-1); err != nil {
			return err
		}
	}
	return nil
}

// actionCheck follows a list of actions with what is known about the packet.
type actionCheck struct {
	match  Match
	known  bool // the match is known: not so in a bucket
	tagged bool
	set    bool // the actions are written into the action set
}

func (c *actionCheck) check(a *Action, last bool) error {
	switch a.Type {
	case Output:
		return checkPort(a.Arg)
	case ToGroup, SetQueue, Flood:
		return nil
	case NextApp:
		if !last {
			return refuse(BadAction, BadActionType, "next_app is not the last action")
		}
		return nil
	case SetField:
		return c.checkSet(a)
	case PushVLAN:
		if a.Arg != 0 && a.Arg != uint32(packet.EthTypeVLAN) {
			return refuse(BadAction, BadTag, "push_vlan:0x%04x: only tags of type 0x8100 are pushed", a.Arg)
		}
		if c.known && c.tagged && !c.set {
			return refuse(BadAction, BadTag, "push_vlan on a tagged packet: a header holds one tag")
		}
		c.tagged = true
		return nil
	case PopVLAN:
		if c.known && !c.tagged {
			return refuse(BadAction, MatchInconsistent, "pop_vlan needs vlan_vid of a tagged packet in the match")
		}
		c.tagged = c.set && c.tagged
		return nil
	case DecTTL:
		if need := c.match.lacks(needsIP); c.known && need != "" {
			return refuse(BadAction, MatchInconsistent, "dec_ttl needs %s in the match", need)
		}
		return nil
	}
	return refuse(BadAction, BadActionType, "there is no action of type %d", uint8(a.Type))
}

func (c *actionCheck) checkSet(a *Action) error {
	f := a.Field
	switch {
	case !f.Settable():
		return refuse(BadAction, BadSetType, "set_field cannot write %s", f)
	case a.Value.And(f.AllOnes()) != a.Value:
		return refuse(BadAction, BadSetArgument, "set_field: the value has bits beyond the %d of %s", f.Width(), f)
	case f == VLANVID && a.Value.Lo&uint64(packet.VLANPresent) == 0:
		return refuse(BadAction, BadSetArgument, "set_field: vlan_vid=0x%04x lacks the bit VLANPresent (0x1000)", a.Value.Lo)
	case !c.known:
		return nil
	}
	needs := specs[f].needs
	if f == VLANVID || needs == needsTag {
		if !c.tagged {
			return refuse(BadAction, MatchInconsistent, "set_field of %s needs vlan_vid of a tagged packet in the match, or push_vlan before it", f)
		}
	} else if need := c.match.lacks(needs); need != "" {
		return refuse(BadAction, MatchInconsistent, "set_field of %s needs %s in the match", f, need)
	}
	return nil
}

func checkPort(port uint32) error {
	switch {
	case port > 0 && port <= PortMax:
		return nil
	case port == PortInPort || port == PortAll || port == PortController || port == PortLocal:
		return nil
	case port == PortFlood || port == PortNormal:
		return refuse(BadAction, BadOutPort, "output to %s is not offered; use flood, which follows the spanning tree", portText(port))
	}
	return refuse(BadAction, BadOutPort, "output to %s leads nowhere", portText(port))
}

// resolved reports what of the actions only the control runtime understands.
func resolved(actions []Action) error {
	for i := range actions {
		switch a := &actions[i]; {
		case a.Type == Flood || a.Type == NextApp:
			return refuse(BadAction, BadActionType, "%s is the control runtime's: a switch knows groups and tables only", *a)
		case a.Type == ToGroup && a.Arg == 0:
			return refuse(BadAction, BadOutGroup, "%s has no number yet", *a)
		case a.Type == ToGroup && a.Arg > groupMax:
			return refuse(BadAction, BadOutGroup, "group %d is no group: numbers end at %d", a.Arg, uint32(groupMax))
		}
	}
	return nil
}

// groupMax is the highest group number (OFPG_MAX, section 7.3.4.2).
const groupMax = 0xffffff00
