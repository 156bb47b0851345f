// Package flow is OpenFlow's meaning without its bytes: what a match covers, what
// actions do, how a packet goes through tables, groups and meters, what is counted and
// when a rule ends. It follows the OpenFlow Switch Specification 1.3.5.
//
// Apps, the control runtime, the simulator's switches, the embedded controller and the
// trace all speak of rules in these types; the bytes on the wire are the business of
// integrators/controller. Rule, Group and Meter are plain values. Switch is the data
// plane of one switch and is not safe for concurrent use.
package flow
