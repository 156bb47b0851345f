// Package lawtest searches for broken laws of the simulator. It holds tests only.
//
// A world is drawn from a number: a system and a deployment descriptor, with an app that
// does random things at random times. It is played through the doors that everybody has
// (sim.Backend, trace, snapshots, captures), and what came out is held against laws that
// need none of the simulator's own books: what was sent arrived, was dropped or is under
// way; no link carries more than its rate; frames of one direction do not overtake; a rule
// has counted what it matched; fluid shares are feasible and nobody could have more; the
// same world gives the same bytes, however it is interrupted.
//
// A world that breaks a law is cut down, line by line, to one that still does, and kept in
// testdata, where a test plays it for ever. SENDIM_LAWS=N looks at N worlds,
// SENDIM_LAWS=A-B at those from A to B; SENDIM_LAWS_KEEP=DIR keeps what broke.
package lawtest
