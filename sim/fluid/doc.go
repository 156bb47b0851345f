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
// Flows may belong to classes (NewClassed), whose Min and Max hold at every divided
// resource for all flows of the class there together, as the rate and ceil of a leaf of
// tc-htb(8) do at a network interface. A flow's rate is then the sum of what it gets in
// rounds, each of them max-min fair with what the rounds before have left of capacities,
// caps and Max:
//
//  1. reserved: flows of classes with a Min share, at each divided resource, their class's
//     Min and nothing else. Where the minima of the classes that are there do not fit the
//     capacity, they are scaled down in proportion, less what their flows' caps let them
//     take, which goes to the others.
//  2. then for each priority, the highest first, if several classes have it, equal: at each
//     divided resource the capacity left is divided among the priority's classes there
//     equally (in htb's words: the quanta are equal), but none gets more than its flows'
//     caps and its Max allow; the flows share their class's part.
//  3. and rest: the priority's flows share what is left, regardless of class.
//
// Every flow then runs at its cap or uses a resource that is full or on which its class is
// at its Max: no flow could have more without another having less. At a single resource
// that is what htb does with classes that always have something to send. Over several, a
// class that cannot use its Min at one resource, because its flows have less reserved at
// another, lends the difference, even when those flows get more in a later round. Flows
// over undivided resources only have no part in the first two rounds.
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
