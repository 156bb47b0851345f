package flow

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// The switch with its caches and hashes must be indistinguishable from the list of rules.
func TestASwitchDoesWhatTheListOfItsRulesSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var up [4]bool
		for i := range up {
			up[i] = rapid.Bool().Draw(t, "up")
		}
		live := func(port uint32) bool { return up[port] }
		s := &Switch{Seed: 7}
		ref := &reference{groups: map[uint32]*refGroup{}, meters: map[uint32]*refMeter{}, seed: 7, up: live}
		r := &Result{PortUp: live}
		now := int64(0)
		var seen []Packet
		equal := func(what string, got, want any) {
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(RuleKey{})); d != "" {
				t.Fatalf("%s (-reference +switch):\n%s", what, d)
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.Int64Range(0, 3).Draw(t, "pause") * rapid.SampledFrom([]int64{1, 1e6, 1e9, 3e11, 1e12}).Draw(t, "unit")
			version := s.Version()
			switch rapid.IntRange(0, 14).Draw(t, "step") {
			case 0, 1, 2:
				m := RuleMod{Rule: drawRule(t, sortedKeys(ref.groups), sortedKeys(ref.meters)),
					ResetCounts: rapid.Bool().Draw(t, "reset")}
				if _, err := s.ApplyRule(&m, now); err != nil {
					if m.Rule.Check() == nil {
						t.Fatalf("%s: %v", m.Rule, err)
					}
					continue
				}
				ref.add(m, now)
				if version == s.Version() {
					t.Fatal("adding a rule left the version as it was")
				}
			case 3:
				m := RuleMod{Command: Delete, Rule: Rule{Table: rapid.Uint8Range(0, 2).Draw(t, "in"), Match: drawMatch(t),
					Cookie: rapid.Uint64Range(0, 3).Draw(t, "cookie")},
					CookieMask: rapid.SampledFrom([]uint64{0, 0, 1, 3}).Draw(t, "mask"),
					OutPort:    rapid.SampledFrom([]uint32{0, PortAny, 1}).Draw(t, "port"),
					AllTables:  rapid.Bool().Draw(t, "all")}
				got, err := s.ApplyRule(&m, now)
				if err != nil {
					t.Fatal(err)
				}
				equal("removed", got, ref.remove(RemovedDelete, now, func(r *refRule) bool {
					return (m.AllTables || r.Table == m.Rule.Table) && m.Rule.Match.Contains(r.Match) &&
						(r.Cookie^m.Rule.Cookie)&m.CookieMask == 0 &&
						(m.OutPort != 1 || slices.Contains(append(slices.Clone(r.Apply), r.Write...), Out(1)))
				}))
			case 4:
				if len(ref.rules) == 0 {
					continue
				}
				victim := rapid.SampledFrom(ref.rules).Draw(t, "victim").Rule
				got, _ := s.ApplyRule(&RuleMod{Command: DeleteStrict, Rule: Rule{Table: victim.Table, Priority: victim.Priority, Match: victim.Match}}, now)
				equal("removed", got, ref.remove(RemovedDelete, now, func(r *refRule) bool { return r.Key() == victim.Key() }))
			case 5:
				n := rapid.Uint32Range(1, 4).Draw(t, "number")
				below := slices.DeleteFunc(sortedKeys(ref.groups), func(g uint32) bool { return g >= n })
				g := drawGroup(t, n, below)
				cmd := Add
				if ref.groups[n] != nil {
					cmd = Modify
				}
				if _, err := s.ApplyGroup(&GroupMod{cmd, g}, now); err != nil {
					t.Fatal(err)
				}
				ref.groups[n] = &refGroup{Group: g, buckets: make([]Counters, len(g.Buckets))}
			case 6:
				n := rapid.Uint32Range(1, 4).Draw(t, "number")
				got, err := s.ApplyGroup(&GroupMod{Delete, Group{Number: n}}, now)
				if err != nil {
					continue // another group leads to it
				}
				delete(ref.groups, n)
				equal("removed", got, ref.remove(RemovedGroup, now, func(r *refRule) bool { return r.leadsTo(ToGroup, n) }))
			case 7:
				n := rapid.Uint32Range(1, 2).Draw(t, "number")
				m := Meter{Number: n, Rate: rapid.Uint32Range(1, 9).Draw(t, "rate"),
					Burst: rapid.Uint32Range(0, 3).Draw(t, "burst"), PerPacket: rapid.Bool().Draw(t, "packets")}
				if ref.meters[n] == nil {
					if _, err := s.ApplyMeter(&MeterMod{Add, m}, now); err != nil {
						t.Fatal(err)
					}
					ref.meters[n] = &refMeter{Meter: m, last: now}
					continue
				}
				got, _ := s.ApplyMeter(&MeterMod{Delete, m}, now)
				delete(ref.meters, n)
				equal("removed", got, ref.remove(RemovedMeter, now, func(r *refRule) bool { return r.Meter == n }))
			case 9:
				// Without a match of its own to lean on, the new instructions suit any rule.
				m := RuleMod{Command: rapid.SampledFrom([]ModCommand{Modify, ModifyStrict}).Draw(t, "modify"),
					Rule: Rule{Match: drawMatch(t), Priority: rapid.Uint16Range(0, 3).Draw(t, "priority"),
						Apply: drawActions(t, nil, sortedKeys(ref.groups)), Clear: true}, ResetCounts: rapid.Bool().Draw(t, "reset")}
				if _, err := s.ApplyRule(&m, now); err != nil {
					continue // a push where the match has a tag already
				}
				for _, r := range ref.rules {
					if r.Table != 0 || m.Command == Modify && !m.Rule.Match.Contains(r.Match) ||
						m.Command == ModifyStrict && r.Key() != m.Rule.Key() {
						continue
					}
					n := r.Rule
					n.Apply, n.Clear, n.Write = m.Rule.Apply, true, nil
					n.Metadata, n.MetadataMask, n.Meter, n.HasGoto, n.Goto = 0, 0, 0, false, 0
					r.Rule = n
					if m.ResetCounts {
						r.c = Counters{}
					}
				}
			case 8:
				if next := ref.next(); rapid.Bool().Draw(t, "wait") && next != Never && next > now {
					now = next
				}
				equal("next expiry", s.NextExpiry(), ref.next())
				equal("expired", s.Expire(now), ref.expire(now))
			default:
				var p Packet
				if len(seen) > 0 && rapid.IntRange(0, 3).Draw(t, "again") > 0 {
					p = rapid.SampledFrom(seen).Draw(t, "packet")
					drawTwin(t, &p) // what a cache that looks too short confuses
				} else {
					p = Packet{drawHeader(t), rapid.Uint32Range(1, 3).Draw(t, "in"), rapid.Uint32Range(60, 200).Draw(t, "bytes")}
				}
				seen = append(seen, p)
				pass(t, s, &p, now, r)
				want := ref.process(p, now)
				equal("outputs", r.Outputs, want.out)
				equal("to the controller", r.Controller, want.ctl)
				equal("drop", r.Drop, want.drop)
				if version != s.Version() {
					t.Fatal("a packet changed the version")
				}
			}
			ref.find(0, &refPacket{}, 0) // sorts
			var rules []RuleStat
			for _, r := range ref.rules {
				rules = append(rules, RuleStat{r.Rule, r.c, now - r.created})
			}
			for i := range ref.tables {
				ref.tables[i].Table, ref.tables[i].Rules = uint8(i), 0
			}
			for _, r := range ref.rules {
				ref.tables[r.Table].Rules++
			}
			untouched := func(t TableStat) bool { return t.Rules == 0 && t.Lookups == 0 }
			equal("tables", slices.DeleteFunc(s.Tables(), untouched), slices.DeleteFunc(slices.Clone(ref.tables[:]), untouched))
			equal("rules", slices.Collect(s.Rules(AllTables, now)), rules)
			var groups []GroupStat
			for _, n := range sortedKeys(ref.groups) {
				g := ref.groups[n]
				groups = append(groups, GroupStat{g.Group, g.c, g.buckets})
			}
			equal("groups", s.Groups(), groups)
			var meters []MeterStat
			for _, n := range sortedKeys(ref.meters) {
				m := ref.meters[n]
				meters = append(meters, MeterStat{m.Meter, m.in, m.dropped})
			}
			equal("meters", s.Meters(), meters)
		}
	})
}

// pass takes a packet through the switch, sometimes the short way if there is one.
func pass(t *rapid.T, s *Switch, p *Packet, now int64, r *Result) {
	if rapid.Bool().Draw(t, "short") {
		if port, ok := s.Forward(p, now); ok {
			r.Outputs = append(r.Outputs[:0], Sent{Port: port, Header: p.Header})
			r.Controller, r.Drop = r.Controller[:0], NotDropped
			return
		}
	}
	s.Process(p, now, r)
}

// Packets that are nearly alike, one after the other through the same rules: what a cache
// that looks at too little, or keeps the way of a packet that ended early, gets wrong.
func TestTheCacheTellsTwinsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := &Switch{}, &Result{}
		ref := &reference{}
		base := Packet{drawHeader(t), 1, 100}
		for range rapid.IntRange(1, 8).Draw(t, "rules") {
			twin := base
			drawTwin(t, &twin)
			m := RuleMod{Rule: drawRuleOf(t, drawMatchOf(t, twin.Header, twin.InPort), nil, nil)}
			if _, err := s.ApplyRule(&m, 0); err == nil {
				ref.add(m, 0)
			}
		}
		for range 25 {
			p := base
			for range rapid.IntRange(0, 2).Draw(t, "changes") {
				drawTwin(t, &p)
			}
			pass(t, s, &p, 0, r)
			want := ref.process(p, 0)
			if d := cmp.Diff(want.out, r.Outputs, cmpopts.EquateEmpty()); d != "" || want.drop != r.Drop {
				t.Fatalf("%v: drop %s, reference %s, outputs (-reference +switch):\n%s", p, r.Drop, want.drop, d)
			}
		}
		i := 0
		ref.find(0, &refPacket{}, 0) // sorts
		for stat := range s.Rules(AllTables, 0) {
			if stat.Counters != ref.rules[i].c {
				t.Fatalf("%s: counted %v, reference %v", stat.Rule, stat.Counters, ref.rules[i].c)
			}
			i++
		}
	})
}

// A trace says what Process would do, and leaves no mark.
func TestATraceForetellsAndCountsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r, path := &Switch{}, &Result{}, &Path{}
		for n := range uint32(3) {
			if _, err := s.ApplyGroup(&GroupMod{Add, drawGroup(t, n+1, []uint32{1, 2}[:min(n, 2)])}, 0); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 20).Draw(t, "rules") {
			m := RuleMod{Rule: drawRule(t, []uint32{1, 2, 3}, nil)}
			_, _ = s.ApplyRule(&m, 0)
		}
		before, groups := slices.Collect(s.Rules(AllTables, 0)), s.Groups()
		p := Packet{drawHeader(t), 1, 100}
		s.Trace(&p, r, path)
		if d := cmp.Diff(before, slices.Collect(s.Rules(AllTables, 0))); d != "" {
			t.Fatalf("the trace counted: %s", d)
		}
		if d := cmp.Diff(groups, s.Groups()); d != "" {
			t.Fatalf("the trace counted: %s", d)
		}
		s.Process(&p, 1, r)
		for what, pair := range map[string][2]any{"outputs": {path.Outputs, r.Outputs}, "controller": {path.Controller, r.Controller}, "drop": {path.Drop, r.Drop}} {
			if d := cmp.Diff(pair[0], pair[1], cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%s: -foretold +done\n%s", what, d)
			}
		}
		// Counting along the path is the same as sending the packet.
		other := slices.Collect(s.Rules(AllTables, 1))
		sent := s.Groups()
		s.TouchPath(path, 1, 100, 2)
		for i, stat := range slices.Collect(s.Rules(AllTables, 1)) {
			if twice := (Counters{2 * other[i].Counters.Packets, 2 * other[i].Counters.Bytes}); stat.Counters != twice {
				t.Fatalf("%s: %v, want %v", stat.Rule, stat.Counters, twice)
			}
		}
		for i, g := range s.Groups() {
			if g.Counters.Packets != 2*sent[i].Counters.Packets {
				t.Fatalf("group %d: %v, want twice %v", g.Group.Number, g.Counters, sent[i].Counters)
			}
		}
	})
}
