// Package prompt is the command language of a living network, in Mininet's habits and
// the same in every world: "nodes", "pingall", "h1 ping -c3 h2", "link s1 s2 down".
//
// A Console carries out one line at a time through a core.Live; where lines come from
// (a terminal, a script, the control socket) is its callers' business, and Read and
// Interact are two such callers. In a world of virtual time the clock moves only while
// a command lasts; "run 5s" lets it pass.
package prompt
