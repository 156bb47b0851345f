// Package prompt is the command language of a living network, in Mininet's habits and
// the same in every world: "nodes", "pingall", "h1 ping -c3 h2", "link s1 s2 down".
//
// A Console carries out one Line at a time through a core.Live, for several users at once:
// a program that a line starts on a node keeps nobody else waiting. Where lines come from
// (a terminal, a script, the control socket) is its callers' business. Here is the user's
// side of them, with the words that concern the user's own machine; Read and Interact take
// lines from a script and from a terminal. In a world of virtual time the clock moves only
// while a command lasts; "run 5s" lets it pass.
package prompt
