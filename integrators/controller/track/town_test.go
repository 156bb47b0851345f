package track

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
	learningswitch "sendim/plugins/learning-switch"
	shortestpath "sendim/plugins/shortest-path"
)

// tester is what testing.T and rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// spot is a port of a switch of the town.
type spot struct {
	dpid uint64
	port uint32
}

func (s spot) String() string { return fmt.Sprintf("s%d:%d", s.dpid, s.port) }

// town is a network that the test plays, in virtual time: switches in memory, cables, and
// stations that answer as hosts do. Everything takes a millisecond.
type town struct {
	t       tester
	tracker *Tracker
	atlas   *Atlas
	now     model.Time
	events  []event
	count   int
	boxes   map[uint64]*box
	cables  map[spot]spot
	jacks   map[spot][]*station // several: there is a hub
	mute    map[spot]bool       // what leaves there gets lost
	notes   []string
	sent    []string // rules and groups, as told to switches
	packets int      // on cables
	started bool
}

type event struct {
	at    model.Time
	order int
	do    func()
}

type box struct {
	dpid  uint64
	node  model.NodeID
	up    bool
	flow  *flow.Switch
	ports map[uint32]bool
	seq   uint64
	epoch int
}

// station is a host.
type station struct {
	town   *town
	name   string
	mac    packet.MAC
	ip     packet.IPv4
	at     spot
	knows  map[packet.IPv4]packet.MAC
	heard  []packet.Header
	deaf   bool
	echoed map[packet.IPv4]bool
	relay  func(frame []byte) // of LLDP
}

const hop = model.Millisecond

func newTown(t tester, o Options, apps ...func() app.App) *town {
	t.Helper()
	atlas, err := NewAtlas("town", 100)
	if err != nil {
		t.Fatalf("%v", err)
	}
	w := &town{t: t, atlas: atlas, boxes: map[uint64]*box{}, cables: map[spot]spot{}, jacks: map[spot][]*station{}, mute: map[spot]bool{}}
	var list []control.Application
	for _, a := range apps {
		i := app.Local(a())
		o.Apps = append(o.Apps, i.Manifest())
		list = append(list, control.Application{Instance: i})
	}
	inner, err := control.New(control.Config{Model: atlas.Network(), Address: atlas.Addressing(), Apps: list, Granted: []app.Need{app.NeedGroups, app.NeedSelect},
		Delays: func(model.NodeID) (up, down model.Time) { return 1, 1 }, Seed: 1, Sink: w, FirstTable: Gate + 1})
	if err != nil {
		t.Fatalf("%v", err)
	}
	w.tracker = New(o, atlas, inner, w)
	if err := w.tracker.Start(1); err != nil {
		t.Fatalf("%v", err)
	}
	return w
}

func routes() app.App { return shortestpath.New() }
func learns() app.App { return learningswitch.New() }

// Emit keeps what the diary warns of.
func (w *town) Emit(e *trace.Entry) {
	if e.Kind == trace.Warning || e.Kind == trace.Refused {
		w.notes = append(w.notes, strings.TrimSpace(e.Node+" "+e.Text+e.Reason))
	}
}

func (w *town) noted(text string) bool {
	return slices.ContainsFunc(w.notes, func(n string) bool { return strings.Contains(n, text) })
}

func (w *town) later(after model.Time, do func()) {
	w.count++
	e := event{w.now + after, w.count, do}
	i, _ := slices.BinarySearchFunc(w.events, e, func(a, b event) int {
		if a.at != b.at {
			return int(min(1, max(-1, a.at-b.at)))
		}
		return a.order - b.order
	})
	w.events = slices.Insert(w.events, i, e)
}

// run lets time pass.
func (w *town) run(span model.Time) {
	w.t.Helper()
	for until := w.now + span; ; {
		due := max(w.tracker.Due(), w.now)
		switch {
		case len(w.events) > 0 && w.events[0].at <= due && w.events[0].at <= until:
			e := w.events[0]
			w.events = w.events[1:]
			w.now = e.at
			e.do()
			w.expire()
		case due <= until:
			w.now = due
			w.react()
		default:
			w.now = until
			return
		}
		if w.packets > 2_000_000 {
			w.t.Fatalf("packets go round in a loop")
		}
	}
}

func (w *town) react() {
	w.t.Helper()
	out, err := w.tracker.React(context.Background(), w.now+1)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	last := map[model.NodeID]uint64{}
	for _, d := range out {
		if d.Xid <= last[d.Switch] {
			w.t.Fatalf("numbers do not rise: %d after %d", d.Xid, last[d.Switch])
		}
		last[d.Switch] = d.Xid
		for _, b := range w.boxes {
			if b.node == d.Switch {
				epoch := b.epoch
				w.later(hop, func() {
					if b.up && b.epoch == epoch {
						w.obey(b, &d)
					}
				})
			}
		}
	}
}

// obey is a switch that carries out a downcall.
func (w *town) obey(b *box, d *control.Downcall) {
	refuse := func(err error) {
		if err != nil {
			w.t.Errorf("s%d refuses: %v", b.dpid, err)
			w.up(b, control.Upcall{Kind: control.Refusal, Xid: d.Xid, Reason: err.Error()})
		}
	}
	var gone []flow.Removed
	var err error
	switch d.Kind {
	case control.ModRule:
		w.sent = append(w.sent, fmt.Sprintf("s%d %s %s", b.dpid, d.Rule.Command, d.Rule.Rule.String()))
		gone, err = b.flow.ApplyRule(d.Rule, int64(w.now))
	case control.ModGroup:
		w.sent = append(w.sent, fmt.Sprintf("s%d group %s %v", b.dpid, d.Group.Command, d.Group.Group))
		gone, err = b.flow.ApplyGroup(d.Group, int64(w.now))
	case control.ModMeter:
		gone, err = b.flow.ApplyMeter(d.Meter, int64(w.now))
	case control.SendPacket:
		h, _, _ := packet.Decode(d.Packet.Frame)
		var r flow.Result
		err = b.flow.Send(&flow.Packet{Header: h, InPort: d.Packet.InPort, Bytes: uint32(len(d.Packet.Frame))}, d.Packet.Actions, int64(w.now), &r)
		w.emit(b, d.Packet.InPort, d.Packet.Frame, &r)
	case control.Barrier:
		w.up(b, control.Upcall{Kind: control.BarrierReply, Xid: d.Xid})
	}
	refuse(err)
	w.removed(b, gone)
}

func (w *town) removed(b *box, gone []flow.Removed) {
	for _, g := range gone {
		if g.Rule.SendRemoved {
			w.up(b, control.Upcall{Kind: control.RuleRemoved, Removed: &control.Removed{Rule: g.Rule, Reason: g.Reason, Counters: g.Counters, Age: model.Time(g.Age)}})
		}
	}
}

func (w *town) expire() {
	for _, dpid := range slices.Sorted(maps.Keys(w.boxes)) {
		if b := w.boxes[dpid]; b.flow.NextExpiry() <= int64(w.now) {
			w.removed(b, b.flow.Expire(int64(w.now)))
		}
	}
}

// up sends something to the controller.
func (w *town) up(b *box, u control.Upcall) {
	b.seq++
	u.Switch, u.Seq = b.node, b.seq
	epoch := b.epoch
	w.later(hop, func() {
		if b.up && b.epoch == epoch || u.Kind == control.SwitchLost {
			u.At = w.now
			w.tracker.Up(u)
		}
	})
}

// comes is a frame that comes in at a switch.
func (w *town) comes(at spot, frame []byte) {
	b := w.boxes[at.dpid]
	if b == nil || !b.ports[at.port] {
		return
	}
	w.packets++
	h, _, _ := packet.Decode(frame)
	var r flow.Result
	b.flow.Process(&flow.Packet{Header: h, InPort: at.port, Bytes: uint32(len(frame))}, int64(w.now), &r)
	w.emit(b, at.port, frame, &r)
}

// emit does with a frame what a switch has found.
func (w *town) emit(b *box, in uint32, frame []byte, r *flow.Result) {
	for _, o := range r.Outputs {
		ports := []uint32{o.Port}
		if o.Port == flow.PortAll {
			ports = slices.DeleteFunc(slices.Sorted(maps.Keys(b.ports)), func(p uint32) bool { return p == in })
		}
		for _, p := range ports {
			w.leaves(spot{b.dpid, p}, frame)
		}
	}
	for _, c := range r.Controller {
		w.up(b, control.Upcall{Kind: control.PacketIn, Packet: &control.Packet{InPort: c.InPort, Table: c.Table, Reason: c.Reason, Cookie: c.Cookie,
			Header: c.Header, Length: len(frame), Bytes: func() []byte { return frame }}})
	}
}

// leaves is a frame that leaves a switch.
func (w *town) leaves(at spot, frame []byte) {
	b := w.boxes[at.dpid]
	if !b.ports[at.port] || w.mute[at] {
		return
	}
	if to, ok := w.cables[at]; ok {
		w.later(hop, func() { w.comes(to, frame) })
	}
	for _, s := range w.jacks[at] {
		w.later(hop, func() { s.takes(frame) })
	}
}

// build makes a switch with ports, which are down until something is plugged in, and has
// it dial.
func (w *town) build(dpid uint64, ports uint32) {
	b := &box{dpid: dpid, flow: &flow.Switch{}, ports: map[uint32]bool{}}
	for p := range ports {
		b.ports[p+1] = false
	}
	w.boxes[dpid] = b
	b.node, _ = w.atlas.Switch(dpid)
}

func (b *box) states() (out []flow.PortState) {
	for _, p := range slices.Sorted(maps.Keys(b.ports)) {
		out = append(out, flow.PortState{Port: p, Name: fmt.Sprintf("s%d-eth%d", b.dpid, p), MAC: packet.MAC(0x060000000000 | b.dpid<<8 | uint64(p)), Up: b.ports[p]})
	}
	return out
}

// dial connects a switch, which says what it holds.
func (w *town) dial(dpid uint64) {
	b := w.boxes[dpid]
	b.up = true
	held := &app.Stats{Groups: b.flow.Groups(), Meters: b.flow.Meters()}
	for r := range b.flow.Rules(flow.AllTables, int64(w.now)) {
		held.Rules = append(held.Rules, r)
	}
	w.up(b, control.Upcall{Kind: control.SwitchConnected, Ports: b.states(), Stats: held})
}

// hang ends a switch's connection; emptied, it has died.
func (w *town) hang(dpid uint64, emptied bool) {
	b := w.boxes[dpid]
	b.up = false
	b.epoch++
	if emptied {
		b.flow = &flow.Switch{}
	}
	w.up(b, control.Upcall{Kind: control.SwitchLost})
}

func (w *town) port(at spot, up bool) {
	b := w.boxes[at.dpid]
	if b.ports[at.port] == up {
		return
	}
	b.ports[at.port] = up
	if b.up {
		for _, s := range b.states() {
			if s.Port == at.port {
				w.up(b, control.Upcall{Kind: control.PortStatus, Ports: []flow.PortState{s}})
			}
		}
	}
}

// cable joins two ports; cut ends that, and both ports see it.
func (w *town) cable(a, b spot) {
	w.cables[a], w.cables[b] = b, a
	w.port(a, true)
	w.port(b, true)
}

func (w *town) cut(a spot) {
	b := w.cables[a]
	delete(w.cables, a)
	delete(w.cables, b)
	w.port(a, false)
	w.port(b, false)
}

// plug puts a station in; pull takes it out.
func (w *town) plug(s *station, at spot) {
	s.at = at
	w.jacks[at] = append(w.jacks[at], s)
	w.port(at, true)
}

func (w *town) pull(s *station) {
	w.jacks[s.at] = slices.DeleteFunc(w.jacks[s.at], func(x *station) bool { return x == s })
	if len(w.jacks[s.at]) == 0 {
		w.port(s.at, false)
	}
}

// station makes a host with the number n, plugged in.
func (w *town) station(n int, at spot) *station {
	s := &station{town: w, name: fmt.Sprintf("h%d", n), mac: packet.MAC(0x0a0000000000 + n), ip: packet.IPv4(0x0a000000 + n),
		knows: map[packet.IPv4]packet.MAC{}, echoed: map[packet.IPv4]bool{}}
	w.plug(s, at)
	return s
}

func (s *station) says(h packet.Header, payload []byte) {
	s.town.send(s.at, packet.AppendPadded(nil, h, payload))
}

// send puts a frame on a cable that leads to a port.
func (w *town) send(at spot, frame []byte) {
	w.later(hop, func() {
		w.comes(at, frame)
		for _, other := range w.jacks[at] { // a hub's
			if h, _, _ := packet.Decode(frame); other.mac != h.EthSrc {
				other.takes(frame)
			}
		}
	})
}

// takes is a frame that comes to a host.
func (s *station) takes(frame []byte) {
	h, l, _ := packet.Decode(frame)
	if h.EthType == packet.EthTypeLLDP && s.relay != nil {
		s.relay(frame)
	}
	if s.deaf || h.EthDst != s.mac && !h.EthDst.IsMulticast() {
		return
	}
	s.heard = append(s.heard, h)
	echo, reply := h.IsEcho()
	switch {
	case h.EthType == packet.EthTypeARP && h.ARPOp == packet.ARPOpRequest && h.ARPTPA == s.ip:
		s.says(packet.ARPReply(s.mac, s.ip, h.ARPSHA, h.ARPSPA), nil)
	case h.EthType == packet.EthTypeARP && h.ARPOp == packet.ARPOpReply:
		s.knows[h.ARPSPA] = h.ARPSHA
	case echo && reply && h.IPDst == s.ip:
		s.echoed[h.IPSrc] = true
	case echo && h.IPDst == s.ip:
		s.says(packet.Echo(s.mac, h.EthSrc, s.ip, h.IPSrc, true), frame[l.Payload:l.End])
	}
}

// ping sends one echo and says whether it is answered within 2 s. ARP is asked up to
// three times, a second apart, as Linux does.
func (s *station) ping(to *station) bool {
	w := s.town
	for range 3 {
		if s.knows[to.ip] != 0 {
			break
		}
		s.says(packet.ARPRequest(s.mac, s.ip, to.ip), nil)
		for range 20 {
			if w.run(50 * model.Millisecond); s.knows[to.ip] != 0 {
				break
			}
		}
	}
	if s.knows[to.ip] == 0 {
		return false
	}
	s.echoed[to.ip] = false
	s.says(packet.Echo(s.mac, s.knows[to.ip], s.ip, to.ip, false), packet.EchoPayload(1, 1, nil))
	for range 100 {
		if w.run(20 * model.Millisecond); s.echoed[to.ip] {
			return true
		}
	}
	return false
}

// all lists the pairs that do not reach each other.
func (w *town) all(stations ...*station) (out []string) {
	for _, a := range stations {
		for _, b := range stations {
			if a != b && !a.ping(b) {
				out = append(out, a.name+"->"+b.name)
			}
		}
	}
	return out
}

// shape is the network as it was found: links, then hosts, sorted.
func (w *town) shape() string {
	n := w.atlas.Network()
	var links, hosts []string
	for l := range n.Links() {
		from := l.A
		if n.NodeKindOf(from.Node) == model.External { // where several hosts are
			from = n.ArcTo(n.Arcs(from.Node)[0])
		}
		switch n.NodeKindOf(l.B.Node) {
		case model.Host:
			hosts = append(hosts, n.PortName(from)+" "+n.NodeName(l.B.Node))
		case model.Switch:
			links = append(links, n.PortName(l.A)+" "+n.PortName(l.B))
		}
	}
	slices.Sort(links)
	slices.Sort(hosts)
	return strings.Join(append(links, hosts...), "\n")
}

// ring is a town of n switches in a ring, each with a host at port 3.
func ring(t *testing.T, n int, o Options, apps ...func() app.App) (*town, []*station) {
	w := newTown(t, o, apps...)
	for i := range uint64(n) {
		w.build(i+1, 5)
	}
	for i := range uint64(n) {
		w.cable(spot{i + 1, 1}, spot{(i+1)%uint64(n) + 1, 2})
	}
	var hosts []*station
	for i := range uint64(n) {
		hosts = append(hosts, w.station(int(i+1), spot{i + 1, 3}))
	}
	for i := range uint64(n) {
		w.dial(i + 1)
	}
	return w, hosts
}
