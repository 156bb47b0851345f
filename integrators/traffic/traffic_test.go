package traffic_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/labtest"
	"sendim/integrators/traffic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is an agent on the loopback interface.
func host(t *testing.T, address string) traffic.End {
	t.Helper()
	orders, toAgent := io.Pipe()
	fromAgent, reports := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := traffic.AgentMain(context.Background(), orders, reports)
		_ = reports.Close()
		ended <- err
	}()
	d := traffic.NewDriver(address, fromAgent, toAgent)
	t.Cleanup(func() {
		_ = d.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		<-d.Done()
	})
	return traffic.End{Driver: d, Address: netip.MustParseAddr(address)}
}

func sinceStart() func(int64) model.Time {
	zero := traffic.Monotonic()
	return func(ns int64) model.Time { return model.Time(ns-zero) * model.Nanosecond }
}

func transfer(t *testing.T, ctx context.Context, f model.Flow, from traffic.End, to ...traffic.End) trace.FlowResult {
	t.Helper()
	tr, err := traffic.Prepare(t.Context(), traffic.Spec{Flow: f, Tag: uint32(f.SrcPort), From: from, To: to, Target: to[0].Address, OneWay: true})
	if err != nil {
		t.Fatal(err)
	}
	return tr.Run(ctx, 0, sinceStart())
}

// measured is a transfer at the rate that it is to have. Whatever else a machine does falls
// into one now and then, and hardly into each of some.
func measured(t *testing.T, rate, share float64, f model.Flow, from traffic.End, to ...traffic.End) (r trace.FlowResult) {
	t.Helper()
	var got []float64
	for range 10 {
		r = transfer(t, t.Context(), f, from, to...)
		if got = append(got, r.Rate); r.Rate >= rate*(1-share) && r.Rate <= rate*(1+share) {
			return r
		}
	}
	t.Errorf("the rate is %.4g, want %.4g within %.0f %%", got, rate, share*100)
	return r
}

func TestUDPFlowsAreSentAtTheirRateInFramesOfTheirSize(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	r := measured(t, 8e6, 0.05, model.Flow{ID: "u", Transport: model.UDP, Rate: 8e6, Duration: 500 * model.Millisecond, Packet: 1042, SrcPort: 20001, DstPort: 20002}, a, b)
	if r.Error != "" || r.Sent != 500 || r.Received != 500 || r.Lost != 0 || r.Bytes != 500_000 || r.Offered != 500_000 {
		t.Errorf("%+v", r)
	}
	if r.LatencyMin <= 0 || r.LatencyMin > r.LatencyMean || r.LatencyMean > r.LatencyMax || r.LatencyMean > model.Second {
		t.Errorf("latency %v %v %v", r.LatencyMin, r.LatencyMean, r.LatencyMax)
	}
}

func TestUDPFlowsOfASizeEndWithAShorterPacket(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	r := transfer(t, t.Context(), model.Flow{ID: "u", Transport: model.UDP, Rate: 50e6, Size: 10_100, Packet: 1042, SrcPort: 20011, DstPort: 20012}, a, b)
	if r.Error != "" || r.Received != 11 || r.Bytes != 10_100 || r.Finish < r.Start {
		t.Errorf("%+v", r)
	}
}

func TestAFlowNobodyReceivesIsLostAndEnds(t *testing.T) {
	a, b, c := host(t, "127.0.0.1"), host(t, "127.0.0.2"), host(t, "127.0.0.3")
	tr, err := traffic.Prepare(t.Context(), traffic.Spec{Flow: model.Flow{ID: "u", Transport: model.UDP, Rate: 8e6, Size: 10_000, Packet: 1042, SrcPort: 20021, DstPort: 20022}, Tag: 1, From: a, To: []traffic.End{b}, Target: c.Address})
	if err != nil {
		t.Fatal(err)
	}
	r := tr.Run(t.Context(), 0, sinceStart())
	if r.Error != "" || r.Sent != 10 || r.Received != 0 || r.Lost != 10 || r.Finish < r.Start || r.Rate != 0 {
		t.Errorf("%+v", r)
	}
}

func TestSeveralFlowsShareAPortAndAreToldApart(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	results := make(chan trace.FlowResult, 8)
	for i := range 4 {
		for _, transport := range []model.Transport{model.UDP, model.TCP} {
			go func() {
				f := model.Flow{ID: "f", Transport: transport, Size: model.Size(1000 * (i + 1)), Rate: 10e6, SrcPort: uint16(20031 + i), DstPort: 20040}
				tr, err := traffic.Prepare(t.Context(), traffic.Spec{Flow: f, Tag: uint32(i + 1), From: a, To: []traffic.End{b}, Target: b.Address})
				if err != nil {
					t.Error(err)
					results <- trace.FlowResult{}
					return
				}
				results <- tr.Run(t.Context(), 0, sinceStart())
			}()
		}
	}
	var sizes []int64
	for range cap(results) {
		sizes = append(sizes, (<-results).Bytes)
	}
	slices.Sort(sizes)
	if want := []int64{1000, 1000, 2000, 2000, 3000, 3000, 4000, 4000}; !slices.Equal(sizes, want) {
		t.Errorf("received %v, want %v", sizes, want)
	}
}

func TestOfSeveralServersTheOneThatReceivesIsNamed(t *testing.T) {
	a, b, c := host(t, "127.0.0.1"), host(t, "127.0.0.2"), host(t, "127.0.0.3")
	for i, transport := range []model.Transport{model.UDP, model.TCP} {
		f := model.Flow{ID: "f", Service: "web", Transport: transport, Size: 5000, Rate: 10e6, SrcPort: uint16(20051 + i), DstPort: 20060}
		tr, err := traffic.Prepare(t.Context(), traffic.Spec{Flow: f, Tag: uint32(i + 1), From: a, To: []traffic.End{b, c}, Target: c.Address})
		if err != nil {
			t.Fatal(err)
		}
		if r := tr.Run(t.Context(), 0, sinceStart()); !slices.Equal(r.Servers, []trace.Served{{Node: "127.0.0.3", Bytes: 5000}}) || r.Error != "" {
			t.Errorf("%s: %+v", transport, r)
		}
	}
}

func TestTCPTransfersOfASizeArriveWhole(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	r := transfer(t, t.Context(), model.Flow{ID: "t", Transport: model.TCP, Size: 5e6, SrcPort: 20051, DstPort: 20052}, a, b)
	if r.Error != "" || r.Bytes != 5e6 || r.Offered != 5e6 || r.Finish <= r.Start || r.Received == 0 || r.Sent == 0 {
		t.Errorf("%+v", r)
	}
}

func TestTCPTransfersOfATimeEndInTimeAndKeepToTheApplicationsRate(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	r := measured(t, 4e6, 0.10, model.Flow{ID: "t", Transport: model.TCP, Duration: 500 * model.Millisecond, Rate: 4e6, SrcPort: 20061, DstPort: 20062}, a, b)
	if r.Error != "" || r.Bytes != r.Offered {
		t.Errorf("%+v", r)
	}
}

func TestAConnectionRefusedIsTheFlowsError(t *testing.T) {
	a, b, c := host(t, "127.0.0.1"), host(t, "127.0.0.2"), host(t, "127.0.0.3")
	tr, err := traffic.Prepare(t.Context(), traffic.Spec{Flow: model.Flow{ID: "t", Transport: model.TCP, Size: 1000, SrcPort: 20071, DstPort: 20072}, From: a, To: []traffic.End{b}, Target: c.Address})
	if err != nil {
		t.Fatal(err)
	}
	r := tr.Run(t.Context(), 0, sinceStart())
	if !strings.Contains(r.Error, "host 127.0.0.1: connecting to 127.0.0.3:20072: ") || r.Finish != trace.Unfinished {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsCutShortIsUnfinishedAndTellsWhatCame(t *testing.T) {
	a, b := host(t, "127.0.0.1"), host(t, "127.0.0.2")
	for _, transport := range []model.Transport{model.UDP, model.TCP} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		r := transfer(t, ctx, model.Flow{ID: "long", Transport: transport, Duration: model.Hour, Rate: 4e6, SrcPort: 20081, DstPort: 20082}, a, b)
		cancel()
		if r.Finish != trace.Unfinished || r.Bytes == 0 || r.Error != "" {
			t.Errorf("%v: %+v", transport, r)
		}
	}
}

func TestAnAgentThatDiesEndsWhatItDid(t *testing.T) {
	r, _ := io.Pipe()
	d := traffic.NewDriver("h1", io.MultiReader(strings.NewReader(`{"id":1,"ready":true}`+"\n")), discard{})
	_ = r.Close()
	<-d.Done()
	if _, err := d.Exec(t.Context(), "true"); !errors.Is(err, traffic.ErrAgentGone) {
		t.Error(err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

func TestEchoesComeBackAndLateOnesAreLost(t *testing.T) {
	labtest.Needs(t)
	a := host(t, "127.0.0.1")
	m, err := a.Driver.Ping(t.Context(), traffic.PingSpec{Target: netip.MustParseAddr("127.0.0.1"), Count: 3, Size: 56, Interval: 10 * time.Millisecond, Timeout: time.Second})
	if err != nil || m.Packets != 3 || m.Min <= 0 || m.Min > m.Mean || m.Mean > m.Max {
		t.Errorf("%+v %v", m, err)
	}
	m, err = a.Driver.Ping(t.Context(), traffic.PingSpec{Target: netip.MustParseAddr("127.0.0.1"), Count: 1, Timeout: time.Nanosecond})
	if err != nil || m.Packets != 0 {
		t.Errorf("%+v %v", m, err)
	}
}

func TestProgramsRunAndTheirOutputIsKept(t *testing.T) {
	a := host(t, "127.0.0.1")
	m, err := a.Driver.Exec(t.Context(), "sh", "-c", "echo hello; exit 3")
	if err != nil || m.Exit != 3 || m.Output != "hello\n" {
		t.Errorf("%+v %v", m, err)
	}
	if _, err := a.Driver.Exec(t.Context(), "no-such-program"); err == nil {
		t.Error("a program that is not there runs")
	}
}

// FuzzOrders holds that no line, however wrong, stops an agent from ending.
func FuzzOrders(f *testing.F) {
	for _, line := range []string{`{"id":1,"op":"udp-send"}`, `{"id":1,"op":"udp-receive","target":"127.0.0.1:0"}`, `{"op":"finish","of":1}`,
		`{"id":2,"op":"tcp-receive","target":"x"}`, `{"id":3,"op":"ping","target":"127.0.0.1"}`, `{`, `null`, `{"id":1,"op":"?"}`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var o traffic.Order
		if json.Unmarshal([]byte(line), &o) == nil && (o.Op == "exec" || strings.HasSuffix(o.Op, "-send") && o.Target != "" || o.Op == "ping" || len(o.Target) > 30) {
			t.Skip() // does something for real
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = traffic.AgentMain(ctx, strings.NewReader(line+"\n"), io.Discard)
	})
}
