package flow

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
)

// Config is what switches of one kind have in common. It may be shared by any number of
// switches and must not change once one of them is in use.
type Config struct {
	Tables    int // flow tables, 1 to 254; 0: 254
	MaxRules  int // per table; 0: no limit
	MaxGroups int // 0: no limit
	MaxMeters int // 0: no limit
}

// Switch is the data plane of one switch: flow tables, groups and meters. The zero value
// is an empty switch, which drops everything; it takes 40 bytes, a rule that is put in 24
// more, and tables are made when a packet comes or something asks for them. Time is int64 picoseconds, never running backwards
// from one call to the next.
//
// Slices inside rules and groups given to a Switch are kept, not copied, so that equal
// rules of many switches share them: neither side may write to them afterwards. Whole
// rules are shared by ApplyShared.
//
// A Switch is not safe for concurrent use.
type Switch struct {
	Config *Config // nil: no limits
	// Seed goes into the choice of select groups, so that neighbours with equal groups
	// do not choose alike; the datapath id does well.
	Seed    uint64
	version uint64
	state   *state
	resting *resting // instead of state
}

type state struct {
	cache  cache
	tables []*table // up to the last one in use; nil where empty
	groups map[uint32]*group
	meters map[uint32]*meter
	expiry []*entry // heap by due
}

// Version changes whenever rules, groups or meters do, and only then: while it stands
// still, a [Path] holds. Counters and the state of ports are not part of it.
func (s *Switch) Version() uint64 { return s.version }

func (s *Switch) made() *state {
	if s.state == nil {
		s.state = &state{}
		s.wake()
	}
	return s.state
}

func (s *Switch) tables() int {
	if s.Config == nil || s.Config.Tables == 0 {
		return 254
	}
	return s.Config.Tables
}

func (s *Switch) changedRules() {
	s.version++
	s.state.cache.forget()
}

func (st *state) table(number uint8) *table {
	if int(number) < len(st.tables) {
		return st.tables[number]
	}
	return nil
}

func (st *state) makeTable(number uint8) *table {
	for int(number) >= len(st.tables) {
		st.tables = append(st.tables, nil)
	}
	if st.tables[number] == nil {
		st.tables[number] = &table{}
	}
	return st.tables[number]
}

// AllTables selects every table in [Switch.Rules].
const AllTables = -1

// Rules goes through the rules of a table, or of [AllTables], in canonical order, with
// counters and age. The switch may change meanwhile; the rules are those at the start.
func (s *Switch) Rules(table int, now int64) iter.Seq[RuleStat] {
	return func(yield func(RuleStat) bool) {
		if s.resting != nil {
			for _, r := range s.asleep(table, now) {
				if !yield(r) {
					return
				}
			}
			return
		}
		for _, e := range s.entries(table) {
			if !yield(e.stat(now)) {
				return
			}
		}
	}
}

// Len is the number of rules in all tables.
func (s *Switch) Len() (n int) {
	if s.state == nil {
		for x := s.resting; x != nil; x = x.prior {
			n++
		}
		return n
	}
	for _, t := range s.state.tables {
		if t != nil {
			n += t.rules
		}
	}
	return n
}

func (s *Switch) entries(number int) (out []*entry) {
	if s.state == nil {
		return nil
	}
	for i, t := range s.state.tables {
		if t == nil || number != AllTables && number != i {
			continue
		}
		for _, u := range t.tuples {
			u.each(func(e *entry) { out = append(out, e) })
		}
	}
	sortEntries(out)
	return out
}

func sortEntries(list []*entry) {
	slices.SortFunc(list, func(a, b *entry) int { return CompareRules(a.rule, b.rule) })
}

// TableStat is what a flow table has seen (section 7.3.5.3).
type TableStat struct {
	Table   uint8  `json:"table"`
	Rules   int    `json:"rules"`
	Lookups uint64 `json:"lookups"`
	Matched uint64 `json:"matched"`
}

// Tables lists the tables that hold rules or have seen packets. Packets that a fluid
// flow reports count as looked up and matched.
func (s *Switch) Tables() (out []TableStat) {
	if s.state == nil && s.resting == nil {
		return nil
	}
	s.made()
	for i, t := range s.state.tables {
		if t == nil {
			continue
		}
		matched := t.past
		for _, u := range t.tuples {
			u.each(func(e *entry) { matched += e.packets })
		}
		out = append(out, TableStat{uint8(i), t.rules, matched + t.missed, matched})
	}
	return out
}

// Groups lists the groups with their counters, by number.
func (s *Switch) Groups() (out []GroupStat) {
	if s.state == nil {
		return nil
	}
	for _, g := range inOrder(s.state.groups) {
		out = append(out, GroupStat{g.spec, g.counters, slices.Clone(g.buckets)})
	}
	return out
}

// Meters lists the meters with their counters, by number.
func (s *Switch) Meters() (out []MeterStat) {
	if s.state == nil {
		return nil
	}
	for _, m := range inOrder(s.state.meters) {
		out = append(out, MeterStat{m.spec, m.in, m.dropped})
	}
	return out
}

func inOrder[T any](m map[uint32]T) []T {
	out := make([]T, 0, len(m))
	for _, k := range slices.SortedFunc(maps.Keys(m), cmp.Compare[uint32]) {
		out = append(out, m[k])
	}
	return out
}

// Removed is a rule that has ended, as flow-removed reports it (section 7.4.2). Whether
// the controller wants to know is Rule.SendRemoved.
type Removed struct {
	Rule     Rule          `json:"rule"`
	Reason   RemovedReason `json:"reason"`
	Counters Counters      `json:"counters"`
	Age      int64         `json:"age"` // picoseconds since it was installed
}

// Never is the answer of [Switch.NextExpiry] when no rule has a timeout.
const Never = math.MaxInt64
