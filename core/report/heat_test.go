package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"testing"

	"sendim/core/model"
	"sendim/core/trace"
)

func TestTheHeatMapShowsTheFullestLinksFirst(t *testing.T) {
	r := results("simulation")
	for i := range 10 {
		at := model.Time(i+1) * model.Second
		r.Series = append(r.Series, Point{At: at, Link: "a--b", From: "a", Utilisation: 0.2, Span: model.Second},
			Point{At: at, Link: "b--c", From: "b", Utilisation: float64(i) / 9, Span: model.Second}, Point{At: at, Link: "c--d", From: "c", Span: model.Second})
	}
	h := r.heat()
	cells, err := base64.StdEncoding.DecodeString(h.Cells)
	if err != nil || fmt.Sprint(h.Names) != "[b--c from b a--b from a]" || h.Cols != 10 || h.Step != 1 || h.More != 0 {
		t.Fatalf("%v %+v", err, h)
	}
	if len(cells) != 20 || cells[0] != 0 || cells[9] != 255 || cells[10] != 51 {
		t.Errorf("cells %v", cells)
	}
}

func TestAColumnIsTheMeanOverItsTime(t *testing.T) {
	g := grid{4 * model.Second, 2}
	a := newAverage(2)
	a.add(0, 1, model.Second) // idle for the other three
	a.add(1, 0.5, 4*model.Second)
	if v := a.values(g, 100); math.Abs(v[0]-25) > 1e-9 || math.Abs(v[1]-50) > 1e-9 {
		t.Errorf("%v", v)
	}
}

func TestTheReportOfALargeNetworkStaysSmall(t *testing.T) {
	r := results("simulation")
	for k := range 5 {
		for i := range 40_000 {
			r.Series = append(r.Series, Point{At: model.Time(k+1) * model.Second, Link: fmt.Sprintf("n%d--n%d", i, i+1), From: fmt.Sprintf("n%d", i), Rate: 1e6, Utilisation: float64(i%100) / 100, Span: model.Second})
		}
	}
	for i := range 50_000 {
		r.Completions = append(r.Completions, Completion{Flow: fmt.Sprint(i), Size: int64(i + 1), Took: model.Time(i+1) * model.Microsecond, Ideal: model.Microsecond})
		r.Followed.Flows = append(r.Followed.Flows, FlowPoint{At: model.Time(i+1) * model.Millisecond, Flow: fmt.Sprint("f", i%1000), FlowSample: trace.FlowSample{Span: model.Second, Bytes: int64(i)}})
	}
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 300_000 {
		t.Errorf("%d bytes", out.Len())
	}
	if n := strings.Count(out.String(), `<figure class="plot"`); n != 4 || !strings.Contains(out.String(), "39540 more, which carried less") { // 400 of each hundred links carry nothing
		t.Errorf("%d charts", n)
	}
}

func TestAReportHasItsCharts(t *testing.T) {
	var out bytes.Buffer
	if err := loaded(t, 150).WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Throughput", "Utilisation over time", "Rates of the largest flows", "Queues", "Packets to the controller", "Flow completion times",
		"s1--s2 from s1, class gold", "up to 100 kB", "slowdown p50", "times as long as alone"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report says nothing of %q", want)
		}
	}
	drawn, _, _ := strings.Cut(out.String(), "<script>")
	for _, bad := range []string{"http://", "https://", "src=", "ZgotmplZ", "NaN", "Inf"} {
		if strings.Contains(drawn, bad) {
			t.Errorf("the report contains %q", bad)
		}
	}
}
