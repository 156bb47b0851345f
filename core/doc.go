// Package core is the conductor: it brings a job's network up in a world, lets the
// scenario and the tests happen, and leaves results behind, whatever the world. It has
// no nouns of its own; which backends there are, and how apps are launched, it is told.
//
// For commands: Run carries a job (core/job) out. While it runs, a Live takes requests
// from other goroutines (a prompt, a control socket) and carries them out between two
// stretches of time.
//
// Files: run.go from the first changeset to the results; live.go requests and time;
// world.go scenario and actions; tests.go what is asserted. The run's directory is made
// by core/record.
package core
