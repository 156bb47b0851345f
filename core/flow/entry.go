package flow

// entry is an installed rule. It never moves: caches, paths and the expiry heap point
// to it, and gone tells them that it is no longer installed.
type entry struct {
	packets, bytes uint64
	last           int64    // when it was last hit, or installed
	apply          []Action // rule.Apply
	plain          bool     // apply is all there is to do
	miss           bool     // priority 0 and any match: the table-miss entry
	gone           bool
	priority       uint16
	heap           int32 // position in the heap, -1 outside
	meter          *meter
	created        int64
	due            int64  // no later than the true deadline; key in the heap
	next           *entry // same masked key, lower priority
	trail          *trail // the latest cached way through several tables that begins here
	rule           *Rule  // may be shared with other switches, and is never written
}

// instruct makes the rule's instructions those that packets meet.
func (e *entry) instruct(r *Rule, through *meter) {
	e.rule, e.meter, e.apply, e.priority = r, through, r.Apply, r.Priority
	e.plain = through == nil && !r.Clear && len(r.Write) == 0 && r.MetadataMask == 0 && !r.HasGoto
}

func (e *entry) hit(bytes uint64, now int64) {
	e.packets++
	e.bytes += bytes
	e.last = now
}

func (e *entry) stat(now int64) RuleStat {
	return RuleStat{*e.rule, Counters{e.packets, e.bytes}, now - e.created}
}

// tuple holds the rules of one table that share a mask, hashed by masked value: the
// tuple space search of Srinivasan, Suri and Varghese (SIGCOMM 1999), as Open vSwitch
// does it.
type tuple struct {
	index []uint8  // the words that the mask touches
	mask  []uint64 // the mask in these words
	prios []prioCount
	used  int
	// One slot is 1+len(index) words: hash (0: free), then the masked key. Its rules,
	// from the highest priority down, begin at heads. Linear probing.
	slots []uint64
	heads []*entry
}

type prioCount struct {
	priority uint16
	count    int
}

func newTuple(mask *words) *tuple {
	t := &tuple{}
	for i, m := range mask {
		if m != 0 {
			t.index = append(t.index, uint8(i))
			t.mask = append(t.mask, m)
		}
	}
	return t
}

func (t *tuple) hasMask(mask *words) bool {
	n := 0
	for i, m := range mask {
		if m == 0 {
			continue
		}
		if n == len(t.index) || t.index[n] != uint8(i) || t.mask[n] != m {
			return false
		}
		n++
	}
	return n == len(t.index)
}

// within reports whether a mask is part of the tuple's: only then can a match with that
// mask contain one of the rules.
func (t *tuple) within(mask *words) bool {
	n := 0
	for i, m := range mask {
		if m == 0 {
			continue
		}
		for n < len(t.index) && t.index[n] < uint8(i) {
			n++
		}
		if n == len(t.index) || t.index[n] != uint8(i) || t.mask[n]&m != m {
			return false
		}
	}
	return true
}

func (t *tuple) hash(key *words) uint64 {
	h := uint64(1)
	for n, i := range t.index {
		h = mix(h, key[i]&t.mask[n])
	}
	return h | 1
}

// slot finds the key's slot or the free one where it belongs.
func (t *tuple) slot(key *words, hash uint64) int {
	stride, last := 1+len(t.index), len(t.heads)-1
	for at := int(hash>>32) & last; ; at = (at + 1) & last {
		s := t.slots[at*stride : (at+1)*stride]
		if s[0] == 0 || s[0] == hash && t.sameKey(s[1:], key) {
			return at
		}
	}
}

func (t *tuple) sameKey(s []uint64, key *words) bool {
	for n, i := range t.index {
		if s[n] != key[i]&t.mask[n] {
			return false
		}
	}
	return true
}

// find returns the rules of the key's slot.
func (t *tuple) find(key *words) *entry {
	if len(t.heads) == 0 {
		return nil
	}
	return t.heads[t.slot(key, t.hash(key))]
}

// add installs a rule whose key and priority are not there yet.
func (t *tuple) add(key *words, e *entry) {
	if 4*(t.used+1) > 3*len(t.heads) {
		t.grow()
	}
	hash := t.hash(key)
	at, stride := t.slot(key, hash), 1+len(t.index)
	if t.heads[at] == nil {
		s := t.slots[at*stride : (at+1)*stride]
		s[0] = hash
		for n, i := range t.index {
			s[1+n] = key[i] & t.mask[n]
		}
		t.used++
	}
	p := &t.heads[at]
	for *p != nil && (*p).priority > e.priority {
		p = &(*p).next
	}
	e.next, *p = *p, e
	t.count(e.rule.Priority, 1)
}

func (t *tuple) grow() {
	slots, heads, stride := t.slots, t.heads, 1+len(t.index)
	n := max(2, 2*len(heads))
	t.slots, t.heads = make([]uint64, n*stride), make([]*entry, n)
	for i, head := range heads {
		if head != nil {
			t.place(slots[i*stride:(i+1)*stride], head)
		}
	}
}

func (t *tuple) place(s []uint64, head *entry) {
	stride, last := len(s), len(t.heads)-1
	at := int(s[0]>>32) & last
	for t.heads[at] != nil {
		at = (at + 1) & last
	}
	copy(t.slots[at*stride:], s)
	t.heads[at] = head
}

// remove takes an installed rule out.
func (t *tuple) remove(key *words, e *entry) {
	at := t.slot(key, t.hash(key))
	p := &t.heads[at]
	for *p != e {
		p = &(*p).next
	}
	*p = e.next
	e.next = nil
	t.count(e.rule.Priority, -1)
	if t.heads[at] != nil {
		return
	}
	// Close the gap, so that probing never meets a grave (Knuth, 6.4, algorithm R).
	stride, last := 1+len(t.index), len(t.heads)-1
	t.used--
	for from := (at + 1) & last; t.heads[from] != nil; from = (from + 1) & last {
		home := int(t.slots[from*stride]>>32) & last
		if (from-home)&last >= (from-at)&last {
			copy(t.slots[at*stride:(at+1)*stride], t.slots[from*stride:(from+1)*stride])
			t.heads[at], at = t.heads[from], from
		}
	}
	t.slots[at*stride], t.heads[at] = 0, nil
}

// count keeps the tuple's priorities, highest first.
func (t *tuple) count(priority uint16, by int) {
	lo, hi := 0, len(t.prios)
	for lo < hi {
		if mid := (lo + hi) / 2; t.prios[mid].priority > priority {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == len(t.prios) || t.prios[lo].priority != priority {
		t.prios = append(t.prios, prioCount{})
		copy(t.prios[lo+1:], t.prios[lo:])
		t.prios[lo] = prioCount{priority: priority}
	}
	if t.prios[lo].count += by; t.prios[lo].count == 0 {
		t.prios = append(t.prios[:lo], t.prios[lo+1:]...)
	}
}

func (t *tuple) top() int {
	if len(t.prios) == 0 {
		return -1
	}
	return int(t.prios[0].priority)
}

// each calls f for every rule, in the order of the slots. f may not add or remove.
func (t *tuple) each(f func(*entry)) {
	for _, e := range t.heads {
		for ; e != nil; e = e.next {
			f(e)
		}
	}
}
