// Package backendtest is the exam that every world sits: the same network, the same
// apps, the same actions and the same assertions, whether frames are simulated or real.
//
// A backend's own test calls Run with a Backend value. The exam's apps use several
// tables, NextApp, meters, every kind of group, VLAN tags, rewriting, timeouts and
// port events, so that a world that passes can carry any app of the contract. What a
// world declares it cannot do is skipped by the name of the capability.
package backendtest
