// Package packet turns header fields into Ethernet frames and back: Ethernet,
// VLAN, ARP, IPv4, IPv6, ICMP, UDP, TCP, SCTP and LLDP.
//
// Everybody who looks at or makes packets shares its [Header]: the flow tables
// match on it, simulated hosts send it, the control runtime answers ARP with it,
// the embedded controller reads it out of packet-in messages and traces print it.
// A Header has a fixed size, holds no pointers and can be compared and used as a
// map key.
//
// [Decode] never panics, whatever the bytes, and says which layer was at fault.
// [Append] writes frames whose lengths and checksums are right. Neither allocates
// on its good path when the destination has room. [Rewrite] is what a switch does
// to a frame: it changes header fields and updates checksums incrementally, so
// that a frame that was damaged before stays recognizably damaged.
//
// All functions are pure and safe for concurrent use. Multi-byte fields are held
// in host order; offsets and lengths count bytes.
package packet
