package track

import (
	"cmp"
	"fmt"

	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/probe"
)

// send puts a frame out of a port.
func (t *Tracker) send(p *port, frame []byte) {
	t.frames = append(t.frames, control.Downcall{Kind: control.SendPacket, Switch: p.of.node, Packet: &flow.PacketOut{
		InPort: flow.PortController, Actions: []flow.Action{flow.Out(p.no)}, Frame: frame}})
}

// probe sends LLDP out of a port.
func (t *Tracker) probe(p *port) {
	if p.up && p.of.up {
		t.send(p, t.seal.Frame(probe.Note{DPID: p.of.dpid, Port: p.no, Sent: t.now}))
	}
}

// missing is how many rounds of LLDP may fail to come through.
const missing = 3

// patience is for how long what LLDP has said counts: missing rounds, and a little.
func (t *Tracker) patience() model.Time { return missing*t.Interval + t.Interval/2 }

// recent says that something was heard within that time.
func (t *Tracker) recent(at model.Time) bool { return at > 0 && t.now-at <= t.patience() }

// lldp takes LLDP that came in at a port.
func (t *Tracker) lldp(p *port, frame []byte) {
	n, stranger, ok := t.seal.Read(frame)
	if !ok {
		if t.charge(p) && stranger != "" {
			t.once(p, fmt.Sprintf("%q speaks LLDP there and no OpenFlow here", stranger))
		}
		return
	}
	var q *port
	if d := t.dpids[n.DPID]; d != nil {
		q = d.port(n.Port)
	}
	if q == nil || n.Sent > t.now || t.now-n.Sent > t.patience() {
		if t.charge(p) {
			t.once(p, "LLDP of another time comes in there: somebody sends it again")
		}
		return
	}
	if !p.up || !q.up {
		return
	}
	if (len(p.hosts) > 0 || len(q.hosts) > 0) && p.peer != q {
		t.doubt(p, q)
		return
	}
	if p == q || p.of == q.of {
		t.loop(p, q)
		return
	}
	p.from, p.heard, q.echoed = q, t.now, t.now
	if p.peer != nil && p.peer != q {
		t.unlink(p)
	}
	if q.from == p && t.recent(q.heard) {
		t.join(p, q)
		return
	}
	for _, x := range [2]*port{p, q} {
		if x.state != trunk {
			t.enter(x, closed)
		}
	}
	t.probe(p) // at once, and not with the next round
}

// loop takes LLDP that has come back to its own switch: whatever is there carries
// nothing that the switch needs.
func (t *Tracker) loop(p, q *port) {
	p.heard, q.echoed = t.now, t.now
	for _, x := range [2]*port{p, q} {
		if x.peer != nil {
			t.unlink(x)
		}
		t.enter(x, closed)
	}
	t.once(p, fmt.Sprintf("what leaves port %d comes in there: it is not used", q.no))
}

// doubt takes LLDP between ports where hosts are. A host can carry it from one port to
// another, and a link that it invents would bring it other people's packets. So the hosts
// are asked; when none of them answers they were behind a switch that had not dialled, and
// the next LLDP is believed.
func (t *Tracker) doubt(p, q *port) {
	for _, x := range [2]*port{p, q} {
		for _, h := range x.hosts {
			t.probeHost(h, 1)
		}
		if len(x.hosts) > 0 {
			t.once(x, fmt.Sprintf("LLDP of %s comes in at %s while hosts answer: no link", q.text(), p.text()))
		}
	}
}

// join makes a link of two ports that have heard each other.
func (t *Tracker) join(p, q *port) {
	if p.peer != q {
		for _, x := range [2]*port{p, q} {
			if x.peer != nil {
				t.unlink(x)
			}
		}
		p.peer, q.peer = q, p
		a, b := p, q
		if cmp.Or(cmp.Compare(a.of.dpid, b.of.dpid), cmp.Compare(a.no, b.no)) > 0 {
			a, b = b, a
		}
		t.edits = append(t.edits, model.Edit{Kind: model.AddLink, A: a.endpoint(), B: b.endpoint()})
		p.shown, q.shown = false, false // it is told again, of the link
	}
	for _, x := range [2]*port{p, q} {
		t.enter(x, trunk)
		x.shuts, x.shut = 0, 0
	}
}

// unlink takes a link away. Its ports are to be looked at anew.
func (t *Tracker) unlink(p *port) {
	q := p.peer
	t.edits = append(t.edits, model.Edit{Kind: model.DelLink, A: p.endpoint(), B: q.endpoint()})
	for _, x := range [2]*port{p, q} {
		x.peer, x.from, x.shown = nil, nil, false
		if x.up {
			t.enter(x, settling)
		}
		t.touch(x.of)
	}
}

// away is how long a switch may be gone, or a port down, before links and hosts there are.
const away = 30 * model.Second

// rounds sends LLDP out of every port, and sees which has not come through.
func (t *Tracker) rounds() {
	for _, node := range t.order {
		d := t.devices[node]
		if !d.up {
			if t.now-d.since > away {
				t.abandon(d)
			}
			continue
		}
		for _, p := range d.ports {
			if !p.up {
				if t.now-p.since > away {
					t.clear(p)
				}
				continue
			}
			switch {
			case p.state == trunk && !t.recent(p.heard) && p.peer.of.up:
				t.unlink(p)
			case p.state == closed && !t.recent(p.heard) && !t.recent(p.echoed):
				t.enter(p, settling)
			case p.state == closed && t.now-p.since > 2*t.Interval && t.recent(p.heard) && p.from != nil:
				t.once(p, fmt.Sprintf("LLDP of %s comes in there and none goes back: no link", p.from.text()))
			}
			t.probe(p)
		}
	}
	if len(t.Ask) > 0 && t.now >= t.sweep {
		t.sweep = t.now + 30*model.Second
		t.sweepAll()
	}
	t.expire()
}

// abandon gives up the links and hosts of a switch that does not come back.
func (t *Tracker) abandon(d *device) {
	for _, p := range d.ports {
		t.clear(p)
	}
}

// clear gives up the link and the hosts of a port.
func (t *Tracker) clear(p *port) {
	if p.peer != nil {
		t.unlink(p)
	}
	for len(p.hosts) > 0 {
		t.forget(p.hosts[0])
	}
}

func (p *port) text() string { return fmt.Sprintf("%s:%d", p.of.name, p.no) }
