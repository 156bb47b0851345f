// Package model says what a network is: nodes, links, QoS classes, user profiles,
// services, tenants, policies, flows, a timed scenario and tests, as values with dense
// integer ids. Every world (simulator, emulation, physical hosts) is built from this
// one validated form, whatever file or generator it came from.
//
// A Network is made by a Builder and does not change afterwards: it may be read by any
// number of goroutines. Edit makes another of it, with nodes and links more or less, in
// which all ids keep their meaning; those removed stay as tombstones (Gone, LinkGone). Nodes and links are kept in columns, because a model of a
// million nodes must stay small; Node and Link are views that are cheap to make.
//
// Units are in the types: Time is picoseconds, Rate bits per second, Size bytes.
package model
