// Package traffic makes a flow happen between two real hosts and measures it, for worlds
// whose hosts are real: an Agent runs inside each host, a Driver outside tells agents
// what to do and puts their measurements together.
//
// It promises that a result means the same as in the simulator. Rates are application
// bytes; model.Flow.Packet is a whole Ethernet frame without its check sequence; a
// packet stream is paced by absolute deadlines, so that it does not drift; a one-way
// latency is the difference of two readings of CLOCK_MONOTONIC, which all network
// namespaces of one machine share; on different machines it means nothing, and there the
// caller leaves latencies out.
//
// Agent and Driver exchange lines of JSON (Order, Report) over any byte stream: pipes of
// a process, a unix socket. When the stream ends the agent ends, and everything it runs.
package traffic
