package containerlab

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// What containerlab has no key for stands in labels:
//
//	of the first node   sendim.network (the network's name)
//	of a node           sendim.id, sendim.kind, sendim.ip, sendim.mac, sendim.dpid, sendim.labels, sendim.cpu (thousandths of
//	                    a core), sendim.memory, sendim.disk (bytes),
//	                    sendim.properties ([[name, value], ...]), sendim.exec (how many of its first commands are ours)
//	of a link           sendim.id, sendim.ports ("A,B"), sendim.ATTRIBUTE and sendim.back.ATTRIBUTE as in a
//	                    descriptor, sendim.properties

// labels reads those of a node.
func (r *reader) labels(n *draft.Node, v *value) (own ownMarks) {
	if v == nil {
		return own
	}
	text := func(name string) string { return v.get("sendim." + name).scalar() }
	bad := func(name string, err error) {
		if err != nil {
			r.wrong(fault.BadNumber, v.get("sendim."+name), "sendim.%s: %v", name, err)
		}
	}
	if name := v.get("sendim.network"); name != nil {
		r.ours, r.n.Name, r.n.KeepName = true, name.scalar(), true
	}
	if name := text("id"); name != "" {
		own.node, n.Label, n.Keep = true, name, true
	}
	if k := text("kind"); k != "" {
		kind, ok := model.ParseNodeKind(k)
		if !ok {
			r.faults.Add(r.fault(fault.BadChoice, v.get("sendim.kind"), "%q is no kind of node", draft.Clip(k)).Suggest(k, model.NodeKindNames()))
		} else {
			n.Kind = kind
		}
	}
	if ip := text("ip"); ip != "" {
		p, err := netip.ParsePrefix(ip)
		if err == nil && !p.Addr().Is4() {
			err = fmt.Errorf("%q is not an IPv4 address", draft.Clip(ip))
		}
		if bad("ip", err); err == nil {
			b := p.Addr().As4()
			n.Identity.IP, n.Identity.Prefix = uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]), uint8(p.Bits())
		}
	}
	if mac := text("mac"); mac != "" {
		var err error
		n.Identity.HasMAC = true
		n.Identity.MAC, err = parseMAC(mac)
		bad("mac", err)
	}
	if dpid := text("dpid"); dpid != "" {
		var err error
		n.Identity.DPID, err = strconv.ParseUint(dpid, 16, 64)
		bad("dpid", err)
	}
	if labels := text("labels"); labels != "" {
		n.Labels = strings.Fields(labels)
	}
	for _, size := range []struct {
		name string
		into *int64
	}{{"cpu", &n.Spec.CPU}, {"memory", (*int64)(&n.Spec.Memory)}, {"disk", (*int64)(&n.Spec.Disk)}} {
		if s := text(size.name); s != "" {
			var err error
			*size.into, err = draft.Count(s, 1<<62)
			bad(size.name, err)
		}
	}
	if s := text("exec"); s != "" {
		count, err := draft.Count(s, 1<<20)
		bad("exec", err)
		own.exec = int(count)
	}
	n.Properties = append(n.Properties, r.pairs(v.get("sendim.properties"))...)
	return own
}

// linkLabels reads those of a link, back being what the other direction is like.
func (r *reader) linkLabels(l *draft.Link, v *value, back *model.LinkSpec) {
	if v == nil {
		return
	}
	// Attributes of both directions come first, whatever the order in the file.
	for pass := range 2 {
		for _, m := range v.members {
			name, ok := strings.CutPrefix(m.name, "sendim.")
			if !ok {
				continue
			}
			attribute, isBack := strings.CutPrefix(name, "back.")
			switch {
			case name == "id":
				l.Name = m.scalar()
			case name == "properties":
				if pass == 0 {
					l.Properties = append(l.Properties, r.pairs(m.value)...)
				}
			case name == "ports":
				r.ports(l, m.value)
			case attribute == "class": // classes are no part of the file
			case isBack && pass == 1:
				r.attribute(back, attribute, m.value)
			case !isBack && pass == 0:
				r.attribute(&l.Spec, attribute, m.value)
			}
		}
		if pass == 0 {
			*back = l.Spec
		}
	}
}

func (r *reader) attribute(s *model.LinkSpec, name string, v *value) {
	if err := draft.SetAttribute(s, name, v.scalar()); err != nil {
		r.wrong(fault.BadNumber, v, "%v", err)
	}
}

// ports reads "3,5", of which either may be missing.
func (r *reader) ports(l *draft.Link, v *value) {
	a, b, _ := strings.Cut(v.scalar(), ",")
	l.APort, l.BPort = model.AutoPort, model.AutoPort
	for _, end := range []struct {
		text string
		into *model.PortNo
	}{{a, &l.APort}, {b, &l.BPort}} {
		if end.text == "" {
			continue
		}
		n, err := draft.Count(end.text, 0xfffffeff)
		if err != nil {
			r.wrong(fault.BadNumber, v, "sendim.ports: %v", err)
			continue
		}
		*end.into, l.Ports = model.PortNo(n), true
	}
}

func formatMAC(m uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(m>>40), byte(m>>32), byte(m>>24), byte(m>>16), byte(m>>8), byte(m))
}

func parseMAC(s string) (uint64, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil || len(b) != 6 || len(s) != 17 {
		return 0, fmt.Errorf("%q is not an Ethernet address", draft.Clip(s))
	}
	v := uint64(0)
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, nil
}
