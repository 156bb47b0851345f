// Package wire turns rules, groups, meters and packets into OpenFlow messages and the
// messages of switches back, for the embedded controller and nobody else. There is a
// Dialect for each of two versions: V13, whose section numbers are those of the OpenFlow
// Switch Specification 1.3.5, and V15, whose are those of 1.5.1. What both have alike are
// functions.
//
// V13's messages to a switch are built by libOpenflow, except what it cannot express or
// gets wrong: match fields and set-field values go through one table of our own (all
// fields, all masks), and the filters of a delete are put right afterwards (the library
// writes the port's filter into the group's place). Of what comes from a switch, the
// library decodes the features reply and error messages. It loses Ethernet addresses in a
// match, reads a port's description as zeros, panics in multipart replies, takes packets
// apart beyond recovery and never returns from a hello with an unknown element; for these
// the decoders here are our own. V15 is our own throughout, in the files that end in 15,
// but for meters, which are 1.3's: of 39 messages of 1.5 that another implementation wrote,
// one of each kind, the library reads 25 back as they were, and panics at port status and
// port statistics.
//
// Every decoder takes bytes from anywhere: it checks lengths before it reads, and Guard
// stands between the library and the caller. A malformed message is an *Error; nothing
// in this package panics or allocates more than a small multiple of what it was given.
// All functions are pure and safe for concurrent use.
package wire
