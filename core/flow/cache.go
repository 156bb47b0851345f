package flow

import "math/bits"

// cache remembers which rules a packet goes through, by exactly those header bits that
// any rule of the switch looks at: a packet whose bits are equal takes the same way.
// Everything else (counters, meters, groups, lives, time) is worked out anew for each
// packet, so that the cache only saves lookups and cannot change meaning.
//
// Why those bits are enough: set-field and write-metadata write constants, and actions
// that depend on what the packet has (a tag, a TTL) either leave all looked-at bits as
// they are or end the packet's way, in which case the way is not remembered.
type cache struct {
	// What a remembered packet needs fills one line of the processor's cache.
	mask  [cacheInline]uint64 // of the words that are looked at
	slots []cacheSlot
	gen   uint32 // of the rules; slots of another generation are free. 0: the rules have changed
	index [cacheInline]uint8

	latest    uint32 // generation
	used      int    // slots of this generation
	restIndex []uint8
	restMask  []uint64
	rest      []uint64 // the words of the keys beyond those in the slots
}

// cacheSlot is one line of the processor's cache; a slice of many may begin 8 bytes into
// a line, which is why trail is the last.
type cacheSlot struct {
	tag    uint64 // generation and part of the hash
	key    [cacheInline]uint64
	first  *entry // of the way, nil: no rule
	direct uint32 // port to which the way leads and nothing else, 0: not so simple
	length uint32 // of the way
	trail  *trail // the way, if longer than one rule
}

// trail is a way through several tables.
type trail struct{ rules []*entry }

const (
	cacheInline = 4       // words of a key within a slot
	cacheWays   = 4       // slots a key may take, one after the other
	cacheFirst  = 8       // slots of the smallest cache
	cacheLimit  = 1 << 12 // slots of the largest cache: 256 KiB and more for long keys
)

// forget makes the cache useless until it is flushed.
func (c *cache) forget() { c.gen = 0 }

// flush forgets all ways and asks again what rules look at.
func (c *cache) flush(tables []*table) {
	c.latest++
	if c.latest == 0 { // all generations were used up: really clear
		clear(c.slots)
		c.latest = 1
	}
	c.gen, c.used = c.latest, 0
	var union words
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, u := range t.tuples {
			for n, i := range u.index {
				union[i] |= u.mask[n]
			}
		}
	}
	words := len(c.restIndex)
	c.mask, c.index = [cacheInline]uint64{}, [cacheInline]uint8{}
	c.restIndex, c.restMask = c.restIndex[:0], c.restMask[:0]
	n := 0
	for i, m := range rawMask(&union) { // without metadata, which is zero for every packet that enters
		switch {
		case m == 0:
		case n < cacheInline:
			c.index[n], c.mask[n] = uint8(i), m
			n++
		default:
			c.restIndex, c.restMask = append(c.restIndex, uint8(i)), append(c.restMask, m)
		}
	}
	if words != len(c.restIndex) {
		c.slots, c.rest = nil, nil
	}
}

// key gives a packet's looked-at bits, as far as they are in the slots, and their hash.
func (c *cache) key(p *Packet) (key [cacheInline]uint64, hash uint64) {
	r := rawOf(p)
	for n := range key {
		key[n] = r[c.index[n]] & c.mask[n]
	}
	hash = hashOf(&key)
	for n, i := range c.restIndex {
		hash = mix(hash, r[i]&c.restMask[n])
	}
	return key, hash
}

// hashOf multiplies words crosswise, as wyhash does (Wang Yi, 2019).
func hashOf(key *[cacheInline]uint64) uint64 {
	h0, l0 := bits.Mul64(key[0]^0xa0761d6478bd642f, key[1]^0xe7037ed1a0b428db)
	h1, l1 := bits.Mul64(key[2]^0x8ebc6af09c88c6e3, key[3]^0x589965cc75374cc3)
	h := h0 ^ l0 ^ bits.RotateLeft64(h1^l1, 32)
	return h ^ h>>32
}

func (c *cache) tag(hash uint64) uint64 { return uint64(c.gen)<<32 | hash>>32 }

func (c *cache) taken(i int) bool { return uint32(c.slots[i].tag>>32) == c.gen }

// find returns where the way of a packet is remembered, nil if it is not.
func (c *cache) find(p *Packet) *cacheSlot {
	if len(c.slots) == 0 {
		return nil
	}
	key, hash := c.key(p)
	tag := c.tag(hash)
	for i := range cacheWays {
		at := (int(hash) + i) & (len(c.slots) - 1)
		s := &c.slots[at]
		if s.tag == tag && s.key == key && (len(c.restIndex) == 0 || c.sameRest(at, p)) {
			return s
		}
	}
	return nil
}

func (c *cache) sameRest(at int, p *Packet) bool {
	r := rawOf(p)
	for n, k := range c.restOf(at) {
		if k != r[c.restIndex[n]]&c.restMask[n] {
			return false
		}
	}
	return true
}

func (c *cache) restOf(at int) []uint64 {
	n := len(c.restIndex)
	return c.rest[at*n : (at+1)*n]
}

// add remembers a packet's way. The cache grows while it is more than half full; at its
// limit it gives up the way at a place that the hash picks.
func (c *cache) add(p *Packet, way []*entry) {
	if 2*c.used >= len(c.slots) && len(c.slots) < cacheLimit {
		c.resize(max(cacheFirst, 2*len(c.slots)))
	}
	s := cacheSlot{length: uint32(len(way)), direct: direct(way)}
	if len(way) > 0 {
		s.first = way[0]
	}
	if len(way) > 1 {
		s.trail = shared(way)
	}
	var hash uint64
	s.key, hash = c.key(p)
	s.tag = c.tag(hash)
	at, ok := c.place(hash)
	for !ok && len(c.slots) < cacheLimit {
		c.resize(2 * len(c.slots))
		at, ok = c.place(hash)
	}
	if ok {
		c.used++
	} else {
		at = (int(hash) + int(hash>>62)) & (len(c.slots) - 1)
	}
	c.slots[at] = s
	r, rest := rawOf(p), c.restOf(at)
	for n, i := range c.restIndex {
		rest[n] = r[i] & c.restMask[n]
	}
}

// place finds a free slot for a hash.
func (c *cache) place(hash uint64) (at int, ok bool) {
	for i := range cacheWays {
		if at = (int(hash) + i) & (len(c.slots) - 1); !c.taken(at) {
			return at, true
		}
	}
	return 0, false
}

// resize moves the ways over; those that find no place are forgotten.
func (c *cache) resize(n int) {
	old := *c
	c.slots, c.rest, c.used = make([]cacheSlot, n), make([]uint64, n*len(c.restIndex)), 0
	for i := range old.slots {
		if !old.taken(i) {
			continue
		}
		s := &old.slots[i]
		hash := hashOf(&s.key)
		for _, k := range old.restOf(i) {
			hash = mix(hash, k)
		}
		if at, ok := c.place(hash); ok {
			c.slots[at] = *s
			copy(c.restOf(at), old.restOf(i))
			c.used++
		}
	}
}

// way is what a slot remembers. one gives room for a single rule.
func (s *cacheSlot) way(one *[1]*entry) []*entry {
	if s.trail != nil {
		return s.trail.rules
	}
	one[0] = s.first
	return one[:s.length]
}

// shared is a way in a form that many slots can hold: that of the last one which begins
// with the same rule, if it is equal.
func shared(way []*entry) *trail {
	first := way[0]
	if t := first.trail; t != nil && len(t.rules) == len(way) {
		same := true
		for i, e := range way {
			same = same && t.rules[i] == e
		}
		if same {
			return t
		}
	}
	first.trail = &trail{append([]*entry(nil), way...)}
	return first.trail
}

// direct is the port to which a way sends packets as they are and does nothing else that
// anybody could notice but counting; 0 if it does more or less than that. The port is not
// a reserved one.
func direct(way []*entry) (port uint32) {
	if len(way) == 0 || way[len(way)-1].rule.HasGoto {
		return 0
	}
	for _, e := range way {
		if e.meter != nil || len(e.rule.Write) > 0 {
			return 0
		}
		for i := range e.apply {
			a := &e.apply[i]
			if a.Type != Output || port != 0 || a.Arg > PortMax {
				return 0
			}
			port = a.Arg
		}
	}
	return port
}
