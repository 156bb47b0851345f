// Package track keeps a network in step with switches that nobody has described: who
// dials becomes a switch of it, LLDP finds the links, and whoever speaks where no switch
// is becomes a host. It promises apps that they run on such a network as on any other,
// with the same events, and its caller a model.Network that is edited as things come and
// go.
//
// Tracker is a control.Driver that stands in front of the control runtime. It has the
// first flow table of every switch to itself and is a gate there: the apps' tables, which
// begin behind it, see a packet only when it came in by a link between switches that was
// found both ways, or from a host where that host is known to be. Everything else at a
// port comes to the Tracker, or is dropped. So a packet waits at the gate until its sender
// is known to the apps and what they answered is in force; it is then sent on from where it
// came in, and nothing is lost. So also nothing goes round in a loop that is not yet known
// to be one: what comes back is not at home there. Apps flood to known hosts, along known
// links, and out of ports where nobody is known.
//
// What hosts can do is bounded. LLDP is signed with a key that lives as long as the
// Tracker, says when it was sent, and is not believed at a port where a host answers. A
// host that shows up elsewhere is looked for where it was: it moves if it does not answer
// there. Hosts are bounded at a port and in all, and a port that shows more strangers than
// people plug in is closed to strangers for a while. What this cannot see is named in
// docs/controller.md.
//
// The engine knows no clock but what it is told and draws no lots; all of it runs on the
// goroutine of its Driver, except Atlas, which is safe for concurrent use.
package track
