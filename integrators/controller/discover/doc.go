// Package discover finds out what a network of OpenFlow switches looks like that nobody
// has described: it serves whoever dials, sends LLDP out of every port, watches who
// speaks at the ports where no switch is, and makes a model of it. It promises its caller
// a model that the rest of the program takes like one from a descriptor, whose nodes have
// the datapath ids, port numbers and addresses of the real ones, and the network that it
// is left as it was found.
//
// What is found is what was there while it looked. Links count when LLDP has come through
// them both ways, signed with this look's own key, so that a host cannot write any; one that
// carries it between two ports can make them look like a link. A
// host is found when it says something that no rule of its switch handles, or answers an
// ARP request for an address it was given to ask for. What cannot be told from outside
// (rates, delays, hosts behind a foreign bridge) is left open, and named in Notes.
package discover
