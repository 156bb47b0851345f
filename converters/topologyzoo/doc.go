// Package topologyzoo reads networks kept as GraphML or GML, which is how the Internet
// Topology Zoo (Knight, Nguyen, Falkner, Bowden, Roughan, IEEE JSAC 29(9), 2011) and many
// tools keep them, and writes a model as GraphML. It serves the import and convert
// commands.
//
// GraphML is read as its primer has it (graphml.graphdrawing.org/primer): keys by name
// with their types and defaults, directed edges, nested graphs, hyperedges and ports; the
// labels and positions of yEd's drawings as well. GML is read as Himsolt's report has it
// ("GML: A portable Graph File Format", 1997), with the entities, lists and labels of
// networkx. What an attribute means is decided by its name (see roles in attributes.go);
// every other attribute becomes a property.
//
// Write and Read are inverse to each other for nodes and links; Write says what a graph
// cannot hold. Read and Write are pure functions and safe for concurrent use.
package topologyzoo
