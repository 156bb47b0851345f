package track

import (
	"slices"

	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/controller/probe"
)

// answerTime is how long a host may take to answer.
const answerTime = 400 * model.Millisecond

// purpose is why a host was asked something.
type purpose uint8

const (
	ofLife     purpose = iota + 1 // whether it is still there
	ofAddress                     // whether the address that it sends from is its own
	ofPlace                       // it shows up elsewhere: whether it still answers here
	ofClaimant                    // somebody says that he has its address: whether it still has it
	ofName                        // nothing: whether it says by itself which address it has
)

// check is a question to a host that waits for its answer.
type check struct {
	of              purpose
	host            *host
	since, deadline model.Time
	tries           int

	to     *port    // ofPlace
	frames [][]byte // ofPlace: what came from there
	head   packet.Header
	ip     packet.IPv4 // ofClaimant: the address,
	rival  *host       // and who claims it
}

// request asks by ARP who has an address, as a probe of RFC 5227, which claims none. It
// goes to one station where mac is not 0.
func (t *Tracker) request(p *port, ip packet.IPv4, mac packet.MAC) {
	h := packet.ARPRequest(probe.Address(p.no), 0, ip)
	if mac != 0 {
		h.EthDst = mac
	}
	t.send(p, packet.AppendPadded(nil, h, nil))
}

func (t *Tracker) pending(who *host, of purpose) bool {
	return slices.ContainsFunc(t.checks, func(c *check) bool { return c.host == who && c.of == of })
}

// probeHost asks a host whether it is there. One whose address nobody knows cannot be
// asked; it is there if it says something.
func (t *Tracker) probeHost(who *host, tries int) {
	if t.pending(who, ofLife) {
		return
	}
	if who.ip != 0 {
		t.request(who.at, who.ip, who.mac)
	}
	t.checks = append(t.checks, &check{of: ofLife, host: who, since: t.now, deadline: t.now + answerTime, tries: tries - 1})
}

// claim takes a packet of a host that is known to be elsewhere. It has moved if its old
// place is gone, or if it does not answer there.
func (t *Tracker) claim(who *host, p *port, h *packet.Header, frame []byte) {
	i := slices.IndexFunc(t.checks, func(c *check) bool { return c.host == who && c.of == ofPlace })
	switch {
	case i >= 0:
		if c := t.checks[i]; c.to == p && frame != nil && len(c.frames) < framesMost {
			c.frames = append(c.frames, frame)
		}
		return
	case t.now < who.pinned || len(p.hosts) >= t.PerPort:
		return
	}
	c := &check{of: ofPlace, host: who, since: t.now, deadline: t.now + answerTime, to: p, head: *h}
	if frame != nil {
		c.frames = [][]byte{frame}
	}
	if !who.at.open() {
		t.relocate(c)
		return
	}
	if who.ip != 0 {
		t.request(who.at, who.ip, who.mac)
	}
	t.checks = append(t.checks, c)
}

func (t *Tracker) relocate(c *check) {
	who := c.host
	who.frames = append(who.frames, c.frames...)
	t.move(who, c.to)
	t.learn(who, &c.head)
}

// claimIP takes what a host says of its address. One that somebody else has, or another
// than it had, counts when the former no longer answers for it.
func (t *Tracker) claimIP(who *host, ip packet.IPv4) {
	if who.ip == ip {
		who.said = t.now
		return
	}
	owner := t.owners[ip]
	if owner == nil && who.ip != 0 {
		owner = who
	}
	if owner == nil {
		t.take(who, ip)
		return
	}
	if t.pending(owner, ofClaimant) {
		return
	}
	t.request(owner.at, owner.ip, owner.mac)
	t.checks = append(t.checks, &check{of: ofClaimant, host: owner, since: t.now, deadline: t.now + answerTime, ip: ip, rival: who})
}

// take gives a host an address.
func (t *Tracker) take(who *host, ip packet.IPv4) {
	if t.owners[who.ip] == who {
		delete(t.owners, who.ip)
	}
	who.ip, who.said = ip, t.now
	t.owners[ip] = who
	t.touch(who.at.of)
	t.checks = slices.DeleteFunc(t.checks, func(c *check) bool { return c.of == ofAddress && c.host == who })
}

// judge ends the questions whose time is up.
func (t *Tracker) judge() {
	list := t.checks
	t.checks = nil
	for _, c := range list {
		if t.hosts[c.host.mac] != c.host {
			continue
		}
		if t.now < c.deadline {
			t.checks = append(t.checks, c)
			continue
		}
		t.decide(c)
	}
}

func (t *Tracker) decide(c *check) {
	who := c.host
	answered := who.heard > c.since
	switch c.of {
	case ofLife:
		switch {
		case answered:
			if who.state == idle {
				who.state = there
				t.touch(who.at.of)
			}
		case c.tries > 0 && who.ip != 0 && who.at.open():
			t.request(who.at, who.ip, who.mac)
			c.since, c.deadline, c.tries = t.now, t.now+answerTime, c.tries-1
			t.checks = append(t.checks, c)
		default:
			t.forget(who)
		}
	case ofAddress: // it has not answered: the address is somebody else's, who is behind it
		who.mute = true
		t.touch(who.at.of)
		t.admit(who)
	case ofName:
		t.admit(who)
	case ofPlace:
		if answered {
			t.once(c.to, "somebody there calls himself "+HostName(who.mac, who.ip)+", who answers at "+who.at.text()+": not let in")
			return
		}
		t.relocate(c)
	case ofClaimant:
		rival := c.rival
		if t.hosts[rival.mac] != rival {
			return
		}
		if who.said > c.since {
			if who != rival {
				t.once(rival.at, "somebody there says that he has "+c.ip.String()+", for which "+who.at.text()+" answers: not believed")
			}
			return
		}
		if who != rival && t.owners[c.ip] == who {
			t.withdrawIP(who)
		}
		if t.owners[c.ip] == nil {
			t.take(rival, c.ip)
			t.admit(rival)
		}
	}
}

// withdrawIP takes an address from a host that no longer answers for it.
func (t *Tracker) withdrawIP(who *host) {
	delete(t.owners, who.ip)
	who.ip = 0
	t.touch(who.at.of)
	t.admit(who)
}

// search is for the host that has an address.
type search struct {
	last, until model.Time
	askers      []*host
}

// The bounds of searches: how many there are at a time, for whom, and for how long.
const (
	searchesMost = 1024
	askersMost   = 64
	searchTime   = 3 * model.Second
)

// seek looks for a host that somebody asks for and nobody has heard: out of every port
// where hosts may be, but for the one that the question came in at.
func (t *Tracker) seek(ip packet.IPv4, asker *host, from *port) {
	if !t.seeks || ip == 0 || t.owners[ip] != nil {
		return
	}
	s := t.search[ip]
	if s == nil {
		if len(t.search) >= searchesMost {
			return
		}
		s = &search{last: -model.Hour}
		t.search[ip] = s
	}
	if asker != nil && !slices.Contains(s.askers, asker) && len(s.askers) < askersMost {
		s.askers = append(s.askers, asker)
	}
	s.until = t.now + searchTime
	if t.now-s.last < model.Second || !t.looking.take(t.now) {
		return
	}
	s.last = t.now
	t.everywhere(ip, from)
}

// everywhere asks for an address at all ports where hosts may be.
func (t *Tracker) everywhere(ip packet.IPv4, but *port) {
	for _, node := range t.order {
		for _, p := range t.devices[node].ports {
			if p != but && (p.state == edge || p.ripe) && p.up && p.of.up {
				t.request(p, ip, 0)
			}
		}
	}
}

// found answers those who have asked for a host that is there now.
func (t *Tracker) found(who *host) {
	s := t.search[who.ip]
	if s == nil || who.ip == 0 {
		return
	}
	delete(t.search, who.ip)
	for _, asker := range s.askers {
		if t.hosts[asker.mac] == asker && asker.ip != 0 && asker.at.open() {
			t.send(asker.at, packet.AppendPadded(nil, packet.ARPReply(who.mac, who.ip, asker.mac, asker.ip), nil))
		}
	}
}

// expire gives searches up.
func (t *Tracker) expire() {
	for ip, s := range t.search {
		if t.now > s.until {
			delete(t.search, ip)
		}
	}
}

// sweepAll asks for the addresses of Ask that nobody has, where nobody is.
func (t *Tracker) sweepAll() {
	for _, node := range t.order {
		for _, p := range t.devices[node].ports {
			if p.state != edge || !p.open() || len(p.hosts) > 0 {
				continue
			}
			for _, ip := range t.Ask {
				if t.owners[ip] == nil {
					t.request(p, ip, 0)
				}
			}
		}
	}
}
