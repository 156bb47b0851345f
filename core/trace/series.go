package trace

import "sendim/core/model"

// FlowSample is what a flow did since its sample before, the last one at its end. Its
// Bytes over all samples are the flow's.
type FlowSample struct {
	Span        model.Time `json:"span"`
	Bytes       int64      `json:"bytes"` // application bytes received
	Total       int64      `json:"total"` // the same since its start
	Lost        int64      `json:"lost,omitempty"`
	Retransmits int64      `json:"retransmits,omitempty"`
	Window      int64      `json:"window,omitempty"` // TCP, at the end of the span: congestion window, bytes
	RTT         model.Time `json:"rtt,omitempty"`    // TCP, at the end of the span: smoothed round-trip time (RFC 6298)
}

// QueueSample is the queue before one direction of a link: what waits at the end of the
// span, the frame being sent not counted, and what was dropped and marked during it.
type QueueSample struct {
	From    string     `json:"from"` // node at the sending end
	To      string     `json:"to"`
	Class   string     `json:"class,omitempty"` // the part of a class, "-" that of none; "": the whole
	Span    model.Time `json:"span"`
	Packets int64      `json:"packets"`
	Bytes   int64      `json:"bytes"`
	Drops   int64      `json:"drops"`
	Marks   int64      `json:"marks,omitempty"`
}

// NoClass is the Class of what no class of the model has a queue for.
const NoClass = "-"

// Unknown is a count that a world cannot tell.
const Unknown = -1

// SwitchSample is what a switch did during a span, and how many rules it has at its end.
type SwitchSample struct {
	Span      model.Time `json:"span"`
	Packets   int64      `json:"packets"` // looked up in its first table
	Misses    int64      `json:"misses"`  // that some table had no rule for
	PacketIns int64      `json:"packetIns"`
	Rules     int64      `json:"rules"`
}
