package app

import (
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// EventKind says which of an Event's parts is set.
type EventKind uint8

// The kinds of events, in the order in which equal arrivals are delivered.
const (
	KindStart EventKind = iota + 1
	KindTopology
	KindSwitch // a switch came or went
	KindPort   // a port went up or down, or changed its rate
	KindLink   // a link went up or down
	KindHost   // a host appeared, moved or vanished
	KindPacketIn
	KindFlowRemoved
	KindStats
	KindTimer
	KindApplied
	KindFailed
	KindSettings // profiles, services, tenants, policies or roles changed
	kindEnd
)

var eventKinds = [...]string{"", "start", "topology", "switch", "port", "link", "host", "packet-in", "flow-removed", "stats", "timer", "applied", "failed", "settings"}

func (k EventKind) String() string {
	if int(k) < len(eventKinds) {
		return eventKinds[k]
	}
	return "?"
}

// Event is one thing an app is told. Exactly the part that Kind names is set.
type Event struct {
	Kind EventKind  `json:"kind"`
	At   model.Time `json:"at"` // arrival at the control runtime

	Start       *Start        `json:"start,omitempty"`
	Topology    *Topology     `json:"topology,omitempty"`
	Switch      *SwitchChange `json:"switch,omitempty"`
	Port        *PortChange   `json:"port,omitempty"`
	Link        *LinkChange   `json:"link,omitempty"`
	Host        *HostChange   `json:"host,omitempty"`
	PacketIn    *PacketIn     `json:"packetIn,omitempty"`
	FlowRemoved *FlowRemoved  `json:"flowRemoved,omitempty"`
	Stats       *Stats        `json:"stats,omitempty"`
	Timer       *Timer        `json:"timer,omitempty"`
	Applied     *Applied      `json:"applied,omitempty"`
	Failed      *Failed       `json:"failed,omitempty"`
	Settings    *Settings     `json:"settings,omitempty"`
}

// Start is the first event.
type Start struct {
	Parameters map[string]string `json:"parameters"` // every parameter of the manifest, defaults filled in
	Granted    []Need            `json:"granted"`    // what this world can do
	Seed       uint64            `json:"seed"`       // for apps that draw lots
	Settings   Settings          `json:"settings"`
	// Last says that no app follows: NextApp leads nowhere, and packets go no further than
	// this app takes them.
	Last bool `json:"last,omitempty"`
}

// Settings is what the descriptor says about users.
type Settings struct {
	Classes  []model.Class    `json:"classes,omitempty"`
	Profiles []Profile        `json:"profiles,omitempty"`
	Services []VirtualService `json:"services,omitempty"`
	Tenants  []Tenant         `json:"tenants,omitempty"`
	Policies []model.Policy   `json:"policies,omitempty"`
}

// Profile is a model.Profile with its members' addresses.
type Profile struct {
	ID      string        `json:"id"`
	Class   string        `json:"class,omitempty"`
	Rate    model.Rate    `json:"rate,omitempty"`
	Pool    string        `json:"pool,omitempty"`
	Members []packet.IPv4 `json:"members"`
}

// VirtualService is a model.Service with its members' addresses.
type VirtualService struct {
	ID      string          `json:"id"`
	IP      packet.IPv4     `json:"ip"`
	MAC     packet.MAC      `json:"mac"` // at which ServiceARP says that it is
	Proto   model.Transport `json:"proto"`
	Port    uint16          `json:"port"`
	Members []ServiceMember `json:"members"`
}

// ServiceMember is one server.
type ServiceMember struct {
	Node   model.NodeID `json:"node"`
	IP     packet.IPv4  `json:"ip"`
	MAC    packet.MAC   `json:"mac"`
	Weight int32        `json:"weight"`
}

// Tenant is a model.Tenant with its members' addresses.
type Tenant struct {
	ID      string        `json:"id"`
	VLAN    uint16        `json:"vlan,omitempty"`
	Quota   model.Rate    `json:"quota,omitempty"`
	Members []packet.IPv4 `json:"members"`
}

// Topology is a chunk of the network as it stands, in columns of equal length; chunks
// follow each other and the one with Last set completes them. Later changes come as
// single events.
type Topology struct {
	Last     bool         `json:"last"`
	Switches []SwitchInfo `json:"switches,omitempty"`
	Links    []LinkInfo   `json:"links,omitempty"`
	Hosts    []HostInfo   `json:"hosts,omitempty"`
}

// SwitchInfo describes a switch.
type SwitchInfo struct {
	ID         model.NodeID     `json:"id"`
	Name       string           `json:"name"`
	Up         bool             `json:"up"`
	Properties []model.Property `json:"properties,omitempty"`
}

// LinkInfo describes a link between two switches.
type LinkInfo struct {
	ID     model.LinkID `json:"id"`
	A      Port         `json:"a"`
	B      Port         `json:"b"`
	Rate   model.Rate   `json:"rate,omitempty"`
	Delay  model.Time   `json:"delay,omitempty"`
	Weight int64        `json:"weight,omitempty"`
	Spare  bool         `json:"spare,omitempty"`
	Up     bool         `json:"up"`
}

// HostInfo describes a host and where it is attached.
type HostInfo struct {
	ID   model.NodeID `json:"id"`
	Name string       `json:"name"`
	MAC  packet.MAC   `json:"mac"`
	IP   packet.IPv4  `json:"ip"`
	At   Port         `json:"at"`
	Rate model.Rate   `json:"rate,omitempty"` // of its access link
	Up   bool         `json:"up"`
}

// SwitchChange says that a switch came (Up) or went; Gone says that it was removed from
// the network and will not come back.
type SwitchChange struct {
	Switch SwitchInfo `json:"switch"`
	Up     bool       `json:"up"`
	Gone   bool       `json:"gone,omitempty"`
}

// PortChange says that a port went up or down.
type PortChange struct {
	Port Port       `json:"port"`
	Up   bool       `json:"up"`
	Rate model.Rate `json:"rate,omitempty"`
}

// LinkChange says that a link between switches went up or down, appeared or vanished.
type LinkChange struct {
	Link LinkInfo `json:"link"`
	Gone bool     `json:"gone,omitempty"`
}

// HostChange says that a host appeared, moved or vanished.
type HostChange struct {
	Host HostInfo `json:"host"`
	Gone bool     `json:"gone,omitempty"`
}

// PacketIn brings a packet that a rule or a table miss sent to this app.
type PacketIn struct {
	Port   Port                `json:"port"`  // where it came in
	Table  uint8               `json:"table"` // the app's own numbering
	Reason flow.PacketInReason `json:"reason"`
	Cookie uint64              `json:"cookie"` // of the rule, the app's own tag
	Header packet.Header       `json:"header"`
	Frame  []byte              `json:"frame"`
	Length int                 `json:"length"` // of the packet; Frame may be cut
}

// FlowRemoved says that a rule of this app ended.
type FlowRemoved struct {
	Switch   model.NodeID       `json:"switch"`
	Rule     flow.Rule          `json:"rule"` // Table, Priority, Match, Cookie
	Reason   flow.RemovedReason `json:"reason"`
	Counters flow.Counters      `json:"counters"`
	Age      model.Time         `json:"age"`
}

// Stats answers a StatsRequest; only the asked part is set.
type Stats struct {
	Request uint64           `json:"request"` // id of the command
	Switch  model.NodeID     `json:"switch"`
	Rules   []flow.RuleStat  `json:"rules,omitempty"`
	Groups  []flow.GroupStat `json:"groups,omitempty"`
	Meters  []flow.MeterStat `json:"meters,omitempty"`
	Ports   []flow.PortStat  `json:"ports,omitempty"`
}

// Timer says that a timer has run out.
type Timer struct {
	Name string `json:"name"`
}

// Applied says that a command that asked for acknowledgement is in force.
type Applied struct {
	Command uint64 `json:"command"`
}

// Failed says that a command was refused, and why.
type Failed struct {
	Command uint64 `json:"command"`
	Reason  string `json:"reason"`
}
