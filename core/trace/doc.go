// Package trace is the one diary that every world writes: control messages, flow
// lifecycles, failures, changes and samples, in one vocabulary, so that a simulated, an
// emulated and a physical run can be read and compared with the same tools.
//
// An Entry names nodes, links and flows as the user does, so that a diary can be read
// without its model. Sink takes entries; Writer is the sink that makes trace.jsonl, and
// Read gives the entries back.
package trace
