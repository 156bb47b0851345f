package app

import (
	"sendim/core/flow"
	"sendim/core/model"
)

// CommandKind says which of a Command's parts is set.
type CommandKind uint8

// The kinds of commands.
const (
	KindRule CommandKind = iota + 1
	KindGroup
	KindMeter
	KindPortRate
	KindMiss
	KindPacketOut
	KindStatsRequest
	KindSetTimer
	KindMetric
	KindLog
)

var commandKinds = [...]string{"", "rule", "group", "meter", "port-rate", "miss", "packet-out", "stats-request", "set-timer", "metric", "log"}

func (k CommandKind) String() string {
	if int(k) < len(commandKinds) {
		return commandKinds[k]
	}
	return "?"
}

// Command is one thing an app wants. Exactly the part that Kind names is set. ID counts
// an app's commands from 1, in the order it gave them.
type Command struct {
	Kind   CommandKind  `json:"kind"`
	ID     uint64       `json:"id"`
	Switch model.NodeID `json:"switch"`        // NoNode where it concerns none
	Ack    bool         `json:"ack,omitempty"` // ask for Applied

	Rule      *flow.RuleMod   `json:"rule,omitempty"`
	Group     *flow.GroupMod  `json:"group,omitempty"`
	Meter     *flow.MeterMod  `json:"meter,omitempty"`
	PortRate  *PortRate       `json:"portRate,omitempty"`
	Miss      *Miss           `json:"miss,omitempty"`
	PacketOut *flow.PacketOut `json:"packetOut,omitempty"`
	Stats     *StatsRequest   `json:"stats,omitempty"`
	SetTimer  *SetTimer       `json:"setTimer,omitempty"`
	Metric    *Metric         `json:"metric,omitempty"`
	Log       *Log            `json:"log,omitempty"`
}

// PortRate limits what leaves a port; 0 takes the limit away.
type PortRate struct {
	Port model.PortNo `json:"port"`
	Rate model.Rate   `json:"rate"`
}

// MissAction is what happens to a packet that no rule of a table matches.
type MissAction uint8

// The miss actions. MissDrop is OpenFlow's default.
const (
	MissDrop MissAction = iota
	MissController
	MissNext // on to the app's next table, or to the next app from its last
)

// Miss sets the table-miss entry of one of the app's tables.
type Miss struct {
	Table  uint8      `json:"table"`
	Action MissAction `json:"action"`
}

// StatsRequest asks a switch for counters of this app's rules, groups, meters, or of
// its ports.
type StatsRequest struct {
	Rules  bool `json:"rules,omitempty"`
	Groups bool `json:"groups,omitempty"`
	Meters bool `json:"meters,omitempty"`
	Ports  bool `json:"ports,omitempty"`
}

// SetTimer asks for a Timer event; the same name again replaces the earlier one, and
// After < 0 cancels it. A span shorter than the control round trip is lengthened to it.
type SetTimer struct {
	Name  string     `json:"name"`
	After model.Time `json:"after"`
}

// Metric is a number the app wants in the results.
type Metric struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// LevelRestarted is the level of the line that says that the app itself was lost and
// started again. It is for whoever starts apps, and not for apps.
const LevelRestarted = "restarted"

// LevelWarned is the level of a line about the app itself that belongs into the results. It is
// for whoever starts apps, too.
const LevelWarned = "warned"

// Log is a line for the diary.
type Log struct {
	Level string `json:"level"` // debug, info, warn, error
	Text  string `json:"text"`
}

// Commands collects what an app wants. The zero value is ready.
type Commands struct {
	List  []Command
	last  uint64
	spill func([]Command) // nil: List keeps all
}

// spillMost is how many commands gather before they are handed on, where somebody takes
// them: the answer to a large topology has millions.
const spillMost = 4096

func (c *Commands) add(cmd Command) uint64 {
	if c.spill != nil && len(c.List) >= spillMost {
		c.spill(c.List) // not sooner: the newest may still be acknowledged
		c.List = make([]Command, 0, spillMost)
	}
	c.last++
	cmd.ID = c.last
	c.List = append(c.List, cmd)
	return cmd.ID
}

// Issued is the id of the newest command; SetIssued goes on from there after a restart.
func (c *Commands) Issued() uint64 { return c.last }

// SetIssued continues the numbering of an earlier life of the app.
func (c *Commands) SetIssued(id uint64) { c.last = id }

// Install adds a rule or replaces the one with the same table, priority and match.
func (c *Commands) Install(sw model.NodeID, r flow.Rule) uint64 {
	return c.add(Command{Kind: KindRule, Switch: sw, Rule: &flow.RuleMod{Command: flow.Add, Rule: r}})
}

// Remove deletes exactly the rule with this table, priority and match.
func (c *Commands) Remove(sw model.NodeID, r flow.Rule) uint64 {
	return c.add(Command{Kind: KindRule, Switch: sw, Rule: &flow.RuleMod{Command: flow.DeleteStrict, Rule: r}})
}

// RemoveMatching deletes the app's rules in one of its tables that the match covers.
func (c *Commands) RemoveMatching(sw model.NodeID, table uint8, m flow.Match) uint64 {
	return c.add(Command{Kind: KindRule, Switch: sw, Rule: &flow.RuleMod{Command: flow.Delete, Rule: flow.Rule{Table: table, Match: m}}})
}

// RemoveTagged deletes the app's rules whose Cookie equals tag, in all its tables.
func (c *Commands) RemoveTagged(sw model.NodeID, tag uint32) uint64 {
	return c.add(Command{Kind: KindRule, Switch: sw, Rule: &flow.RuleMod{Command: flow.Delete, AllTables: true,
		Rule: flow.Rule{Cookie: uint64(tag)}, CookieMask: 0xffffffff}})
}

// SetGroup adds a group or replaces the buckets of the one with the same name.
func (c *Commands) SetGroup(sw model.NodeID, g flow.Group) uint64 {
	return c.add(Command{Kind: KindGroup, Switch: sw, Group: &flow.GroupMod{Command: flow.Add, Group: g}})
}

// RemoveGroup deletes a group by name, and the rules that lead to it.
func (c *Commands) RemoveGroup(sw model.NodeID, name string) uint64 {
	return c.add(Command{Kind: KindGroup, Switch: sw, Group: &flow.GroupMod{Command: flow.Delete, Group: flow.Group{Name: name}}})
}

// SetMeter adds a meter or changes the one with the same name.
func (c *Commands) SetMeter(sw model.NodeID, m flow.Meter) uint64 {
	return c.add(Command{Kind: KindMeter, Switch: sw, Meter: &flow.MeterMod{Command: flow.Add, Meter: m}})
}

// RemoveMeter deletes a meter by name, and the rules that use it.
func (c *Commands) RemoveMeter(sw model.NodeID, name string) uint64 {
	return c.add(Command{Kind: KindMeter, Switch: sw, Meter: &flow.MeterMod{Command: flow.Delete, Meter: flow.Meter{Name: name}}})
}

// LimitPort limits what leaves a port.
func (c *Commands) LimitPort(sw model.NodeID, port model.PortNo, r model.Rate) uint64 {
	return c.add(Command{Kind: KindPortRate, Switch: sw, PortRate: &PortRate{port, r}})
}

// OnMiss sets what happens to packets that no rule of a table matches.
func (c *Commands) OnMiss(sw model.NodeID, table uint8, a MissAction) uint64 {
	return c.add(Command{Kind: KindMiss, Switch: sw, Miss: &Miss{table, a}})
}

// Send sends a frame from a switch.
func (c *Commands) Send(sw model.NodeID, p flow.PacketOut) uint64 {
	return c.add(Command{Kind: KindPacketOut, Switch: sw, PacketOut: &p})
}

// FloodFrom sends a packet that came in on to every port of the spanning tree and
// every host port but the one it came from.
func (c *Commands) FloodFrom(p *PacketIn) uint64 {
	return c.Send(p.Port.Switch, flow.PacketOut{InPort: uint32(p.Port.Port), Actions: []flow.Action{flow.FloodTree()}, Frame: p.Frame})
}

// AskStats asks for counters; the answer's Request is the id returned.
func (c *Commands) AskStats(sw model.NodeID, r StatsRequest) uint64 {
	return c.add(Command{Kind: KindStatsRequest, Switch: sw, Stats: &r})
}

// After asks for a Timer event.
func (c *Commands) After(name string, span model.Time) uint64 {
	return c.add(Command{Kind: KindSetTimer, Switch: model.NoNode, SetTimer: &SetTimer{name, span}})
}

// Report puts a number into the results.
func (c *Commands) Report(name string, value float64) uint64 {
	return c.add(Command{Kind: KindMetric, Switch: model.NoNode, Metric: &Metric{name, value}})
}

// Log puts a line into the diary; level is debug, info, warn or error.
func (c *Commands) Log(level, text string) uint64 {
	return c.add(Command{Kind: KindLog, Switch: model.NoNode, Log: &Log{level, text}})
}

// Acknowledge asks for Applied once the newest command is in force.
func (c *Commands) Acknowledge() {
	if n := len(c.List); n > 0 {
		c.List[n-1].Ack = true
	}
}
