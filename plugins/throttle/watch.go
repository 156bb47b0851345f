package throttle

import (
	"fmt"
	"math"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
)

// statistics is the name of the timer.
const statistics = "statistics"

// sight is what statistics have said of a meter or a port.
type sight struct {
	At      model.Time `json:"at"`
	Bytes   uint64     `json:"bytes"`   // a port's: sent
	Dropped uint64     `json:"dropped"` // bytes, or a port's packets
	Limited bool       `json:"limited"` // in the last interval
}

// atLimit is the share of its rate from which on a port counts as limiting.
const atLimit = 0.95

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
	for i := range s.Meters {
		a.lookMeter(at, s.Switch, &s.Meters[i], out)
	}
	for i := range s.Ports {
		a.lookPort(at, s.Switch, &s.Ports[i], out)
	}
}

// sighted gives what is known and what it becomes.
func (a *throttle) sighted(key string, now sight) (was sight, is *sight) {
	is = &now
	if old := a.seen[key]; old != nil {
		was = *old
	}
	a.seen[key] = is
	return was, is
}

func (a *throttle) lookMeter(at model.Time, sw model.NodeID, m *flow.MeterStat, out *app.Commands) {
	l, known := a.plan.meters[meterKey{sw, m.Meter.Name}]
	if !known {
		return // it has been taken back meanwhile
	}
	was, is := a.sighted(m.Meter.Name, sight{At: at, Dropped: m.Dropped.Bytes})
	if is.Dropped < was.Dropped { // the switch has begun anew
		was.Dropped = 0
	}
	if is.Limited = is.Dropped > was.Dropped; is.Limited {
		out.Report(m.Meter.Name+".dropped", float64(is.Dropped))
	}
	if is.Limited != was.Limited {
		l.tell(is.Limited, fmt.Sprintf("%d bytes of what it %s were dropped so far", is.Dropped, l.does()), out)
	}
}

func (a *throttle) lookPort(at model.Time, sw model.NodeID, p *flow.PortStat, out *app.Commands) {
	l, known := a.plan.rates[app.Port{Switch: sw, Port: model.PortNo(p.Port)}]
	if !known {
		return
	}
	was, is := a.sighted(portKey(app.Port{Switch: sw, Port: model.PortNo(p.Port)}), sight{At: at, Bytes: p.TxBytes, Dropped: p.TxDropped})
	if was.At == 0 || is.At <= was.At || is.Bytes < was.Bytes {
		return // the first word of this port
	}
	rate := float64(is.Bytes-was.Bytes) * 8 / (is.At - was.At).Seconds()
	is.Limited = is.Dropped > was.Dropped || rate >= atLimit*float64(l.rate)
	if is.Limited {
		out.Report(l.host+".down.rate", math.Round(rate))
	}
	if is.Limited != was.Limited {
		l.tell(is.Limited, fmt.Sprintf("it %s %.0f kbit/s", l.does(), rate/1000), out)
	}
}

func portKey(p app.Port) string { return fmt.Sprintf("port %d of %d", p.Port, p.Switch) }

func (l *limit) does() string {
	if l.sends {
		return "sends"
	}
	return "receives"
}

// tell logs that somebody is limited, or no longer.
func (l *limit) tell(limited bool, what string, out *app.Commands) {
	state := "is limited"
	if !limited {
		state = "is within its rate again"
	}
	out.Log("info", fmt.Sprintf("%s (profile %s, %s) %s: %s", l.host, l.profile, l.rate, state, what))
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
