// Package flow is OpenFlow's meaning without its bytes: what a match covers, what
// actions do, how a packet goes through tables, groups and meters, what is counted and
// when a rule ends. It follows the OpenFlow Switch Specification 1.3.5, and Open vSwitch
// where that differs: a packet that no rule of a later table matches is not dropped
// (section 5.4) when its action set leads somewhere, nor is one on its last hop, which
// goes to no further table; an action set that leads nowhere is not carried out at all.
//
// Apps, the control runtime, the simulator's switches, the embedded controller and the
// trace all speak of rules in these types; the bytes on the wire are the business of
// integrators/controller. Rule, Group and Meter are plain values; matches, actions and
// rules have one text each, which reads back, in which they appear in JSON, in traces
// and in listings. Whatever is listed comes in one canonical order.
//
// [Switch] is the data plane of one switch: Apply changes it, [Switch.Process] takes a
// packet through it, [Switch.Trace] says what would happen, [Switch.Expire] ends rules
// in time. What it refuses it refuses with OpenFlow's error types. It knows no clock and
// no chance, so that equal calls have equal results on every machine, and it is not safe
// for concurrent use.
package flow
