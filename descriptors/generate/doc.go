// Package generate makes networks of well-known shapes, straight into a model.Builder:
// for <generate> in system descriptors, for "sendim generate" and for "--topo".
//
// Where Mininet has the shape, node names, order, link order and hence port numbers are
// those of Mininet 2.3 (mininet/topo.py, mininet/topolib.py). The same options give the
// same network on every machine. Sizes are checked against the limits before anything
// is built; what is wrong comes back as a *fault.List with the nearest valid name.
//
// Every kind is one file; the table is in kinds.go.
package generate
