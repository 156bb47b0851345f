package shortestpath

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// Manifest describes the app.
func Manifest() app.Manifest {
	return app.Manifest{
		Name: "shortest-path", Version: "1.1.0",
		Doc:    "Routes IPv4 between hosts along shortest paths.",
		Tables: 1, Services: []app.Service{app.ServiceARP}, Stateful: true,
		Parameters: []app.Parameter{
			{Name: "mode", Type: app.Choice, Default: "auto", Choices: []string{"proactive", "reactive", "auto"},
				Doc: "rules for every destination at once, for a pair when its first packet comes, or whichever the size of the network asks for"},
			{Name: "ecmp", Type: app.Choice, Default: "pair", Choices: []string{"none", "pair", "group"},
				Doc: "of equally short paths take one for all, one for each pair of hosts, or one for each flow by select groups"},
			{Name: "protect", Type: app.Choice, Default: "none", Choices: []string{"none", "link", "downstream"},
				Doc: "proactive: a switch whose link fails goes on at once by a neighbour whose own paths do not come back (RFC 5286), by fast-failover groups; " +
					"with downstream only by one that is nearer to the destination, so that nothing goes around in circles however many links fail"},
			{Name: "weight", Type: app.Choice, Default: "hops", Choices: []string{"hops", "delay", "cost"},
				Doc: "what makes a path short: few links, little delay, or a small sum of the links' weights"},
			{Name: "idle", Type: app.Duration, Default: "60s", Most: "65535s", Doc: "reactive: a rule ends when no packet has used it for so long; whole seconds, 0s: never"},
			{Name: "priority", Type: app.Int, Default: "100", Least: "1", Most: "65534", Doc: "priority of the rules for a destination; rules for a pair have one more"},
			{Name: "limit", Type: app.Int, Default: "100000", Least: "0", Doc: "mode auto is proactive while it takes about this many rules at most: switches times hosts, and with ecmp=pair in a network with cycles hosts times hosts more"},
		},
	}
}

// New makes the app.
func New() app.App {
	return &router{pairs: map[pair][]hop{}, dests: map[model.NodeID]*destination{}, actions: map[choice][]flow.Action{}}
}

// options are the parameters, read.
type options struct {
	mode, ecmp, weight string
	protect            string
	idle, priority     uint16
	limit              int
}

type router struct {
	opt        options
	parameters map[string]string
	granted    []app.Need
	view       app.View
	reactive   bool
	running    bool // the topology is complete and the mode is chosen

	routes routes
	dests  map[model.NodeID]*destination // proactive, by switch
	groups groups
	cover  cover
	pairs  map[pair][]hop // reactive: the rules of a pair, from the source on

	actions map[choice][]flow.Action
}

// pair is a source and a destination.
type pair struct{ Src, Dst packet.IPv4 }

// hop is a rule of a pair: where, by which port it sends, and by which other one when that
// is down; 0 for none.
type hop struct {
	Switch model.NodeID
	Port   model.PortNo
	Over   model.PortNo `json:",omitempty"`
}

func (a *router) Manifest() app.Manifest { return Manifest() }

func (a *router) React(e *app.Event, out *app.Commands) {
	switch e.Kind {
	case app.KindStart:
		a.granted = e.Start.Granted
		a.configure(e.Start.Parameters, out)
	case app.KindTopology:
		a.view.Take(e)
		if a.view.Ready() && !a.running {
			a.begin(out)
		}
	case app.KindSwitch:
		if a.view.Take(e) && a.running && a.reactive && e.Switch.Up {
			out.OnMiss(e.Switch.Switch.ID, 0, app.MissController)
		}
		if a.running && a.routes.shape != a.view.Shape() {
			a.reshape()
			if !a.reactive {
				a.refreshAll(out)
			}
		}
	case app.KindLink:
		old := a.link(e.Link.Link.ID)
		if a.view.Take(e) && a.running {
			a.linkChanged(old, e.Link, out)
		}
	case app.KindHost:
		old, _ := a.view.Host(e.Host.Host.ID)
		var was app.HostInfo
		if old != nil {
			was = *old
		}
		if a.view.Take(e) && a.running {
			a.hostChanged(was, old != nil, e.Host, out)
		}
	case app.KindPacketIn:
		if a.running && a.reactive {
			a.packet(e.PacketIn, out)
		}
	case app.KindFlowRemoved:
		a.ended(e.FlowRemoved)
	}
}

func (a *router) link(id model.LinkID) app.LinkInfo {
	if i, ok := a.view.LinkNumber(id); ok {
		return a.view.Links()[i]
	}
	return app.LinkInfo{}
}

func (a *router) configure(p map[string]string, out *app.Commands) {
	a.parameters = p
	a.opt = options{mode: p["mode"], ecmp: p["ecmp"], weight: p["weight"], protect: p["protect"]}
	priority, err := strconv.ParseUint(p["priority"], 10, 16)
	if err != nil || priority == 0 || priority == 0xffff {
		out.Log("error", fmt.Sprintf("priority %q is not between 1 and 65534; taking 100", p["priority"]))
		priority = 100
	}
	a.opt.priority = uint16(priority)
	if a.opt.limit, err = strconv.Atoi(p["limit"]); err != nil {
		out.Log("error", fmt.Sprintf("limit %q is too large; taking 100000", p["limit"]))
		a.opt.limit = 100_000
	}
	if t, err := model.ParseTime(p["idle"]); err == nil {
		a.opt.idle = uint16(min(0xffff, (t+model.Second-1)/model.Second))
	}
	if a.opt.ecmp == "group" && !slices.Contains(a.granted, app.NeedSelect) {
		out.Log("warn", "this network has no select groups: ecmp=pair instead of group")
		a.opt.ecmp = "pair"
	}
	if a.opt.protect == "" {
		a.opt.protect = "none"
	}
	if a.protects() && !slices.Contains(a.granted, app.NeedFastFailover) {
		out.Log("warn", "this network has no fast-failover groups: protect=none instead of "+a.opt.protect)
		a.opt.protect = "none"
	}
}

// begin chooses the mode and installs what it asks for.
func (a *router) begin(out *app.Commands) {
	a.running = true
	switches, hosts := len(a.view.Switches()), len(a.view.Hosts())
	a.reactive = a.opt.mode == "reactive" || a.opt.mode == "auto" && a.size() > a.opt.limit
	a.routes.reset(&a.view, a.opt.weight)
	if a.reactive {
		out.Log("info", fmt.Sprintf("mode reactive: %d switches, %d hosts; the path of a pair is installed with its first packet", switches, hosts))
		if a.protects() {
			out.Log("warn", "reactive paths are not protected: rules lie on them and nowhere else; protect="+a.opt.protect+" wants mode=proactive")
		}
		for _, s := range a.view.Switches() {
			out.OnMiss(s.ID, 0, app.MissController)
		}
		return
	}
	out.Log("info", fmt.Sprintf("mode proactive: %d switches times %d hosts are about %d rules", switches, hosts, a.size()))
	a.refreshAll(out)
}

// size is about how many rules the proactive mode takes: one for every switch and
// destination, and where pairs are spread and there are paths to choose from, about one
// for every pair more.
func (a *router) size() int {
	switches, hosts := len(a.view.Switches()), len(a.view.Hosts())
	if a.opt.ecmp == "pair" && len(a.view.Links()) >= switches {
		return (switches + hosts) * hosts
	}
	return switches * hosts
}

// linkChanged brings the paths up to date.
func (a *router) linkChanged(old app.LinkInfo, c *app.LinkChange, out *app.Commands) {
	reshaped := a.routes.shape != a.view.Shape()
	if reshaped {
		a.reshape()
	} else {
		if old.Up == c.Link.Up && old.Weight == c.Link.Weight && old.Delay == c.Link.Delay && old.Spare == c.Link.Spare {
			return
		}
		a.routes.changed()
	}
	if a.reactive {
		a.repair(c.Link, c.Link.Up || reshaped, out)
		return
	}
	if reshaped || a.routes.spares || a.protects() || old.Weight != c.Link.Weight || old.Delay != c.Link.Delay {
		a.refreshAll(out)
		return
	}
	number, _ := a.view.LinkNumber(c.Link.ID)
	a.refreshThrough(number, c.Link.Up, out)
}

// hostChanged brings the rules for a host up to date: it came, went, moved, or changed
// its address. A port that goes up or down changes no path.
func (a *router) hostChanged(was app.HostInfo, known bool, c *app.HostChange, out *app.Commands) {
	if known && !c.Gone && was.At == c.Host.At && was.IP == c.Host.IP {
		return
	}
	if a.reactive {
		for _, k := range a.sortedPairs() {
			if known && (k.Src == was.IP || k.Dst == was.IP) {
				a.unroute(k, out)
			}
		}
		return
	}
	a.refreshAll(out)
}

// saved is the state: everything else follows from it.
type saved struct {
	Parameters map[string]string `json:"parameters"`
	Granted    []app.Need        `json:"granted"`
	Topology   *app.Topology     `json:"topology"`
	Reactive   bool              `json:"reactive"`
	Running    bool              `json:"running"`
	Pairs      []savedPair       `json:"pairs,omitempty"`
}

type savedPair struct {
	Src  packet.IPv4 `json:"src"`
	Dst  packet.IPv4 `json:"dst"`
	Hops []hop       `json:"hops"`
}

// Save gives the state as JSON.
func (a *router) Save() ([]byte, error) {
	s := saved{Parameters: a.parameters, Granted: a.granted, Topology: a.view.Snapshot(), Reactive: a.reactive, Running: a.running}
	for _, k := range a.sortedPairs() {
		s.Pairs = append(s.Pairs, savedPair{k.Src, k.Dst, a.pairs[k]})
	}
	return json.Marshal(&s)
}

// Restore takes what Save gave. Proactive rules are a function of the topology, so they
// are worked out and not sent.
func (a *router) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("restoring shortest-path: %w", err)
	}
	*a = *New().(*router)
	var unsent app.Commands
	a.granted = s.Granted
	a.configure(s.Parameters, &unsent)
	if s.Topology != nil {
		a.view.Take(&app.Event{Kind: app.KindTopology, Topology: s.Topology})
	}
	a.reactive, a.running = s.Reactive, s.Running
	for _, p := range s.Pairs {
		a.pairs[pair{p.Src, p.Dst}] = p.Hops
	}
	if a.running {
		a.routes.reset(&a.view, a.opt.weight)
		if !a.reactive {
			a.refreshAll(&unsent)
		}
	}
	return nil
}

// toHost matches IPv4 packets for one host.
func toHost(dst packet.IPv4) flow.Match { return flow.Match{}.IPv4To(dst, 32) }

// between matches IPv4 packets of one pair.
func between(k pair) flow.Match { return flow.Match{}.IPv4From(k.Src, 32).IPv4To(k.Dst, 32) }
