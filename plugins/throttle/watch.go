package throttle

import (
	"fmt"
	"math"

	"sendim/core/app"
	"sendim/core/model"
)

// statistics is the name of the timer.
const statistics = "statistics"

// sight is what statistics have said of a meter or a port.
type sight struct {
	At      model.Time `json:"at"`
	Passed  uint64     `json:"passed"`  // bytes
	Dropped uint64     `json:"dropped"` // bytes, by a meter
	Limited bool       `json:"limited"` // in the last interval
}

// atLimit is the share of its rate from which on somebody counts as limited though nothing
// was dropped: a port makes its packets wait, and flows that are simulated as a whole keep
// to the rate by themselves.
const atLimit = 0.99

// ask asks every switch that holds a limit, and sets the timer anew.
func (a *throttle) ask(out *app.Commands) {
	meters, ports := map[model.NodeID]bool{}, map[model.NodeID]bool{}
	for k := range a.plan.meters {
		meters[k.sw] = true
	}
	for p := range a.plan.rates {
		ports[p.Switch] = true
	}
	for _, s := range a.view.Switches() {
		if s.Up && (meters[s.ID] || ports[s.ID]) {
			out.AskStats(s.ID, app.StatsRequest{Meters: meters[s.ID], Ports: ports[s.ID]})
		}
	}
	out.After(statistics, a.opt.interval)
}

// look finds out who was limited.
func (a *throttle) look(at model.Time, s *app.Stats, out *app.Commands) {
	for _, m := range s.Meters {
		if l, known := a.plan.meters[meterKey{s.Switch, m.Meter.Name}]; known { // it may have been taken back
			a.judge(m.Meter.Name, &l, sight{At: at, Passed: m.In.Bytes - min(m.In.Bytes, m.Dropped.Bytes), Dropped: m.Dropped.Bytes}, out)
		}
	}
	for _, p := range s.Ports {
		port := app.Port{Switch: s.Switch, Port: model.PortNo(p.Port)}
		if l, known := a.plan.rates[port]; known {
			a.judge(portKey(port), &l, sight{At: at, Passed: p.TxBytes}, out)
		}
	}
}

// judge compares what statistics say now with what they said before.
func (a *throttle) judge(key string, l *limit, is sight, out *app.Commands) {
	was, known := sight{}, false
	if old := a.seen[key]; old != nil {
		was, known = *old, true
	}
	a.seen[key] = &is
	if is.Passed < was.Passed || is.Dropped < was.Dropped { // the switch has begun anew
		was, known = sight{Limited: was.Limited}, false
	}
	rate := 0.0
	if known && is.At > was.At {
		rate = math.Round(float64(is.Passed-was.Passed) * 8 / (is.At - was.At).Seconds())
	}
	dropping := is.Dropped > was.Dropped
	is.Limited = dropping || rate >= atLimit*float64(l.rate)
	if is.Limited && rate > 0 {
		out.Report(l.name()+".rate", rate)
	}
	if dropping {
		out.Report(l.name()+".dropped", float64(is.Dropped))
	}
	switch {
	case is.Limited && !was.Limited:
		l.tell("is limited to "+l.rate.String(), &is, out)
	case was.Limited && !is.Limited:
		l.tell("is no longer limited", &is, out)
	}
}

func portKey(p app.Port) string { return fmt.Sprintf("port %d of %d", p.Port, p.Switch) }

// name is the limit's in metrics, and the name of its meter.
func (l *limit) name() string {
	if l.sends {
		return l.host + ".up"
	}
	return l.host + ".down"
}

// tell logs that somebody is limited, or no longer.
func (l *limit) tell(state string, is *sight, out *app.Commands) {
	what := "sends"
	if !l.sends {
		what = "receives"
	}
	dropped := ""
	if is.Dropped > 0 {
		dropped = fmt.Sprintf("; %d bytes were dropped so far", is.Dropped)
	}
	out.Log("info", fmt.Sprintf("%s (profile %s) %s in what it %s%s", l.host, l.profile, state, what, dropped))
}

// forget drops what was seen of limits that are gone.
func (a *throttle) forget(old *plan) {
	names := map[string]bool{} // a host that moves keeps its meters' names
	for k := range a.plan.meters {
		names[k.name] = true
	}
	for k := range old.meters {
		if !names[k.name] {
			delete(a.seen, k.name)
		}
	}
	for p := range old.rates {
		if _, still := a.plan.rates[p]; !still {
			delete(a.seen, portKey(p))
		}
	}
}
