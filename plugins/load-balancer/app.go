package loadbalancer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/plugins/forward"
)

// Manifest describes the app.
func Manifest() app.Manifest {
	return app.Manifest{
		Name: "load-balancer", Version: "1.0.0",
		Doc:    "Spreads the clients of services over their members.",
		Tables: 2, Stateful: true, Heeds: []app.Matter{app.MatterServices},
		Parameters: []app.Parameter{
			{Name: "service", Type: app.String, Doc: "ids of the services to spread, separated by commas; empty: all"},
			{Name: "mode", Type: app.Choice, Default: "round-robin", Choices: []string{"round-robin", "rank", "hash"},
				Doc: "pick members in turn as clients come, by the client's place among all hosts, or by its address; by weight in any case"},
			{Name: "per", Type: app.Choice, Default: "client", Choices: []string{"client", "connection"},
				Doc: "pick a member for each client, or for each of its connections"},
			{Name: "idle", Type: app.Duration, Default: "60s", Most: "65535s", Doc: "a client that has sent nothing for so long is forgotten; whole seconds, 0s: never"},
			{Name: "drain", Type: app.Choice, Default: "keep", Choices: []string{"keep", "move"},
				Doc: "clients of a member that leaves stay with it, or go to another one at once"},
			{Name: "priority", Type: app.Int, Default: "100", Least: "1", Most: "65533", Doc: "priority of the rules; those for a client have one more"},
		},
	}
}

// The app's tables: addresses are rewritten in the first; the second is used when no app
// follows.
const (
	rewriting uint8 = iota
	forwarding
)

// New makes the app.
func New() app.App {
	return &balancer{sent: map[place]model.PortNo{}, clients: map[key]*client{}, credit: map[seat]int64{}, served: map[seat]int{}}
}

// options are the parameters, read.
type options struct {
	services       []string // nil: all
	mode           string
	move, per      bool
	idle, priority uint16
}

type balancer struct {
	opt        options
	parameters map[string]string
	settings   app.Settings
	alone      bool // no app follows: packets are forwarded here
	running    bool // the topology is complete
	view       app.View
	parts      []int32 // see forward.Parts
	sent       map[place]model.PortNo
	clients    map[key]*client
	credit     map[seat]int64 // of the round robin
	served     map[seat]int   // clients by member
}

func (a *balancer) Manifest() app.Manifest { return Manifest() }

func (a *balancer) React(e *app.Event, out *app.Commands) {
	changed := a.view.Take(e)
	switch e.Kind {
	case app.KindStart:
		a.settings, a.alone = e.Start.Settings, e.Start.Last
		a.configure(e.Start.Parameters, out)
	case app.KindTopology:
		if a.view.Ready() && !a.running {
			a.running = true
			a.introduce(out)
			a.refresh(out)
		}
	case app.KindSwitch, app.KindLink, app.KindHost:
		if changed && a.running {
			a.refresh(out)
			a.settle(out)
		}
	case app.KindSettings:
		a.change(e.Settings, out)
	case app.KindPacketIn:
		if a.running {
			a.packet(e.PacketIn, out)
		}
	case app.KindFlowRemoved:
		a.ended(e.FlowRemoved, out)
	}
}

func (a *balancer) configure(p map[string]string, out *app.Commands) {
	a.parameters = p
	a.opt = options{mode: p["mode"], move: p["drain"] == "move", per: p["per"] == "connection"}
	for id := range strings.SplitSeq(p["service"], ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		a.opt.services = append(a.opt.services, id)
		if a.service(id) == nil {
			out.Log("error", fmt.Sprintf("there is no service %q", id))
		}
	}
	if t, err := model.ParseTime(p["idle"]); err == nil {
		a.opt.idle = uint16(min(0xffff, (t+model.Second-1)/model.Second))
	}
	priority, err := strconv.ParseUint(p["priority"], 10, 16)
	if err != nil || priority == 0 || priority > 0xfffd {
		out.Log("error", fmt.Sprintf("priority %q is not between 1 and 65533; taking 100", p["priority"]))
		priority = 100
	}
	a.opt.priority = uint16(priority)
}

// introduce says what is spread.
func (a *balancer) introduce(out *app.Commands) {
	count := 0
	for i := range a.settings.Services {
		if s := &a.settings.Services[i]; a.spread(s) {
			count++
			out.Log("info", fmt.Sprintf("%s at %s %s/%d: %d members", s.ID, s.IP, s.Proto, s.Port, len(s.Members)))
		}
	}
	if count == 0 {
		out.Log("warn", "there is no service to spread")
	}
}

// change takes what the descriptor says anew.
func (a *balancer) change(s *app.Settings, out *app.Commands) {
	a.settings = *s
	for _, at := range sortedSeats(a.credit) {
		if pool := a.service(at.Pool); pool == nil || !slices.ContainsFunc(pool.Members, func(m app.ServiceMember) bool { return m.Node == at.Node }) {
			delete(a.credit, at) // should it come back, it begins like a new one
		}
	}
	if a.running {
		a.refresh(out)
		a.settle(out)
	}
}

// place is where a rule stands that belongs to no client, and what it matches: in the
// table for rewriting what goes to a service, ARP requests for one, or with no address all
// that is left over; in the one for forwarding what is for a host.
type place struct {
	Switch model.NodeID
	Table  uint8
	IP     packet.IPv4
	Proto  uint8
	Port   uint16
}

// refresh sends what differs between the rules of the present network and those sent.
func (a *balancer) refresh(out *app.Commands) {
	a.parts = forward.Parts(&a.view)
	want := map[place]model.PortNo{}
	put := func(p place, port model.PortNo) {
		if _, ok := want[p]; ok {
			return
		}
		want[p] = port
		if was, ok := a.sent[p]; !ok || was != port {
			out.Install(p.Switch, a.rule(p, port))
		}
	}
	for _, s := range a.view.Switches() {
		put(place{Switch: s.ID}, 0)
	}
	if a.alone {
		forward.Ports(&a.view, func(sw model.NodeID, dst packet.IPv4, port model.PortNo) { put(place{sw, forwarding, dst, 0, 0}, port) })
	}
	for _, h := range a.view.Hosts() {
		if a.alone {
			put(place{Switch: h.At.Switch, Proto: arpRequest}, 0)
		}
		for i := range a.settings.Services {
			s := &a.settings.Services[i]
			if !a.alone && a.spread(s) {
				put(place{Switch: h.At.Switch, IP: s.IP, Proto: arpRequest}, 0)
			}
			for _, proto := range [2]uint8{packet.ProtoTCP, packet.ProtoUDP} {
				if a.front(s.IP, proto, s.Port) != nil {
					put(place{h.At.Switch, rewriting, s.IP, proto, s.Port}, 0)
				}
			}
		}
	}
	for _, p := range sortedPlaces(a.sent) {
		if _, ok := want[p]; !ok {
			out.Remove(p.Switch, a.rule(p, 0))
		}
	}
	a.sent = want
}

// rule is what stands at a place.
func (a *balancer) rule(p place, port model.PortNo) flow.Rule {
	switch {
	case p.Table == forwarding:
		return flow.Rule{Table: forwarding, Priority: a.opt.priority, Match: flow.Match{}.IPv4To(p.IP, 32), Apply: []flow.Action{flow.Out(uint32(port))}}
	case p.Proto == arpRequest:
		return a.requests(p.IP)
	case p.IP == 0:
		return a.onward(flow.Rule{Table: rewriting})
	}
	m := flow.Match{}.IPv4To(p.IP, 32).With(flow.IPProto, uint64(p.Proto)).With(destination(p.Proto), uint64(p.Port))
	return flow.Rule{Table: rewriting, Priority: a.opt.priority, Match: m, Apply: []flow.Action{flow.ToController()}}
}

// onward has a rule hand packets on, to the next app or to the table for forwarding.
func (a *balancer) onward(r flow.Rule) flow.Rule {
	if a.alone {
		r.HasGoto, r.Goto = true, forwarding
	} else {
		r.Apply = append(r.Apply, flow.Next())
	}
	return r
}

func destination(proto uint8) flow.Field {
	if proto == packet.ProtoUDP {
		return flow.UDPDst
	}
	return flow.TCPDst
}

func source(proto uint8) flow.Field {
	if proto == packet.ProtoUDP {
		return flow.UDPSrc
	}
	return flow.TCPSrc
}
