// Package brite reads the topologies that the generator BRITE writes (Medina, Lakhina,
// Matta, Byers, "BRITE: An Approach to Universal Topology Generation", MASCOTS 2001; the
// output format is in its user manual), from its Java and C++ versions and as edited by
// hand. It serves the importer.
//
// Every node is a switch, with BRITE's type, AS and plane coordinates as properties.
// Bandwidths are Mbit/s by convention. Delays are milliseconds as the file gives them; -1
// stands for none, and then the length counts, which is in kilometres: BRITE's own delay is
// length divided by the speed of light.
package brite
