// Package emulate is the emulated world: real hosts, a real Open vSwitch and real links
// on this machine, by Mininet. It implements core/backend for the conductor under the
// name "mininet".
//
// A session is a sandbox (integrators/netns) with an Open vSwitch of its own
// (integrators/ovs), in which the network's Mininet script (converters/mininet) runs in
// its service mode; the controller listens inside; an agent (integrators/traffic) runs
// in each host that has flows. Names, addresses, port numbers and datapath ids are those
// of core/naming, the same as in every world.
//
// It promises that nothing is left of a session, however it ends: everything lives in
// the sandbox, and ending that is ending one process. What this machine cannot do is
// probed and named in the capabilities, and refused before anything is built. What it
// did do is measured: the rates links really carried, their drops, and how busy the
// machine was stand in the diary.
//
// Time is real. It passes whether or not Run is called; Run waits.
package emulate
