package core

import (
	"context"
	"fmt"
	"path"
	"slices"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
	"sendim/core/workload"
)

// MostPairs bounds the pairs of one test of reachability.
const MostPairs = 250_000

// pingsPerTick spaces the echoes of a test of reachability: 200 pairs a second keep a
// reactive app and a small machine within their means, in every world alike.
const pingsPerTick = 2

// Pair is one question of reachability and its answer.
type Pair struct {
	From, To model.NodeID
	Result   trace.PingResult
	Err      error
}

// Pairs lists who asks whom between two selections of hosts.
func Pairs(n *model.Network, from, to model.Selector) ([]Pair, error) {
	senders, err := n.SelectNodes(from, model.Host)
	if err != nil {
		return nil, err
	}
	receivers, err := n.SelectNodes(to, model.Host)
	if err != nil {
		return nil, err
	}
	if len(senders)*len(receivers) > MostPairs {
		return nil, fmt.Errorf("%d x %d hosts are more than the %d pairs that one test asks", len(senders), len(receivers), MostPairs)
	}
	out := make([]Pair, 0, len(senders)*len(receivers))
	for _, a := range senders {
		for _, b := range receivers {
			if a != b {
				out = append(out, Pair{From: a, To: b})
			}
		}
	}
	return out, nil
}

// Ping asks all pairs with one echo each, a few at a time, and those that did not
// answer once more with retry echoes: a first packet may be lost while rules are on
// their way, and that is not unreachability. told hears how many have been asked.
func (w *World) Ping(ctx context.Context, pairs []Pair, retry int, told func(done int)) error {
	all := make([]*Pair, len(pairs))
	for i := range pairs {
		all[i] = &pairs[i]
	}
	if err := ping(ctx, w.Own(), all, 1, model.Second, told); err != nil || retry == 0 {
		return err
	}
	var again []*Pair
	for _, p := range all {
		if p.Err == nil && p.Result.Received == 0 {
			again = append(again, p)
		}
	}
	return ping(ctx, w.Own(), again, retry, model.Second, nil)
}

// PingWithin asks all pairs once, as World.Ping does, and waits so long for each answer.
func PingWithin(ctx context.Context, a Access, pairs []Pair, timeout model.Time) error {
	all := make([]*Pair, len(pairs))
	for i := range pairs {
		all[i] = &pairs[i]
	}
	return ping(ctx, a, all, 1, timeout, nil)
}

func ping(ctx context.Context, a Access, pairs []*Pair, count int, timeout model.Time, told func(int)) error {
	handles := make([]backend.Handle, 0, len(pairs))
	for len(handles) < len(pairs) {
		some, still := pairs[len(handles):min(len(handles)+pingsPerTick, len(pairs))], false
		err := a.Do(ctx, func(w *World) error {
			if still = w.held && !w.Virtual() && len(handles) > 0; still { // nobody can be asked meanwhile
				return nil
			}
			for _, p := range some {
				h, err := w.Session.Do(ctx, backend.Action{Ping: &backend.Ping{From: p.From, To: p.To, Count: count, Interval: 200 * model.Millisecond, Timeout: timeout}})
				if removed := w.Model.Gone(p.From) || w.Model.Gone(p.To); err != nil && !removed { // while the others were asked
					return err
				} else if err != nil {
					h = unasked{err}
				}
				handles = append(handles, h)
			}
			return nil
		})
		if err == nil && (still || len(some) == pingsPerTick) {
			err = a.Moment(ctx)
		}
		if err != nil {
			over, cancel := context.WithCancel(ctx)
			cancel() // the others are stopped
			_ = a.Await(over, handles...)
			return err
		}
		if told != nil && !still && len(some) == pingsPerTick {
			told(len(handles))
		}
	}
	if err := a.Await(ctx, handles...); err != nil {
		return err
	}
	for i, p := range pairs {
		o := handles[i].Outcome()
		if p.Err = o.Err; o.Ping != nil {
			p.Result = *o.Ping
		}
	}
	return nil
}

// unasked is an action that was not begun.
type unasked struct{ err error }

func (unasked) Done() bool                 { return true }
func (r unasked) Outcome() backend.Outcome { return backend.Outcome{Err: r.err} }
func (unasked) Stop() error                { return nil }

// convergence is how long after the last thing that its scenario did to a network it is
// asked who reaches whom: what apps make of it takes them a second, as long as learning
// switches wait for packets that are under way, and a busy machine is late with all of it.
const convergence = 2 * model.Second

// quiet is when convergence has passed, or now. Everything that it needs is in the model,
// so that a run that goes on from a checkpoint waits as long.
func (w *World) quiet(seed uint64) (model.Time, error) {
	now := w.Session.Now()
	asks := func(t model.Test) bool { return t.Kind == model.TestReachable || t.Kind == model.TestUnreachable }
	if !slices.ContainsFunc(w.Model.Tests, asks) {
		return now, nil
	}
	steps, err := workload.Scenario(w.Model, seed)
	if err != nil {
		return now, fmt.Errorf("look for the last step of the scenario: %w", err)
	}
	quiet := model.Time(0)
	for i := range steps {
		if steps[i].At <= now {
			quiet = steps[i].At + convergence
		} else { // the run ended before it
			quiet = min(quiet, steps[i].At)
			break
		}
	}
	return max(quiet, now), nil
}

// reachability carries out the tests that need the living network.
func (w *World) reachability(ctx context.Context, tell func(trace.Verdict), progress func(done, total int)) error {
	for _, t := range w.Model.Tests {
		if t.Kind != model.TestReachable && t.Kind != model.TestUnreachable {
			continue
		}
		v := trace.Verdict{Name: fmt.Sprintf("%s %s -> %s", t.Kind, t.From, t.To)}
		pairs, err := Pairs(w.Model, t.From, t.To)
		retry := 2
		if t.Kind == model.TestUnreachable {
			retry = 0
		}
		if err == nil {
			if err := w.Ping(ctx, pairs, retry, func(done int) { progress(done, len(pairs)) }); err != nil {
				return err
			}
			judgePings(&v, t.Kind, w.Model, pairs)
		} else {
			v.Expected, v.Measured = "an answer from every pair", err.Error()
		}
		tell(v)
	}
	return nil
}

func judgePings(v *trace.Verdict, kind model.TestKind, n *model.Network, pairs []Pair) {
	answered, wrong := 0, ""
	for _, p := range pairs {
		reached := p.Err == nil && p.Result.Received > 0
		if reached {
			answered++
		}
		if reached != (kind == model.TestReachable) && wrong == "" {
			wrong = fmt.Sprintf("; first: %s -> %s", n.NodeName(p.From), n.NodeName(p.To))
			if p.Err != nil {
				wrong += ": " + p.Err.Error()
			}
		}
	}
	want := len(pairs)
	if kind == model.TestUnreachable {
		want = 0
	}
	v.Passed = answered == want
	v.Expected = fmt.Sprintf("%d of %d pairs answer", want, len(pairs))
	v.Measured = fmt.Sprintf("%d of %d pairs answered%s", answered, len(pairs), wrong)
}

// judgeFlows decides the tests that ask about flows, when all results are in.
func judgeFlows(n *model.Network, results *report.Collector, tell func(trace.Verdict)) {
	for _, t := range n.Tests {
		if t.Kind == model.TestReachable || t.Kind == model.TestUnreachable {
			continue
		}
		if t.Kind == model.TestShare {
			tell(judgeShare(n, &t, results))
			continue
		}
		v := trace.Verdict{Name: fmt.Sprintf("%s %s", t.Kind, t.Flow)}
		f, ok := results.Flow(t.Flow)
		if !ok {
			v.Measured = "the flow has no result"
		}
		switch t.Kind {
		case model.TestThroughput:
			v.Expected = "at least " + t.MinRate.String()
			if t.MaxRate > 0 {
				v.Expected = t.MinRate.String() + " to " + t.MaxRate.String()
			}
			if ok {
				v.Measured = report.RateText(f.Rate)
				v.Passed = f.Rate >= float64(t.MinRate) && (t.MaxRate == 0 || f.Rate <= float64(t.MaxRate))
			}
		case model.TestLoss:
			v.Expected = fmt.Sprintf("at most %.4g %% lost", 100*t.MaxLoss)
			if ok {
				v.Measured = fmt.Sprintf("%.4g %% lost (%d of %d)", 100*f.Loss(), f.Lost, f.Sent)
				v.Passed = f.Loss() <= t.MaxLoss && f.Sent > 0
			}
		case model.TestLatency:
			v.Expected = "at most " + report.TimeText(t.Max) + " on average"
			if ok {
				v.Measured = report.TimeText(f.LatencyMean)
				v.Passed = f.LatencyMean <= t.Max && f.Received > 0
			}
		case model.TestCompletion:
			v.Expected = "finished"
			if t.Max > 0 {
				v.Expected = "finished by " + report.TimeText(t.Max)
			}
			if ok && f.Finished() {
				v.Measured = "finished at " + report.TimeText(f.Finish)
				v.Passed = t.Max == 0 || f.Finish <= t.Max
			} else if ok {
				v.Measured = "unfinished"
			}
		}
		tell(v)
	}
}

// judgeShare adds up what the servers of a test received of the flows to a service. A
// flow that several served counts, where flows are counted, for the one that had most of
// it.
func judgeShare(n *model.Network, t *model.Test, results *report.Collector) trace.Verdict {
	v := trace.Verdict{Name: fmt.Sprintf("%s %s of %s", t.Kind, t.Nodes, t.Service)}
	what := "of the bytes"
	if t.ByFlows {
		what = "of the flows"
	}
	if t.Flows != "" {
		v.Name += " in " + t.Flows
	}
	v.Expected = fmt.Sprintf("%.4g %% to %.4g %% %s", 100*t.MinShare, 100*t.MaxShare, what)
	nodes, err := n.SelectNodes(t.Nodes, model.Host)
	if err != nil {
		v.Measured = err.Error()
		return v
	}
	asked := map[string]bool{}
	for _, id := range nodes {
		asked[n.NodeName(id)] = true
	}
	var mine, all int64
	for i := range n.Flows {
		f := &n.Flows[i]
		if in, _ := path.Match(t.Flows, f.ID); f.Service != t.Service || t.Flows != "" && !in {
			continue
		}
		r, ok := results.Flow(f.ID)
		if !ok {
			continue
		}
		var most trace.Served
		for _, s := range r.Servers {
			if s.Bytes > most.Bytes || most.Node == "" {
				most = s
			}
			if !t.ByFlows {
				all += s.Bytes
				if asked[s.Node] {
					mine += s.Bytes
				}
			}
		}
		if t.ByFlows && most.Node != "" {
			all++
			if asked[most.Node] {
				mine++
			}
		}
	}
	if all == 0 {
		v.Measured = "nothing was served"
		return v
	}
	share := float64(mine) / float64(all)
	v.Measured = fmt.Sprintf("%.4g %% (%d of %d)", 100*share, mine, all)
	v.Passed = share >= t.MinShare && share <= t.MaxShare
	return v
}
