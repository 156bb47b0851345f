package apptest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/core/trace"
)

// Recording is a run as its diary has it, with what the diary takes for granted.
type Recording struct {
	Model   *model.Network
	Entries iter.Seq2[*trace.Entry, error]
	App     string                       // the app's name in the run; "": the one whose manifest has the subject's name
	Params  map[string]map[string]string // by name of the app in the run
	Granted []app.Need
	Seed    uint64
	Delays  control.Delays
}

// Replayed is what came of a replay.
type Replayed struct {
	Events   int // that the app was told
	Commands int // that it gave as it had given them
	// Difference says where the app first answered something else; "": nowhere.
	Difference string
	// Remarks say what the diary does not hold, where the app needs it.
	Remarks []string
}

// Replay tells the app what happened in a recorded run, and compares what it wants with
// what it wanted then. The diary holds headers and not what packets carried, so payloads
// are zeros; statistics, refusals by switches and the age of rules it does not hold at all.
func (s Subject) Replay(rec Recording) (out Replayed, err error) {
	var before []*trace.Entry
	for e, err := range rec.Entries {
		if err != nil {
			return out, fmt.Errorf("read the diary: %w", err)
		}
		if told(e.Kind) || answers(e.Kind) || e.Kind == trace.RunEnd {
			c := *e
			before = append(before, &c)
		}
	}
	err = Verdict(func(t T) {
		i := s.life(t)
		defer i.Close() //nolint:errcheck // an end that fails changes no answer
		p, err := newPast(rec, s, i, before)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.replay(before); err != nil {
			t.Fatal(err)
		}
		out = p.compare(before)
	})
	return out, err
}

// told says that entries of a kind are what apps were told.
func told(k trace.Kind) bool {
	switch k {
	case trace.SwitchUp, trace.SwitchDown, trace.PortStatus, trace.PacketIn, trace.FlowRemoved, trace.AppStarted, trace.Refused,
		trace.MemberLeft, trace.MemberCame:
		return true
	}
	return false
}

// answers says that entries of a kind are what apps wanted.
func answers(k trace.Kind) bool {
	switch k {
	case trace.RuleMod, trace.GroupMod, trace.MeterMod, trace.PacketOut, trace.PortRate, trace.AppLog, trace.AppMetric:
		return true
	}
	return false
}

// past is a recorded run that happens again, as far as the control runtime sees it.
type past struct {
	rec     Recording
	name    string // of the app in the run
	runtime *control.Runtime
	app     *recorder
	ports   map[app.Port]bool // down
	seq     uint64
	now     model.Time
	answers []string // of the app, in order
	asks    bool     // for statistics
	sure    int      // answers before those can have mattered
	refused int
}

func newPast(rec Recording, s Subject, i app.Instance, entries []*trace.Entry) (*past, error) {
	p := &past{rec: rec, app: &recorder{Instance: i}, ports: map[app.Port]bool{}}
	var apps []control.Application
	var there []string
	for _, e := range entries {
		if e.Kind != trace.AppStarted || e.Manifest == nil {
			continue
		}
		there = append(there, e.App)
		a := control.Application{Name: e.App, Params: rec.Params[e.App], Instance: mute{*e.Manifest}}
		if p.name == "" && (e.App == rec.App || rec.App == "" && e.Manifest.Name == i.Manifest().Name) {
			p.name, a.Instance, a.FailRun = e.App, p.app, true
			if s.Params != nil {
				a.Params = s.Params
			}
		}
		apps = append(apps, a)
	}
	if p.name == "" {
		return nil, fmt.Errorf("the run has no application %q; it had %s", cmp.Or(rec.App, i.Manifest().Name), none(strings.Join(there, ", ")))
	}
	names, err := naming.New(rec.Model)
	if err != nil {
		return nil, err
	}
	address := control.Named{Names: names}
	p.runtime, err = control.New(control.Config{Model: rec.Model, Address: address, Apps: apps, Granted: rec.Granted,
		Settings: control.Settings(rec.Model, address), Seed: rec.Seed, Sink: p, Delays: rec.Delays})
	return p, err
}

// mute stands for the other apps of the run: it has their place and says nothing.
type mute struct{ manifest app.Manifest }

func (m mute) Manifest() app.Manifest                                              { return m.manifest }
func (m mute) Handle(context.Context, []app.Event, func(int, []app.Command)) error { return nil }
func (m mute) Save(context.Context) ([]byte, error)                                { return nil, nil }
func (m mute) Restore(context.Context, []byte) error                               { return nil }
func (m mute) Close() error                                                        { return nil }

// Emit takes what the runtime writes into its diary now.
func (p *past) Emit(e *trace.Entry) {
	if answers(e.Kind) && e.App == p.name {
		p.answers = append(p.answers, wish(e))
	}
}

// wish writes what an app wanted, without the time.
func wish(e *trace.Entry) string {
	c := *e
	c.At = 0
	text, err := json.Marshal(&c)
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(string(text), `{"at":0,`)
}

func (p *past) replay(entries []*trace.Entry) error {
	started := false
	if len(entries) > 0 {
		p.now = entries[0].At // what was before t=0 is negative
	}
	for _, e := range entries {
		at := max(e.At, p.now)
		if err := p.until(at); err != nil {
			return err
		}
		p.now = at
		if e.Kind == trace.AppStarted {
			if !started {
				started = true
				if err := p.runtime.Start(at); err != nil {
					return err
				}
			}
			continue
		}
		if e.Kind == trace.MemberLeft || e.Kind == trace.MemberCame {
			up, _ := p.rec.Delays(model.NoNode)
			p.runtime.Change(at+up, p.change(e))
			continue
		}
		if u, ok := p.upcall(e); ok {
			p.up(u)
		}
	}
	return p.until(p.now + 1)
}

// until has the apps answer what arrives before a time.
func (p *past) until(before model.Time) error {
	for due := p.runtime.Due(); due < before; due = p.runtime.Due() {
		downs, err := p.runtime.React(context.Background(), due+1)
		if err != nil {
			return err
		}
		for _, d := range downs {
			if d.Kind == control.Barrier {
				up, _ := p.rec.Delays(d.Switch)
				p.up(control.Upcall{Kind: control.BarrierReply, Switch: d.Switch, Xid: d.Xid, At: d.Arrive + up})
			}
			if d.Kind == control.AskStats && !p.asks {
				p.asks, p.sure = true, len(p.answers)
			}
		}
	}
	return nil
}

func (p *past) up(u control.Upcall) {
	p.seq++
	u.Seq, u.At = p.seq, max(u.At, p.now)
	p.runtime.Up(u)
}

// change makes of an entry the change of a service's pool that it was. The weight of a
// server that joins stands in the network's scenario only.
func (p *past) change(e *trace.Entry) model.Change {
	node, _ := p.rec.Model.NodeByName(e.Node) // an unknown one changes nothing
	c := model.Change{Kind: model.MemberLeave, Service: e.Name, Node: node, Link: model.NoLink}
	if e.Kind == trace.MemberCame {
		c.Kind, c.Weight = model.MemberJoin, 1
		for _, step := range p.rec.Model.Scenario {
			for _, was := range step.Changes {
				if was.Kind == c.Kind && was.Service == c.Service && was.Node == c.Node && step.At <= e.At {
					c.Weight = was.Weight
				}
			}
		}
	}
	return c
}

// upcall makes of an entry the message that it was.
func (p *past) upcall(e *trace.Entry) (control.Upcall, bool) {
	sw, ok := p.rec.Model.NodeByName(e.Node)
	u := control.Upcall{Switch: sw, At: e.At}
	if !ok {
		return u, false
	}
	switch e.Kind {
	case trace.SwitchUp:
		u.Kind = control.SwitchConnected
		for _, a := range p.rec.Model.Arcs(sw) {
			port := p.rec.Model.ArcFrom(a).Port
			u.Ports = append(u.Ports, flow.PortState{Port: uint32(port), Up: !p.ports[app.Port{Switch: sw, Port: port}]})
		}
	case trace.SwitchDown:
		u.Kind = control.SwitchLost
	case trace.PortStatus:
		if e.Port == nil {
			return u, false
		}
		up := e.Text == "up"
		p.ports[app.Port{Switch: sw, Port: model.PortNo(*e.Port)}] = !up
		u.Kind, u.Ports = control.PortStatus, []flow.PortState{{Port: *e.Port, Up: up}}
	case trace.PacketIn:
		if e.Port == nil || e.Table == nil || e.Header == nil {
			return u, false
		}
		header, length := *e.Header, e.Length
		u.Kind, u.Packet = control.PacketIn, &control.Packet{InPort: *e.Port, Table: *e.Table, Cookie: e.Cookie, Header: header, Length: length, Bytes: func() []byte { return frameOf(header, length) }}
		u.Packet.Reason = reasonOf(e.Reason)
	case trace.FlowRemoved:
		r, err := removedRule(e.Text)
		if err != nil {
			return u, false
		}
		u.Kind, u.Removed = control.RuleRemoved, &control.Removed{Rule: r}
		if e.Counters != nil {
			u.Removed.Counters = *e.Counters
		}
		for _, reason := range []flow.RemovedReason{flow.RemovedIdle, flow.RemovedHard, flow.RemovedDelete, flow.RemovedGroup, flow.RemovedMeter} {
			if reason.String() == e.Reason {
				u.Removed.Reason = reason
			}
		}
	case trace.Refused:
		if e.App == p.name && e.Text != "not sent" {
			p.refused++
		}
		return u, false
	default:
		return u, false
	}
	return u, true
}

// frameOf builds a frame of that length, as near as its header allows; the payload is
// zeros.
func frameOf(h packet.Header, length int) []byte {
	payload := 0
	frame := packet.Append(nil, h, nil)
	for range 2 { // a header may grow by what a payload must have at least
		if len(frame) < length {
			payload += length - len(frame)
			frame = packet.Append(nil, h, make([]byte, payload))
		}
		if over := len(frame) - length; over > 0 && payload >= over {
			payload -= over
			frame = packet.Append(nil, h, make([]byte, payload))
		}
	}
	return frame
}

func reasonOf(text string) flow.PacketInReason {
	for _, r := range []flow.PacketInReason{flow.ReasonNoMatch, flow.ReasonAction, flow.ReasonInvalidTTL} {
		if r.String() == text {
			return r
		}
	}
	return flow.ReasonNoMatch
}

// removedRule reads what a diary says about a rule that ended: table, priority, match,
// timeouts and cookie.
func removedRule(text string) (r flow.Rule, err error) {
	for i, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		number := func(bits int) uint64 {
			n, e := strconv.ParseUint(value, 0, bits)
			err = cmp.Or(err, e)
			return n
		}
		switch {
		case i == 0 && name == "table":
			r.Table = uint8(number(8))
		case i == 1 && name == "priority":
			r.Priority = uint16(number(16))
		case i == 2:
			match, e := flow.ParseMatch(word)
			r.Match, err = match, cmp.Or(err, e)
		case name == "idle":
			r.Idle = uint16(number(16))
		case name == "hard":
			r.Hard = uint16(number(16))
		case name == "cookie":
			r.Cookie = number(64)
		case word == "send_removed":
			r.SendRemoved = true
		}
	}
	return r, err
}

// compare holds what the app wanted now against what it wanted then.
func (p *past) compare(entries []*trace.Entry) Replayed {
	out := Replayed{Events: len(p.app.events)}
	if p.asks {
		out.Remarks = append(out.Remarks, fmt.Sprintf("only up to command %d, before it was told statistics: a diary does not hold them", p.sure))
	}
	if p.refused > 0 {
		out.Remarks = append(out.Remarks, fmt.Sprintf("switches refused %d of the app's commands then, which it was not told now", p.refused))
	}
	var then []*trace.Entry
	for _, e := range entries {
		if answers(e.Kind) && e.App == p.name {
			then = append(then, e)
		}
	}
	if p.asks {
		then, p.answers = then[:min(len(then), p.sure)], p.answers[:p.sure]
	}
	for k, e := range then {
		switch want := wish(e); {
		case k >= len(p.answers):
			out.Difference = fmt.Sprintf("there is no command %d; at %s it wanted\n  %s\nand now nothing more", k+1, e.At, want)
			return out
		case p.answers[k] != want:
			out.Difference = fmt.Sprintf("its command %d is another; at %s it wanted\n  %s\nand now\n  %s", k+1, e.At, want, p.answers[k])
			return out
		}
		out.Commands++
	}
	if len(p.answers) > len(then) {
		out.Difference = fmt.Sprintf("it wants more than then:\n  %s", strings.Join(p.answers[len(then):min(len(p.answers), len(then)+3)], "\n  "))
	}
	return out
}

// Names lists the apps of a run, in order, as its diary has them.
func Names(entries iter.Seq2[*trace.Entry, error]) []string {
	var out []string
	for e, err := range entries {
		if err != nil {
			break
		}
		if e.Kind == trace.AppStarted && !slices.Contains(out, e.App) {
			out = append(out, e.App)
		}
	}
	return out
}
