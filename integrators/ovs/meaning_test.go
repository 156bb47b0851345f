package ovs_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sendim/core/flow"
	"sendim/core/packet"
	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
	"sendim/integrators/shell"
)

// The meaning of tables in core/flow is Open vSwitch's: random rules and random packets
// give the same outputs, in the same order and with the same headers, in our pipeline
// and in the one of a real bridge (ovs-appctl ofproto/trace). SENDIM_MEANING=N tries N
// sets of rules; a set that shows a difference is cut down to the rules that matter.
func TestTablesMeanWhatTheyMeanToOpenVSwitch(t *testing.T) {
	need(t, "ovs-ofctl")
	sets := 12
	if s := os.Getenv("SENDIM_MEANING"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		sets = n
	}
	dir := t.TempDir()
	sandbox, v := start(t, "meaning", dir)
	b := &bridgeUnderTest{t: t, sandbox: sandbox, v: v, dir: dir}
	netnstest.Inside(t, sandbox, `ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev fail_mode=secure protocols=OpenFlow13,OpenFlow15
		for i in 1 2 3; do ovs-vsctl add-port br0 p$i -- set interface p$i type=internal ofport_request=$i; ip link set p$i up; done`)
	packets, leave, metered := 0, 0, 0
	for set := range sets {
		w := drawWorld(rand.New(rand.NewPCG(uint64(set), 7)))
		if err := b.install(w); err != nil {
			t.Errorf("set %d: %v\n%s", set, err, w.text())
			continue
		}
		for range 60 {
			p := drawPacket(w.r)
			packets++
			ours, theirs := w.process(p), b.trace(p)
			if w.agrees(p, ours, theirs) {
				leave += min(1, len(ours))
				metered += strings.Count(ours, "meter")
				continue
			}
			w.rules = b.smallest(w, p)
			t.Errorf("set %d: packet %s in port %d\nrules:\n%s\ncore/flow:    %s\nOpen vSwitch: %s\n%s", set, p.Header, p.InPort, w.text(), w.process(p), b.trace(p), b.raw(p))
			break
		}
	}
	t.Logf("%d packets through %d sets of rules; %d lead to something, through %d meters", packets, sets, leave, metered)
}

// world is a set of rules, groups and meters.
type world struct {
	r      *rand.Rand
	rules  []flow.Rule
	groups []flow.Group
	meters []flow.Meter
	down   uint32 // a port whose link is down; 0: none
}

func (w *world) text() string {
	var b strings.Builder
	if w.down > 0 {
		fmt.Fprintf(&b, "port %d is down\n", w.down)
	}
	for _, m := range w.meters {
		fmt.Fprintln(&b, ofctlMeter(m))
	}
	for _, g := range w.groups {
		fmt.Fprintln(&b, ofctlGroup(g))
	}
	for _, r := range w.rules {
		fmt.Fprintln(&b, ofctlRule(r))
	}
	return b.String()
}

// process gives what our pipeline does, one output after the other.
func (w *world) process(p flow.Packet) string { return w.processWith(p, w.groups) }

func (w *world) processWith(p flow.Packet, groups []flow.Group) string {
	var sw flow.Switch
	for i := range w.meters {
		if _, err := sw.ApplyMeter(&flow.MeterMod{Command: flow.Add, Meter: w.meters[i]}, 0); err != nil {
			return "refuses the meter: " + err.Error()
		}
	}
	for i := range groups {
		if _, err := sw.ApplyGroup(&flow.GroupMod{Command: flow.Add, Group: groups[i]}, 0); err != nil {
			return "refuses the group: " + err.Error()
		}
	}
	for i := range w.rules {
		if _, err := sw.ApplyRule(&flow.RuleMod{Command: flow.Add, Rule: w.rules[i]}, 0); err != nil {
			return "refuses " + w.rules[i].String() + ": " + err.Error()
		}
	}
	r := flow.Result{PortUp: func(port uint32) bool { return port != w.down }}
	var path flow.Path
	sw.Trace(&p, &r, &path)
	sw.Process(&p, 0, &r)
	var out []string
	for _, s := range r.Outputs {
		ports := []uint32{s.Port}
		if s.Port == flow.PortAll {
			ports = slices.DeleteFunc([]uint32{1, 2, 3}, func(x uint32) bool { return x == p.InPort })
		}
		for _, port := range ports {
			out = append(out, seen(fmt.Sprintf("p%d", port), &s.Header))
		}
	}
	for _, c := range r.Controller {
		out = append(out, seen("controller", &c.Header))
	}
	for range path.Meters {
		if len(out) > 0 { // a meter before nothing is nothing
			out = append(out, "meter")
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ; ")
}

// seen is one output as text: where, and with what header. Where Open vSwitch's datapath
// does not say a thing, it is left out on both sides.
func seen(where string, h *packet.Header) string {
	c := *h
	c.TCPFlags = 0
	return where + " " + c.String()
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func drawPacket(r *rand.Rand) flow.Packet {
	h := packet.Header{EthDst: packet.MAC(0x020000000000 + uint64(r.IntN(3)*2)), EthSrc: packet.MAC(0x020000000010 + uint64(r.IntN(3)))}
	if r.IntN(3) == 0 {
		h.VLAN, h.PCP = packet.VLANPresent|uint16(r.IntN(3)+1), uint8(r.IntN(8))
	}
	ip := func() packet.IPv4 { return packet.IPv4(0x0a000001 + uint32(r.IntN(3)) + uint32(r.IntN(2))<<8) }
	switch r.IntN(7) {
	case 6:
		h.EthType = packet.EthTypeIPv6
		h.IP6Src = packet.IPv6{Hi: 0x20010db8 << 32, Lo: 1 + uint64(r.IntN(3))}
		h.IP6Dst = packet.IPv6{Hi: 0x20010db8<<32 | uint64(r.IntN(2)), Lo: 1 + uint64(r.IntN(3))}
		h.TTL, h.DSCP, h.ECN, h.Proto = pick[uint8](r, 1, 2, 64), pick[uint8](r, 0, 8, 46), pick[uint8](r, 0, 1), pick[uint8](r, 6, 17)
		h.L4Src, h.L4Dst = uint16(1000+r.IntN(3)), uint16(80+r.IntN(3))
	case 0:
		h.EthType, h.ARPOp = packet.EthTypeARP, uint16(1+r.IntN(2))
		h.ARPSPA, h.ARPTPA, h.ARPSHA = ip(), ip(), h.EthSrc
	default:
		h.EthType, h.IPSrc, h.IPDst = packet.EthTypeIPv4, ip(), ip()
		h.TTL, h.DSCP, h.ECN, h.Proto = pick[uint8](r, 1, 2, 64), pick[uint8](r, 0, 8, 46), pick[uint8](r, 0, 1), pick[uint8](r, 1, 6, 17)
		if h.Proto == 1 {
			h.ICMPType = pick[uint8](r, 0, 8)
		} else {
			h.L4Src, h.L4Dst = uint16(1000+r.IntN(3)), uint16(80+r.IntN(3))
		}
	}
	return flow.Packet{Header: h, InPort: uint32(1 + r.IntN(3)), Bytes: 100}
}

func drawWorld(r *rand.Rand) *world {
	w := &world{r: r}
	if r.IntN(4) == 0 {
		w.down = 3
	}
	w.groups = drawGroups(r)
	for n := range r.IntN(3) {
		w.meters = append(w.meters, flow.Meter{Number: uint32(n + 1), Rate: 1_000_000, Burst: 1_000_000})
	}
	taken := map[flow.RuleKey]bool{}
	for range 5 + r.IntN(30) {
		rule := flow.Rule{Table: uint8(r.IntN(tables)), Priority: uint16(r.IntN(6))}
		h := drawPacket(r)
		rule.Match = drawMatch(r, &h)
		rule.Apply = drawActions(r, rule.Match, len(w.groups))
		if r.IntN(3) == 0 {
			rule.Write = drawActions(r, untagged(rule), len(w.groups))
		}
		rule.Clear = r.IntN(5) == 0
		if r.IntN(3) == 0 {
			rule.Metadata, rule.MetadataMask = uint64(r.IntN(4)), 3
			rule.Metadata &= rule.MetadataMask
		}
		if rule.Table < tables-1 && r.IntN(2) == 0 {
			rule.HasGoto, rule.Goto = true, rule.Table+1+uint8(r.IntN(int(tables-1-rule.Table)))
		}
		if len(w.meters) > 0 && r.IntN(4) == 0 {
			rule.Meter = uint32(1 + r.IntN(len(w.meters)))
		}
		// Two rules of one priority that overlap have no promised order (section 5.3):
		// every rule of a table has a priority of its own.
		rule.Priority = rule.Priority*100 + uint16(len(w.rules))
		if key := rule.Key(); !taken[key] {
			taken[key] = true
			w.rules = append(w.rules, rule)
		}
	}
	return w
}

// drawMatch takes some fields of a packet that could come, so that rules are often met.
func drawMatch(r *rand.Rand, p *flow.Packet) flow.Match {
	h := &p.Header
	var m flow.Match
	take := func(f flow.Field, masks ...uint64) {
		if r.IntN(3) != 0 {
			return
		}
		mask := f.AllOnes()
		if len(masks) > 0 && r.IntN(2) == 0 {
			mask = flow.V(pick(r, masks...))
		}
		m = m.WithMask(f, flow.Of(f, h, p.InPort, uint64(r.IntN(4))), mask)
	}
	take(flow.InPort)
	take(flow.Metadata, 1, 2, 3)
	take(flow.EthDst, 0xffffff000000, 0x6, 0x1)
	take(flow.EthSrc, 0xffffff000000, 0x3)
	if h.VLAN == 0 {
		if r.IntN(4) == 0 {
			m = m.With(flow.VLANVID, 0)
		}
	} else {
		switch r.IntN(4) {
		case 0:
			m = m.With(flow.VLANVID, uint64(h.VLAN))
		case 1:
			m = m.WithMask(flow.VLANVID, flow.V(0x1000), flow.V(0x1000))
		}
		if _, ok := m.Field(flow.VLANVID); ok {
			take(flow.VLANPCP)
		}
	}
	if r.IntN(2) == 0 {
		return m
	}
	m = m.With(flow.EthType, uint64(h.EthType))
	if h.EthType == packet.EthTypeARP {
		take(flow.ARPOp)
		take(flow.ARPSPA, 0xffffff00, 1)
		take(flow.ARPTPA, 0xffffff00, 2)
		return m
	}
	if h.EthType == packet.EthTypeIPv6 {
		for _, f := range []flow.Field{flow.IPv6Src, flow.IPv6Dst} {
			if r.IntN(3) == 0 {
				m = m.WithMask(f, flow.Of(f, h, p.InPort, 0), pick(r, f.AllOnes(), flow.Value{Hi: ^uint64(0)}, flow.Value{Hi: ^uint64(0), Lo: 3}))
			}
		}
	} else {
		take(flow.IPv4Src, 0xffffff00, 1, 0xff00)
		take(flow.IPv4Dst, 0xffffff00, 2)
	}
	take(flow.IPDSCP)
	take(flow.IPECN)
	if r.IntN(2) == 0 {
		return m
	}
	m = m.With(flow.IPProto, uint64(h.Proto))
	switch h.Proto {
	case 6:
		take(flow.TCPSrc, 1, 2)
		take(flow.TCPDst, 3)
	case 17:
		take(flow.UDPSrc, 1)
		take(flow.UDPDst, 1)
	case 1:
		take(flow.ICMPv4Type)
	}
	return m
}

// untagged is a rule's match without what it says of tags, if the actions at once change
// them: what then may be done with tags is a question of form, on which Open vSwitch and
// core/flow need not agree.
func untagged(rule flow.Rule) flow.Match {
	for _, a := range rule.Apply {
		if a.Type == flow.PushVLAN || a.Type == flow.PopVLAN {
			return slices.DeleteFunc(slices.Clone(rule.Match), func(x flow.Masked) bool { return x.Field == flow.VLANVID })
		}
	}
	return rule.Match
}

func drawActions(r *rand.Rand, m flow.Match, groups int) []flow.Action {
	exact := func(f flow.Field) (uint64, bool) {
		x, ok := m.Field(f)
		return x.Value.Lo, ok && x.Mask == f.AllOnes()
	}
	ethType, _ := exact(flow.EthType)
	proto, _ := exact(flow.IPProto)
	vid, hasVID := m.Field(flow.VLANVID)
	tagged, known := hasVID && vid.Value.Lo&0x1000 != 0, hasVID
	var out []flow.Action
	for range r.IntN(5) {
		switch r.IntN(9) {
		case 0, 1, 2:
			out = append(out, flow.Out(pick(r, 1, 2, 3, 1, 2, 3, flow.PortInPort, flow.PortAll, flow.PortController)))
		case 3:
			if groups > 0 {
				out = append(out, flow.Action{Type: flow.ToGroup, Arg: uint32(1 + r.IntN(groups))})
			}
		case 4:
			switch {
			case !known:
			case tagged:
				out = append(out, flow.Action{Type: flow.PopVLAN})
				tagged = false
			default:
				out = append(out, flow.Action{Type: flow.PushVLAN}, flow.Set(flow.VLANVID, 0x1000|uint64(1+r.IntN(3))))
				tagged = true
			}
		case 5:
			if ethType == uint64(packet.EthTypeIPv4) || ethType == uint64(packet.EthTypeIPv6) {
				out = append(out, flow.Action{Type: flow.DecTTL})
			}
		case 6:
			out = append(out, flow.Set(pick(r, flow.EthDst, flow.EthSrc), 0x020000000000+uint64(r.IntN(3))))
		case 7:
			switch {
			case ethType == uint64(packet.EthTypeIPv4):
				out = append(out, flow.Set(pick(r, flow.IPv4Dst, flow.IPv4Src), 0x0a000001+uint64(r.IntN(3))))
			case ethType == uint64(packet.EthTypeIPv6):
				out = append(out, flow.Action{Type: flow.SetField, Field: pick(r, flow.IPv6Dst, flow.IPv6Src), Value: flow.Value{Hi: 0x20010db8 << 32, Lo: uint64(r.IntN(3))}})
			case ethType == uint64(packet.EthTypeARP):
				switch r.IntN(3) {
				case 0:
					out = append(out, flow.Set(flow.ARPOp, 2))
				case 1:
					out = append(out, flow.Set(pick(r, flow.ARPSPA, flow.ARPTPA), 0x0a000001+uint64(r.IntN(3))))
				default:
					out = append(out, flow.Set(flow.ARPSHA, 0x020000000000+uint64(r.IntN(3))))
				}
			}
		default:
			switch {
			case proto == 6:
				out = append(out, flow.Set(pick(r, flow.TCPDst, flow.TCPSrc), 80+uint64(r.IntN(3))))
			case proto == 17:
				out = append(out, flow.Set(pick(r, flow.UDPDst, flow.UDPSrc), 80+uint64(r.IntN(3))))
			case ethType == uint64(packet.EthTypeIPv4), ethType == uint64(packet.EthTypeIPv6):
				out = append(out, flow.Set(flow.IPDSCP, pick[uint64](r, 0, 8)))
			case tagged:
				out = append(out, flow.Set(flow.VLANPCP, uint64(r.IntN(8))))
			}
		}
	}
	return out
}

// bridgeUnderTest is a bridge of Open vSwitch with ports p1 to p3.
type bridgeUnderTest struct {
	t       *testing.T
	sandbox *netns.Sandbox
	v       *ovs.Instance
	dir     string
	down    uint32 // a port whose link is down
}

func (b *bridgeUnderTest) install(w *world) error {
	var groups, rules, meters strings.Builder
	for _, m := range w.meters {
		fmt.Fprintf(&meters, "ovs-ofctl -O OpenFlow13 add-meter br0 '%s'\n", ofctlMeter(m))
	}
	for _, g := range w.groups {
		fmt.Fprintln(&groups, ofctlGroup(g))
	}
	for _, r := range w.rules {
		fmt.Fprintln(&rules, ofctlRule(r))
	}
	for name, text := range map[string]string{"groups": groups.String(), "rules": rules.String()} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	_, err := shell.Elsewhere(b.sandbox.Command, b.sandbox.Enter()...).Run(b.t.Context(), shell.Cmd{Argv: []string{"sh", "-ec", fmt.Sprintf(
		`ovs-ofctl -O OpenFlow13 del-flows br0; ovs-ofctl -O OpenFlow13 del-groups br0; ovs-ofctl -O OpenFlow13 del-meters br0
		%s
		ovs-ofctl -O OpenFlow15 add-groups br0 %s; ovs-ofctl -O OpenFlow13 add-flows br0 %s`, meters.String(), filepath.Join(b.dir, "groups"), filepath.Join(b.dir, "rules"))}})
	if err == nil && w.down != b.down {
		err = b.link(w.down)
	}
	return err
}

// smallest leaves out rules as long as the difference stays.
func (b *bridgeUnderTest) smallest(w *world, p flow.Packet) []flow.Rule {
	rules := w.rules
	for i := 0; i < len(rules); {
		less := &world{groups: w.groups, meters: w.meters, down: w.down, rules: slices.Delete(slices.Clone(rules), i, i+1)}
		if err := b.install(less); err == nil && !less.agrees(p, less.process(p), b.trace(p)) {
			rules = less.rules
		} else {
			i++
		}
	}
	b.install(&world{groups: w.groups, meters: w.meters, down: w.down, rules: rules}) //nolint:errcheck // it went in before
	return rules
}

func (b *bridgeUnderTest) raw(p flow.Packet) string {
	out, err := b.v.Appctl(b.t.Context(), "ofproto/trace", "--names", "br0", ofctlPacket(p))
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// trace gives what the bridge does, in the words of process.
func (b *bridgeUnderTest) trace(p flow.Packet) string {
	text := b.raw(p)
	_, actions, ok := strings.Cut(text, "Datapath actions: ")
	if !ok {
		b.t.Fatalf("no actions in\n%s", text)
	}
	actions, _, _ = strings.Cut(actions, "\n")
	h := p.Header
	var out []string
	for _, a := range splitActions(actions) {
		verb, args, _ := strings.Cut(a, "(")
		args = strings.TrimSuffix(args, ")")
		switch {
		case strings.HasPrefix(a, "p") && len(a) == 2:
			out = append(out, seen(a, &h))
		case verb == "meter":
			out = append(out, "meter")
		case verb == "userspace":
			out = append(out, seen("controller", &h))
		case verb == "set":
			if err := setHeader(&h, args); err != nil {
				b.t.Fatalf("%v in\n%s", err, text)
			}
		case verb == "push_vlan":
			h.VLAN, h.PCP = packet.VLANPresent, 0
			for _, kv := range strings.Split(args, ",") {
				k, v, _ := strings.Cut(kv, "=")
				n, _ := strconv.ParseUint(v, 0, 16)
				switch k {
				case "vid":
					h.VLAN |= uint16(n)
				case "pcp":
					h.PCP = uint8(n)
				}
			}
		case a == "pop_vlan":
			h.VLAN, h.PCP = 0, 0
		case a == "drop", a == "br0": // the bridge's local port is among all ports
		default:
			b.t.Fatalf("the action %q is not known in\n%s", a, text)
		}
	}
	if !slices.ContainsFunc(out, func(x string) bool { return x != "meter" }) {
		out = nil
	}
	slices.Sort(out)
	return strings.Join(out, " ; ")
}

// splitActions cuts at commas outside brackets.
func splitActions(s string) (out []string) {
	depth, from := 0, 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[from:])
}

// setHeader carries out set(eth(dst=...)) and the like; values may have masks.
func setHeader(h *packet.Header, text string) error {
	kind, args, _ := strings.Cut(text, "(")
	for _, kv := range strings.Split(strings.TrimSuffix(args, ")"), ",") {
		k, v, _ := strings.Cut(kv, "=")
		v, mask, masked := strings.Cut(v, "/")
		n, err := quantityOf(v)
		if err != nil && kind != "ipv6" {
			return fmt.Errorf("set %s: %w", text, err)
		}
		if masked && k == "tos" && mask != "0xfc" && mask != "0xff" {
			return fmt.Errorf("set %s: a mask that is not expected", text)
		}
		switch kind + "." + k {
		case "eth.src":
			h.EthSrc = packet.MAC(n)
		case "eth.dst":
			h.EthDst = packet.MAC(n)
		case "ipv4.src":
			h.IPSrc = packet.IPv4(n)
		case "ipv4.dst":
			h.IPDst = packet.IPv4(n)
		case "ipv4.ttl":
			h.TTL = uint8(n)
		case "ipv4.tos":
			h.DSCP = uint8(n) >> 2
			if !masked || mask == "0xff" {
				h.ECN = uint8(n) & 3
			}
		case "ipv6.src":
			h.IP6Src = six(v)
		case "ipv6.dst":
			h.IP6Dst = six(v)
		case "ipv6.hlimit":
			h.TTL = uint8(n)
		case "ipv6.tclass":
			h.DSCP = uint8(n) >> 2
			if !masked || mask == "0xff" {
				h.ECN = uint8(n) & 3
			}
		case "ipv4.proto", "ipv4.frag", "ipv6.proto", "ipv6.frag", "ipv6.label":
		case "tcp.src", "udp.src":
			h.L4Src = uint16(n)
		case "tcp.dst", "udp.dst":
			h.L4Dst = uint16(n)
		case "arp.op":
			h.ARPOp = uint16(n)
		case "arp.sip":
			h.ARPSPA = packet.IPv4(n)
		case "arp.tip":
			h.ARPTPA = packet.IPv4(n)
		case "arp.sha":
			h.ARPSHA = packet.MAC(n)
		case "arp.tha":
		default:
			return fmt.Errorf("set %s: the field %s is not known", text, k)
		}
	}
	return nil
}

// quantityOf reads a number, an Ethernet address or an IPv4 address.
func quantityOf(s string) (n uint64, err error) {
	if parts := strings.Split(s, ":"); len(parts) == 6 {
		return strconv.ParseUint(strings.Join(parts, ""), 16, 64)
	}
	if parts := strings.Split(s, "."); len(parts) == 4 {
		for _, p := range parts {
			x, err := strconv.ParseUint(p, 10, 8)
			if err != nil {
				return 0, err
			}
			n = n<<8 | x
		}
		return n, nil
	}
	if s == "no" {
		return 0, nil
	}
	return strconv.ParseUint(s, 0, 64)
}

// The texts of ovs-ofctl, whose names differ from OpenFlow's in a few fields.

func ofctlNames(s string) string {
	return strings.NewReplacer("ipv4_src=", "ip_src=", "ipv4_dst=", "ip_dst=", "icmpv4_type=", "icmp_type=", "icmpv4_code=", "icmp_code=").Replace(s)
}

func ofctlRule(r flow.Rule) string {
	match := ""
	for _, x := range r.Match {
		if x.Field == flow.VLANVID {
			match += fmt.Sprintf(",vlan_vid=0x%x/0x%x", x.Value.Lo, x.Mask.Lo)
			continue
		}
		match += "," + ofctlNames(flow.Match{x}.String())
	}
	var actions []string
	if r.Meter > 0 {
		actions = append(actions, fmt.Sprintf("meter:%d", r.Meter))
	}
	for _, a := range r.Apply {
		actions = append(actions, ofctlAction(a))
	}
	if r.Clear {
		actions = append(actions, "clear_actions")
	}
	if len(r.Write) > 0 {
		var inner []string
		for _, a := range r.Write {
			inner = append(inner, ofctlAction(a))
		}
		actions = append(actions, "write_actions("+strings.Join(inner, ",")+")")
	}
	if r.MetadataMask != 0 {
		actions = append(actions, fmt.Sprintf("write_metadata:0x%x/0x%x", r.Metadata, r.MetadataMask))
	}
	if r.HasGoto {
		actions = append(actions, fmt.Sprintf("goto_table:%d", r.Goto))
	}
	if len(actions) == 0 {
		actions = []string{"drop"}
	}
	return fmt.Sprintf("table=%d,priority=%d%s,actions=%s", r.Table, r.Priority, match, strings.Join(actions, ","))
}

func ofctlAction(a flow.Action) string {
	switch a.Type {
	case flow.Output:
		switch a.Arg {
		case flow.PortInPort:
			return "in_port"
		case flow.PortAll:
			return "all"
		case flow.PortController:
			return "controller"
		}
		return fmt.Sprintf("output:%d", a.Arg)
	case flow.ToGroup:
		return fmt.Sprintf("group:%d", a.Arg)
	case flow.PushVLAN:
		return "push_vlan:0x8100"
	case flow.PopVLAN:
		return "pop_vlan"
	case flow.DecTTL:
		return "dec_ttl"
	case flow.SetField:
		if a.Field == flow.VLANVID {
			return fmt.Sprintf("set_field:%d->vlan_vid", a.Value.Lo)
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(a.String(), "set_field:"), "=")
		return "set_field:" + value + "->" + strings.TrimSuffix(ofctlNames(name+"="), "=")
	}
	return a.String()
}

func ofctlGroup(g flow.Group) string {
	s := fmt.Sprintf("group_id=%d,type=%s", g.Number, map[flow.GroupType]string{flow.All: "all", flow.Indirect: "indirect", flow.FastFailover: "ff", flow.Select: "select"}[g.Type])
	if g.Type == flow.Select { // by the headers, and not by a hash of the datapath's that needs a second pass
		s += ",selection_method=hash,fields(eth_src,eth_dst)"
	}
	for _, k := range g.Buckets {
		s += ",bucket="
		if g.Type == flow.Select {
			s += fmt.Sprintf("weight:%d,", k.Weight)
		}
		if k.WatchPort > 0 {
			s += fmt.Sprintf("watch_port:%d,", k.WatchPort)
		}
		if k.WatchGroup > 0 {
			s += fmt.Sprintf("watch_group:%d,", k.WatchGroup)
		}
		var actions []string
		for _, a := range k.Actions {
			actions = append(actions, ofctlAction(a))
		}
		if len(actions) == 0 {
			actions = []string{"drop"}
		}
		s += "actions=" + strings.Join(actions, ",")
	}
	return s
}

func ofctlPacket(p flow.Packet) string {
	h := &p.Header
	s := fmt.Sprintf("in_port=%d,dl_src=%v,dl_dst=%v,dl_type=0x%04x", p.InPort, h.EthSrc, h.EthDst, h.EthType)
	if h.VLAN != 0 {
		s += fmt.Sprintf(",dl_vlan=%d,dl_vlan_pcp=%d", h.VLAN&0xfff, h.PCP)
	}
	if h.EthType == packet.EthTypeARP {
		return s + fmt.Sprintf(",arp_op=%d,arp_spa=%v,arp_tpa=%v,arp_sha=%v", h.ARPOp, h.ARPSPA, h.ARPTPA, h.ARPSHA)
	}
	if h.EthType == packet.EthTypeIPv6 {
		s += fmt.Sprintf(",ipv6_src=%v,ipv6_dst=%v", h.IP6Src, h.IP6Dst)
	} else {
		s += fmt.Sprintf(",nw_src=%v,nw_dst=%v", h.IPSrc, h.IPDst)
	}
	s += fmt.Sprintf(",nw_proto=%d,nw_tos=%d,nw_ecn=%d,nw_ttl=%d", h.Proto, h.DSCP<<2, h.ECN, h.TTL)
	if h.Proto == 1 {
		return s + fmt.Sprintf(",icmp_type=%d,icmp_code=%d", h.ICMPType, h.ICMPCode)
	}
	name := map[uint8]string{6: "tcp", 17: "udp"}[h.Proto]
	return s + fmt.Sprintf(",%s_src=%d,%s_dst=%d", name, h.L4Src, name, h.L4Dst)
}
