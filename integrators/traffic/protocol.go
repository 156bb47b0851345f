package traffic

import "sendim/core/workload"

// The orders that an agent takes.
const (
	opUDPSend    = "udp-send"
	opUDPReceive = "udp-receive"
	opTCPSend    = "tcp-send"
	opTCPReceive = "tcp-receive"
	opPing       = "ping"
	opExec       = "exec"
	opFinish     = "finish" // tells the order Of: nothing more will come; Packets were sent
	opCancel     = "cancel" // ends the order Of now; it reports what it has
)

// Order is one line to an agent. Times are nanoseconds of CLOCK_MONOTONIC, spans
// nanoseconds, rates bit/s of application bytes, sizes bytes.
type Order struct {
	ID int64  `json:"id"`
	Op string `json:"op"`

	Tag      uint32 `json:"tag,omitempty"`     // names the flow in its packets
	Source   string `json:"source,omitempty"`  // IP:port
	Target   string `json:"target,omitempty"`  // IP:port
	Start    int64  `json:"start,omitempty"`   // when to begin; 0: now
	Rate     int64  `json:"rate,omitempty"`    // 0: as fast as it goes
	Payload  int    `json:"payload,omitempty"` // UDP: bytes of a packet's payload
	Packets  int64  `json:"packets,omitempty"` // UDP: how many
	Bytes    int64  `json:"bytes,omitempty"`   // 0: for Span
	Span     int64  `json:"span,omitempty"`
	Segment  int    `json:"segment,omitempty"` // TCP: maximum segment size, 0: the path's
	Count    int    `json:"count,omitempty"`   // ping
	Interval int64  `json:"interval,omitempty"`
	Timeout  int64  `json:"timeout,omitempty"`

	// Of UDP with a pattern: what is sent, instead of Rate, Payload, Packets, Bytes, and the
	// seed that it is drawn from.
	Schedule *workload.Schedule `json:"schedule,omitempty"`
	Seed     uint64             `json:"seed,omitempty"`

	Argv []string `json:"argv,omitempty"`
	Of   int64    `json:"of,omitempty"`
}

// Report is one line from an agent: Ready when a receiver can take packets, or the end
// of an order with what was measured.
type Report struct {
	ID    int64  `json:"id"`
	Ready bool   `json:"ready,omitempty"`
	Error string `json:"error,omitempty"`
	Measured
}

// Measured is what one end of a flow, or a ping, saw. Times are nanoseconds of
// CLOCK_MONOTONIC, 0 when there was none.
type Measured struct {
	Packets     int64  `json:"packets,omitempty"` // sent or received
	Bytes       int64  `json:"bytes,omitempty"`   // of the application
	First       int64  `json:"first,omitempty"`   // first byte sent or received
	Last        int64  `json:"last,omitempty"`    // last byte sent or received
	Retransmits int64  `json:"retransmits,omitempty"`
	Min         int64  `json:"min,omitempty"` // latency: one way, for ping there and back
	Mean        int64  `json:"mean,omitempty"`
	Max         int64  `json:"max,omitempty"`
	Sent        int64  `json:"sent,omitempty"` // of ping: echoes, fewer than asked for where it was stopped
	Exit        int    `json:"exit,omitempty"`
	Output      string `json:"output,omitempty"`
}

// latency gathers latencies.
type latency struct{ min, max, sum, n int64 }

func (l *latency) add(v int64) {
	if l.n == 0 || v < l.min {
		l.min = v
	}
	l.max = max(l.max, v)
	l.sum += v
	l.n++
}

func (l *latency) into(m *Measured) {
	if l.n > 0 {
		m.Min, m.Mean, m.Max = l.min, l.sum/l.n, l.max
	}
}
