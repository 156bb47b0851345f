package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/model"
	"sendim/core/trace"
)

// tandem carries packets through links one by one, each stored before it is forwarded.
func tandem(packets []model.Size, way []leg) model.Time {
	free := make([]model.Time, len(way))
	last := model.Time(0)
	for _, p := range packets {
		at := model.Time(0)
		for i, l := range way {
			at = max(at, free[i]) + l.rate.TransmissionTime(p)
			free[i] = at
		}
		last = at
	}
	for _, l := range way {
		last += l.delay
	}
	return last
}

func TestTheIdealIsWhatPacketsTakeOneAfterTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var way []leg
		for range rapid.IntRange(1, 5).Draw(t, "hops") {
			way = append(way, leg{model.Rate(rapid.SampledFrom([]int64{0, 1e6, 8e6, 10e6, 1e9, 7}).Draw(t, "rate")), model.Time(rapid.Int64Range(0, 1e9).Draw(t, "delay")), true})
		}
		size := rapid.Int64Range(1, 20_000).Draw(t, "size")
		f := trace.FlowResult{Transport: "tcp", Granularity: "packet", Asked: trace.Asked{Bytes: size, Packet: 1514}}
		unit, header := int64(1448), int64(66)
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 1:
			f.Transport, unit, header = "udp", 1472, 42
		case 2:
			f.Granularity, f.Asked.Chunk, unit, header = "chunk", 4000, 4000, 0
		}
		var packets []model.Size
		for left := size; left > 0; left -= unit {
			packets = append(packets, model.Size(min(left, unit)+header))
		}
		if got, want := idealOf(&f, way), tandem(packets, way); got != want {
			t.Fatalf("%d packets over %v: ideal %d ps, carried one by one %d ps", len(packets), way, got, want)
		}
	})
}

func TestAFlowWithARateOfItsOwnIsNoFasterAlone(t *testing.T) {
	way := []leg{{1e9, model.Millisecond, true}, {1e9, model.Millisecond, true}}
	for _, x := range []struct {
		name string
		f    trace.FlowResult
		want model.Time
	}{
		{"fluid", trace.FlowResult{Granularity: "flow", Asked: trace.Asked{Bytes: 1e6, Rate: 8e6}}, model.Second + 2*model.Millisecond},
		{"fluid at the link's rate", trace.FlowResult{Granularity: "flow", Asked: trace.Asked{Bytes: 1e6, Rate: 2e9}}, 10 * model.Millisecond},
		{"packets", trace.FlowResult{Transport: "udp", Granularity: "packet", Asked: trace.Asked{Bytes: 1472 * 11, Rate: 1472 * 8, Packet: 1514}},
			10*model.Second + 2*model.Millisecond + 2*model.Rate(1e9).TransmissionTime(1514)},
		{"a list of chunks", trace.FlowResult{Granularity: "chunk", Asked: trace.Asked{Bytes: 1000, Chunk: 100, Chunks: "1"}}, 0},
	} {
		if got := idealOf(&x.f, way); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func TestPercentilesAreValuesThatWereThere(t *testing.T) {
	var v []float64
	for i := range 1000 {
		v = append(v, float64(1000-i))
	}
	if q := quantiles(v); q != (Quantiles{500.5, 500, 900, 950, 990, 999}) {
		t.Errorf("%+v", q)
	}
	if q := quantiles([]float64{7}); q != (Quantiles{7, 7, 7, 7, 7, 7}) {
		t.Errorf("%+v", q)
	}
}

// loaded is a result with flows of all sizes that took 1, 1.5, 2 ... times as long as alone.
func loaded(t testing.TB, flows int) *Results {
	c := NewCollector(network(t))
	for i := range flows {
		size := int64(1000) << (i % 15)
		f := trace.FlowResult{ID: fmt.Sprintf("f%03d", i), From: "h1", To: "h2", Transport: "tcp", Granularity: "flow", Start: model.Time(i) * model.Millisecond,
			Bytes: size, Offered: size, Path: []string{"h1", "s1", "s2", "h2"}, Asked: trace.Asked{Bytes: size}}
		alone := model.Rate(10e6).TransmissionTime(model.Size(size))
		f.Finish = f.Start + alone + model.Time(i%5)*alone/2
		f.Rate = float64(8*size) / (f.Finish - f.Start).Seconds()
		c.Emit(&trace.Entry{At: f.Start, Kind: trace.FlowStart, Flow: f.ID, Result: &trace.FlowResult{ID: f.ID, From: "h1", To: "h2"}})
		for k := range 4 {
			span := (f.Finish - f.Start) / 4
			c.Emit(&trace.Entry{At: f.Start + model.Time(k+1)*span, Kind: trace.FlowPoint, Flow: f.ID,
				Transfer: &trace.FlowSample{Span: span, Bytes: size / 4, Total: int64(k+1) * size / 4, Window: 14480, RTT: model.Millisecond}})
		}
		c.Emit(&trace.Entry{At: f.Finish, Kind: trace.FlowEnd, Flow: f.ID, Result: &f})
	}
	for i := range 50 {
		at := model.Time(i+1) * 100 * model.Millisecond
		for k, l := range [][3]string{{"s1--s2", "s1", "s2"}, {"h1--s1", "h1", "s1"}, {"h2--s2", "s2", "h2"}} {
			c.Emit(&trace.Entry{At: at, Kind: trace.LinkSample, Link: l[0], Sample: &trace.Sample{From: l[1], To: l[2], Span: 100 * model.Millisecond, Packets: 80,
				Bytes: int64(1250 * ((i*(k+1))%100 + 1)), Drops: int64(i % 3), Queue: float64(i % 7), Rate: 10e6}})
		}
		c.Emit(&trace.Entry{At: at, Kind: trace.QueuePoint, Link: "s1--s2", Queue: &trace.QueueSample{From: "s1", To: "s2", Span: 100 * model.Millisecond, Packets: int64(i % 40), Bytes: int64(i%40) * 1514}})
		c.Emit(&trace.Entry{At: at, Kind: trace.QueuePoint, Link: "s1--s2", Queue: &trace.QueueSample{From: "s1", To: "s2", Class: "gold", Span: 100 * model.Millisecond, Packets: int64(i % 10), Bytes: int64(i%10) * 1514}})
		c.Emit(&trace.Entry{At: at, Kind: trace.NodePoint, Node: "s1", Switch: &trace.SwitchSample{Span: 100 * model.Millisecond, Packets: 100, Misses: int64(i % 2), PacketIns: int64(i % 2), Rules: 4}})
	}
	return c.Finish(Manifest{ID: "loaded", Backend: "simulation", Network: "pair", State: Finished}, nil)
}

func TestCompletionTimesAreSummedUpBySize(t *testing.T) {
	r := loaded(t, 150)
	bins := r.CompletionBins()
	if len(bins) != 4 || bins[0].Flows != 150 || bins[1].Flows+bins[2].Flows+bins[3].Flows != 150 {
		t.Fatalf("%+v", bins)
	}
	if s := bins[0].Slowdown; s.P50 != 2 || s.P99 != 3 || s.Mean != 2 {
		t.Errorf("slowdowns: %+v", s)
	}
	if b := r.bySize(5); len(b) != 5 || b[0].Flows != 30 || b[4].Slowdown.P99 != 3 {
		t.Errorf("%+v", b)
	}
	var out bytes.Buffer
	if err := r.writeCompletions(&out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(out.String(), "\n"); lines[0] != "flow,size_bytes,start_s,fct_s,ideal_s,slowdown" || lines[2] != "f001,2000,0.001,0.0024,0.0016,1.5" {
		t.Errorf("%q", lines[:3])
	}
}

func TestEverySeriesHasItsFile(t *testing.T) {
	r := loaded(t, 2)
	want := map[string]string{
		"flow-series.csv":   "0.0002,f000,0.0002,250,1e+07,250,0,0,14480,0.001",
		"queue-series.csv":  "0.2,s1--s2,s1,s2,gold,0.1,1,1514,0,0",
		"switch-series.csv": "0.2,s1,0.1,100,1,1,4",
	}
	for _, f := range r.Files() {
		if row, ok := want[f.Name]; ok {
			var out bytes.Buffer
			if err := f.Write(&out); err != nil || !strings.Contains(out.String(), "\n"+row+"\n") {
				t.Errorf("%s, %v:\n%s", f.Name, err, out.String()[:min(out.Len(), 400)])
			}
			delete(want, f.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("files missing: %v", want)
	}
	for _, f := range results("simulation").Files() {
		if strings.HasSuffix(f.Name, "-series.csv") || f.Name == "fct.csv" {
			t.Errorf("%s is there although it is empty", f.Name)
		}
	}
}

func TestASummaryForPeopleNeedsEnoughFlows(t *testing.T) {
	var few, enough bytes.Buffer
	if err := loaded(t, 19).WriteCompletions(&few); err != nil || few.Len() > 0 {
		t.Errorf("%v: %s", err, few.String())
	}
	if err := loaded(t, 150).WriteCompletions(&enough); err != nil {
		t.Fatal(err)
	}
	const want = `fct     flows            number  p50     p90      p95      p99      p99.9    slowdown p50  p90   p95   p99   p99.9
        all              150     205 ms  16.4 s   39.3 s   39.3 s   39.3 s   2.00          3.00  3.00  3.00  3.00
        up to 100 kB     70      16 ms   76.8 ms  76.8 ms  76.8 ms  76.8 ms  1.50          3.00  3.00  3.00  3.00
        100 kB to 10 MB  70      1.23 s  16.4 s   16.4 s   16.4 s   16.4 s   2.00          3.00  3.00  3.00  3.00
        above 10 MB      10      39.3 s  39.3 s   39.3 s   39.3 s   39.3 s   3.00          3.00  3.00  3.00  3.00
`
	if got := enough.String(); got != want {
		t.Errorf("got:\n%s\n%s", got, cmp.Diff(want, got))
	}
}
