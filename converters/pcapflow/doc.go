// Package pcapflow recreates flows from captures of packets: pcap (libpcap's savefile,
// with times in micro- or nanoseconds and of either byte order) and pcapng
// (draft-ietf-opsawg-pcapng). It is a pure function of a file's contents and serves
// converters/flowlist.
//
// A flow is what goes one way between two addresses and ports by one protocol. It ends
// when nothing has come for the idle time, and TCP's also when it is begun anew after a
// FIN or RST. Its bytes are the application's: of TCP by sequence numbers, so that what
// was sent twice counts once and what the capture has missed counts too; of UDP by its own
// length, whatever of it was captured. IPv4 and IPv6 are read through Ethernet with VLAN
// tags, Linux's cooked captures, loopback and raw IP; what is none of that is counted by
// name.
//
// Memory is bounded by the number of flows; a file of any contents is read in time
// proportional to its length.
package pcapflow
