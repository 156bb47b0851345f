package report

import (
	"bytes"
	"strings"
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

func TestAShortRunIsJudgedByItsNetworkAlone(t *testing.T) {
	brief := trace.Load{Span: 300 * model.Millisecond, Busy: 1, Pressure: 1, Slip: 90 * model.Millisecond}
	const said = "too short to be judged: the machine was measured for 0.30 s, and takes 0.5 s to be known"
	for _, c := range []struct {
		name string
		r    Results
		want string
		said string
	}{
		{"busy all the time, which is too little of it", Results{Load: []trace.Load{brief}}, Unjudged, said},
		{"idle all the time", Results{Load: []trace.Load{{Span: 300 * model.Millisecond}}}, Unjudged, said},
		{"frames were lost", Results{Load: []trace.Load{brief, {Lost: 5}}, Links: []Link{{Packets: 100}}}, Disbelieved, "the machine lost 5 frames"},
		{"a daemon was away", Results{Load: []trace.Load{brief, {Gap: 100 * model.Millisecond}}}, Disbelieved, "its switches were away for 0.10 s"},
		{"it broke down", Results{Load: []trace.Load{brief}, Manifest: Manifest{State: Failed}}, Disbelieved, "the run broke down"},
		{"two of them are long enough", Results{Load: []trace.Load{brief, {Span: 300 * model.Millisecond}}}, Disbelieved, "95 % busy"},
		{"half a second is enough", Results{Load: []trace.Load{{Span: 500 * model.Millisecond, Busy: 0.5}}}, Believed, ""},
	} {
		b := Believe(&c.r)
		if b.Verdict != c.want || !strings.Contains(strings.Join(b.Reasons, "; "), c.said) {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}

func TestWhatCouldNotBeJudgedIsSaidWhereverABeliefIs(t *testing.T) {
	short := func() *Results {
		r := results("mininet", tcpFlow("f", 1e6))
		r.Load = []trace.Load{{Span: 200 * model.Millisecond}}
		r.Belief = Believe(r)
		return r
	}
	sim, doubtful := results("simulation", tcpFlow("f", 1e6)), short()
	doubtful.Belief = Belief{Disbelieved, []string{"the machine was busy"}}
	c := Compare(sim, short(), DefaultTolerance())
	if c.Believed || !c.Unjudged || !c.Agree || !strings.HasSuffix(c.Verdict, "; whether the Mininet run can be believed is not known: too short to be judged: the machine was measured for 0.20 s, and takes 0.5 s to be known") {
		t.Errorf("%+v", c)
	}
	if c := Compare(doubtful, short(), DefaultTolerance()); c.Believed || c.Unjudged {
		t.Errorf("one of two is not believed: %+v", c)
	}
	if got := Summarise([]*Results{results("mininet", tcpFlow("f", 1e6)), short()}).Belief; got.Verdict != Unjudged || len(got.Reasons) != 1 || !strings.HasPrefix(got.Reasons[0], "mininet-1: too short") {
		t.Errorf("%+v", got)
	}
	elsewhere := results("served", tcpFlow("f", 1e6))
	elsewhere.Belief = Believe(elsewhere)
	if c := Compare(sim, elsewhere, DefaultTolerance()); !c.Agree || !c.Unjudged || !strings.HasSuffix(c.Verdict, "; whether the run in a served network can be believed is not known: nothing was measured of the machines that carried it") {
		t.Errorf("%+v", c)
	}
	if got := Summarise([]*Results{short(), doubtful}).Belief; got.Verdict != Disbelieved || len(got.Reasons) != 1 {
		t.Errorf("%+v", got)
	}
	if got := short().Outcome().Belief; got.Verdict != "unjudged" || len(got.Reasons) != 1 {
		t.Errorf("result.json has %+v", got)
	}
	var page bytes.Buffer
	if err := short().WriteHTML(&page); err != nil || !strings.Contains(page.String(), "is not known:</span> too short to be judged") {
		t.Errorf("the page does not say so: %v", err)
	}
}
