// Package change is the difference between two states of a run (a model and a
// deployment) as ordered, explained, invertible steps.
//
// The first run is the changeset from nothing: there is no other way to bring a network
// up. A Changeset holds both states by reference and its steps as ranges of dense ids,
// so that a million new nodes are one step; reasons, impacts and the inverse are worked
// out when asked. Names identify objects: a node or link that keeps its name is the
// same object. Backends group steps as they like and report progress, and undo, by the
// index of a step.
package change
