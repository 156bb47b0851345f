// Package backend says what a kind of world must do to carry a run: Backend opens a
// Session, Session takes changesets and actions and lets time pass, and everything that
// can be observed arrives in the trace sink it was given.
//
// Drivers implement these two interfaces and stay thin; what is the same in every world
// (scenario, tests, comparison, undo) is done by the conductor through them. Driver
// authors sit the exam in backendtest.
package backend
