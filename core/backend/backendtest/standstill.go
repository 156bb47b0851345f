package backendtest

import (
	"time"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
)

// standing is how long, of the machine's time, a world stands still: longer than anything in
// it may notice.
const standing = 1500 * time.Millisecond

// standstillQuestions are asked of worlds that can be paused.
func standstillQuestions() []question {
	can := []backend.Capability{backend.Pause}
	return []question{
		{"what is under way when the world is paused goes on from there", can, func(e *exam) {
			apart := model.Time(standing) * model.Nanosecond
			flow := e.start(e.udpAction("paused", portPlain, 1e6, 2*model.Second))
			ping := e.start(backend.Action{Ping: &backend.Ping{From: e.node("h3"), To: e.node("h4"), Count: 8, Interval: 200 * model.Millisecond, Timeout: 10 * model.Second}})
			e.pass(700 * model.Millisecond)
			e.pause()
			at := e.s.Now()
			if !e.virtual() {
				time.Sleep(standing)
			}
			if now := e.s.Now(); now != at {
				e.t.Errorf("the clock went from %s to %s while the world stood still", at, now)
			}
			e.resume()
			out := e.all(flow, ping)
			r, p := out[0].Flow, out[1].Ping
			if r.Rate < 0.75e6 { // with the standstill in it, it would be 0.57
				e.t.Errorf("rate: %.4g, want about 1e6", r.Rate)
			}
			if r.Lost > r.Sent/100 || r.LatencyMax >= apart {
				e.t.Errorf("%d of %d packets lost, the slowest was under way for %s", r.Lost, r.Sent, r.LatencyMax)
			}
			if p.Received != p.Sent || p.Max >= apart {
				e.t.Errorf("%d of %d echoes answered, the slowest after %s", p.Received, p.Sent, p.Max)
			}
			if lost := e.d.find(func(t *trace.Entry) bool {
				return t.At >= at && (t.Kind == trace.SwitchDown || t.Kind == trace.DaemonLost || t.Kind == trace.MachineLoad && t.Load.Gap > 0)
			}); len(lost) > 0 {
				e.t.Errorf("taken for a failure: %+v", lost)
			}
		}},
		{"a world that is paused twice goes on when it is told once, and one that goes stays so", can, func(e *exam) {
			e.resume()
			e.pause()
			e.pause()
			e.resume()
			if r := e.ping("h1", "h2", 1); r.Received != 1 {
				e.t.Errorf("%d of %d echoes answered", r.Received, r.Sent)
			}
		}},
	}
}

func (e *exam) pause() {
	e.t.Helper()
	if err := e.s.Pause(e.ctx); err != nil {
		e.t.Fatalf("pause: %v", err)
	}
}

func (e *exam) resume() {
	e.t.Helper()
	if err := e.s.Resume(e.ctx); err != nil {
		e.t.Fatalf("resume: %v", err)
	}
}
