// Package fluid shares the capacities of resources among flows by weighted max-min
// fairness, exactly, and keeps the sharing up to date as flows come, go and change their
// routes and as capacities change. It serves the simulator's flow granularity, where
// resources are directed links and meters, but knows neither: resources and flows are
// dense numbers.
//
// An allocation is max-min fair when no flow can be given more without taking from a flow
// that has no more per unit of weight (Bertsekas and Gallager, Data Networks, section
// 6.5.2). Equivalently, every flow either runs at its own cap or has a bottleneck: a
// resource on its route that is fully used and on which no flow has a higher level, where
// a flow's level is its rate divided by its weight. That allocation is unique.
//
// A Network holds the flows and their rates. Changes are collected and settled together by
// Solve, so that several changes at one instant cost one computation. Only flows whose rate
// the changes can reach are looked at; see Solve for how. Transfers adds volumes and time:
// how much each flow has sent and which flow is done next.
//
// Rates, capacities and volumes are float64 in any one unit (bytes and bytes per second,
// or bits); times are int64 picoseconds. The same calls in the same order give the same
// bits on every machine. The types are not safe for concurrent use.
package fluid
