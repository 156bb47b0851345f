package model

import "sendim/core/fault"

// TCPOptions says how both ends of a transfer behave. The zero value of a number is the default.
type TCPOptions struct {
	ID            string
	Congestion    Congestion
	InitialWindow int32 // segments
	ReceiveWindow Size  // 0: never limits
	AckEvery      int32 // segments
	AckTimeout    Time
	MinRTO        Time
	ECN           bool
	NoSACK        bool
	NoHyStart     bool // CUBIC leaves slow start by loss only
	NoFriendly    bool // CUBIC without its Reno-friendly region
}

// What zero means in TCPOptions.
const (
	TCPInitialWindow = 10
	TCPAckEvery      = 2
	TCPAckTimeout    = 40 * Millisecond
	TCPMinRTO        = 200 * Millisecond
)

// Congestion is an algorithm of congestion control.
type Congestion uint8

// The algorithms; the zero value is CUBIC, as present systems have it.
const (
	CUBIC Congestion = iota
	NewReno
	DCTCP
)

var congestions = [...]string{"cubic", "newreno", "dctcp"}

func (c Congestion) String() string { return choiceName(congestions[:], int(c)) }

// ParseCongestion reads an algorithm's name.
func ParseCongestion(s string) (Congestion, bool) {
	i := choice(congestions[:], s)
	return Congestion(max(i, 0)), i >= 0
}

// CongestionNames lists the algorithms for error texts. A flow may name them in place of
// the id of a TCP.
func CongestionNames() []string { return congestions[:] }

// DefaultTCP is the id of the TCP of all flows that name none.
const DefaultTCP = "default"

// TCPOf says how the TCP named by a flow behaves: one that is declared, or an algorithm
// with everything else as usual. "" is the one called default, if there is one.
func (n *Network) TCPOf(name string) (TCPOptions, bool) {
	want := name
	if name == "" {
		want = DefaultTCP
	}
	for _, t := range n.TCPs {
		if t.ID == want {
			return t, true
		}
	}
	c, ok := ParseCongestion(name)
	return TCPOptions{Congestion: c, ECN: ok && c == DCTCP}, ok || name == ""
}

func tcpID(t *TCPOptions) string { return t.ID }

// tcpKnown reports a TCP that is neither declared nor an algorithm.
func (v *validator) tcpKnown(element string, i int, name string) {
	if _, ok := v.n.TCPOf(name); ok {
		return
	}
	f := v.add(fault.UnknownReference, v.object(element, i), "tcp", "there is no <tcp> %q, and no algorithm of this name", name)
	f.Nearest = fault.Nearest(name, append(keys(v.n.TCPs, tcpID), CongestionNames()...))
}

func (v *validator) tcps() {
	unique(v, "tcp", v.n.TCPs, tcpID)
	for i, t := range v.n.TCPs {
		wrong := func(attr, format string, args ...any) {
			v.add(fault.OutOfRange, v.object("tcp", i), attr, format, args...)
		}
		if _, ok := ParseCongestion(t.ID); ok {
			v.add(fault.BadName, v.object("tcp", i), "id", "%q is an algorithm; choose another name", t.ID)
		}
		switch {
		case t.InitialWindow < 0 || t.AckEvery < 0 || t.ReceiveWindow < 0 || t.AckTimeout < 0 || t.MinRTO < 0:
			wrong("", "a value of %q is negative", t.ID)
		case t.AckTimeout > Second/2:
			wrong("ack-timeout", "acknowledgements of %q wait for %s; 500ms is the most (RFC 5681, section 4.2)", t.ID, t.AckTimeout)
		case t.MinRTO > 60*Second:
			wrong("min-rto", "the least time-out of %q is %s; 60s is the most", t.ID, t.MinRTO)
		case t.Congestion == DCTCP && !t.ECN:
			v.add(fault.FlowConflict, v.object("tcp", i), "ecn", "DCTCP is nothing without marks; leave ecn out or say true")
		}
	}
}
