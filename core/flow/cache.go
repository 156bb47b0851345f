package flow

import "sendim/core/packet"

// cache remembers which rules a packet goes through, by exactly those header bits that
// any rule of the switch looks at: a packet whose bits are equal takes the same way.
// Everything else (counters, meters, groups, lives, time) is worked out anew for each
// packet, so that the cache only saves lookups and cannot change meaning.
//
// Why those bits are enough: set-field and write-metadata write constants, and actions
// that depend on what the packet has (a tag, a TTL) either leave all looked-at bits as
// they are or end the packet's way, in which case the way is not remembered.
type cache struct {
	index []uint8 // the words with looked-at bits
	mask  []uint64
	gen   uint32 // of the rules; slots of another generation are free
	slots []cacheSlot
	rest  []uint64 // the words of the keys beyond those in the slots
}

// cacheSlot is one line of the processor's cache.
type cacheSlot struct {
	tag uint64 // generation and part of the hash
	key [cacheInline]uint64
	way []*entry
}

const (
	cacheInline = 4       // words of a key within a slot
	cacheWays   = 4       // slots a key may take, one after the other
	cacheFirst  = 8       // slots of the smallest cache
	cacheLimit  = 1 << 12 // slots of the largest cache: 256 KiB and more for long keys
)

// flush forgets all ways; fill says again what rules look at.
func (c *cache) flush(tables []*table) {
	c.gen++
	if c.gen == 0 { // all generations were used up: really clear
		clear(c.slots)
		c.gen = 1
	}
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
	union[wordMetadata] = 0 // zero for every packet that enters
	words := len(c.index)
	c.index, c.mask = c.index[:0], c.mask[:0]
	for i, m := range union {
		if m != 0 {
			c.index = append(c.index, uint8(i))
			c.mask = append(c.mask, m)
		}
	}
	if words != len(c.index) {
		c.slots, c.rest = nil, nil
	}
}

func (c *cache) tag(hash uint64) uint64 { return uint64(c.gen)<<32 | hash>>32 }

func (c *cache) taken(i int) bool { return uint32(c.slots[i].tag>>32) == c.gen }

// over is how many words of a key lie outside its slot.
func (c *cache) over() int { return max(0, len(c.index)-cacheInline) }

// find returns the remembered way of a packet. key and hash are for add.
func (c *cache) find(h *packet.Header, inPort uint32, key *words) (way []*entry, hash uint64, ok bool) {
	hash = 1
	for n, i := range c.index {
		w := wordOf(i, h, inPort, 0) & c.mask[n]
		key[n] = w
		hash = mix(hash, w)
	}
	for n := len(c.index); n < cacheInline; n++ {
		key[n] = 0
	}
	if len(c.slots) == 0 {
		return nil, hash, false
	}
	tag, at := c.tag(hash), int(hash)&(len(c.slots)-cacheWays)
	set := c.slots[at : at+cacheWays]
	for i := range set {
		if s := &set[i]; s.tag == tag && s.key == [cacheInline]uint64(key[:cacheInline]) && c.sameRest(at+i, key) {
			return s.way, hash, true
		}
	}
	return nil, hash, false
}

func (c *cache) sameRest(i int, key *words) bool {
	over := c.over()
	for n := range over {
		if c.rest[i*over+n] != key[cacheInline+n] {
			return false
		}
	}
	return true
}

// add remembers a way. A full set makes the cache grow, and at its limit gives up the
// way at a place that the hash picks.
func (c *cache) add(key *words, hash uint64, way []*entry) {
	if len(c.slots) == 0 {
		c.resize(cacheFirst)
	}
	for !c.place(key, hash, way) {
		if len(c.slots) == cacheLimit {
			c.put(int(hash)&(len(c.slots)-cacheWays)+int(hash>>62), key, hash, way)
			return
		}
		c.resize(2 * len(c.slots))
	}
}

// place puts a way into a free slot of its set, if there is one.
func (c *cache) place(key *words, hash uint64, way []*entry) bool {
	at := int(hash) & (len(c.slots) - cacheWays)
	for i := at; i < at+cacheWays; i++ {
		if !c.taken(i) {
			c.put(i, key, hash, way)
			return true
		}
	}
	return false
}

func (c *cache) put(i int, key *words, hash uint64, way []*entry) {
	c.slots[i] = cacheSlot{c.tag(hash), [cacheInline]uint64(key[:cacheInline]), way}
	over := c.over()
	copy(c.rest[i*over:(i+1)*over], key[cacheInline:])
}

// resize moves the ways over; those that find no place are forgotten.
func (c *cache) resize(n int) {
	slots, rest, over := c.slots, c.rest, c.over()
	c.slots, c.rest = make([]cacheSlot, n), make([]uint64, n*over)
	for i := range slots {
		s := &slots[i]
		if uint32(s.tag>>32) != c.gen {
			continue
		}
		var key words
		copy(key[:], s.key[:])
		copy(key[cacheInline:], rest[i*over:(i+1)*over])
		hash := uint64(1)
		for _, k := range key[:len(c.index)] {
			hash = mix(hash, k)
		}
		c.place(&key, hash, s.way)
	}
}
