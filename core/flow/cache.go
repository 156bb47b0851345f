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
	used  int
	slots []cacheSlot
	keys  []uint64 // len(index) words per slot
}

type cacheSlot struct {
	gen  uint32
	hash uint32
	way  []*entry
}

const (
	cacheWays  = 4       // slots a key may take, one after the other
	cacheFirst = 8       // slots of the smallest cache
	cacheLimit = 1 << 13 // slots of the largest cache
)

// flush forgets all ways; fill says again what rules look at.
func (c *cache) flush(tables []*table) {
	c.gen++
	c.used = 0
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
		c.slots, c.keys = nil, nil
	}
}

// find returns the remembered way of a packet. key and hash are for add.
func (c *cache) find(h *packet.Header, inPort uint32, key *words) (way []*entry, hash uint64, ok bool) {
	hash = 1
	for n, i := range c.index {
		key[n] = wordOf(i, h, inPort, 0) & c.mask[n]
		hash = mix(hash, key[n])
	}
	if len(c.slots) == 0 {
		return nil, hash, false
	}
	size := len(c.index)
	at := int(hash) & (len(c.slots) - cacheWays)
	for i := at; i < at+cacheWays; i++ {
		s := &c.slots[i]
		if s.hash != uint32(hash>>32) || s.gen != c.gen {
			continue
		}
		same := true
		for n, k := range c.keys[i*size : (i+1)*size] {
			same = same && k == key[n]
		}
		if same {
			return s.way, hash, true
		}
	}
	return nil, hash, false
}

// add remembers a way. A full set makes the cache grow, and at its limit gives up the
// way at a place that the hash picks.
func (c *cache) add(key *words, hash uint64, way []*entry) {
	if len(c.slots) == 0 {
		c.resize(cacheFirst)
	}
	for {
		at := int(hash) & (len(c.slots) - cacheWays)
		for i := at; i < at+cacheWays; i++ {
			if c.slots[i].gen != c.gen {
				c.used++
				c.put(i, key[:len(c.index)], hash, way)
				return
			}
		}
		if len(c.slots) == cacheLimit {
			c.put(at+int(hash>>60)%cacheWays, key[:len(c.index)], hash, way)
			return
		}
		c.resize(2 * len(c.slots))
	}
}

func (c *cache) put(i int, key []uint64, hash uint64, way []*entry) {
	c.slots[i] = cacheSlot{c.gen, uint32(hash >> 32), way}
	copy(c.keys[i*len(key):], key)
}

func (c *cache) resize(n int) {
	slots, keys, size := c.slots, c.keys, len(c.index)
	c.slots, c.keys, c.used = make([]cacheSlot, n), make([]uint64, n*size), 0
	for i := range slots {
		if slots[i].gen != c.gen {
			continue
		}
		key := keys[i*size : (i+1)*size]
		hash := uint64(1)
		for _, k := range key {
			hash = mix(hash, k)
		}
		at := int(hash) & (n - cacheWays)
		for j := at; j < at+cacheWays; j++ {
			if c.slots[j].gen != c.gen {
				c.used++
				c.put(j, key, hash, slots[i].way)
				break
			}
		}
	}
}
