// Package naming turns a model's ids into the names and addresses that worlds need, the
// same in every world: IPv4 and Ethernet addresses, datapath ids, interface and bridge
// names.
//
// What a descriptor fixes is kept. The rest follows Mininet's habits, so that people
// find what they expect: the i-th host is 10.0.0.i with the Ethernet address
// 00:00:00:00:00:i (i in hexadecimal), switch s1 has datapath id 1, the first interface
// of h1 is h1-eth0. A user's id that Linux, Open vSwitch or Python would not take stays
// a label; the technical name is ours.
//
// Everything is worked out on first use and kept in columns: 8 bytes a node for
// addresses, 12 more when something is looked up backwards. Names may be used by any
// number of goroutines.
package naming
