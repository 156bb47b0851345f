package throttle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"sendim/core/app"
	"sendim/core/model"
)

// Manifest describes the app.
func Manifest() app.Manifest {
	return app.Manifest{
		Name: "throttle", Version: "1.0.0",
		Doc:    "Limits users to the rates of their profiles and reports who was limited.",
		Tables: 2, Stateful: true, Heeds: []app.Matter{app.MatterProfiles},
		Parameters: []app.Parameter{
			{Name: "mode", Type: app.Choice, Default: "auto", Choices: []string{"auto", "meter", "port"},
				Doc: "limit by meters, by the rate of the members' ports (which holds what members receive, not what they send), or by meters where the network has them"},
			{Name: "direction", Type: app.Choice, Default: "both", Choices: []string{"both", "up", "down"},
				Doc: "limit what members send, what they receive, or each of both by itself"},
			{Name: "burst", Type: app.Duration, Default: "350ms",
				Doc: "meters: a member that was silent may send this long at its rate at once; TCP needs more than its shortest timeout, 200ms, to reach its rate"},
			{Name: "interval", Type: app.Duration, Default: "1s", Doc: "how often to read statistics for who was limited; 0s: never"},
			{Name: "priority", Type: app.Int, Default: "100", Least: "1", Most: "65534", Doc: "priority of the rules"},
		},
	}
}

// New makes the app.
func New() app.App { return &throttle{seen: map[string]*sight{}} }

// options are the parameters, read.
type options struct {
	mode, direction string
	burst, interval model.Time
	priority        uint16
}

type throttle struct {
	opt        options
	parameters map[string]string
	granted    []app.Need
	settings   app.Settings
	alone      bool // no app follows: packets are forwarded here
	running    bool // the topology is complete
	ports      bool // limits are rates of ports, not meters
	view       app.View
	plan       plan              // what has been sent
	seen       map[string]*sight // what statistics said, by meter or port
}

func (a *throttle) Manifest() app.Manifest { return Manifest() }

func (a *throttle) React(e *app.Event, out *app.Commands) {
	moved := a.moves(e)
	a.view.Take(e)
	switch e.Kind {
	case app.KindStart:
		a.granted, a.settings, a.alone = e.Start.Granted, e.Start.Settings, e.Start.Last
		a.configure(e.Start.Parameters, out)
	case app.KindTopology:
		if a.view.Ready() && !a.running {
			a.begin(out)
		}
	case app.KindSwitch, app.KindLink, app.KindHost:
		if a.running && moved {
			a.refresh(out)
		}
	case app.KindSettings:
		a.settings = *e.Settings
		if a.running {
			a.refresh(out)
		}
	case app.KindPacketIn:
		if a.running && a.alone {
			a.answer(e.PacketIn, out)
		}
	case app.KindTimer:
		a.ask(out)
	case app.KindStats:
		a.look(e.At, e.Stats, out)
	}
}

// moves says whether an event may change the plan: a switch that is new, a host that comes,
// goes, or changes its place or address, and where packets are forwarded here, any change
// of switches and links. It looks at the view before it takes the event.
func (a *throttle) moves(e *app.Event) bool {
	switch e.Kind {
	case app.KindSwitch:
		_, known := a.view.SwitchNumber(e.Switch.Switch.ID)
		return a.alone || !known || e.Switch.Gone
	case app.KindLink:
		return a.alone
	case app.KindHost:
		h := &e.Host.Host
		old, known := a.view.Host(h.ID)
		return !known || e.Host.Gone || old.At != h.At || old.IP != h.IP || old.MAC != h.MAC || old.Name != h.Name
	}
	return false
}

func (a *throttle) configure(p map[string]string, out *app.Commands) {
	a.parameters = p
	a.opt = options{mode: p["mode"], direction: p["direction"]}
	priority, err := strconv.ParseUint(p["priority"], 10, 16)
	if err != nil || priority == 0 || priority == 0xffff {
		out.Log("error", fmt.Sprintf("priority %q is not between 1 and 65534; taking 100", p["priority"]))
		priority = 100
	}
	a.opt.priority = uint16(priority)
	a.opt.burst, _ = model.ParseTime(p["burst"]) // the runtime has checked them
	a.opt.interval, _ = model.ParseTime(p["interval"])
}

// begin chooses the way of limiting and says so.
func (a *throttle) begin(out *app.Commands) {
	a.running = true
	has := func(n app.Need) bool { return slices.Contains(a.granted, n) }
	a.ports = a.opt.mode == "port" || a.opt.mode == "auto" && !has(app.NeedMeters)
	switch {
	case a.ports && !has(app.NeedPortRate):
		out.Log("error", "this network can limit neither by meters nor by ports: nobody is limited")
	case !a.ports && !has(app.NeedMeters):
		out.Log("error", "mode meter, but this network has no meters: nobody is limited; mode auto would take the rates of ports")
	case a.ports && a.opt.direction == "up":
		out.Log("error", "mode port cannot limit what members send: nobody is limited")
	case a.ports && a.opt.direction == "both":
		out.Log("warn", "mode port: what members receive is limited at their switch's port; what they send is not")
	case a.ports:
		out.Log("info", "mode port: what members receive is limited at their switch's port")
	default:
		out.Log("info", "mode meter: limited is what members "+map[string]string{"both": "send and what they receive", "up": "send", "down": "receive"}[a.opt.direction])
	}
	a.refresh(out)
	if a.opt.interval > 0 {
		a.ask(out) // what has passed so far, to count from
	}
}

// saved is the state: what has been sent follows from it.
type saved struct {
	Parameters map[string]string `json:"parameters"`
	Granted    []app.Need        `json:"granted"`
	Settings   app.Settings      `json:"settings"`
	Topology   *app.Topology     `json:"topology"`
	Alone      bool              `json:"alone"`
	Running    bool              `json:"running"`
	Ports      bool              `json:"ports"`
	Seen       map[string]*sight `json:"seen"`
}

// Save gives the state as JSON.
func (a *throttle) Save() ([]byte, error) {
	return json.Marshal(&saved{a.parameters, a.granted, a.settings, a.view.Snapshot(), a.alone, a.running, a.ports, a.seen})
}

// Restore takes what Save gave and sends nothing.
func (a *throttle) Restore(data []byte) error {
	s := saved{Seen: map[string]*sight{}}
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("restoring throttle: %w", err)
	}
	var unsent app.Commands
	*a = throttle{granted: s.Granted, settings: s.Settings, alone: s.Alone, running: s.Running, ports: s.Ports, seen: s.Seen}
	a.configure(s.Parameters, &unsent)
	if s.Topology != nil {
		a.view.Take(&app.Event{Kind: app.KindTopology, Topology: s.Topology})
	}
	if a.running {
		a.plan = a.work()
	}
	return nil
}
