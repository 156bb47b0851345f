// Package workload turns what a model says about traffic (<flow>, <demands>,
// <traffic>) into one concrete list of flows, identical in every world, so that a
// simulated and an emulated run carry exactly the same transfers.
//
// Flows are described and reported in application bytes; links carry whole frames. The
// list depends on the model and the seed only. The same holds for what fails: <failures>
// become one list of steps of the scenario.
package workload
