package emulate

import (
	"testing"
	"time"

	"sendim/core/flow"
	"sendim/core/model"
)

func TestMomentsAreToldApartByTheStandstillsBeforeThem(t *testing.T) {
	at := time.Unix(1_000_000, 0)
	s := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	p := &standstill{going: make(chan struct{}), all: []spell{{s(10), s(15)}, {s(20), s(30)}}, last: spell{from: s(40)}}
	// It stands still again, since 40 s.
	for _, c := range []struct{ at, stood, after int }{
		{0, 0, 0}, {10, 0, 10}, {12, 2, 15}, {15, 5, 15}, {18, 5, 18}, {25, 10, 30}, {30, 15, 30}, {35, 15, 35}, {40, 15, 40}, {47, 22, 47},
	} {
		if got := p.until(s(c.at).UnixNano()); got != int64(time.Duration(c.stood)*time.Second) {
			t.Errorf("until %d s it stood still for %v, want %d s", c.at, time.Duration(got), c.stood)
		}
		if got := p.after(s(c.at)); !got.Equal(s(c.after)) {
			t.Errorf("after %d s it goes at %v, want %d s", c.at, got.Sub(at), c.after)
		}
	}
	if !p.on() {
		t.Error("it goes")
	}
	close(p.going)
	if p.on() || p.length() != 0 || p.until(s(47).UnixNano()) != int64(15*time.Second) {
		t.Errorf("it stands still for %v", p.length())
	}
}

func TestARuleIsGivenWhatIsLeftOfItsTimeouts(t *testing.T) {
	const tenth = model.Second / 10
	for _, c := range []struct {
		name               string
		idle, hard         uint16
		age, extra         model.Time
		wantIdle, wantHard uint16
	}{
		{"idle only", 10, 0, 3 * model.Second, 7 * model.Second, 17, 0},
		{"hard only", 0, 10, 3 * model.Second, 7 * model.Second, 0, 7},
		{"both, to the nearest second", 10, 10, 34 * tenth, 64 * tenth, 16, 7},
		{"a hard timeout that is just over", 0, 10, 99 * tenth, model.Second, 0, 1},
		{"more than a rule can say", 65000, 0, 0, model.Hour, 65535, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var held timers
			held.other = map[ruleKey]lent{}
			rule := flow.Rule{Priority: 5, Cookie: 9, Match: flow.Match{}.With(flow.InPort, 3), Idle: c.idle, Hard: c.hard}
			is := timed{1, flow.RuleStat{Rule: rule, Age: int64(c.age)}, keyOf(1, &rule)}
			got := rule
			held.lend(&got, &is, c.extra)
			if got.Idle != c.wantIdle || got.Hard != c.wantHard {
				t.Errorf("timeouts of %d and %d s, want %d and %d", got.Idle, got.Hard, c.wantIdle, c.wantHard)
			}
			other := got
			if held.asWanted(1, &got); got.Idle != c.idle || got.Hard != c.hard {
				t.Errorf("it says %d and %d s, want %d and %d", got.Idle, got.Hard, c.idle, c.hard)
			}
			other.Cookie++ // somebody else's, or sent anew
			if held.asWanted(1, &other); other.Idle != c.wantIdle || other.Hard != c.wantHard {
				t.Errorf("another rule says %d and %d s", other.Idle, other.Hard)
			}
		})
	}
}
