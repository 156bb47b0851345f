package report

import (
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

func TestWhatABeliefRestsOnIsTold(t *testing.T) {
	r := &Results{
		Load: []trace.Load{
			{Span: model.Second, Busy: 0.5, Steal: 0.01, Pressure: 0.2, Slip: 3 * model.Millisecond, Lost: 2, Switching: 0.4},
			{Span: 3 * model.Second, Busy: 0.9, Pressure: -1, Slip: 12_345 * model.Microsecond},
			{Pressure: -1, Lost: 5}, // of the whole run
		},
		Links: []Link{{Rate: 10e6, Measured: 9.8e6}, {Rate: 10e6, Measured: 10.1e6}, {Rate: 10e6}, {Measured: 5e6}},
	}
	const want = "cores 80 % busy, 0.2 % stolen, waited for 20 % of the time; switches at work for 10 % of it; up to 12ms late; 7 frames lost outside the network; of 2 link directions that were saturated all within 2.0 % of their rates"
	if got := r.Measured(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := (&Results{}).Measured(); got != "" {
		t.Errorf("of a simulation: %s", got)
	}
}
