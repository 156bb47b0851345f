package track

import (
	"slices"
	"strconv"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// standing is how far a host has come at the gate.
type standing uint8

const (
	meeting standing = iota // the apps do not know it yet, or not there
	there                   // its packets pass
	idle                    // it has said nothing for long
)

// host is whoever speaks with an Ethernet address.
type host struct {
	mac   packet.MAC
	ip    packet.IPv4 // 0: nobody has heard
	said  model.Time  // when it last said that it has it
	mute  bool        // it says nothing of its address when asked
	at    *port
	heard model.Time // there
	first model.Time // that it was heard at all
	name  string     // in the network; "" while it is not in it
	state standing

	frames [][]byte // that wait at the gate
	queued bool     // among those to be let in
	moves  []model.Time
	pinned model.Time // it does not move until then
}

// The bounds of what waits: frames of one host that nobody knows yet, and how often a
// host may move within a while before it is taken to be in two places.
const (
	framesMost = 16
	movesMost  = 4
	movesSpan  = 10 * model.Second
	pinSpan    = 30 * model.Second
)

// packet takes a packet that a switch has sent up.
func (t *Tracker) packet(u *control.Upcall) {
	p := (*port)(nil)
	if d := t.devices[u.Switch]; d != nil {
		p = d.port(u.Packet.InPort)
	}
	if u.Packet.Table != Gate {
		t.forward = append(t.forward, *u)
		return
	}
	if p == nil || u.Packet.Bytes == nil {
		return
	}
	h := &u.Packet.Header
	if h.EthType == packet.EthTypeLLDP && h.EthDst == packet.LLDPMulticast {
		t.lldp(p, u.Packet.Bytes())
		return
	}
	if t.faced(p, h.EthSrc) {
		return
	}
	if p.state == settling {
		t.overhear(p, u)
		return
	}
	if p.state != edge || h.EthSrc == 0 || h.EthSrc.IsMulticast() || probe.Ours(h.EthSrc) || linkLocal(h.EthDst) || !t.charge(p) {
		return
	}
	var frame []byte
	if !probe.Ours(h.EthDst) && kindOf(u.Packet.Cookie) != ofARP { // else it has passed, or is for us
		frame = u.Packet.Bytes()
	}
	who := t.hosts[h.EthSrc]
	switch {
	case who == nil:
		t.meet(p, h, frame)
	case who.at == p:
		t.again(who, h, frame)
	default:
		t.claim(who, p, h, frame)
	}
	if h.EthType == packet.EthTypeARP && h.ARPOp == packet.ARPOpRequest && h.ARPSPA != h.ARPTPA {
		t.seek(h.ARPTPA, t.hosts[h.EthSrc], p)
	}
	if h.EthType == packet.EthTypeIPv4 && h.IPDst>>28 < 0xe && !h.EthDst.IsMulticast() { // to somebody whom its sender knows
		t.seek(h.IPDst, nil, p)
	}
}

// linkLocal says whether a frame is for the bridge itself (IEEE 802.1D table 7-10).
func linkLocal(m packet.MAC) bool { return m&^0xf == 0x0180c2000000 }

// meet takes somebody new.
func (t *Tracker) meet(p *port, h *packet.Header, frame []byte) {
	switch {
	case len(p.hosts) >= t.PerPort:
		t.once(p, "more hosts than are taken in at one port: the others are not let in")
		return
	case len(t.hosts) >= t.Hosts || t.atlas.full():
		t.once(p, "more hosts than are taken in: the others are not let in")
		return
	}
	who := &host{mac: h.EthSrc, at: p, heard: t.now, first: t.now}
	t.hosts[who.mac] = who
	p.hosts = append(p.hosts, who)
	who.wait(frame)
	t.learn(who, h)
}

// wait keeps a frame until its sender is let in.
func (h *host) wait(frame []byte) {
	if frame != nil && len(h.frames) < framesMost {
		h.frames = append(h.frames, frame)
	}
}

// again takes a packet of a host from where it is known to be, which the gate did not
// know, or knows for ARP.
func (t *Tracker) again(who *host, h *packet.Header, frame []byte) {
	who.heard = t.now
	if who.state == idle {
		who.state = there
		t.touch(who.at.of)
	}
	if who.state == there && frame != nil && !(who.ip == 0 && h.EthType == packet.EthTypeIPv4 && !who.mute) {
		t.inject(who.at, frame) // it was under way while the gate changed
		frame = nil
	}
	who.wait(frame)
	t.learn(who, h)
}

// learn hears what a host says of its own address. What is only a sender's address in a
// packet may be that of somebody behind a router: the host is asked whether it has it.
func (t *Tracker) learn(who *host, h *packet.Header) {
	switch {
	case h.EthType == packet.EthTypeARP && h.ARPSHA == who.mac && h.ARPSPA != 0:
		t.claimIP(who, h.ARPSPA)
	case h.EthType == packet.EthTypeIPv4 && who.ip == 0 && h.IPSrc != 0 && h.IPSrc>>28 < 0xe && !who.mute:
		if t.pending(who, ofAddress) {
			return
		}
		t.request(who.at, h.IPSrc, who.mac)
		t.checks = append(t.checks, &check{of: ofAddress, host: who, since: t.now, deadline: t.now + answerTime})
		return
	case who.ip == 0 && h.EthType == packet.EthTypeARP:
		// A station that asks whether an address is free has none yet.
	}
	if !t.pending(who, ofAddress) {
		t.admit(who)
	}
}

// admit has a host let in, once the apps know of it as it is.
func (t *Tracker) admit(who *host) {
	if t.present(who) || who.state == meeting || len(who.frames) > 0 {
		if !who.queued {
			who.queued = true
			t.meeting = append(t.meeting, who)
		}
	}
}

// nameless is how long apps are not told of a host whose address nobody has heard: most
// say it soon, and would be another one then. Its packets pass.
const nameless = 3 * model.Second

// present brings the network to what is known of a host, and says whether it had to.
func (t *Tracker) present(who *host) bool {
	name := HostName(who.mac, who.ip)
	if who.name == name {
		return false
	}
	if who.ip == 0 && who.name == "" && t.now < who.first+nameless {
		if !t.pending(who, ofName) {
			t.checks = append(t.checks, &check{of: ofName, host: who, since: t.now, deadline: who.first + nameless})
		}
		return false
	}
	if who.name != "" {
		t.withdraw(who)
	}
	who.name = name
	t.edits = append(t.edits, model.Edit{Kind: model.AddNode, Node: name, NodeKind: model.Host, Identity: identity(who)})
	t.attach(who)
	return true
}

// attach links a host that the network has to its port. Several at one port are joined by
// something that speaks no OpenFlow, for which an external node stands.
func (t *Tracker) attach(who *host) {
	p := who.at
	if p.hub == "" {
		others := slices.DeleteFunc(slices.Clone(p.hosts), func(h *host) bool { return h == who || h.name == "" })
		if len(others) == 0 {
			t.edits = append(t.edits, model.Edit{Kind: model.AddLink, A: p.endpoint(), B: model.LinkEnd{Node: who.name, Port: model.AutoPort}})
			p.shown = false
			t.touch(p.of)
			return
		}
		p.hub = p.of.name + "-" + strconv.FormatUint(uint64(p.no), 10)
		t.edits = append(t.edits, model.Edit{Kind: model.DelLink, A: p.endpoint(), B: model.LinkEnd{Node: others[0].name, Port: model.AutoPort}},
			model.Edit{Kind: model.AddNode, Node: p.hub, NodeKind: model.External},
			model.Edit{Kind: model.AddLink, A: p.endpoint(), B: model.LinkEnd{Node: p.hub, Port: model.AutoPort}},
			model.Edit{Kind: model.AddLink, A: model.LinkEnd{Node: p.hub, Port: model.AutoPort}, B: model.LinkEnd{Node: others[0].name, Port: model.AutoPort}})
		t.touch(p.of)
	}
	t.edits = append(t.edits, model.Edit{Kind: model.AddLink, A: model.LinkEnd{Node: p.hub, Port: model.AutoPort}, B: model.LinkEnd{Node: who.name, Port: model.AutoPort}})
}

// vacate takes the hub of a port away that nobody is at any more.
func (t *Tracker) vacate(p *port) {
	if p.hub != "" && !slices.ContainsFunc(p.hosts, func(h *host) bool { return h.name != "" }) {
		t.edits = append(t.edits, model.Edit{Kind: model.DelNode, Node: p.hub})
		p.hub = ""
	}
}

func identity(who *host) model.Identity {
	i := model.Identity{HasMAC: true, MAC: uint64(who.mac)}
	if who.ip != 0 {
		i.IP, i.Prefix = uint32(who.ip), 24
	}
	return i
}

// withdraw takes a host out of the network.
func (t *Tracker) withdraw(who *host) {
	t.edits = append(t.edits, model.Edit{Kind: model.DelNode, Node: who.name})
	who.name = ""
}

// move takes a host from one port to another. Its frames wait until the apps know.
func (t *Tracker) move(who *host, to *port) {
	kept := slices.DeleteFunc(who.moves, func(at model.Time) bool { return t.now-at > movesSpan })
	if who.moves = append(kept, t.now); len(who.moves) >= movesMost {
		who.pinned = t.now + pinSpan
		t.once(to, "host "+HostName(who.mac, who.ip)+" moves to and fro: it stays where it is for a while")
	}
	from := who.at
	from.hosts = slices.DeleteFunc(from.hosts, func(h *host) bool { return h == who })
	t.touch(from.of)
	if who.name != "" {
		end := from.endpoint()
		if from.hub != "" {
			end = model.LinkEnd{Node: from.hub, Port: model.AutoPort}
		}
		t.edits = append(t.edits, model.Edit{Kind: model.DelLink, A: end, B: model.LinkEnd{Node: who.name, Port: model.AutoPort}})
	}
	t.vacate(from)
	to.hosts = append(to.hosts, who)
	who.at, who.heard, who.state = to, t.now, meeting
	if who.name != "" {
		t.attach(who)
	}
	t.touch(to.of)
	t.admit(who)
}

// forget takes a host to be gone.
func (t *Tracker) forget(who *host) {
	p := who.at
	if t.hosts[who.mac] != who {
		return
	}
	delete(t.hosts, who.mac)
	if t.owners[who.ip] == who {
		delete(t.owners, who.ip)
	}
	p.hosts = slices.DeleteFunc(p.hosts, func(h *host) bool { return h == who })
	if who.name != "" {
		t.withdraw(who)
	}
	t.touch(p.of)
	t.vacate(p)
}

// inject has a switch treat a packet as if it came in only now.
func (t *Tracker) inject(p *port, frame []byte) {
	t.frames = append(t.frames, control.Downcall{Kind: control.SendPacket, Switch: p.of.node, Packet: &flow.PacketOut{
		InPort: p.no, Actions: []flow.Action{flow.Out(flow.PortTable)}, Frame: frame}})
}

// fence is the hosts of one moment, who are let in when every switch has carried out
// what the apps answered to their coming.
type fence struct {
	hosts    []*host
	need     map[model.NodeID]uint64 // barriers
	deadline model.Time
}

// passed takes note that a switch has carried out everything up to a number, or is gone.
func (t *Tracker) passed(sw model.NodeID, xid uint64) {
	for _, f := range t.fences {
		if need, ok := f.need[sw]; ok && need <= xid {
			delete(f.need, sw)
		}
	}
	if e := t.ending; e != nil {
		if need, ok := e.need[sw]; ok && need <= xid {
			delete(e.need, sw)
			t.leaving()
		}
	}
}

// late opens the fences whose time has come.
func (t *Tracker) late() {
	kept := t.fences[:0]
	for _, f := range t.fences {
		if len(f.need) > 0 && t.now < f.deadline {
			kept = append(kept, f)
			continue
		}
		t.lift(f)
	}
	clear(t.fences[len(kept):])
	t.fences = kept
}

// lift lets hosts in: their rules at the gate first, then what waited.
func (t *Tracker) lift(f *fence) {
	for _, h := range f.hosts {
		h.queued = false
		if t.hosts[h.mac] != h || !h.at.open() {
			h.frames = nil
			continue
		}
		if h.state != there {
			h.state = there
			t.touch(h.at.of)
		}
		for _, frame := range h.frames {
			t.inject(h.at, frame)
		}
		h.frames = nil
		t.found(h)
	}
}
