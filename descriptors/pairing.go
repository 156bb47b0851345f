package descriptors

import (
	"math/bits"
	"runtime"
	"slices"
	"sort"

	"sendim/core/model"
)

// bitset marks mentions.
type bitset []uint64

func newBitset(n uint32) bitset    { return make(bitset, (n+63)/64) }
func (b bitset) has(i uint32) bool { return b[i>>6]>>(i&63)&1 != 0 }
func (b bitset) set(i uint32)      { b[i>>6] |= 1 << (i & 63) }
func (b bitset) count() (n int)    { return b.countBefore(uint32(len(b)) * 64) }
func (b bitset) countBefore(i uint32) (n int) {
	for _, w := range b[:i>>6] {
		n += bits.OnesCount64(w)
	}
	if i&63 != 0 {
		n += bits.OnesCount64(b[i>>6] & (1<<(i&63) - 1))
	}
	return n
}

// pairing says which mentions are the second of a link's two, and, where that matters,
// of which first.
type pairing struct {
	second bitset
	mate   []uint32 // of a first mention: its second, 0 none; nil when no mention says anything
}

// pair joins the k-th mention of v at u with the k-th of u at v, for every two nodes,
// in time linear in the number of mentions. order is the order of declaration, -1 for
// names never declared: the mention at the earlier node is the first.
func (m *mentions) pair(nodes int, order func(model.NodeID) int32) pairing {
	said := len(m.attrs) > 1 || len(m.extras) > 0
	if !said {
		return pairing{second: m.pairPlain(nodes, order, runtime.GOMAXPROCS(0))}
	}
	p := pairing{second: newBitset(m.count())}
	// in[off[v]:off[v+1]] lists, in the order of the input, who mentioned v before v's own turn.
	off := make([]uint32, nodes+1)
	rank := make([]int32, nodes)
	for i := range rank {
		rank[i] = order(model.NodeID(i))
	}
	forward := newBitset(m.count())
	m.each(func(r run, from, to uint32) {
		ru := rank[r.from]
		for i, v := range m.to[from:to] {
			if rank[v] > ru {
				off[v+1]++
				forward.set(from + uint32(i))
			}
		}
	})
	for i := range nodes {
		off[i+1] += off[i]
	}
	if off[nodes] == 0 {
		return p
	}
	in := make([]model.NodeID, off[nodes])
	at := make([]uint32, len(in)) // the mention, beside in
	p.mate = make([]uint32, m.count())
	fill := make([]uint32, nodes)
	copy(fill, off)
	byName, byPort := map[string]uint32{}, map[model.Endpoint]uint32{}
	m.each(func(r run, from, to uint32) {
		for _, x := range m.extrasIn(from, to) {
			if !forward.has(x.mention) {
				continue
			}
			if x.name != "" {
				byName[x.name] = x.mention
			}
			if x.near != model.AutoPort {
				byPort[model.Endpoint{Node: r.from, Port: x.near}] = x.mention
			}
			if x.far != model.AutoPort {
				byPort[model.Endpoint{Node: m.to[x.mention], Port: x.far}] = x.mention
			}
		}
		for i, v := range m.to[from:to] {
			if k := from + uint32(i); forward.has(k) {
				in[fill[v]] = r.from
				at[fill[v]] = k
				fill[v]++
			}
		}
	})
	// fill turns into: how many mentions of v by this node are still open.
	clear(fill)
	c := chooser{m: m, in: in, at: at, first: make([]uint32, nodes), used: newBitset(uint32(len(in)))}
	m.each(func(r run, from, to uint32) {
		v := r.from
		lo, hi := off[v], off[v+1]
		if lo == hi {
			return
		}
		for i := hi; i > lo; i-- {
			u := in[i-1]
			fill[u]++
			c.first[u] = i - 1
		}
		c.hi = hi
		take := func(second uint32, u model.NodeID, place uint32) {
			p.mate[c.use(place, u)] = second
			fill[u]--
			p.second.set(second)
		}
		// Mentions that name their other half find it; those with ids or ports that it
		// does not have choose before those that take what is left.
		for _, x := range m.extrasIn(from, to) {
			u := m.to[x.mention]
			if forward.has(x.mention) || fill[u] == 0 {
				continue
			}
			for _, first := range [3]uint32{get(byName, x.name), get(byPort, model.Endpoint{Node: v, Port: x.near}), get(byPort, model.Endpoint{Node: u, Port: x.far})} {
				if k, ok := c.place(first, lo, hi); ok && in[k] == u && !c.used.has(k) && x.fits(m.extra(first)) > 0 {
					take(x.mention, u, k)
					break
				}
			}
		}
		for _, x := range m.extrasIn(from, to) {
			if u := m.to[x.mention]; !forward.has(x.mention) && fill[u] > 0 && x.identifies() && !p.second.has(x.mention) {
				take(x.mention, u, c.choose(&x, u))
			}
		}
		for i, u := range m.to[from:to] {
			if second := from + uint32(i); !forward.has(second) && fill[u] > 0 && !p.second.has(second) {
				take(second, u, c.first[u])
			}
		}
		for _, u := range in[lo:hi] {
			fill[u] = 0
		}
	})
	return p
}

// chooser finds the first mention that belongs to a second one.
type chooser struct {
	m     *mentions
	in    []model.NodeID
	at    []uint32
	first []uint32 // per node: its first open place in in
	used  bitset   // places in in
	hi    uint32
}

// lookedAt bounds a search among parallel links; only mentions whose other half says
// nothing search at all.
const lookedAt = 1024

// choose picks, among the open mentions by u, the first that does not contradict x, or
// else the first.
func (c *chooser) choose(x *linkExtra, u model.NodeID) uint32 {
	k := c.first[u]
	for i, looked := k, 0; i < c.hi && c.in[i] == u && looked < lookedAt; i++ {
		if c.used.has(i) {
			continue
		}
		if looked++; x.fits(c.m.extra(c.at[i])) >= 0 {
			return i
		}
	}
	return k
}

// use takes the place k among the mentions by u and gives the mention.
func (c *chooser) use(k uint32, u model.NodeID) uint32 {
	c.used.set(k)
	f := c.first[u]
	for f < c.hi && c.used.has(f) {
		f++
	}
	c.first[u] = f
	return c.at[k]
}

// place finds a mention among those in [lo, hi).
func (c *chooser) place(mention, lo, hi uint32) (uint32, bool) {
	if mention == none {
		return 0, false
	}
	k, ok := slices.BinarySearch(c.at[lo:hi], mention)
	return lo + uint32(k), ok
}

const none = ^uint32(0)

func get[K comparable](m map[K]uint32, key K) uint32 {
	if v, ok := m[key]; ok {
		return v
	}
	return none
}

// identifies says whether an extra can tell parallel links apart.
func (x *linkExtra) identifies() bool {
	return x.name != "" || x.near != model.AutoPort || x.far != model.AutoPort
}

// fits is 1 when two mentions from opposite ends surely mean one link, -1 when surely
// not, 0 otherwise.
func (x *linkExtra) fits(o *linkExtra) int {
	if o == nil {
		return 0
	}
	fit := 0
	for _, pair := range [2][2]model.PortNo{{x.near, o.far}, {x.far, o.near}} {
		if pair[0] != model.AutoPort && pair[1] != model.AutoPort {
			if pair[0] != pair[1] {
				return -1
			}
			fit = 1
		}
	}
	if x.name != "" && o.name != "" {
		if x.name != o.name {
			return -1
		}
		fit = 1
	}
	return fit
}

// extra finds what a mention says besides its attributes, nil if nothing.
func (m *mentions) extra(mention uint32) *linkExtra {
	i := sort.Search(len(m.extras), func(i int) bool { return m.extras[i].mention >= mention })
	if i < len(m.extras) && m.extras[i].mention == mention {
		return &m.extras[i]
	}
	return nil
}

// extrasIn lists the extras of the mentions in [from, to).
func (m *mentions) extrasIn(from, to uint32) []linkExtra {
	lo := sort.Search(len(m.extras), func(i int) bool { return m.extras[i].mention >= from })
	hi := lo
	for hi < len(m.extras) && m.extras[hi].mention < to {
		hi++
	}
	return m.extras[lo:hi]
}

// each yields the mentions that may pair, run by run.
func (m *mentions) each(f func(r run, from, to uint32)) {
	for i, r := range m.runs {
		end := m.count()
		if i+1 < len(m.runs) {
			end = m.runs[i+1].start
		}
		if !r.explicit && end > r.start {
			f(r, r.start, end)
		}
	}
}
