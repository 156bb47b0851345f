package flow

import "sendim/core/packet"

// Reserved ports (specification section 7.2.1).
const (
	PortMax        uint32 = 0xffffff00
	PortInPort     uint32 = 0xfffffff8
	PortTable      uint32 = 0xfffffff9
	PortNormal     uint32 = 0xfffffffa
	PortFlood      uint32 = 0xfffffffb
	PortAll        uint32 = 0xfffffffc
	PortController uint32 = 0xfffffffd
	PortLocal      uint32 = 0xfffffffe
	PortAny        uint32 = 0xffffffff
)

// GroupAny and MeterAll select every group or meter.
const (
	GroupAny uint32 = 0xffffffff
	GroupAll uint32 = 0xfffffffc
	MeterAll uint32 = 0xffffffff
)

// ActionType is what an action does.
type ActionType uint8

// The action types. The first block is OpenFlow's; Flood and NextApp exist between
// apps and the control runtime only, which puts a group or a table in their place.
const (
	Output   ActionType = iota + 1 // Arg: port
	ToGroup                        // Arg: group number, or Name before the runtime has numbered it
	SetQueue                       // Arg: queue
	SetField                       // Field, Value
	PushVLAN                       // Arg: EtherType, 0 means 0x8100
	PopVLAN                        //
	DecTTL                         //
	Flood                          // along the runtime's spanning tree, never back
	NextApp                        // on to the first table of the next app (an instruction: last)
)

// Action is one action. It is a plain value; unused fields are zero.
type Action struct {
	Type   ActionType
	Field  Field  // SetField
	Arg    uint32 // port, group, queue, EtherType
	MaxLen uint16 // Output to PortController: bytes of the packet to send; 0 all
	Name   string // ToGroup by name
	Value  Value  // SetField
}

// Out sends the packet out of a port.
func Out(port uint32) Action { return Action{Type: Output, Arg: port} }

// ToController sends the packet to the app whose table this is.
func ToController() Action { return Action{Type: Output, Arg: PortController} }

// InGroup sends the packet to a named group.
func InGroup(name string) Action { return Action{Type: ToGroup, Name: name} }

// Set rewrites a field.
func Set(f Field, v uint64) Action { return Action{Type: SetField, Field: f, Value: V(v)} }

// Next hands the packet to the next app.
func Next() Action { return Action{Type: NextApp} }

// FloodTree sends the packet along the runtime's spanning tree.
func FloodTree() Action { return Action{Type: Flood} }

// Rule is a flow entry (specification section 5.2). Between an app and the control
// runtime, Table and Goto count from the app's own first table, Cookie is the app's
// own tag (32 bits), and groups and meters go by name; on a switch all of them are the
// switch's own.
type Rule struct {
	Table        uint8
	Priority     uint16
	Match        Match
	Apply        []Action // apply-actions, at once and in order
	Clear        bool     // clear-actions
	Write        []Action // write-actions, into the action set
	Metadata     uint64   // write-metadata under MetadataMask
	MetadataMask uint64
	Meter        uint32 // 0: none
	MeterName    string // before the runtime has numbered it
	HasGoto      bool
	Goto         uint8  // goto-table, if HasGoto
	Idle, Hard   uint16 // timeouts in seconds; 0: none
	Cookie       uint64
	SendRemoved  bool // ask for flow-removed
}

// GroupType is how a group chooses among its buckets (section 5.6.1).
type GroupType uint8

// The group types, with OpenFlow's numbers.
const (
	All GroupType = iota
	Select
	Indirect
	FastFailover
)

// Bucket is one alternative of a group.
type Bucket struct {
	Weight     uint16 // select; 0 never chosen
	WatchPort  uint32 // fast failover; PortAny: none
	WatchGroup uint32 // GroupAny: none
	Actions    []Action
}

// Group is a group entry. Number is the switch's; Name the app's.
type Group struct {
	Number  uint32
	Name    string
	Type    GroupType
	Buckets []Bucket
}

// Meter is a meter entry with one drop band (section 5.7.1).
type Meter struct {
	Number uint32
	Name   string
	// Rate is kilobits per second, or packets per second when PerPacket.
	Rate      uint32
	Burst     uint32 // kilobits or packets; 0: the switch's choice
	PerPacket bool
}

// RemovedReason is why a rule ended (section 7.4.2), with OpenFlow's numbers.
type RemovedReason uint8

// The reasons.
const (
	RemovedIdle RemovedReason = iota
	RemovedHard
	RemovedDelete
	RemovedGroup
	RemovedMeter
)

// PacketInReason is why a packet came to the controller (section 7.4.1), with
// OpenFlow's numbers.
type PacketInReason uint8

// The reasons.
const (
	ReasonNoMatch PacketInReason = iota // table miss
	ReasonAction
	ReasonInvalidTTL
)

// ModCommand is how a modification changes a switch.
type ModCommand uint8

// The commands (section 7.3.4.1 with the same order; Delete is non-strict).
const (
	Add ModCommand = iota
	Modify
	ModifyStrict
	Delete
	DeleteStrict
)

// RuleMod changes the flow tables of one switch.
type RuleMod struct {
	Command ModCommand
	Rule    Rule
	// For deletes: only rules with this cookie under the mask, leading to this port
	// and group. AllTables ignores Rule.Table.
	CookieMask uint64
	OutPort    uint32 // PortAny or 0: any
	OutGroup   uint32 // GroupAny or 0: any
	AllTables  bool
}

// GroupMod changes the group table; Modify of an unknown group is an error, as is Add
// of a known one. Delete with Number GroupAll empties it.
type GroupMod struct {
	Command ModCommand
	Group   Group
}

// MeterMod changes the meters.
type MeterMod struct {
	Command ModCommand
	Meter   Meter
}

// PacketOut sends a frame from a switch (section 7.3.7).
type PacketOut struct {
	InPort  uint32 // PortController when it came from nowhere
	Actions []Action
	Frame   []byte
}

// Counters are what a rule, bucket or meter has seen.
type Counters struct {
	Packets, Bytes uint64
}

// RuleStat is a rule with its counters, as a statistics reply has it.
type RuleStat struct {
	Rule     Rule
	Counters Counters
	Age      int64 // picoseconds since it was installed
}

// GroupStat is a group with its counters.
type GroupStat struct {
	Group    Group
	Counters Counters
	Buckets  []Counters
}

// MeterStat is a meter with its counters.
type MeterStat struct {
	Meter   Meter
	In      Counters
	Dropped Counters
}

// PortStat is what a port has seen (section 7.3.5.6).
type PortStat struct {
	Port                 uint32
	RxPackets, TxPackets uint64
	RxBytes, TxBytes     uint64
	RxDropped, TxDropped uint64
}

// PortState is a port as its switch describes it.
type PortState struct {
	Port uint32
	Name string
	MAC  packet.MAC
	Up   bool
}
