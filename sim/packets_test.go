package sim_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/change"
	"sendim/core/deployment"
	"sendim/core/fault"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/sim"
)

func line(t testing.TB, spec model.LinkSpec) *model.Network {
	return sketch(t, []string{"h1-s1", "s1-s2", "s2-h2"}, spec)
}

func TestAnEchoTakesTransmissionAndDelayOfEveryLink(t *testing.T) {
	b := start(t, line(t, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond}), &router{}, newDiary())
	defer b.close()
	b.ping("h1", "h2", 1) // resolves the addresses
	hop := model.Rate(10e6).TransmissionTime(98) + model.Millisecond
	r := b.ping("h1", "h2", 3)
	if r.Received != 3 || r.Min != 6*hop || r.Mean != 6*hop || r.Max != 6*hop {
		t.Errorf("%+v, want three of %v", r, 6*hop)
	}
}

func TestTheFirstEchoWaitsForAddressesAndTheController(t *testing.T) {
	b := start(t, line(t, model.LinkSpec{}), &router{}, newDiary(), controlDelay(5*model.Millisecond))
	defer b.close()
	// Each host asks the controller once: up and down. Links take no time.
	if r := b.ping("h1", "h2", 1); r.Min != 20*model.Millisecond {
		t.Errorf("%+v, want 20 ms", r)
	}
}

func TestASwitchMayHaveAControlDelayOfItsOwn(t *testing.T) {
	far := func(_ *backend.Spec, x *deployment.Deployment) {
		x.Control = deployment.Control{Delay: model.Millisecond, Delays: []deployment.SwitchDelay{{Nodes: "s2", Delay: 7 * model.Millisecond}}}
	}
	b := start(t, line(t, model.LinkSpec{}), &router{}, newDiary(), far)
	defer b.close()
	// h1 asks by s1, h2 by s2.
	if r := b.ping("h1", "h2", 1); r.Min != 16*model.Millisecond {
		t.Errorf("%+v, want 16 ms", r)
	}
}

func TestAConnectionThatBreaksGivesUp(t *testing.T) {
	d := newDiary()
	n := line(t, model.LinkSpec{Rate: 1e6})
	n.Flows = []model.Flow{{ID: "tcp", From: 0, To: 3, Size: 1e9, Transport: model.TCP}}
	b := start(t, n, &router{}, d)
	b.run(model.Second)
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: 1, Node: model.NoNode}})
	at := b.run(model.Forever)
	b.close()
	if r := d.results()["tcp"]; r.Error == "" || r.Bytes == 0 || at < 5*model.Minute || at > 20*model.Minute {
		t.Errorf("at %v: %+v", at, r)
	}
}

func TestAPacketTheControllerSendsBackIsStillTheSame(t *testing.T) {
	d := newDiary()
	n := line(t, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond})
	h1, h2 := model.NodeID(0), model.NodeID(3)
	tcp := model.Flow{ID: "tcp", From: h2, To: h1, Size: 100_000, Transport: model.TCP}
	n.Flows = []model.Flow{udp("udp", h1, h2, 0, 50*model.Millisecond, 1e6), tcp}
	b := start(t, n, &router{reactive: true}, d)
	if r := b.ping("h1", "h2", 2); r.Received != 2 {
		t.Errorf("%+v", r)
	}
	b.run(model.Forever)
	b.close()
	r := d.results()
	if u := r["udp"]; u.Sent == 0 || u.Received != u.Sent || !slices.Equal(u.Path, []string{"h1", "s1", "s2", "h2"}) {
		t.Errorf("udp: %+v", u)
	}
	if u := r["tcp"]; u.Bytes != 100_000 || u.Finish <= 0 || !slices.Equal(u.Path, []string{"h2", "s2", "s1", "h1"}) {
		t.Errorf("tcp: %+v", u)
	}
	if len(d.kind(trace.PacketIn)) == 0 {
		t.Error("nothing went to the controller")
	}
}

func TestABottleneckDropsWhatItCannotCarry(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "h2-s1", "s1-s2", "s2-h3"}, model.LinkSpec{Rate: 10e6, Delay: model.Millisecond, Queue: model.QueueLimit{Packets: 20}})
	n.Flows = []model.Flow{udp("a", 0, 4, 0, 2*model.Second, 8e6), udp("b", 2, 4, 0, 2*model.Second, 8e6)}
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	sent, received := r["a"].Sent+r["b"].Sent, r["a"].Received+r["b"].Received
	// 10 Mbit/s of frames for 2 s, and the queue's 20 and the one being sent; nothing
	// during the 4 ms in which addresses are resolved.
	if want := int64(2*10e6/8/1000 + 21 - 5); received < want-3 || received > want+3 {
		t.Errorf("%d of %d packets came through, want about %d", received, sent, want)
	}
	drops := int64(0)
	for _, e := range d.kind(trace.LinkTotal) {
		drops += e.Sample.Drops
	}
	if drops != sent-received {
		t.Errorf("links dropped %d, flows lost %d", drops, sent-received)
	}
}

func TestQueuesCountInPacketsOrInBytes(t *testing.T) {
	for _, c := range []struct {
		queue model.QueueLimit
		want  int64 // of a burst of 50 at once: one is sent, so many wait
	}{{model.QueueLimit{Packets: 7}, 8}, {model.QueueLimit{Bytes: 5500}, 6}, {model.QueueLimit{}, 50}} {
		d := newDiary()
		n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 1e6, Queue: c.queue})
		f := udp("warm", 0, 2, 0, 1, 1e6)
		burst := udp("burst", 0, 2, model.Second, 50, 1e18) // 50 packets in a few ps
		burst.Size = 50 * 958
		burst.Duration = 0
		n.Flows = []model.Flow{f, burst}
		b := start(t, n, &router{}, d)
		b.run(model.Forever)
		b.close()
		if r := d.results()["burst"]; r.Sent != 50 || r.Received != c.want {
			t.Errorf("queue %v: %d of %d came through, want %d", c.queue, r.Received, r.Sent, c.want)
		}
	}
}

func TestTCPFillsABottleneck(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "h2-s1", "s1-s2", "s2-h3", "s2-h4"}, model.LinkSpec{Rate: 20e6, Delay: 5 * model.Millisecond})
	n.Flows = []model.Flow{
		{ID: "a", From: 0, To: 4, Duration: 5 * model.Second, Transport: model.TCP},
		{ID: "b", From: 2, To: 5, Duration: 5 * model.Second, Transport: model.TCP},
	}
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	if total, full := r["a"].Rate+r["b"].Rate, 20e6*1448/1514; total < 0.93*full || total > 1.001*full {
		t.Errorf("goodput %.3g of %.3g", total, full)
	}
	if r["a"].LatencyMin < 15*model.Millisecond || r["a"].Bytes > r["a"].Offered {
		t.Errorf("%+v", r["a"])
	}
}

func TestATransferOfASizeEndsWithItsLastByte(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 100e6, Delay: model.Millisecond})
	n.Flows = []model.Flow{{ID: "a", From: 0, To: 2, Size: 1_000_001, Transport: model.TCP}, {ID: "slow", From: 2, To: 0, Size: 125_000, Rate: 1e6, Transport: model.TCP}}
	b := start(t, n, &router{}, d)
	b.run(model.Forever)
	b.close()
	r := d.results()
	if r["a"].Bytes != 1_000_001 || r["a"].Finish < 80*model.Millisecond || r["a"].Finish > 200*model.Millisecond {
		t.Errorf("%+v", r["a"])
	}
	if s := r["slow"]; s.Bytes != 125_000 || s.Finish < 980*model.Millisecond || s.Finish > 1050*model.Millisecond {
		t.Errorf("%+v", s)
	}
}

func TestNobodyAnswers(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{})
	n.Flows = []model.Flow{{ID: "tcp", From: 0, To: 2, Size: 1000, Transport: model.TCP}, udp("udp", 0, 2, 0, model.Second, 1e6)}
	b := start(t, n, nil, d) // no rules: switches drop
	if r := b.ping("h1", "h2", 2); r.Sent != 2 || r.Received != 0 {
		t.Errorf("%+v", r)
	}
	b.run(model.Forever)
	b.close()
	r := d.results()
	if r["udp"].Received != 0 || r["udp"].Lost != r["udp"].Sent || r["udp"].Error != "" {
		t.Errorf("%+v", r["udp"])
	}
	if x := r["tcp"]; x.Error != "connecting to 10.0.0.2: no route to host" || x.Bytes != 0 || x.Finish != trace.Unfinished {
		t.Errorf("%+v", x)
	}
	for _, e := range d.kind(trace.FlowEnd) {
		if e.Flow == "tcp" && e.At != 3*model.Second {
			t.Errorf("the connection was given up at %v", e.At)
		}
	}
}

func TestLossAndJitterAreDrawnAndKeepTheOrder(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 100e6, Delay: 5 * model.Millisecond, Jitter: 2 * model.Millisecond, Loss: 0.05})
	n.Flows = []model.Flow{udp("a", 0, 2, model.Second, 4*model.Second, 20e6)}
	n.Watches = []model.Watch{{Nodes: "h2", Packets: true}}
	b := start(t, n, &router{}, d)
	b.do(backend.Action{Ping: &backend.Ping{From: 0, To: 2, Count: 5, Interval: 100 * model.Millisecond}})
	b.run(model.Forever)
	b.close()
	r := d.results()["a"]
	if share := float64(r.Lost) / float64(r.Sent); share < 0.08 || share > 0.12 { // 1 - 0.95^2 = 0.0975
		t.Errorf("lost %.3f", share)
	}
	if r.LatencyMin < 6*model.Millisecond || r.LatencyMax > 14*model.Millisecond+model.Millisecond || r.LatencyMean < 9*model.Millisecond {
		t.Errorf("%+v", r)
	}
	if got := len(d.kind(trace.Packet)); int64(got) < r.Received {
		t.Errorf("%d packets written down, %d received", got, r.Received)
	}
}

func TestALinkThatGoesDownLosesWhatItCarries(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-s2", "s2-h2"}, model.LinkSpec{Rate: 10e6, Delay: 100 * model.Millisecond})
	n.Flows = []model.Flow{udp("a", 0, 3, model.Second, model.Second, 958*8*100)} // one each 10 ms
	b := start(t, n, &router{}, d)
	b.run(1500*model.Millisecond + model.Microsecond)
	before := b.ports()
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkDown, Link: b.link("s1--s2"), Node: model.NoNode}})
	b.run(1600 * model.Millisecond)
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkUp, Link: b.link("s1--s2"), Node: model.NoNode}})
	b.run(model.Forever)
	b.close()
	r := d.results()["a"]
	// Ten on the wire, ten that come while it is down.
	if r.Sent != 100 || r.Lost < 19 || r.Lost > 21 {
		t.Errorf("lost %d of %d", r.Lost, r.Sent)
	}
	if before.RxPackets >= before.TxPackets {
		t.Errorf("nothing was on the wire: %+v", before)
	}
	var kinds []trace.Kind
	for _, e := range d.entries {
		if e.Kind == trace.LinkDown || e.Kind == trace.LinkUp || e.Kind == trace.PortStatus {
			kinds = append(kinds, e.Kind)
		}
	}
	if want := []trace.Kind{trace.LinkDown, trace.PortStatus, trace.PortStatus, trace.LinkUp, trace.PortStatus, trace.PortStatus}; !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

func TestASwitchThatComesBackGetsItsRulesAgain(t *testing.T) {
	b := start(t, line(t, model.LinkSpec{}), &router{}, newDiary())
	defer b.close()
	node := func(k model.ChangeKind) {
		b.do(backend.Action{Change: &model.Change{Kind: k, Node: b.node("s2"), Link: model.NoLink}})
	}
	b.ping("h1", "h2", 1)
	node(model.NodeDown)
	if r := b.ping("h1", "h2", 1); r.Received != 0 {
		t.Error("an echo came through a switch that is down")
	}
	node(model.NodeUp)
	b.run(b.s.Now() + 20*model.Millisecond)
	if r := b.ping("h1", "h2", 1); r.Received != 1 {
		t.Error("no echo after the switch came back")
	}
}

// circle sends everything around a ring of switches for ever.
type circle struct{}

func (circle) Manifest() app.Manifest {
	return app.Manifest{Name: "circle", Tables: 1, Services: []app.Service{app.ServiceARP}}
}

func (circle) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindTopology {
		for _, l := range e.Topology.Links {
			out.Install(l.A.Switch, flow.Rule{Priority: 1, Match: flow.Match{}.With(flow.EthType, 0x0800), Apply: []flow.Action{flow.Out(uint32(l.A.Port))}})
		}
	}
}

func TestFramesInCirclesEnd(t *testing.T) {
	d := newDiary()
	b := start(t, sketch(t, []string{"h1-s1", "h2-s2", "s1-s2", "s2-s3", "s3-s1"}, model.LinkSpec{Delay: model.Microsecond}), circle{}, d)
	if r := b.ping("h1", "h2", 2); r.Received != 0 {
		t.Errorf("%+v", r)
	}
	b.close()
	if w := d.kind(trace.Warning); len(w) != 1 || !strings.Contains(w[0].Text, "255") {
		t.Errorf("%+v", w)
	}
}

func TestAPortAndALinkCanBeMadeSlower(t *testing.T) {
	d := newDiary()
	n := sketch(t, []string{"h1-s1", "s1-h2"}, model.LinkSpec{Rate: 100e6})
	b := start(t, n, &router{}, d)
	b.ping("h1", "h2", 1)
	rate := func(id string) float64 {
		h := b.do(backend.Action{Flow: &model.Flow{ID: id, From: 0, To: 2, Size: 1_000_000, Transport: model.TCP}})
		b.run(model.Forever)
		return h.Outcome().Flow.Rate
	}
	fast := rate("fast")
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkRate, Link: 1, Node: model.NoNode, Rate: 10e6}})
	if slow := rate("slow"); fast < 50e6 || slow > 10e6 || slow < 8e6 {
		t.Errorf("%.3g and then %.3g", fast, slow)
	}
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkDelay, Link: 1, Node: model.NoNode, Delay: 30 * model.Millisecond}})
	if r := b.ping("h1", "h2", 1); r.Min < 60*model.Millisecond {
		t.Errorf("%+v", r)
	}
	b.do(backend.Action{Change: &model.Change{Kind: model.LinkLoss, Link: 1, Node: model.NoNode, Loss: 1}})
	if r := b.ping("h1", "h2", 1); r.Received != 0 {
		t.Errorf("%+v", r)
	}
	b.close()
	if got := len(d.kind(trace.LinkSet)); got != 3 {
		t.Errorf("%d changes in the diary", got)
	}
}

func TestACaptureHoldsRealFrames(t *testing.T) {
	b := start(t, line(t, model.LinkSpec{}), &router{}, newDiary())
	defer b.close()
	var file bytes.Buffer
	h := b.do(backend.Action{Capture: &backend.Capture{At: model.Endpoint{Node: b.node("s1"), Port: 1}, Writer: &file}})
	b.ping("h1", "h2", 1)
	if err := h.Stop(); err != nil || !h.Done() || h.Outcome().Err != nil {
		t.Errorf("%v, %+v", err, h.Outcome())
	}
	// ARP request and reply, echo and answer: 24 + 4 * 16 + 42 + 42 + 98 + 98.
	if file.Len() != 24+4*16+2*42+2*98 {
		t.Errorf("%d bytes", file.Len())
	}
}

func TestWhatCannotBeDoneIsRefusedByName(t *testing.T) {
	n := line(t, model.LinkSpec{})
	b := start(t, n, nil, newDiary())
	defer b.close()
	if _, err := b.s.Do(t.Context(), backend.Action{Exec: &backend.Exec{}}); !fault.Is(err, fault.MissingCapability) {
		t.Errorf("exec: %v", err)
	}
	other := line(t, model.LinkSpec{Rate: 1})
	if err := b.s.Apply(t.Context(), change.Diff(change.State{Model: n}, change.State{Model: other}), nil); !fault.Is(err, fault.NotYet) {
		t.Errorf("second changeset: %v", err)
	}
	if _, err := b.s.Do(t.Context(), backend.Action{Ping: &backend.Ping{From: 1, To: 3}}); err == nil {
		t.Error("a switch pings")
	}
}

func TestRunEndsWhenItsContextDoes(t *testing.T) {
	n := line(t, model.LinkSpec{Rate: 1e9})
	n.Flows = []model.Flow{udp("a", 0, 3, 0, 1000*model.Second, 100e6)}
	b := start(t, n, &router{}, trace.Discard{})
	defer b.close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.s.Run(ctx, model.Forever); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestUnfinishedFlowsAreToldAtTheEnd(t *testing.T) {
	d := newDiary()
	n := line(t, model.LinkSpec{Rate: 1e6})
	n.Flows = []model.Flow{udp("udp", 0, 3, 0, 10*model.Second, 1e5), {ID: "tcp", From: 0, To: 3, Size: 100e6, Transport: model.TCP},
		{ID: "fluid", From: 3, To: 0, Size: 100e6, Granularity: model.GranularityFlow}}
	b := start(t, n, &router{}, d)
	if at := b.run(2 * model.Second); at != 2*model.Second {
		t.Errorf("the clock stands at %v", at)
	}
	b.close()
	for id, r := range d.results() {
		if r.Finish != trace.Unfinished || r.Bytes == 0 {
			t.Errorf("%s: %+v", id, r)
		}
	}
	if end := d.kind(trace.RunEnd); len(end) != 1 || end[0].Text != "digest "+b.s.Digest() {
		t.Errorf("%+v", end)
	}
}

func TestTheSeriesHasAPointEachHundredthOfTheRun(t *testing.T) {
	d := newDiary()
	n := line(t, model.LinkSpec{Rate: 10e6})
	n.Flows = []model.Flow{udp("a", 0, 3, 0, model.Second, 1e6)}
	b := start(t, n, &router{}, d, until(model.Second))
	b.run(model.Second)
	b.close()
	packets, samples := int64(0), 0
	for _, e := range d.kind(trace.LinkSample) {
		if e.Sample.From == "s1" && e.Sample.To == "s2" {
			packets, samples = packets+e.Sample.Packets, samples+1
		}
	}
	if samples < 95 || samples > 100 || packets < 120 {
		t.Errorf("%d samples with %d packets", samples, packets)
	}
}

var _ = sim.Backend{}

// starting is closed when the only flow starts.
type starting chan struct{}

func (s starting) Emit(e *trace.Entry) {
	if e.Kind == trace.FlowStart {
		close(s)
	}
}

func TestCloseInterruptsARun(t *testing.T) {
	n := line(t, model.LinkSpec{Rate: 1e9})
	n.Flows = []model.Flow{udp("a", 0, 3, 0, 100_000*model.Second, 500e6)}
	begun := make(starting)
	b := start(t, n, &router{}, begun)
	done := make(chan error)
	go func() {
		_, err := b.s.Run(context.Background(), model.Forever)
		done <- err
	}()
	<-begun
	b.close()
	b.close()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := b.s.Run(t.Context(), model.Second); err == nil {
		t.Error("a closed session runs")
	}
	for _, err := range b.s.Snapshot(t.Context(), backend.Everything()) {
		if err == nil {
			t.Error("a closed session can be looked at")
		}
	}
}

// lost is an app that fails when the first packet comes.
type lost struct{ app.Instance }

func (l lost) Handle(ctx context.Context, events []app.Event, emit func(int, []app.Command)) error {
	for i := range events {
		if events[i].Kind == app.KindPacketIn {
			return errors.New("it crashed")
		}
	}
	return l.Instance.Handle(ctx, events, emit)
}

func TestALostAppKeepsItsRulesUnlessTheRunNeedsIt(t *testing.T) {
	for _, needed := range []bool{false, true} {
		d := newDiary()
		option := func(s *backend.Spec, x *deployment.Deployment) {
			s.Launch = func(context.Context, deployment.Application) (app.Instance, error) {
				return lost{app.Local(&router{reactive: true})}, nil
			}
			if needed {
				x.Applications[0].OnLoss = "fail"
			}
		}
		b := start(t, line(t, model.LinkSpec{}), &router{}, d, option)
		b.do(backend.Action{Ping: &backend.Ping{From: 0, To: 3}})
		_, err := b.s.Run(t.Context(), model.Forever)
		if needed != (err != nil) || len(d.kind(trace.AppLost)) != 1 {
			t.Errorf("needed %v: %v, %d entries", needed, err, len(d.kind(trace.AppLost)))
		}
		b.close()
	}
}

func TestAFailedApplyLeavesTheSessionAsItWas(t *testing.T) {
	n := line(t, model.LinkSpec{})
	n.Flows = []model.Flow{{ID: "f", From: 0, To: 0, Size: 1}}
	closed := 0
	spec := backend.Spec{Model: n, Launch: func(_ context.Context, a deployment.Application) (app.Instance, error) {
		if a.Name == "bad" {
			return nil, errors.New("no such plugin")
		}
		return counted{app.Local(&router{}), &closed}, nil
	}}
	s, err := sim.Backend{}.Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n}), nil); !fault.Is(err, fault.FlowConflict) {
		t.Errorf("%v", err)
	}
	n.Flows = nil
	deploy := &deployment.Deployment{Applications: []deployment.Application{{Name: "good"}, {Name: "bad"}}}
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: deploy}), nil); err == nil || closed != 1 {
		t.Errorf("%v; %d apps closed", err, closed)
	}
	deploy.Applications = deploy.Applications[:1]
	if err := s.Apply(t.Context(), change.FromNothing(change.State{Model: n, Deployment: deploy}), nil); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil || closed != 2 {
		t.Errorf("%v; %d apps closed", err, closed)
	}
}

type counted struct {
	app.Instance
	closed *int
}

func (c counted) Close() error { *c.closed++; return nil }
