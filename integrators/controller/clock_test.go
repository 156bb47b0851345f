package controller_test

import (
	"testing"
	"time"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/controller"
)

type diary []trace.Entry

func (d *diary) Emit(e *trace.Entry) { *d = append(*d, *e) }

func TestTheDiaryCountsFromZeroAndWhatCameBeforeIsNegative(t *testing.T) {
	at := time.Unix(1000, 0)
	var got diary
	c := controller.NewClock(func() time.Time { return at }, &got)
	note := func(text string) { c.Emit(&trace.Entry{At: c.Elapsed(), Text: text}) }
	pass := func(d time.Duration) { at = at.Add(d) }

	pass(2 * time.Second)
	note("a stranger dials")
	pass(time.Second)
	c.Restart()
	if c.Elapsed() != 0 || c.Now() >= 0 {
		t.Errorf("after Restart: elapsed %s, now %s", c.Elapsed(), c.Now())
	}
	pass(time.Second)
	note("a rule is sent")
	pass(time.Second)
	if _, known := c.Start(); known || len(got) != 0 {
		t.Errorf("before t=0: start known: %t, %d entries out", known, len(got))
	}
	c.Zero()
	if c.Now() != 0 || c.Elapsed() != 2*model.Second {
		t.Errorf("at t=0: now %s, elapsed %s", c.Now(), c.Elapsed())
	}
	pass(3 * time.Second)
	note("a packet comes up")
	c.Zero() // does nothing more
	c.Restart()
	if c.Now() != 3*model.Second {
		t.Errorf("now %s", c.Now())
	}
	if start, known := c.Start(); !known || !start.Equal(time.Unix(1005, 0)) {
		t.Errorf("t=0 was at %s", start)
	}
	want := []model.Time{-3 * model.Second, -model.Second, 3 * model.Second}
	if len(got) != len(want) {
		t.Fatalf("entries %+v", got)
	}
	for i := range want {
		if got[i].At != want[i] {
			t.Errorf("%s: at %s, want %s", got[i].Text, got[i].At, want[i])
		}
	}
}

func TestAStartThatFailedKeepsItsDiary(t *testing.T) {
	at := time.Unix(1000, 0)
	var got diary
	c := controller.NewClock(func() time.Time { return at }, &got)
	c.Emit(&trace.Entry{At: c.Elapsed(), Text: "refused"})
	at = at.Add(time.Second)
	c.Flush()
	if len(got) != 1 || got[0].At != -model.Second {
		t.Errorf("entries %+v", got)
	}
}

func TestAClockThatWasStoppedGoesOnFromThere(t *testing.T) {
	at := time.Unix(1000, 0)
	c := controller.NewClock(func() time.Time { return at }, &diary{})
	c.Restart()
	at = at.Add(2 * time.Second)
	c.Zero()
	at = at.Add(3 * time.Second)
	for round, stood := range []time.Duration{10 * time.Second, 17 * time.Second} {
		now, elapsed := c.Now(), c.Elapsed()
		c.Stop()
		at = at.Add(4 * time.Second)
		c.Stop() // which changes nothing
		at = at.Add(stood - []time.Duration{0, 10 * time.Second}[round] - 4*time.Second)
		if !c.Stopped() || c.Now() != now || c.Elapsed() != elapsed {
			t.Errorf("it stands at %s and %s, want %s and %s", c.Now(), c.Elapsed(), now, elapsed)
		}
		for range 2 {
			c.Continue(func(is time.Duration) {
				if is != stood {
					t.Errorf("it says to have stood for %v, want %v", is, stood)
				}
			})
		}
		if c.Stopped() || c.Now() != now {
			t.Errorf("it goes on at %s, want %s", c.Now(), now)
		}
		at = at.Add(time.Second)
		if c.Now() != now+model.Second || c.Elapsed() != elapsed+model.Second {
			t.Errorf("a second later it is %s and %s", c.Now(), c.Elapsed())
		}
	}
}
