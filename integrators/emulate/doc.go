// Package emulate is the emulated world: real hosts, a real Open vSwitch and real links
// on this machine. It implements core/backend for the conductor under the names "mininet"
// and "native".
//
// A session is a sandbox (integrators/netns) with an Open vSwitch of its own
// (integrators/ovs). The network in it is made by its Mininet script (converters/mininet),
// which runs in its service mode, or natively: by the sandbox itself and one transaction,
// the same network several times faster. The two are a ground each; all else is the same
// code. The controller listens inside; an agent (integrators/traffic) runs in each host
// that has flows. Names, addresses, port numbers and datapath ids are those of
// core/naming, the same as in every world.
//
// It promises that nothing is left of a session, however it ends: everything lives in
// the sandbox, and ending that is ending one process. What this machine cannot do is
// probed and named in the capabilities, and refused before anything is built, as is a
// network for which it has no room. What it did do is measured: the rates links really
// carried, their drops, and how busy the machine was stand in the diary.
//
// A network that lives takes edits (Session.Apply): the part of an edit that could fail is
// done before anybody hears of it, and undone when it does.
//
// Time is real. It passes whether or not Run is called; Run waits.
package emulate
