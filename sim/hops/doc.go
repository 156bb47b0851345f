// Package hops is what the simulator's speed with packets is measured with: the fat trees,
// the traffic and the routing by tables that the books compare with other simulators. It
// stands apart so that its benchmark, whose peak memory counts, links nothing but the
// simulator; the simulator's own tests use it as well.
package hops
