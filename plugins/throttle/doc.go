// Package throttle is the app that limits users to the rates of their profiles.
//
// A member of a <profile> may send and receive at the profile's rate, or at its class's
// highest rate where that is lower: each member by itself, each direction by itself, as on
// a line of that rate. Of several profiles the lowest rate holds. Hosts of no profile, or
// of one without a rate, are not touched.
//
// By meters, what a member sends is dropped beyond its rate at the port by which it enters
// the network, whatever source address it bears, and what it receives on the switch to
// which it is attached; the links up to there carry what is sent. Meters do not queue. UDP
// gets the rate, headers included, and the burst once. TCP that loses the rest of a window
// at a meter is silent for its retransmission timeout, 200 ms and a round trip at least,
// and catches up only if the burst is longer: with the default it gets nine tenths of its
// rate and more while round trips are short against the burst; with 100 ms it gets half.
// A host with several links is limited at the first, by which it is reached; what it sends
// by others is not.
//
// By the rates of ports, for networks without meters, only what members receive is
// limited, by a queue at their switch's port; a switch cannot hold back what comes in. The
// app says in the log which of the two it took.
//
// It reads statistics at intervals. While a member is limited, the metric HOST.up.rate or
// HOST.down.rate is the rate in bit/s that it has, and HOST.up.dropped or HOST.down.dropped
// counts the bytes that its meter has dropped; the log says when somebody began to be
// limited and when that ended.
//
// In a chain it hands packets to the app that follows; put it behind apps that rewrite
// addresses. Alone it carries IPv4 between all hosts along paths of fewest links, with a
// rule for every host on every switch, and answers their ARP requests: small networks need
// no second app.
package throttle
