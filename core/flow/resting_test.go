package flow

import (
	"slices"
	"testing"

	"sendim/core/packet"
)

func TestASwitchThatNoPacketHasComeToTellsWhatOneDoesThatSawSome(t *testing.T) {
	rules := []RuleMod{
		{Rule: Rule{Priority: 1}},
		{Rule: Rule{Priority: 9, Match: Match(nil).With(EthType, 0x0806), Apply: []Action{Out(PortController)}}},
		{Rule: Rule{Table: 2, Priority: 5, Apply: []Action{Out(3)}}},
		{Rule: Rule{Table: 2, Priority: 5, Cookie: 8, Apply: []Action{Out(4)}}}, // takes the place of the one before
		{Command: DeleteStrict, Rule: Rule{Priority: 1}},
	}
	for n := range len(rules) + 1 {
		var asleep, awake Switch
		awake.made()
		for i := range rules[:n] {
			for _, s := range []*Switch{&asleep, &awake} {
				if _, err := s.ApplyShared(&rules[i], int64(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, table := range []int{AllTables, 0, 1, 2} {
			a, b := slices.Collect(asleep.Rules(table, 50)), slices.Collect(awake.Rules(table, 50))
			if !slices.EqualFunc(a, b, func(x, y RuleStat) bool {
				return x.Rule.Identical(&y.Rule) && x.Counters == y.Counters && x.Age == y.Age
			}) {
				t.Errorf("after %d changes, table %d: %v, and awake %v", n, table, a, b)
			}
		}
		if asleep.Len() != awake.Len() || asleep.Version() != awake.Version() || asleep.NextExpiry() != awake.NextExpiry() {
			t.Errorf("after %d changes: %d rules, version %d; awake %d, %d", n, asleep.Len(), asleep.Version(), awake.Len(), awake.Version())
		}
		var a, b Result
		p := Packet{Header: packet.Header{EthType: 0x806}, InPort: 1, Bytes: 60}
		asleep.Process(&p, 60, &a)
		awake.Process(&p, 60, &b)
		if a.Drop != b.Drop || len(a.Controller) != len(b.Controller) || !slices.Equal(asleep.Tables(), awake.Tables()) {
			t.Errorf("after %d changes a packet meets %+v, and awake %+v", n, asleep.Tables(), awake.Tables())
		}
	}
}

func TestARuleThatRestsTakesLittle(t *testing.T) {
	m := RuleMod{Rule: Rule{Priority: 1}}
	s := make([]Switch, 1001)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := s[0].ApplyShared(&m, 0); err != nil {
			t.Fatal(err)
		}
		s = s[1:]
	}); n != 1 {
		t.Errorf("%v allocations", n)
	}
}
