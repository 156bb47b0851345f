// Package containerlab reads and writes topologies of containerlab (*.clab.yml). It
// serves sendim import and sendim convert; both directions are pure functions.
//
// Read makes a draft of a topology:
//
//   - A node has what its defaults, kind, group and own entry say, merged as containerlab
//     merges them. Network operating systems and bridges are switches, and so are linux
//     containers with an image of a router (frr, bird, openvswitch ...), whose commands or
//     sysctls make them forward, or that join parts which are separate without them; other linux containers are hosts; nodes of unknown kinds
//     are hosts that only stand there, with a warning. Everything a node says is kept as
//     properties: clab.kind, clab.image ..., what is no plain text as JSON.
//   - Links are read short and long. Interface names are properties (clab.a.interface,
//     clab.b.interface); ports are numbered in the order of the links, because what a name
//     means differs from kind to kind. What lies outside the lab is a host with the label
//     external, which is not counted among the nodes of the file: host, mgmt-net, one for
//     each parent of macvlans and far end of vxlans, and one for each dummy.
//   - Nodes with network-mode container:NODE stay nodes. Where both forward, as the cards of
//     a chassis do, a link that is not counted among those of the file joins the two.
//   - A host gets the address of its first link, from the endpoint or from an "ip address
//     add" among its commands.
//   - ${NAME:=default} takes its default: no result may hang on somebody's environment. Go
//     templates are refused, as they are no YAML before they are rendered.
//   - Rates, delays and losses are not in such a file; the caller's defaults apply.
//
// Write makes a lab. Switches are bridges of Open vSwitch on the host (kind ovs-bridge),
// where our controller finds them; hosts are linux containers whose commands set their
// addresses and shape what they send (tc netem). containerlab makes no bridges and shapes
// no bridge's ports, so the commands for that stand as comments in the file, which says how
// to run them. Nodes that came from a lab go back as they were; what their links are like
// is set by "containerlab tools netem". What containerlab has no key for stands in labels
// (sendim.*), by which Read makes the same network again. What has no place at all (flows,
// services, scenario ...) is listed.
package containerlab
