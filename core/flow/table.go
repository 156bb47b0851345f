package flow

import (
	"slices"

	"sendim/core/packet"
)

// table is one flow table. Its tuples are sorted by their highest priority, so that a
// lookup can stop early.
type table struct {
	tuples []*tuple
	rules  int
	missed uint64 // packets that nothing matched
	past   uint64 // packets that matched rules now gone
}

// lookup finds the rule with the highest priority that covers the packet. Between rules
// of equal priority the specification leaves the choice open (section 5.3); it falls on
// the first in canonical order.
func (t *table) lookup(h *packet.Header, inPort uint32, metadata uint64, key *words) *entry {
	if len(t.tuples) == 0 {
		return nil
	}
	for i := range key {
		key[i] = wordOf(uint8(i), h, inPort, metadata)
	}
	var best *entry
	for _, u := range t.tuples {
		if best != nil && u.top() < int(best.priority) {
			break
		}
		e := u.find(key)
		if e != nil && (best == nil || e.priority > best.priority ||
			e.priority == best.priority && e.rule.Match.Compare(best.rule.Match) < 0) {
			best = e
		}
	}
	return best
}

// exact finds the rule with this very match and priority.
func (t *table) exact(m Match, priority uint16) *entry {
	value, mask := m.pack()
	for _, u := range t.tuples {
		if !u.hasMask(&mask) {
			continue
		}
		for e := u.find(&value); e != nil; e = e.next {
			if e.priority == priority && e.rule.Match.Equal(m) {
				return e
			}
		}
	}
	return nil
}

func (t *table) add(e *entry) {
	value, mask := e.rule.Match.pack()
	u := t.tuple(&mask)
	if u == nil {
		u = newTuple(&mask)
		t.tuples = append(t.tuples, u)
	}
	u.add(&value, e)
	t.rules++
	t.sort()
}

func (t *table) remove(e *entry) {
	value, mask := e.rule.Match.pack()
	u := t.tuple(&mask)
	u.remove(&value, e)
	t.rules--
	t.past += e.packets
	if u.used == 0 {
		t.tuples = slices.DeleteFunc(t.tuples, func(x *tuple) bool { return x == u })
	}
	t.sort()
}

func (t *table) tuple(mask *words) *tuple {
	for _, u := range t.tuples {
		if u.hasMask(mask) {
			return u
		}
	}
	return nil
}

// sort restores the order after one tuple changed: an insertion sort, as all others are
// in order.
func (t *table) sort() {
	for i := 1; i < len(t.tuples); i++ {
		for j := i; j > 0 && t.tuples[j-1].top() < t.tuples[j].top(); j-- {
			t.tuples[j-1], t.tuples[j] = t.tuples[j], t.tuples[j-1]
		}
	}
}

// contained collects the rules that a match contains, unsorted.
func (t *table) contained(m Match, out []*entry) []*entry {
	value, mask := m.pack()
	for _, u := range t.tuples {
		switch {
		case !u.within(&mask):
		case u.hasMask(&mask):
			for e := u.find(&value); e != nil; e = e.next {
				if m.Contains(e.rule.Match) {
					out = append(out, e)
				}
			}
		default:
			u.each(func(e *entry) {
				if m.Contains(e.rule.Match) {
					out = append(out, e)
				}
			})
		}
	}
	return out
}

// overlapping finds a rule of the same priority that a packet could match as well.
func (t *table) overlapping(r *Rule) (found *entry) {
	for _, u := range t.tuples {
		u.each(func(e *entry) {
			if e.priority == r.Priority && e.rule.Match.Overlaps(r.Match) &&
				(found == nil || CompareRules(e.rule, found.rule) < 0) {
				found = e
			}
		})
	}
	return found
}
