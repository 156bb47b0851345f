package emulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sendim/core/backend"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/core/workload"
	"sendim/integrators/traffic"
)

// lead is how long before its start a flow's receivers are made ready.
const lead = 300 * model.Millisecond

// admit completes a flow that was not drawn from the model, as core/workload does, and
// says what is wrong with it.
func (w *world) admit(f *model.Flow) error {
	place := fault.Place{Element: "flow"}
	f.Transport = f.Kind()
	if f.Granularity == model.GranularityAuto {
		f.Granularity = model.GranularityPacket
	}
	if f.Packet == 0 {
		f.Packet = 1514
	}
	for _, s := range w.net().Services {
		if s.ID == f.Service && f.DstPort == 0 {
			f.DstPort = s.Port
		}
	}
	if f.Transport != model.ICMP {
		if f.SrcPort == 0 {
			f.SrcPort = 1024
		}
		if f.DstPort == 0 {
			f.DstPort = 1024
		}
	}
	ends := append(w.receivers(f), f.From)
	if len(ends) < 2 {
		return fault.New(fault.UnknownReference, place, "flow %q: there is no service %q", f.ID, f.Service)
	}
	for _, end := range ends {
		if err := w.isHost(end); err != nil {
			return fault.New(fault.UnknownNode, place, "flow %q: %v", f.ID, err)
		}
		if len(w.net().Arcs(end)) == 0 {
			return fault.New(fault.HostUnattached, place, "flow %q: host %s has no link", f.ID, w.net().NodeName(end))
		}
	}
	switch {
	case f.Transport == model.UDP && f.Rate == 0:
		return fault.New(fault.FlowIncomplete, place, "flow %q is udp and needs a rate", f.ID)
	case f.Transport != model.ICMP && f.Size == 0 && f.Duration == 0 && f.Chunks == "":
		return fault.New(fault.FlowIncomplete, place, "flow %q has neither a size nor a duration", f.ID)
	case f.Chunks != "":
		return fault.New(fault.MissingCapability, place, "flow %q has chunks (%s): %s", f.ID, backend.ChunkFlows, w.session.caps.Missing[backend.ChunkFlows])
	}
	_, err := workload.ScheduleOf(w.net(), f)
	return err
}

// admitAll says what is wrong with the model's flows, before anything is built.
func (w *world) admitAll() error {
	faults := &fault.List{}
	for i := range w.list {
		var f fault.Fault
		if err := w.admit(&w.list[i]); errors.As(err, &f) {
			faults.Add(f)
		} else if err != nil {
			return err
		}
	}
	return faults.Err()
}

func (w *world) isHost(id model.NodeID) error {
	if id < 0 || int(id) >= w.net().NodeCount() {
		return fmt.Errorf("there is no node %d", id)
	}
	if w.net().NodeKindOf(id) == model.Switch {
		return fmt.Errorf("%s is a switch", w.net().NodeName(id))
	}
	return w.here(id)
}

// transfer makes a flow's receivers ready.
func (w *world) transfer(ctx context.Context, f *model.Flow) (*traffic.Transfer, error) {
	if err := w.admit(f); err != nil {
		return nil, err
	}
	s := w.session
	s.mu.Lock()
	s.tag++
	spec := traffic.Spec{Flow: *f, Tag: s.tag, OneWay: true, Seed: s.spec.Seed, Now: func() int64 { return w.at(w.now()) }}
	s.mu.Unlock()
	var err error
	if spec.Schedule, err = workload.ScheduleOf(w.net(), f); err != nil {
		return nil, err
	}
	end := func(host model.NodeID) (traffic.End, error) {
		d, err := w.agent(ctx, host)
		return traffic.End{Driver: d, Address: w.address(host)}, err
	}
	if spec.From, err = end(f.From); err != nil {
		return nil, err
	}
	for _, host := range w.receivers(f) {
		if f.Transport == model.ICMP {
			spec.To = append(spec.To, traffic.End{Address: w.address(host)})
			continue
		}
		to, err := end(host)
		if err != nil {
			return nil, err
		}
		spec.To = append(spec.To, to)
	}
	spec.Target = spec.To[0].Address
	for _, v := range w.net().Services {
		if v.ID == f.Service {
			spec.Target = ipv4(v.IP)
		}
	}
	return traffic.Prepare(ctx, spec)
}

// runFlows starts the flows of the list, each in time.
func (w *world) runFlows() {
	s := w.session
	for i := range w.list {
		f := &w.list[i]
		if !w.wait(s.life, f.Start-lead) {
			for range w.list[i:] {
				s.done()
			}
			for _, t := range w.early {
				t.Abandon()
			}
			return
		}
		t := w.early[i]
		delete(w.early, i)
		w.work.Go(func() {
			defer s.done()
			w.runFlow(s.life, f, t)
		})
	}
}

// wait returns at a time of the run, or after it when the network goes again; false when
// ctx ended first.
func (w *world) wait(ctx context.Context, until model.Time) bool {
	for w.still.wait(ctx) {
		left := until - w.now()
		if left <= 0 {
			return w.still.wait(ctx)
		}
		timer := time.NewTimer(time.Duration((left + model.Nanosecond - 1) / model.Nanosecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
	return false
}

// runFlow carries out a flow, at its start or at once if that has passed, and tells of
// it. t may be nil. A flow that ends before its start leaves no trace.
func (w *world) runFlow(ctx context.Context, f *model.Flow, t *traffic.Transfer) *trace.FlowResult {
	s := w.session
	tell := func(r trace.FlowResult) *trace.FlowResult {
		r.ID, r.From, r.To, r.Class = f.ID, w.net().NodeName(f.From), f.Service, f.Class
		r.Transport, r.Granularity, r.Asked = f.Transport.String(), f.Granularity.String(), trace.AskedOf(f)
		if f.Service == "" {
			r.To = w.net().NodeName(f.To)
		}
		s.emit(&trace.Entry{At: w.now(), Kind: trace.FlowEnd, Flow: f.ID, Result: &r})
		return &r
	}
	started := func(at model.Time) {
		s.emit(&trace.Entry{At: at, Kind: trace.FlowStart, Flow: f.ID, Node: w.net().NodeName(f.From)})
	}
	failed := func(err error) *trace.FlowResult {
		now := max(0, w.now())
		started(now)
		return tell(trace.FlowResult{Start: now, Finish: trace.Unfinished, Error: err.Error()})
	}
	whole := ctx
	ctx, ended := w.needing(ctx, model.NoLink, w.stations(f)...)
	defer ended()
	without := func(gone error) *trace.FlowResult { // a host that it needs, when it was to start
		if !w.wait(whole, f.Start) {
			return nil
		}
		return failed(gone)
	}
	if gone := removal(ctx); gone != nil {
		if t != nil {
			t.Abandon()
		}
		return without(gone)
	}
	if t == nil {
		var err error
		if t, err = w.transfer(ctx, f); err != nil {
			if gone := removal(ctx); gone != nil {
				return without(gone)
			}
			if ctx.Err() != nil {
				return nil
			}
			return failed(err)
		}
	}
	start := max(f.Start, w.now())
	result := make(chan trace.FlowResult, 1)
	go func() { result <- t.Run(ctx, w.at(start), w.when) }()
	begun := w.wait(ctx, start)
	if begun {
		started(start)
	}
	if !begun {
		<-result
		if gone := removal(ctx); gone != nil {
			return without(gone)
		}
		return nil
	}
	r := w.followed(ctx, f, result)
	if gone := removal(ctx); gone != nil {
		r.Error, r.Finish = gone.Error(), trace.Unfinished
	}
	if r.Error == "" && r.Finish == trace.Unfinished && s.life.Err() == nil {
		r.Error = "stopped"
	}
	return tell(r)
}

// flowsEnded returns when the goroutines of flows and actions have ended.
func (w *world) flowsEnded() {
	w.session.mu.Lock()
	idle := w.session.idle
	w.session.mu.Unlock()
	<-idle
}
