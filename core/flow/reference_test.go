package flow

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"sendim/core/packet"
)

// reference is the slow, obvious switch: one list of rules, searched from the front.
type reference struct {
	rules  []*refRule
	groups map[uint32]*refGroup
	meters map[uint32]*refMeter
	tables [3]TableStat
	seed   uint64
	up     func(uint32) bool
}

type refRule struct {
	Rule
	c             Counters
	created, last int64
}

type refGroup struct {
	Group
	c       Counters
	buckets []Counters
}

type refMeter struct {
	Meter
	in, dropped Counters
	tokens      *big.Rat
	last        int64
}

type refPacket struct {
	h       packet.Header
	inPort  uint32
	bytes   uint64
	queue   uint32
	changed bool
	grow    int8
}

type refResult struct {
	out  []Sent
	ctl  []Copy
	drop DropReason
	why  DropReason
}

func (r *refResult) stop(d DropReason) {
	r.why = d
	if r.drop == NotDropped {
		r.drop = d
	}
}

func (s *reference) find(table uint8, p *refPacket, metadata uint64) *refRule {
	slices.SortFunc(s.rules, func(a, b *refRule) int { return CompareRules(&a.Rule, &b.Rule) })
	for _, r := range s.rules {
		if r.Table == table && r.Match.Covers(&p.h, p.inPort, metadata) {
			return r
		}
	}
	return nil
}

func (s *reference) process(pkt Packet, now int64) refResult {
	p := refPacket{h: pkt.Header, inPort: pkt.InPort, bytes: uint64(pkt.Bytes)}
	res := refResult{}
	var set []Action
	var last *refRule
	table, metadata := uint8(0), uint64(0)
	for {
		r := s.find(table, &p, metadata)
		s.tables[table].Lookups++
		if r == nil && len(set) > 0 {
			s.actions(refOrder(set), &p, &res, last, ReasonAction)
			break
		}
		if r == nil {
			res.stop(DropMiss)
			break
		}
		last = r
		s.tables[table].Matched++
		r.c.add(1, p.bytes)
		r.last = now
		if r.Meter != 0 && !s.meters[r.Meter].pass(p.bytes, now) {
			res.stop(DropMeter)
			break
		}
		reason := ReasonAction
		if r.Priority == 0 && len(r.Match) == 0 {
			reason = ReasonNoMatch
		}
		if !s.actions(r.Apply, &p, &res, r, reason) {
			if res.why == DropTTL {
				s.actions(refOrder(set), &p, &res, r, ReasonAction)
			}
			break
		}
		if r.Clear {
			set = nil
		}
		set = append(slices.Clone(set), r.Write...)
		metadata = metadata&^r.MetadataMask | r.Metadata
		if !r.HasGoto {
			s.actions(refOrder(set), &p, &res, r, ReasonAction)
			break
		}
		table = r.Goto
	}
	if res.drop == NotDropped && len(res.out)+len(res.ctl) == 0 {
		res.drop = DropAction
	}
	return res
}

// refOrder keeps the last action of each type (and field) in the order of section 5.10.
func refOrder(set []Action) (out []Action) {
	last := map[[2]uint8]Action{}
	for _, a := range set {
		last[[2]uint8{uint8(a.Type), uint8(a.Field)}] = a
	}
	_, grouped := last[[2]uint8{uint8(ToGroup)}]
	if _, output := last[[2]uint8{uint8(Output)}]; !grouped && !output {
		return nil
	}
	if grouped {
		delete(last, [2]uint8{uint8(Output)})
	}
	for _, t := range []ActionType{PopVLAN, PushVLAN, DecTTL, SetField, SetQueue, ToGroup, Output} {
		for f := Field(0); f < fieldEnd; f++ {
			if a, ok := last[[2]uint8{uint8(t), uint8(f)}]; ok {
				out = append(out, a)
			}
		}
	}
	return out
}

func (s *reference) actions(list []Action, p *refPacket, res *refResult, r *refRule, reason PacketInReason) bool {
	toController := func(reason PacketInReason, limit uint16) {
		res.ctl = append(res.ctl, Copy{r.Table, reason, limit, p.grow, p.inPort, r.Cookie, p.h})
	}
	for _, a := range list {
		switch a.Type {
		case Output:
			switch {
			case a.Arg == PortController:
				toController(reason, a.MaxLen)
			case a.Arg == PortInPort:
				res.out = append(res.out, Sent{p.inPort, p.queue, p.grow, p.changed, p.h})
			case a.Arg != p.inPort:
				res.out = append(res.out, Sent{a.Arg, p.queue, p.grow, p.changed, p.h})
			}
		case SetQueue:
			p.queue = a.Arg
		case SetField:
			SetIn(a.Field, a.Value, &p.h)
			p.changed = true
		case DecTTL:
			if p.h.EthType != packet.EthTypeIPv4 && p.h.EthType != packet.EthTypeIPv6 {
				continue
			}
			if p.h.TTL == 1 {
				toController(ReasonInvalidTTL, 0)
				res.stop(DropTTL)
				return false
			}
			if p.h.TTL == 0 {
				p.h.TTL = 64
			}
			p.h.TTL--
			p.changed = true
		case PopVLAN:
			if p.h.VLAN != 0 {
				p.h.VLAN, p.h.PCP, p.changed, p.grow = 0, 0, true, p.grow-4
			}
		case PushVLAN:
			if p.h.VLAN != 0 {
				res.stop(DropSecondTag)
				return false
			}
			p.h.VLAN, p.changed, p.grow = packet.VLANPresent, true, p.grow+4
		case ToGroup:
			s.group(a.Arg, *p, res, r, reason)
		}
	}
	return true
}

func (s *reference) group(n uint32, p refPacket, res *refResult, r *refRule, reason PacketInReason) {
	g := s.groups[n]
	g.c.add(1, p.bytes)
	for i, b := range g.Buckets {
		switch g.Type {
		case FastFailover:
			if !s.live(b) {
				continue
			}
		case Select:
			if i != s.selected(g, &p.h) {
				continue
			}
		}
		g.buckets[i].add(1, p.bytes)
		copied := p
		s.actions(refOrder(b.Actions), &copied, res, r, reason)
		if g.Type == FastFailover {
			return
		}
	}
}

// selected spells the documented choice out: a ticket of the hash's size among all
// weights, then among those of live buckets.
func (s *reference) selected(g *refGroup, h *packet.Header) int {
	hash := FlowHash(h, s.seed+uint64(g.Number))
	draw := func(hash uint64, ok func(int) bool) int {
		var tickets []int
		for i, b := range g.Buckets {
			if ok(i) {
				tickets = append(tickets, slices.Repeat([]int{i}, int(b.Weight))...)
			}
		}
		if len(tickets) == 0 {
			return -1
		}
		at := new(big.Int).Mul(new(big.Int).SetUint64(hash), big.NewInt(int64(len(tickets))))
		return tickets[at.Rsh(at, 64).Int64()]
	}
	live := func(i int) bool { return s.live(g.Buckets[i]) }
	i := draw(hash, func(int) bool { return true })
	if i >= 0 && !live(i) {
		var sum uint64
		for j, b := range g.Buckets {
			if live(j) {
				sum += uint64(b.Weight)
			}
		}
		i = draw(mix(hash, sum), live)
	}
	return i
}

func (s *reference) live(b Bucket) bool {
	noPort := b.WatchPort == 0 || b.WatchPort == PortAny
	noGroup := b.WatchGroup == 0 || b.WatchGroup == GroupAny
	if noPort && noGroup || !noPort && s.up(b.WatchPort) {
		return true
	}
	return !noGroup && slices.ContainsFunc(s.groups[b.WatchGroup].Buckets, s.live)
}

func (m *refMeter) pass(bytes uint64, now int64) bool {
	unit, cost := int64(1_000_000_000), new(big.Rat).SetInt64(int64(8*bytes))
	burst := int64(m.Burst)
	if burst == 0 {
		burst = int64(m.Rate)
	}
	if m.PerPacket {
		unit, cost = 1_000_000_000_000, big.NewRat(1, 1)
	} else {
		burst *= 1000
	}
	depth := new(big.Rat).SetInt64(burst)
	if m.tokens == nil {
		m.tokens = new(big.Rat).Set(depth)
	}
	gain := new(big.Rat).Mul(big.NewRat(now-m.last, unit), new(big.Rat).SetInt64(int64(m.Rate)))
	m.tokens.Add(m.tokens, gain)
	if m.tokens.Cmp(depth) > 0 {
		m.tokens.Set(depth)
	}
	m.last = now
	m.in.add(1, bytes)
	if m.tokens.Cmp(cost) < 0 {
		m.dropped.add(1, bytes)
		return false
	}
	m.tokens.Sub(m.tokens, cost)
	return true
}

func (s *reference) expire(now int64) (out []Removed) {
	type ending struct {
		at int64
		Removed
	}
	var all []ending
	s.rules = slices.DeleteFunc(s.rules, func(r *refRule) bool {
		at, why := s.end(r)
		if at > now {
			return false
		}
		all = append(all, ending{at, Removed{r.Rule, why, r.c, now - r.created}})
		return true
	})
	slices.SortFunc(all, func(a, b ending) int {
		return cmp.Or(cmp.Compare(a.at, b.at), CompareRules(&a.Rule, &b.Rule))
	})
	for _, e := range all {
		out = append(out, e.Removed)
	}
	return out
}

func (s *reference) end(r *refRule) (int64, RemovedReason) {
	at, why := int64(Never), RemovedIdle
	if r.Idle != 0 {
		at = r.last + int64(r.Idle)*1e12
	}
	if r.Hard != 0 && r.created+int64(r.Hard)*1e12 <= at {
		at, why = r.created+int64(r.Hard)*1e12, RemovedHard
	}
	return at, why
}

func (s *reference) next() int64 {
	at := int64(Never)
	for _, r := range s.rules {
		end, _ := s.end(r)
		at = min(at, end)
	}
	return at
}

func (s *reference) add(m RuleMod, now int64) {
	n := &refRule{m.Rule, Counters{}, now, now}
	for i, r := range s.rules {
		if r.Key() == n.Key() {
			if !m.ResetCounts {
				n.c = r.c
			}
			s.rules[i] = n
			return
		}
	}
	s.rules = append(s.rules, n)
}

func (s *reference) remove(reason RemovedReason, now int64, doomed func(*refRule) bool) (out []Removed) {
	s.find(0, &refPacket{}, 0) // sorts
	s.rules = slices.DeleteFunc(s.rules, func(r *refRule) bool {
		if doomed(r) {
			out = append(out, Removed{r.Rule, reason, r.c, now - r.created})
			return true
		}
		return false
	})
	return out
}

func sortedKeys[T any](m map[uint32]T) []uint32 { return slices.Sorted(maps.Keys(m)) }
