// Package des is the heart of the simulated world: a clock in whole
// picoseconds and the queue of what is still to happen.
//
// It promises three things to the simulator above it. Events leave the queue in
// one total order, (time, target, kind, source, sequence), whatever the order
// in which they were put in, so that a run split over several workers can keep
// it. Neither putting in nor taking out allocates once the queue has reached
// its working size. And the cost of an event hardly depends on how many are
// pending or on how their times are spread.
//
// A Queue belongs to one goroutine. It never looks at an event's payload, and
// it cannot take an event back: whoever wants to cancel one keeps a generation
// number beside the thing the event speaks of, puts the same number into the
// event, and ignores the event when the two differ.
package des
