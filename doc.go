// Package sendim is the map of the house; it holds no code.
//
// Data flows forward: bytes (descriptors, converters) become a model (core/model), the
// difference between two models a changeset (core/change), a changeset applied to a
// world (core/backend) a session, a session a diary (core/trace), and the diary results
// (core/report). docs/architecture.md walks through the rooms in that order, and the
// test beside this file holds which room may know which.
package sendim
