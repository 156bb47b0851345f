package emulate_test

import (
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/emulate"
)

func TestTheMachineIsMeasuredFromTheBeginningToTheEnd(t *testing.T) {
	inBoth(t, theMachineIsMeasuredFromTheBeginningToTheEnd)
}

func theMachineIsMeasuredFromTheBeginningToTheEnd(t *testing.T, b emulate.Backend) {
	lab(t)
	for _, until := range []model.Time{50 * model.Millisecond, 1300 * model.Millisecond} {
		l := open(t, b, wire(t, "s1 s2", "h1 s1", "h2 s2"), apps("shortest-path"))
		if _, err := l.Run(t.Context(), until); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		at, end := model.Time(-1), l.diary.kind(trace.RunEnd)[0].At
		for _, e := range l.diary.kind(trace.MachineLoad) {
			if e.Load.Span == 0 { // of the whole run
				continue
			}
			if e.Load.Busy < 0 || e.Load.Busy > 1 || e.Load.Steal < 0 {
				t.Errorf("%+v", e.Load)
			}
			if from := e.At - e.Load.Span; at >= 0 && from != at || from < 0 {
				t.Errorf("after %v it is measured from %v on", at, from)
			}
			at = e.At
		}
		if at < until || at > end {
			t.Errorf("a run that lasted %v was measured until %v", end, at)
		}
	}
}
