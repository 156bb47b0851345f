// Package ovs runs an Open vSwitch of a run's own: an ovsdb-server and an
// ovs-vswitchd inside the run's sandbox, with their database, sockets and logs
// in the run's directory. It promises that they share nothing with an Open
// vSwitch of the machine or of another run, that a daemon that dies is noticed
// and quoted, and that they end with the sandbox.
//
// AddBridges makes whole networks of bridges and ports in one transaction and tells which
// ports the daemon could not take; bridges are ended with the daemon and not one by one.
//
// Programs inside the sandbox find it where they always do, at
// /run/openvswitch; ovs-vsctl, ovs-appctl and Mininet need no option. From
// outside it is reached through unix sockets, whose paths Instance gives.
// Where the kernel has no datapath for Open vSwitch, bridges need
// datapath_type=netdev: Instance.Datapath says which it is.
package ovs
