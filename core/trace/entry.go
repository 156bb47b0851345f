package trace

import (
	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
)

// Kind says what an entry is about and which of its parts are set.
type Kind string

// The kinds of entries.
const (
	// Change: a step of a changeset was carried out: Node or Link was Added or Removed (Reason).
	ChangeStep Kind = "change"

	// Control messages, as the control runtime and the switches exchange them.
	SwitchUp    Kind = "switch-up"
	SwitchDown  Kind = "switch-down"
	PortStatus  Kind = "port-status"
	PacketIn    Kind = "packet-in"
	FlowRemoved Kind = "flow-removed"
	RuleMod     Kind = "rule-mod"
	GroupMod    Kind = "group-mod"
	MeterMod    Kind = "meter-mod"
	PacketOut   Kind = "packet-out"
	PortRate    Kind = "port-rate"
	Refused     Kind = "refused" // a switch refused a message

	// Applications.
	AppStarted Kind = "app-started"
	AppLost    Kind = "app-lost"
	AppBack    Kind = "app-back" // it was started again and knows what it knew; Text says after what
	AppLog     Kind = "app-log"
	AppMetric  Kind = "app-metric"

	// Traffic.
	FlowStart Kind = "flow-start"
	FlowEnd   Kind = "flow-end"
	PingEnd   Kind = "ping"
	ExecEnd   Kind = "exec"

	// The data plane.
	LinkDown   Kind = "link-down"
	LinkUp     Kind = "link-up"
	LinkSet    Kind = "link-set" // rate, delay or loss changed
	NodeDown   Kind = "node-down"
	NodeUp     Kind = "node-up"
	MemberLeft Kind = "member-leave" // Node left the pool of service Name
	MemberCame Kind = "member-join"
	LinkSample Kind = "link-sample"
	LinkTotal  Kind = "link-total"
	FlowPoint  Kind = "flow-sample"   // these three only where a <trace series> asks for them
	QueuePoint Kind = "queue-sample"  // Link and Queue
	NodePoint  Kind = "switch-sample" // Node and Switch
	Packet     Kind = "packet"        // only where a <trace> selector asks for it

	// The run.
	RunStart    Kind = "run-start" // t=0
	RunEnd      Kind = "run-end"
	TestVerdict Kind = "test"
	Warning     Kind = "warning"
	MachineLoad Kind = "machine" // real worlds: what the machine did meanwhile

	// What a real world stands on died, and was started again. Name is the daemon.
	DaemonLost Kind = "daemon-lost"
	DaemonBack Kind = "daemon-back"
)

// Entry is one line of the diary. Parts that the kind does not use are zero and left
// out of the text.
type Entry struct {
	At    model.Time `json:"at"`
	Kind  Kind       `json:"kind"`
	Node  string     `json:"node,omitempty"`
	Port  *uint32    `json:"port,omitempty"`
	Link  string     `json:"link,omitempty"`
	App   string     `json:"app,omitempty"`
	Flow  string     `json:"flow,omitempty"`
	Text  string     `json:"text,omitempty"`
	Name  string     `json:"name,omitempty"`  // of a metric, a test, a service, a daemon
	Value *float64   `json:"value,omitempty"` // of a metric

	Rule     *flow.RuleMod  `json:"rule,omitempty"`
	Group    *flow.GroupMod `json:"group,omitempty"`
	Meter    *flow.MeterMod `json:"meter,omitempty"`
	Out      []flow.Action  `json:"out,omitempty"` // packet-out
	Header   *packet.Header `json:"header,omitempty"`
	Length   int            `json:"length,omitempty"` // bytes of the packet
	Table    *uint8         `json:"table,omitempty"`
	Cookie   uint64         `json:"cookie,omitempty"` // of the rule that sent a packet up
	Reason   string         `json:"reason,omitempty"`
	Counters *flow.Counters `json:"counters,omitempty"`
	Manifest *app.Manifest  `json:"manifest,omitempty"`

	Result *FlowResult `json:"result,omitempty"`
	Ping   *PingResult `json:"ping,omitempty"`
	Exec   *ExecResult `json:"exec,omitempty"`
	Sample *Sample     `json:"sample,omitempty"`

	Transfer *FlowSample   `json:"transfer,omitempty"`
	Queue    *QueueSample  `json:"queue,omitempty"`
	Switch   *SwitchSample `json:"switch,omitempty"`

	Spec *LinkSetting `json:"spec,omitempty"`
	Load *Load        `json:"load,omitempty"`
	Test *Verdict     `json:"test,omitempty"`
}

// FlowResult is what became of one flow; the columns of flows.csv.
type FlowResult struct {
	ID          string     `json:"id"`
	From        string     `json:"from"`
	To          string     `json:"to"`
	Transport   string     `json:"transport"`
	Granularity string     `json:"granularity,omitempty"`
	Class       string     `json:"class,omitempty"`
	Start       model.Time `json:"start"`          // first byte offered
	Finish      model.Time `json:"finish"`         // last byte received; -1: unfinished
	Bytes       int64      `json:"bytes"`          // application bytes received
	Offered     int64      `json:"offered"`        // application bytes sent or asked for
	Rate        float64    `json:"rate"`           // mean received, bit/s
	Path        []string   `json:"path,omitempty"` // nodes, in order, as first taken
	Sent        int64      `json:"sent"`           // packets
	Received    int64      `json:"received"`       // packets
	Lost        int64      `json:"lost"`
	Retransmits int64      `json:"retransmits,omitempty"`
	LatencyMin  model.Time `json:"latencyMin,omitempty"` // one way
	LatencyMean model.Time `json:"latencyMean,omitempty"`
	LatencyMax  model.Time `json:"latencyMax,omitempty"`
	Servers     []Served   `json:"servers,omitempty"` // of a flow to a service: who received it, as it came to them
	Error       string     `json:"error,omitempty"`
	Asked       Asked      `json:"asked,omitzero"`
}

// Asked is what a flow was asked to do, so that it can be carried once more: what came
// of it does not tell.
type Asked struct {
	Bytes   int64      `json:"bytes,omitempty"` // application bytes to send
	For     model.Time `json:"for,omitempty"`   // how long to send
	Rate    model.Rate `json:"rate,omitempty"`
	Packet  int64      `json:"packet,omitempty"` // bytes on the wire of a full packet
	SrcPort uint16     `json:"srcport,omitempty"`
	DstPort uint16     `json:"dstport,omitempty"`
	Count   int32      `json:"count,omitempty"` // echoes, where For does not say how many
	Profile string     `json:"profile,omitempty"`
	TCP     string     `json:"tcp,omitempty"` // how its TCP was to behave
	Tenant  string     `json:"tenant,omitempty"`
	Chunk   int64      `json:"chunk,omitempty"`  // bytes of its chunks, if it has any
	Chunks  string     `json:"chunks,omitempty"` // or the list of them, instead of Bytes
	Pattern string     `json:"pattern,omitempty"`
}

// AskedOf is what a flow asks for.
func AskedOf(f *model.Flow) Asked {
	a := Asked{Bytes: int64(f.Size), For: f.Duration, Rate: f.Rate, Packet: int64(f.Packet), SrcPort: f.SrcPort, DstPort: f.DstPort,
		Count: f.Count, Profile: f.Profile, TCP: f.TCP, Tenant: f.Tenant, Chunks: f.Chunks, Pattern: f.Pattern}
	if f.Granularity == model.GranularityChunk {
		a.Chunk = int64(f.Chunk)
	}
	if a.For > 0 {
		a.Count = 0
	}
	return a
}

// Served is what one server received of a flow to a service.
type Served struct {
	Node  string `json:"node"`
	Bytes int64  `json:"bytes"` // of the application
}

// Unfinished is the Finish of a flow that had not ended when the run did.
const Unfinished model.Time = -1

// PingResult is what became of one series of echoes.
type PingResult struct {
	From     string     `json:"from"`
	To       string     `json:"to"`
	Sent     int        `json:"sent"`
	Received int        `json:"received"`
	Min      model.Time `json:"min,omitempty"`
	Mean     model.Time `json:"mean,omitempty"`
	Max      model.Time `json:"max,omitempty"`
}

// ExecResult is what became of a program started on a host.
type ExecResult struct {
	Argv     []string `json:"argv"`
	ExitCode int      `json:"exitCode"`
	Output   string   `json:"output,omitempty"`
}

// Sample is what one direction of a link carried since the sample before (or, in a
// LinkTotal, since t=0).
type Sample struct {
	From     string     `json:"from"` // node at the sending end
	To       string     `json:"to"`
	Span     model.Time `json:"span"`
	Packets  int64      `json:"packets"`
	Bytes    int64      `json:"bytes"`
	Drops    int64      `json:"drops"`
	Queue    float64    `json:"queue,omitempty"`    // mean queue length in packets, where known
	Rate     model.Rate `json:"rate"`               // capacity; 0 unlimited
	Measured float64    `json:"measured,omitempty"` // real worlds: rate got when saturated, bit/s
}

// LinkSetting is what a link was set to.
type LinkSetting struct {
	Rate  model.Rate `json:"rate,omitempty"`
	Delay model.Time `json:"delay,omitempty"`
	Loss  float64    `json:"loss,omitempty"`
	From  string     `json:"from,omitempty"` // the node whose sending it is about; "": both directions
}

// Load is what the machine of a real world did over Span.
type Load struct {
	Span      model.Time `json:"span"`
	Busy      float64    `json:"busy"`                // share of all cores, 0..1
	Steal     float64    `json:"steal"`               // share taken by the hypervisor
	Pressure  float64    `json:"pressure"`            // share of time some task waited for a core (PSI); -1 unknown
	Slip      model.Time `json:"slip,omitempty"`      // how late a thing was at most that was due: waking up, at the priority of what sends
	Lost      int64      `json:"lost,omitempty"`      // frames that the machine lost and no link: buffers of sockets and of the kernel
	Switching float64    `json:"switching,omitempty"` // share of the time in which the busiest thread of the switches had something to do, 0..1
	Gap       model.Time `json:"gap,omitempty"`       // for how long the switches were not there, or stood still, because their daemon had died
}

// Verdict is the outcome of one test.
type Verdict struct {
	Name     string `json:"name"`
	Passed   bool   `json:"passed"`
	Expected string `json:"expected"`
	Measured string `json:"measured"`
}

// Sink takes entries. Emit must not keep the pointer, and is safe for concurrent use.
type Sink interface {
	Emit(*Entry)
}

// Discard is a Sink that forgets.
type Discard struct{}

// Emit forgets the entry.
func (Discard) Emit(*Entry) {}
