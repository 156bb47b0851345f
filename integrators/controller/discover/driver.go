package discover

import (
	"context"
	"fmt"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// cookie marks the rules of a look, so that they can be taken away.
const cookie = 0x53454e44_4c4f4f4b

// spot is a port of a switch.
type spot struct {
	node model.NodeID
	port uint32
}

// device is a switch as it has described itself.
type device struct {
	dpid  uint64
	up    bool
	ports map[uint32]flow.PortState
	order []uint32 // of ports, as they came
}

// voice is somebody who spoke at a port.
type voice struct {
	at   spot
	mac  packet.MAC
	ip   packet.IPv4
	last model.Time
}

type speaker struct {
	at  spot
	mac packet.MAC
}

// most is how many voices are kept: strangers choose their addresses.
const most = 1 << 18

// scout is the control.Driver of a look. It draws nothing and knows no clock but what it
// is told.
type scout struct {
	o       Options
	seal    probe.Seal
	now     model.Time
	dpid    func(model.NodeID) uint64
	devices map[model.NodeID]*device
	nodes   []model.NodeID // in the order of their coming
	heard   map[spot]spot  // where LLDP that came in at the key was sent
	foreign map[spot]string
	macs    map[packet.MAC]bool // of ports
	voices  []voice
	index   map[speaker]int
	notes   []string

	waiting  []control.Upcall
	started  bool
	round    model.Time // of the next probes
	began    model.Time
	news     model.Time // when something new was last seen
	xid      uint64
	barriers map[uint64]model.NodeID
	ending   bool
	done     chan struct{}
}

func newScout(o Options, dpid func(model.NodeID) uint64) *scout {
	return &scout{o: o, seal: probe.Seal{Key: o.Key}, dpid: dpid, devices: map[model.NodeID]*device{}, heard: map[spot]spot{}, foreign: map[spot]string{}, macs: map[packet.MAC]bool{},
		index: map[speaker]int{}, barriers: map[uint64]model.NodeID{}, round: model.Forever, done: make(chan struct{})}
}

func (s *scout) Start(at model.Time) error {
	s.started, s.round, s.began, s.news = true, at, at, at
	return nil
}

func (s *scout) Up(u control.Upcall) { s.waiting = append(s.waiting, u) }

func (s *scout) Due() model.Time {
	if len(s.waiting) > 0 {
		return min(s.waiting[0].At, s.round)
	}
	return s.round
}

func (s *scout) Lookahead() model.Time { return 2 }

func (s *scout) Change(model.Time, model.Change) {}

func (s *scout) Settled() bool { return s.started }

// React takes in what has arrived, and looks again where it is time.
func (s *scout) React(_ context.Context, before model.Time) ([]control.Downcall, error) {
	var out []control.Downcall
	s.now = before - 1
	n := 0
	for ; n < len(s.waiting) && s.waiting[n].At < before; n++ {
		out = s.hear(&s.waiting[n], out)
	}
	s.waiting = append(s.waiting[:0], s.waiting[n:]...)
	if s.started && !s.ending && s.round < before {
		if s.over(before) {
			out = s.end(out)
		} else {
			for _, node := range s.nodes {
				if d := s.devices[node]; d.up {
					for _, port := range d.order {
						out = s.probe(spot{node, port}, out)
					}
				}
			}
			s.round = before + s.o.Interval
		}
	}
	for i := range out {
		s.xid++
		out[i].Xid, out[i].App = s.xid, -1
		if out[i].Kind == control.Barrier {
			s.barriers[s.xid] = out[i].Switch
		}
	}
	s.finish()
	return out, nil
}

// Answer is React in one piece.
func (s *scout) Answer(ctx context.Context, before model.Time) ([][]control.Downcall, error) {
	out, err := s.React(ctx, before)
	return [][]control.Downcall{out}, err
}

// over says that enough was seen.
func (s *scout) over(now model.Time) bool {
	up := 0
	for _, node := range s.nodes {
		if s.devices[node].up {
			up++
		}
	}
	return up >= s.o.Switches && now-s.news >= s.o.Quiet || s.o.Most > 0 && now-s.began >= s.o.Most
}

// end takes the rules of this look away.
func (s *scout) end(out []control.Downcall) []control.Downcall {
	s.ending, s.round = true, model.Forever
	clear(s.barriers)
	for _, node := range s.nodes {
		if s.devices[node].up {
			out = append(out, control.Downcall{Kind: control.ModRule, Switch: node, Rule: &flow.RuleMod{
				Command: flow.Delete, AllTables: true, Rule: flow.Rule{Cookie: cookie}, CookieMask: 1<<64 - 1}},
				control.Downcall{Kind: control.Barrier, Switch: node})
		}
	}
	return out
}

// finish says that a look is over when every switch is as it was.
func (s *scout) finish() {
	if s.ending && len(s.barriers) == 0 {
		select {
		case <-s.done:
		default:
			close(s.done)
		}
	}
}

func (s *scout) hear(u *control.Upcall, out []control.Downcall) []control.Downcall {
	switch u.Kind {
	case control.SwitchConnected:
		return s.meet(u, out)
	case control.SwitchLost:
		s.devices[u.Switch].up = false
		for xid, node := range s.barriers {
			if node == u.Switch {
				delete(s.barriers, xid)
			}
		}
	case control.PortStatus:
		for _, p := range u.Ports {
			s.note(u.Switch, p)
			if p.Up && !s.ending {
				s.news = u.At
				out = s.probe(spot{u.Switch, p.Port}, out)
			}
		}
	case control.PacketIn:
		s.listen(u)
	case control.BarrierReply:
		delete(s.barriers, u.Xid)
	case control.Refusal:
		s.notes = append(s.notes, fmt.Sprintf("switch %#x refuses what the look needs: %s", s.dpid(u.Switch), u.Reason))
	}
	return out
}

func (s *scout) note(node model.NodeID, p flow.PortState) {
	d := s.devices[node]
	s.macs[p.MAC] = true
	if _, there := d.ports[p.Port]; !there {
		d.order = append(d.order, p.Port)
	}
	d.ports[p.Port] = p
}

// meet asks a switch that has come for what it does not handle itself. Where it has a
// rule in the same place, that one stays.
func (s *scout) meet(u *control.Upcall, out []control.Downcall) []control.Downcall {
	d := s.devices[u.Switch]
	if d == nil {
		d = &device{dpid: s.dpid(u.Switch), ports: map[uint32]flow.PortState{}}
		s.devices[u.Switch] = d
		s.nodes = append(s.nodes, u.Switch)
	}
	d.up, s.news = true, u.At
	for _, p := range u.Ports {
		s.note(u.Switch, p)
	}
	if s.ending {
		return out
	}
	there := map[flow.RuleKey]bool{}
	if u.Stats != nil {
		for i := range u.Stats.Rules {
			if r := &u.Stats.Rules[i].Rule; r.Cookie != cookie {
				there[r.Key()] = true
			}
		}
	}
	for _, r := range []flow.Rule{
		{Priority: 0xffff, Match: flow.Match{}.With(flow.EthType, uint64(packet.EthTypeLLDP))},
		{},
	} {
		if r.Cookie, r.Apply = cookie, []flow.Action{flow.ToController()}; there[r.Key()] {
			s.notes = append(s.notes, fmt.Sprintf("switch %#x has a rule of its own where the look would put %q: what that one handles is not seen", d.dpid, r.Match.String()))
			continue
		}
		out = append(out, control.Downcall{Kind: control.ModRule, Switch: u.Switch, Rule: &flow.RuleMod{Rule: r}})
	}
	for _, port := range d.order {
		out = s.probe(spot{u.Switch, port}, out)
	}
	return out
}

// probe sends LLDP out of a port, and asks who has the addresses where no switch is.
func (s *scout) probe(at spot, out []control.Downcall) []control.Downcall {
	d := s.devices[at.node]
	p := d.ports[at.port]
	if !p.Up {
		return out
	}
	send := func(frame []byte) {
		out = append(out, control.Downcall{Kind: control.SendPacket, Switch: at.node, Packet: &flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.Out(at.port)}, Frame: frame}})
	}
	send(s.seal.Frame(probe.Note{DPID: d.dpid, Port: at.port, Sent: s.now}))
	if _, linked := s.heard[at]; !linked {
		for _, ip := range s.o.Ask {
			send(packet.AppendPadded(nil, packet.ARPRequest(probe.Address(at.port), 0, ip), nil)) // as a probe of RFC 5227: it claims no address
		}
	}
	return out
}

// listen takes a packet: LLDP of this look, LLDP of others, or the voice of a host.
func (s *scout) listen(u *control.Upcall) {
	h, at := &u.Packet.Header, spot{u.Switch, u.Packet.InPort}
	if u.Packet.InPort > flow.PortMax {
		return
	}
	if h.EthType == packet.EthTypeLLDP {
		s.lldp(at, u)
		return
	}
	ip := h.IPSrc
	if h.EthType == packet.EthTypeARP {
		ip = h.ARPSPA
	}
	if h.EthSrc == 0 || h.EthSrc.IsMulticast() || s.own(h.EthSrc) {
		return
	}
	who := speaker{at, h.EthSrc}
	i, known := s.index[who]
	if !known {
		if len(s.voices) == most {
			return
		}
		i = len(s.voices)
		s.index[who] = i
		s.voices = append(s.voices, voice{at: at, mac: h.EthSrc})
		s.news = u.At
	}
	v := &s.voices[i]
	v.last = u.At
	if ip != 0 && v.ip == 0 {
		v.ip, s.news = ip, u.At
	}
}

// own says that an address is a switch's.
func (s *scout) own(m packet.MAC) bool {
	return probe.Ours(m) || s.macs[m]
}

// fresh is how long LLDP counts after it was sent: whoever keeps it has not got it from a
// link.
const fresh = 3 * model.Second

func (s *scout) lldp(at spot, u *control.Upcall) {
	n, speaker, ours := s.seal.Read(u.Packet.Bytes())
	if !ours {
		if _, known := s.foreign[at]; !known && speaker != "" && len(s.foreign) < most {
			s.foreign[at] = speaker
		}
		return
	}
	if n.Sent > u.At || u.At-n.Sent > fresh {
		return
	}
	for _, node := range s.nodes {
		if s.devices[node].dpid != n.DPID {
			continue
		}
		from := spot{node, n.Port}
		if old, known := s.heard[at]; !known || old != from {
			s.heard[at], s.news = from, u.At
		}
	}
}
