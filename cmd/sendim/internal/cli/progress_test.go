package cli

import (
	"strings"
	"testing"
	"time"

	"sendim/core"
	"sendim/core/model"
)

func TestTheProgressLineSaysHowFarAndHowFast(t *testing.T) {
	for _, x := range []struct {
		name     string
		past, is core.Progress
		want     string
	}{
		{"a simulation with an end", core.Progress{Virtual: true, Now: model.Second, Events: 1e6, Real: time.Second},
			core.Progress{Virtual: true, Now: 3 * model.Second, Until: 30 * model.Second, Events: 5e6, Real: 3 * time.Second, Started: 100, Ended: 40, Planned: 511},
			"3 s of 30 s (10 %)  2M events/s  1x real time  ETA 27 s  flows 40/511"},
		{"one without", core.Progress{Virtual: true}, core.Progress{Virtual: true, Now: model.Millisecond, Events: 1500, Real: time.Second, Started: 3, Ended: 1},
			"1 ms  1.5k events/s  0.001x real time  flows 1/3"},
		{"a slow one", core.Progress{Virtual: true}, core.Progress{Virtual: true, Now: model.Second, Until: 3601 * model.Second, Events: 100, Real: 10 * time.Second},
			"1 s of 3601 s (0 %)  10 events/s  0.1x real time  ETA 10h00m"},
		{"one before time zero", core.Progress{Virtual: true}, core.Progress{Virtual: true, Now: -1, Until: model.Second, Real: time.Second},
			"0 s of 1 s (0 %)  0 events/s  0x real time"},
		{"a real world", core.Progress{}, core.Progress{Now: 10 * model.Second, Until: 100 * model.Second, Real: 10 * time.Second, Started: 2, Ended: 1},
			"10 s of 100 s (10 %)  ETA 1m30s  flows 1/2"},
	} {
		if got := progressText(x.past, x.is); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

func TestTheProgressLineLeavesNothingBehind(t *testing.T) {
	var out strings.Builder
	p := &progressLine{w: &out}
	p.show(core.Progress{Real: 10 * time.Millisecond})
	if out.Len() > 0 {
		t.Errorf("a short run shows %q", out.String())
	}
	p.show(core.Progress{Real: time.Second, Now: model.Second})
	p.clear()
	if !strings.HasPrefix(out.String(), "\r\x1b[K1 s") || !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Errorf("%q", out.String())
	}
	before := out.Len()
	if p.show(core.Progress{Real: 2 * time.Second}) || out.Len() != before {
		t.Error("it comes back after its end")
	}
}
