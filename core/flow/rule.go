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
	Table        uint8    `json:"table"`
	Priority     uint16   `json:"priority"`
	Match        Match    `json:"match"`
	Apply        []Action `json:"apply,omitempty"`           // apply-actions, at once and in order
	Clear        bool     `json:"clear,omitempty"`           // clear-actions
	Write        []Action `json:"write,omitempty"`           // write-actions, into the action set
	Metadata     uint64   `json:"metadata,omitempty,string"` // write-metadata under MetadataMask
	MetadataMask uint64   `json:"metadataMask,omitempty,string"`
	Meter        uint32   `json:"meter,omitempty"`     // 0: none
	MeterName    string   `json:"meterName,omitempty"` // before the runtime has numbered it
	HasGoto      bool     `json:"hasGoto,omitempty"`
	Goto         uint8    `json:"goto,omitempty"` // goto-table, if HasGoto
	Idle         uint16   `json:"idle,omitempty"` // timeouts in seconds; 0: none
	Hard         uint16   `json:"hard,omitempty"`
	Cookie       uint64   `json:"cookie,omitempty,string"`
	SendRemoved  bool     `json:"sendRemoved,omitempty"` // ask for flow-removed
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
	Weight     uint16   `json:"weight,omitempty"`     // select; 0 never chosen
	WatchPort  uint32   `json:"watchPort,omitempty"`  // fast failover; 0 or PortAny: none
	WatchGroup uint32   `json:"watchGroup,omitempty"` // 0 or GroupAny: none
	WatchName  string   `json:"watchName,omitempty"`  // the group to watch, before the runtime has numbered it
	Actions    []Action `json:"actions,omitempty"`
}

// Group is a group entry. Number is the switch's; Name the app's.
type Group struct {
	Number  uint32    `json:"number,omitempty"` // from 1
	Name    string    `json:"name,omitempty"`
	Type    GroupType `json:"type"`
	Buckets []Bucket  `json:"buckets,omitempty"`
}

// Meter is a meter entry with one drop band (section 5.7.1).
type Meter struct {
	Number uint32 `json:"number,omitempty"` // from 1
	Name   string `json:"name,omitempty"`
	// Rate is kilobits per second, or packets per second when PerPacket.
	Rate      uint32 `json:"rate"`
	Burst     uint32 `json:"burst,omitempty"` // kilobits or packets; 0: the switch's choice
	PerPacket bool   `json:"perPacket,omitempty"`
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
	Command ModCommand `json:"command"`
	Rule    Rule       `json:"rule"`
	// For deletes: only rules with this cookie under the mask, leading to this port
	// and group. AllTables ignores Rule.Table.
	// CookieMask limits modifications in the same way.
	CookieMask uint64 `json:"cookieMask,omitempty,string"`
	OutPort    uint32 `json:"outPort,omitempty"`  // PortAny or 0: any
	OutGroup   uint32 `json:"outGroup,omitempty"` // GroupAny or 0: any
	AllTables  bool   `json:"allTables,omitempty"`
	// CheckOverlap refuses an Add beside a rule of the same priority that a packet could
	// match as well. ResetCounts makes Add and Modify start the counters anew.
	CheckOverlap bool `json:"checkOverlap,omitempty"`
	ResetCounts  bool `json:"resetCounts,omitempty"`
}

// GroupMod changes the group table; Modify of an unknown group is an error, as is Add
// of a known one. Delete with Number GroupAll empties it.
type GroupMod struct {
	Command ModCommand `json:"command"`
	Group   Group      `json:"group"`
}

// MeterMod changes the meters.
type MeterMod struct {
	Command ModCommand `json:"command"`
	Meter   Meter      `json:"meter"`
}

// PacketOut sends a frame from a switch (section 7.3.7).
type PacketOut struct {
	InPort  uint32   `json:"inPort"` // PortController when it came from nowhere
	Actions []Action `json:"actions,omitempty"`
	Frame   []byte   `json:"frame"`
}

// Counters are what a rule, bucket or meter has seen.
type Counters struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// RuleStat is a rule with its counters, as a statistics reply has it.
type RuleStat struct {
	Rule     Rule     `json:"rule"`
	Counters Counters `json:"counters"`
	Age      int64    `json:"age"` // picoseconds since it was installed
}

// GroupStat is a group with its counters.
type GroupStat struct {
	Group    Group      `json:"group"`
	Counters Counters   `json:"counters"`
	Buckets  []Counters `json:"buckets,omitempty"`
}

// MeterStat is a meter with its counters.
type MeterStat struct {
	Meter   Meter    `json:"meter"`
	In      Counters `json:"in"`
	Dropped Counters `json:"dropped"`
}

// PortStat is what a port has seen (section 7.3.5.6).
type PortStat struct {
	Port      uint32 `json:"port"`
	RxPackets uint64 `json:"rxPackets"`
	TxPackets uint64 `json:"txPackets"`
	RxBytes   uint64 `json:"rxBytes"`
	TxBytes   uint64 `json:"txBytes"`
	RxDropped uint64 `json:"rxDropped,omitempty"`
	TxDropped uint64 `json:"txDropped,omitempty"`
}

// Used says that the port has carried, or dropped, something.
func (p *PortStat) Used() bool { return *p != PortStat{Port: p.Port} }

// PortState is a port as its switch describes it.
type PortState struct {
	Port uint32     `json:"port"`
	Name string     `json:"name"`
	MAC  packet.MAC `json:"mac"`
	Up   bool       `json:"up"`
}
