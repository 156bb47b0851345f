package learningswitch

import (
	"cmp"
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
		Name: "learning-switch", Version: "1.0.0",
		Doc:    "Learns where hosts are from their packets and floods the rest along a spanning tree.",
		Tables: 1, Services: []app.Service{app.ServiceFlood}, Stateful: true,
		Parameters: []app.Parameter{
			{Name: "idle", Type: app.Duration, Default: "60s", Most: "65535s", Doc: "a rule ends when no packet has used it for so long; whole seconds, 0s: never"},
			{Name: "hard", Type: app.Duration, Default: "0s", Most: "65535s", Doc: "a rule ends after so long in any case; whole seconds, 0s: never"},
			{Name: "priority", Type: app.Int, Default: "100", Least: "1", Most: "65535", Doc: "priority of the rules"},
		},
	}
}

// New makes the app.
func New() app.App { return &learning{State: state{Seen: map[model.NodeID]map[packet.MAC]*place{}}} }

// learnedTag marks the rules of learned pairs; the table-miss entry bears none.
const learnedTag = 1

// settle is when everything is forgotten once more after a link changed: packets that
// were under way when the tree changed teach what is no longer so.
const (
	settleTimer = "settle"
	settle      = model.Second
)

type learning struct {
	State      state
	idle, hard uint16
	priority   uint16
}

// state is all that the app knows: where each switch has seen whom.
type state struct {
	Parameters map[string]string                      `json:"parameters"`
	Seen       map[model.NodeID]map[packet.MAC]*place `json:"seen"`
}

// place is where a switch last saw a station, and to whom it has rules from there.
type place struct {
	Port model.PortNo `json:"port"`
	To   []packet.MAC `json:"to,omitempty"` // sorted
}

func (a *learning) Manifest() app.Manifest { return Manifest() }

func (a *learning) React(e *app.Event, out *app.Commands) {
	switch e.Kind {
	case app.KindStart:
		if err := a.configure(e.Start.Parameters); err != nil {
			out.Log("error", err.Error())
		}
	case app.KindTopology:
		for _, s := range e.Topology.Switches {
			out.OnMiss(s.ID, 0, app.MissController)
		}
	case app.KindSwitch:
		if e.Switch.Gone {
			delete(a.State.Seen, e.Switch.Switch.ID)
		} else if e.Switch.Up {
			out.OnMiss(e.Switch.Switch.ID, 0, app.MissController)
		}
	case app.KindPacketIn:
		a.packet(e.PacketIn, out)
	case app.KindFlowRemoved:
		a.removed(e.FlowRemoved)
	case app.KindPort:
		if !e.Port.Up {
			a.portDown(e.Port.Port, out)
		}
	case app.KindLink:
		a.flush(out)
		out.After(settleTimer, settle)
	case app.KindTimer:
		a.flush(out)
	case app.KindHost:
		if e.Host.Gone {
			a.forgetEverywhere(e.Host.Host.MAC, out)
		}
	}
}

func (a *learning) configure(p map[string]string) error {
	a.State.Parameters = p
	priority, err := strconv.ParseUint(p["priority"], 10, 16)
	if err != nil || priority == 0 {
		priority, err = 100, fmt.Errorf("priority %q is not between 1 and 65535; taking 100", p["priority"])
	}
	a.priority = uint16(priority)
	a.idle, a.hard = seconds(p["idle"]), seconds(p["hard"])
	return err
}

// seconds rounds up to what a rule's timeout can say.
func seconds(text string) uint16 {
	t, err := model.ParseTime(text)
	if err != nil {
		return 0
	}
	return uint16(min(0xffff, (t+model.Second-1)/model.Second))
}

// linkLocal says whether a frame is for the bridge itself (IEEE 802.1D table 7-10).
func linkLocal(m packet.MAC) bool { return m&^0xf == 0x0180c2000000 }

func (a *learning) packet(p *app.PacketIn, out *app.Commands) {
	src, dst, sw := p.Header.EthSrc, p.Header.EthDst, p.Port.Switch
	if linkLocal(dst) || src == 0 || src.IsMulticast() {
		return
	}
	here := a.learn(sw, src, p.Port.Port, out)
	to := a.State.Seen[sw][dst]
	switch {
	case dst.IsMulticast() || to == nil:
		out.FloodFrom(p)
	case to.Port == p.Port.Port:
		// The station is where the packet came from: it has seen it.
	default:
		// The rule names the source and where it is, not the destination alone: so the
		// first packet of every source comes here on every switch, and is learned, and
		// one that has moved comes here again.
		out.Install(sw, flow.Rule{Priority: a.priority, Cookie: learnedTag, Idle: a.idle, Hard: a.hard, SendRemoved: a.idle != 0 || a.hard != 0,
			Match: flow.Match{}.With(flow.InPort, uint64(p.Port.Port)).With(flow.EthDst, uint64(dst)).With(flow.EthSrc, uint64(src)),
			Apply: []flow.Action{flow.Out(uint32(to.Port))}})
		if i, known := slices.BinarySearch(here.To, dst); !known {
			here.To = slices.Insert(here.To, i, dst)
		}
		out.Send(sw, flow.PacketOut{InPort: uint32(p.Port.Port), Actions: []flow.Action{flow.Out(uint32(to.Port))}, Frame: p.Frame})
	}
}

// stationsMost is how many stations are learned of one switch, more than any real one
// learns. Packets for others flood, and rules for those end by themselves.
const stationsMost = 1 << 17

// learn notes where a switch sees a station. Of one that has moved the old rules go.
func (a *learning) learn(sw model.NodeID, mac packet.MAC, port model.PortNo, out *app.Commands) *place {
	table := a.State.Seen[sw]
	if table == nil {
		table = map[packet.MAC]*place{}
		a.State.Seen[sw] = table
	}
	at := table[mac]
	if at != nil && at.Port != port {
		a.forget(sw, out, mac)
		at = nil
	}
	if at == nil {
		at = &place{Port: port}
		if len(table) < stationsMost {
			table[mac] = at
		}
	}
	return at
}

// forget takes back what a switch knows of stations, and the rules made of it. There may be
// thousands of them, behind one port: the others are looked at once for all.
func (a *learning) forget(sw model.NodeID, out *app.Commands, gone ...packet.MAC) {
	if len(gone) == 0 {
		return
	}
	slices.Sort(gone)
	for _, mac := range gone {
		delete(a.State.Seen[sw], mac)
		out.RemoveMatching(sw, 0, flow.Match{}.With(flow.EthDst, uint64(mac)))
		out.RemoveMatching(sw, 0, flow.Match{}.With(flow.EthSrc, uint64(mac)))
	}
	for _, p := range a.State.Seen[sw] { // in any order: each is its own
		p.To = slices.DeleteFunc(p.To, func(to packet.MAC) bool {
			_, ok := slices.BinarySearch(gone, to)
			return ok
		})
	}
}

func (a *learning) forgetEverywhere(mac packet.MAC, out *app.Commands) {
	for _, sw := range sorted(a.State.Seen) {
		if a.State.Seen[sw][mac] != nil {
			a.forget(sw, out, mac)
		}
	}
}

func (a *learning) portDown(port app.Port, out *app.Commands) {
	var gone []packet.MAC
	for mac, p := range a.State.Seen[port.Switch] {
		if p.Port == port.Port {
			gone = append(gone, mac)
		}
	}
	a.forget(port.Switch, out, gone...)
}

// flush forgets everything: when a link changes, so may the tree, and what was learned
// along the old one can be a dead end anywhere.
func (a *learning) flush(out *app.Commands) {
	for _, sw := range sorted(a.State.Seen) {
		if len(a.State.Seen[sw]) > 0 {
			out.RemoveTagged(sw, learnedTag)
		}
	}
	clear(a.State.Seen)
}

// removed forgets a station whose last rule has ended: it has been silent since.
func (a *learning) removed(f *app.FlowRemoved) {
	if f.Rule.Cookie != learnedTag || f.Reason != flow.RemovedIdle && f.Reason != flow.RemovedHard {
		return
	}
	src, _ := f.Rule.Match.Field(flow.EthSrc)
	dst, _ := f.Rule.Match.Field(flow.EthDst)
	in, _ := f.Rule.Match.Field(flow.InPort)
	at := a.State.Seen[f.Switch][packet.MAC(src.Value.Lo)]
	if at == nil || uint64(at.Port) != in.Value.Lo {
		return
	}
	if i, ok := slices.BinarySearch(at.To, packet.MAC(dst.Value.Lo)); ok {
		if at.To = slices.Delete(at.To, i, i+1); len(at.To) == 0 {
			delete(a.State.Seen[f.Switch], packet.MAC(src.Value.Lo))
		}
	}
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Save gives the state as JSON.
func (a *learning) Save() ([]byte, error) { return json.Marshal(&a.State) }

// Restore takes what Save gave.
func (a *learning) Restore(data []byte) error {
	s := state{Seen: map[model.NodeID]map[packet.MAC]*place{}}
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("restoring learning-switch: %w", err)
	}
	a.State = s
	if s.Parameters == nil { // saved before it had started
		return nil
	}
	return a.configure(s.Parameters)
}
