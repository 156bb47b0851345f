// Package loadbalancer is the app that spreads the clients of a <service> over its
// members, by their weights.
//
// Clients address the service's virtual IP and port. The first packet of a client comes
// to the app, which picks a member and has the switch to which the client is attached
// rewrite addresses both ways: the destination's, IP and Ethernet, of what goes to the
// member; the source's, IP, of what comes back. Clients know the service only, members see
// who their clients are. No other switch has a rule for it, so that what lies between is
// free to any app that routes.
//
// A client stays with its member until it has been silent for the time idle. Mode
// round-robin picks in the order in which clients come, so that their numbers follow the
// weights exactly, whoever they are. Where clients come at one moment, that order is not
// the same in an emulation as in the simulation; mode rank goes by a client's place among
// all hosts instead (their numbers follow the weights when neighbours come), mode hash by
// its address (they do so about). With per="connection" every connection is picked for by
// itself.
//
// Members come and go. One that leaves the pool gets no new clients; those it has stay
// until they fall silent (drain="keep") or go to another member at once (drain="move",
// which TCP connections do not survive: the new member does not know them). One that fails,
// or that no path leads to any more, loses its clients at once. One that comes back gets
// its share of those that come from then on. Where nobody is left, packets are dropped.
//
// By user profile: a client whose <profile> names a pool is served by the members of that
// service, whichever service of the same protocol and port it addresses. A service is
// reached by UDP at the number of a TCP port too, and the other way round, unless another
// service is there.
//
// In a chain the app hands everything on to the one that follows, packets for services
// rewritten. That one should know the network: an app that learns from what stations say
// floods what is for a member that has said nothing yet. Alone it carries IPv4 between all
// hosts along paths of fewest links, with a rule for every host on every switch, and
// answers their ARP requests: small networks need no second app.
//
// What a member sends to its client from the service's port is taken for the service's
// answer: such a client cannot talk to that port of its member directly. For the same
// reason one member does not serve one client for two services at one port number; it is
// passed over for the second.
package loadbalancer
