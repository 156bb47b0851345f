package track

import (
	"maps"
	"slices"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// A port that comes up is looked at for 0.6 s before hosts are taken to be there, since a
// link may be slow and a probe lost. A host that speaks there meanwhile need not wait for
// so long. Between switches that are served nothing comes by a port that settles but what
// hosts have sent that are known where they are: a gate lets nobody else through. So who
// is known nowhere and says something there is at home there. He is heard when a link
// would have shown as a rule, and when no switch has come for as long: one that is about
// to dial may still carry what it likes.
const ripening = 50 * model.Millisecond

// The bounds of what a port may say while it settles: frames that wait, and frames that
// say nothing, after which it is not listened to before it has settled.
const (
	earlyMost = framesMost
	noiseMost = 64
)

// ripeAt is when hosts may be heard at a port that settles, and floods go there. What was a
// link, and what somebody else's rules may still let through, settles first.
func (t *Tracker) ripeAt(p *port) model.Time {
	if p.peer != nil || p.of.heir || !p.of.up {
		return model.Forever
	}
	return max(p.since, p.of.since, t.joined) + ripening
}

// ripen makes a port that settles one where hosts may be heard, when it is time.
func (t *Tracker) ripen(p *port) {
	if p.ripe || t.now < t.ripeAt(p) {
		return
	}
	p.ripe = true
	t.touch(p.of)
	for _, ip := range slices.Sorted(maps.Keys(t.search)) { // somebody may be waiting for who is there
		t.request(p, ip, 0)
	}
}

// overhear takes a packet that came in at a port that settles.
func (t *Tracker) overhear(p *port, u *control.Upcall) {
	if !t.speaks(p, &u.Packet.Header) {
		if p.noise++; p.noise == noiseMost {
			t.touch(p.of)
		}
		return
	}
	if len(p.early) < earlyMost {
		p.early = append(p.early, *u)
	}
}

// speaks says that a packet is from a host that is at home at a port. Interfaces of
// switches say things of their own, but neither ARP nor IPv4.
func (t *Tracker) speaks(p *port, h *packet.Header) bool {
	switch {
	case h.EthSrc == 0 || h.EthSrc.IsMulticast() || probe.Ours(h.EthSrc) || linkLocal(h.EthDst):
		return false
	case h.EthType != packet.EthTypeIPv4 && !(h.EthType == packet.EthTypeARP && h.ARPSHA == h.EthSrc):
		return false
	}
	who := t.hosts[h.EthSrc]
	return who == nil || who.at == p || !who.at.open()
}

// face takes note of a port's own Ethernet address. Whoever was heard with it elsewhere is
// no host but the interface at the other end of a cable, which says things of its own: IPv6
// does as soon as it is up, before its switch has dialled.
func (t *Tracker) face(p *port) {
	if p.mac == 0 {
		return
	}
	t.faces[p.mac] = p
	if who := t.hosts[p.mac]; who != nil && who.at != p {
		t.forget(who)
	}
}

// faced says that a packet is what another port's interface says of its own. A host may
// have its switch's port for its interface, as containers have: at that port it is one.
func (t *Tracker) faced(p *port, from packet.MAC) bool {
	q := t.faces[from]
	return q != nil && q != p
}
