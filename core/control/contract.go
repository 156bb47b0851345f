package control

import (
	"context"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// UpcallKind says which part of an Upcall is set. Equal arrivals are delivered in the
// order (arrival, switch, kind, sequence); SwitchConnected and SwitchLost count as one
// kind.
type UpcallKind uint8

// The kinds of upcalls.
const (
	SwitchConnected UpcallKind = iota + 1
	SwitchLost
	PortStatus
	PacketIn
	RuleRemoved
	StatsReply
	Refusal      // the switch refused the Downcall with this Xid
	BarrierReply // everything up to the Downcall with this Xid is in force, but for what was refused
	Holdings     // what the switch holds, which was asked in between: whoever else has changed it is put right
)

// Upcall is one message from a switch to the runtime.
type Upcall struct {
	Kind   UpcallKind
	Switch model.NodeID
	At     model.Time // arrival at the runtime: time of sending plus the upward delay
	Seq    uint64     // rises with every upcall of one switch
	Xid    uint64     // StatsReply, BarrierReply, Refusal: that of the Downcall answered

	Ports   []flow.PortState // SwitchConnected: all ports; PortStatus: the one
	AllUp   bool             // SwitchConnected, instead of Ports: those of the model are all there, and up
	Packet  *Packet
	Removed *Removed
	// Stats is the answer of a StatsReply; Request and Switch are filled in by the runtime.
	// With SwitchConnected it is all rules, groups and meters that the switch holds, so that
	// only the difference to what is wanted is sent; nil where that is not known: a switch
	// that comes back is then emptied and filled, and one that is there at the start is
	// taken for empty. With Holdings it is the same of a switch that is there.
	Stats  *app.Stats
	Reason string // Refusal
}

// Packet is a packet sent up by a rule or a miss. Frame may be built late: Bytes is
// called at most once, and only if an app or a service looks at it.
type Packet struct {
	InPort uint32
	Table  uint8 // the switch's numbering
	Reason flow.PacketInReason
	Cookie uint64
	Header packet.Header
	Length int
	Bytes  func() []byte
	Framer Framer // instead of Bytes: one that is a value, and can be kept in a checkpoint
}

// Framer builds the frame of a packet when it is asked, once at most.
type Framer interface{ Frame() []byte }

// Removed is a rule that ended.
type Removed struct {
	Rule     flow.Rule // the switch's numbering
	Reason   flow.RemovedReason
	Counters flow.Counters
	Age      model.Time
}

// DowncallKind says which part of a Downcall is set.
type DowncallKind uint8

// The kinds of downcalls.
const (
	ModRule DowncallKind = iota + 1
	ModGroup
	ModMeter
	SendPacket
	LimitPort
	AskStats
	Barrier // ask for a BarrierReply with the Barrier's Xid
)

// Downcall is one message from the runtime to a switch. A switch takes its downcalls in
// the order in which React gave them.
type Downcall struct {
	Kind   DowncallKind
	Switch model.NodeID
	At     model.Time // when it leaves the runtime: arrival of the event that caused it
	Arrive model.Time // when it takes effect: At plus the switch's downward delay
	Xid    uint64     // unique over the run, rising for each switch
	App    int32      // index of the app, -1 for the runtime itself
	// Awaited says of a Barrier that somebody waits for its answer. Others may be put off
	// where nothing but packets was sent since the one before.
	Awaited bool

	Rule   *flow.RuleMod
	Group  *flow.GroupMod
	Meter  *flow.MeterMod
	Packet *flow.PacketOut
	Port   *app.PortRate
	Stats  *app.StatsRequest
}

// Application is one app of a run as the runtime sees it.
type Application struct {
	Name     string
	Instance app.Instance
	Params   map[string]string // all of the manifest's parameters
	FailRun  bool              // the loss of this app ends the run; otherwise its rules stay
}

// Delays gives the one-way delays of a switch's control channel, positive.
type Delays func(sw model.NodeID) (up, down model.Time)

// Config is what a runtime is made of.
type Config struct {
	Model    *model.Network
	Address  Addressing
	Apps     []Application // in the order of their tables
	Granted  []app.Need
	Delays   Delays
	Seed     uint64
	Sink     trace.Sink
	Settings app.Settings
	// FirstTable is where the apps' tables begin; those below are somebody else's, who leads
	// packets on to it, and whose rules the runtime is not to hear of. 0: from the first on.
	FirstTable uint8
}

// Addressing is what the runtime asks of core/naming.
type Addressing interface {
	HostIP(host model.NodeID) packet.IPv4
	HostMAC(host model.NodeID) packet.MAC
	PortMAC(e model.Endpoint) packet.MAC
}

// Driver is what a world uses of the runtime; Runtime implements it.
//
// The order of use: Start once; then Up for every message of a switch and React
// whenever time has come. Start's downcalls and all others are delivered by the world.
// React(before) gives the apps everything that arrived before the given time, in order
// of arrival, together, and returns what they answered. Because a downcall takes effect
// no sooner than Lookahead after the event that caused it was sent, a world in virtual
// time may let Lookahead pass before it calls React, and nothing changes: with due the
// earliest arrival and w at most Lookahead, everything that arrives before due+w was sent
// before due+w less the least upward delay, so the network runs up to there, and what
// React(due+w) answers takes effect no earlier.
type Driver interface {
	// Start queues Start and Topology for every app; React(at+1) delivers them.
	Start(at model.Time) error
	Up(u Upcall)
	// Due is the earliest arrival waiting, model.Forever if none.
	Due() model.Time
	React(ctx context.Context, before model.Time) ([]Downcall, error)
	// Answer is React with the answer in pieces: that to the start of a large network is
	// long, and need not lie in one place.
	Answer(ctx context.Context, before model.Time) ([][]Downcall, error)
	// Lookahead is the least upward plus the least downward delay.
	Lookahead() model.Time
	// Change takes a change of who serves a service (model.MemberLeave, MemberJoin) that
	// reaches the runtime at a time: the apps get Settings. Other kinds are ignored: the
	// switches tell of those.
	Change(at model.Time, c model.Change)
	// Settled says that everything sent has been acknowledged and nothing waits:
	// after Start, that moment is t=0.
	Settled() bool
}
