// Package topohub reads networks in networkx's node-link JSON (networkx.node_link_data),
// which is how TopoHub (Jurkiewicz, SoftwareX 24, 2023) keeps its backbones, ITDK,
// Topology Zoo and SNDlib networks and its random Gabriel graphs. It serves the import
// command.
//
// dist is kilometres, pos is [longitude, latitude] or, in Gabriel graphs, a place in a
// plane of kilometres; which of them is decided by what dist agrees with. Demands
// (graph.demands) are SNDlib's numbers and taken for Mbit/s, because the files state no
// unit. Loads that TopoHub computed (ecmp_fwd, ecmp_bwd) are kept as properties.
//
// Read is a pure function and safe for concurrent use.
package topohub
