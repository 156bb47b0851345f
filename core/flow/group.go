package flow

import (
	"math/bits"
	"slices"

	"sendim/core/packet"
)

type group struct {
	spec     Group // its slices are shared and never written
	counters Counters
	buckets  []Counters
	lists    [][]Action // what each bucket does, in order
	weight   uint64     // sum of the buckets' weights
	gone     bool
}

// maxChain is how many groups a packet can go through one inside the other; longer
// chains are refused, as are loops.
const maxChain = 16

func newGroup(spec Group) *group {
	g := &group{spec: spec, buckets: make([]Counters, len(spec.Buckets))}
	for i := range spec.Buckets {
		g.weight += uint64(spec.Buckets[i].Weight)
		g.lists = append(g.lists, ordered(spec.Buckets[i].Actions))
	}
	return g
}

func (s *Switch) group(number uint32) *group {
	if s.state == nil {
		return nil
	}
	return s.state.groups[number]
}

// ApplyGroup carries out a modification of the group table (section 6.5). Deleting a
// group ends the rules that lead to it; a group that another group leads to stays, with
// the error that the specification has for it (Open vSwitch lets it go).
// Modify replaces the group, counters included. Deleting an unknown group is no error;
// number GroupAll deletes all.
func (s *Switch) ApplyGroup(m *GroupMod, now int64) ([]Removed, error) {
	g := &m.Group
	known := s.group(g.Number)
	switch m.Command {
	case Add:
		if known != nil {
			return nil, refuse(GroupModFailed, GroupExists, "there is a group %d already", g.Number)
		}
		if c := s.Config; c != nil && c.MaxGroups > 0 && s.state != nil && len(s.state.groups) >= c.MaxGroups {
			return nil, refuse(GroupModFailed, OutOfGroups, "the switch holds its %d groups already", c.MaxGroups)
		}
	case Modify, ModifyStrict:
		if known == nil {
			return nil, refuse(GroupModFailed, UnknownGroup, "there is no group %d", g.Number)
		}
	case Delete, DeleteStrict:
		return s.deleteGroup(g.Number, now)
	default:
		return nil, refuse(GroupModFailed, BadGroupCommand, "there is no command %d for groups", m.Command)
	}
	if err := s.checkGroup(g); err != nil {
		return nil, err
	}
	if known != nil {
		known.gone = true
	}
	st := s.made()
	if st.groups == nil {
		st.groups = map[uint32]*group{}
	}
	st.groups[g.Number] = newGroup(*g)
	s.version++
	return nil, nil
}

func (s *Switch) checkGroup(g *Group) error {
	switch {
	case g.Number == 0 || g.Number > groupMax:
		return refuse(GroupModFailed, InvalidGroup, "group numbers go from 1 to %d, not %d", uint32(groupMax), g.Number)
	case g.Type > FastFailover:
		return refuse(GroupModFailed, BadGroupType, "there is no group type %d", uint8(g.Type))
	case g.Type == Indirect && len(g.Buckets) != 1:
		return refuse(GroupModFailed, InvalidGroup, "an indirect group has one bucket, not %d", len(g.Buckets))
	case len(g.Buckets) > 1<<16:
		return refuse(GroupModFailed, OutOfBuckets, "%d buckets are too many", len(g.Buckets))
	}
	for i := range g.Buckets {
		b := &g.Buckets[i]
		if g.Type != Select && b.Weight != 0 {
			return refuse(GroupModFailed, InvalidGroup, "bucket %d has a weight, but the group is not of type select", i)
		}
		if g.Type == FastFailover && !b.watches() {
			return refuse(GroupModFailed, BadWatch, "bucket %d of a fast-failover group watches neither a port nor a group", i)
		}
		if w := b.WatchPort; w > PortMax && w != PortAny && w != PortLocal {
			return refuse(GroupModFailed, BadWatch, "bucket %d watches port %s", i, portText(w))
		}
		if b.WatchName != "" {
			return refuse(GroupModFailed, BadWatch, "bucket %d watches the group %q, which has no number yet", i, b.WatchName)
		}
		if err := resolved(b.Actions); err != nil {
			return err
		}
		c := actionCheck{}
		for j := range b.Actions {
			if err := c.check(&b.Actions[j], j == len(b.Actions)-1); err != nil {
				return err
			}
		}
		if err := s.checkLinks(g, b); err != nil {
			return err
		}
	}
	// The chain downwards from here and upwards to here must stay short.
	if down, up := s.depth(g.Buckets, map[uint32]int{}), s.height(g.Number, map[uint32]int{}); down+up > maxChain {
		return refuse(GroupModFailed, ChainTooLong, "a chain of %d groups is longer than %d", down+up, maxChain)
	}
	return nil
}

// checkLinks looks at the groups that a bucket leads to or watches.
func (s *Switch) checkLinks(g *Group, b *Bucket) error {
	for n := range links(b) {
		if n != g.Number && s.group(n) == nil {
			return refuse(BadAction, BadOutGroup, "group %d leads to group %d, which does not exist", g.Number, n)
		}
		if s.reaches(n, g.Number, map[uint32]bool{}) {
			return refuse(GroupModFailed, GroupLoop, "group %d would lead back to itself through group %d", g.Number, n)
		}
	}
	return nil
}

// watches reports whether the bucket's use depends on a port or a group.
func (b *Bucket) watches() bool {
	return b.WatchPort != 0 && b.WatchPort != PortAny || b.WatchGroup != 0 && b.WatchGroup != GroupAny
}

// links goes through the groups that a bucket leads to or watches.
func links(b *Bucket) func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		if b.WatchGroup != 0 && b.WatchGroup != GroupAny && !yield(b.WatchGroup) {
			return
		}
		for i := range b.Actions {
			if a := &b.Actions[i]; a.Type == ToGroup && !yield(a.Arg) {
				return
			}
		}
	}
}

// reaches reports whether a group is, or leads through others, to the group number.
// seen holds the groups that do not.
func (s *Switch) reaches(from, number uint32, seen map[uint32]bool) bool {
	if from == number {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	g := s.state.groups[from]
	for i := range g.spec.Buckets {
		for n := range links(&g.spec.Buckets[i]) {
			if s.reaches(n, number, seen) {
				return true
			}
		}
	}
	return false
}

// depth is the length of the longest chain that buckets begin, their own group counted.
func (s *Switch) depth(buckets []Bucket, known map[uint32]int) int {
	deepest := 0
	for i := range buckets {
		for n := range links(&buckets[i]) {
			if _, ok := known[n]; !ok {
				known[n] = s.depth(s.state.groups[n].spec.Buckets, known)
			}
			deepest = max(deepest, known[n])
		}
	}
	return 1 + deepest
}

// height is the length of the longest chain that ends at a group, the group not counted.
func (s *Switch) height(number uint32, known map[uint32]int) int {
	if s.state == nil {
		return 0
	}
	if h, ok := known[number]; ok {
		return h
	}
	highest := 0
	for other, g := range s.state.groups {
		if g.leadsTo(number) {
			highest = max(highest, 1+s.height(other, known))
		}
	}
	known[number] = highest
	return highest
}

func (g *group) leadsTo(number uint32) bool {
	for i := range g.spec.Buckets {
		for n := range links(&g.spec.Buckets[i]) {
			if n == number {
				return true
			}
		}
	}
	return false
}

func (s *Switch) deleteGroup(number uint32, now int64) ([]Removed, error) {
	if s.state == nil || number != GroupAll && s.state.groups[number] == nil {
		return nil, nil
	}
	doomed := func(n uint32) bool { return number == GroupAll || n == number }
	if number != GroupAll {
		for _, g := range inOrder(s.state.groups) {
			if g.leadsTo(number) {
				return nil, refuse(GroupModFailed, ChainedGroup, "group %d leads to group %d", g.spec.Number, number)
			}
		}
	}
	var out []Removed
	leads := func(a Action) bool { return a.Type == ToGroup && doomed(a.Arg) }
	for _, e := range s.entries(AllTables) {
		if slices.ContainsFunc(e.rule.Apply, leads) || slices.ContainsFunc(e.rule.Write, leads) {
			out = append(out, s.drop(e, RemovedGroup, now))
		}
	}
	for n, g := range s.state.groups {
		if doomed(n) {
			g.gone = true
			delete(s.state.groups, n)
		}
	}
	s.version++
	return out, nil
}

// FlowHash is what select groups choose by: a hash of what stays the same for all packets
// of one flow as it arrives at the group, which are both Ethernet addresses, the type, the
// VLAN, both IP addresses, the protocol and the transport ports (or ICMP type and code).
// It is the same on every machine and in every release.
func FlowHash(h *packet.Header, seed uint64) uint64 {
	x := mix(seed, uint64(h.EthDst)<<16|uint64(h.EthType))
	x = mix(x, uint64(h.EthSrc)<<16|uint64(h.VLAN))
	switch h.EthType {
	case packet.EthTypeIPv4:
		x = mix(x, uint64(h.IPSrc)<<32|uint64(h.IPDst))
	case packet.EthTypeIPv6:
		x = mix(mix(x, h.IP6Src.Hi), h.IP6Src.Lo)
		x = mix(mix(x, h.IP6Dst.Hi), h.IP6Dst.Lo)
	default:
		return mix(x, 1)
	}
	x = mix(x, uint64(h.L4Src)<<48|uint64(h.L4Dst)<<32|uint64(h.Proto)<<16|uint64(h.ICMPType)<<8|uint64(h.ICMPCode))
	return mix(x, 1)
}

// choose picks the bucket of a select or fast-failover group, or -1. Select takes bucket
// i with probability weight i over the sum of weights; when that one is not live, it
// chooses again among the live ones, so that the flows of live buckets stay where they
// are. Fast failover takes the first live bucket.
func (st *state) choose(g *group, h *packet.Header, seed uint64, up func(uint32) bool) int {
	buckets := g.spec.Buckets
	if g.spec.Type == FastFailover {
		for i := range buckets {
			if st.live(&buckets[i], up) {
				return i
			}
		}
		return -1
	}
	if g.weight == 0 {
		return -1
	}
	hash := FlowHash(h, seed+uint64(g.spec.Number))
	at, _ := bits.Mul64(hash, g.weight)
	for i := range buckets {
		if w := uint64(buckets[i].Weight); at >= w {
			at -= w
		} else if st.live(&buckets[i], up) {
			return i
		} else {
			break
		}
	}
	var sum uint64
	for i := range buckets {
		if st.live(&buckets[i], up) {
			sum += uint64(buckets[i].Weight)
		}
	}
	at, _ = bits.Mul64(mix(hash, sum), sum)
	for i := range buckets {
		if !st.live(&buckets[i], up) {
			continue
		}
		w := uint64(buckets[i].Weight)
		if at < w {
			return i
		}
		at -= w
	}
	return -1
}

// live reports whether a bucket can be used (section 6.5): the port or the group that
// it watches is up, or it watches none.
func (st *state) live(b *Bucket, up func(uint32) bool) bool {
	port, grp := b.WatchPort != 0 && b.WatchPort != PortAny, b.WatchGroup != 0 && b.WatchGroup != GroupAny
	switch {
	case !port && !grp:
		return true
	case port && (up == nil || up(b.WatchPort)):
		return true
	case grp:
		g := st.groups[b.WatchGroup]
		for i := range g.spec.Buckets {
			if st.live(&g.spec.Buckets[i], up) {
				return true
			}
		}
	}
	return false
}
