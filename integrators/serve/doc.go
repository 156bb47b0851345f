// Package serve is the world of networks that nobody has described: it listens for
// OpenFlow switches, serves whoever dials, finds out how they are connected and who is
// there (integrators/controller/track), and runs the apps on that, for as long as the run
// lives. It promises the conductor a session like any other whose network comes and goes
// by itself, and the network that its switches hold nothing of the run when it is over,
// unless they are to keep it.
//
// Nothing is built, and nobody's hosts can be told to do anything: a served network carries
// the traffic of others.
package serve
