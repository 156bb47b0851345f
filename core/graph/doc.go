// Package graph finds paths, trees and components in networks of up to millions
// of nodes, and always the same ones.
//
// It promises to whoever routes, floods or places that an answer depends on the
// graph and on nothing else: not on the algorithm that was convenient, not on
// what was asked before. The tie rule is one for all: of several arcs that lead
// on equally well, the one with the lowest number.
//
// Nodes are numbered from 0. Link l is two arcs: 2l from its first end to its
// second and 2l+1 back, so the arc against a is a^1. Parallel links are
// links like others; a link from a node to itself keeps its numbers and is
// otherwise ignored. A Graph never changes: a link fails by having its arcs put into
// the Set that every question takes along.
//
// A Graph and its Weights may be shared by goroutines. A Workspace, which keeps
// the scratch memory so that a question does not allocate, may not.
package graph
