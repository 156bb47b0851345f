// Package shortestpath is the app that routes IPv4 between hosts along shortest paths.
//
// Proactively it installs a rule for every destination on every switch, and where several
// next hops are equally near it spreads pairs of hosts, or flows, over them. Reactively it
// installs a pair's path when its first packet comes. When links change it sends only what
// differs, new rules before it takes old ones back. With the parameter protect a proactive
// switch does not wait for that: next hops that have a loop-free alternate (RFC 5286) are
// fast-failover groups over both. It is for users who want their network
// used well; networks of more than some thousands of nodes want the reactive mode, because
// rules for every destination grow with the square of the network.
package shortestpath
