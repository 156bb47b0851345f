package report

import (
	"slices"
	"testing"

	"sendim/core/flow"
	"sendim/core/model"
)

func TestTablesThatDifferAreTakenWithHowLongTheRunsWere(t *testing.T) {
	lasted := func(world string, seconds int, rules ...flow.RuleStat) *Results {
		r := results(world)
		r.End = model.Time(seconds) * model.Second
		r.Tables = []Table{{Switch: "s1", Rules: rules}}
		return r
	}
	idle := flow.RuleStat{Rule: flow.Rule{Priority: 5, Idle: 60, Apply: []flow.Action{flow.Out(1)}}}
	note := "the runs lasted 124 s and 31 s: what times out may have done so in the longer one only"
	for _, c := range []struct {
		name string
		a, b *Results
		want bool
	}{
		{"one had gone on until a rule ended", lasted("simulation", 124), lasted("mininet", 31, idle), true},
		{"the tables are the same", lasted("simulation", 124, idle), lasted("mininet", 31, idle), false},
		{"both were as long", lasted("simulation", 30), lasted("mininet", 31, idle), false},
	} {
		if got := slices.Contains(Compare(c.a, c.b, DefaultTolerance()).Notes, note); got != c.want {
			t.Errorf("%s: %q", c.name, Compare(c.a, c.b, DefaultTolerance()).Notes)
		}
	}
}
