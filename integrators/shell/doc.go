// Package shell is the only door to other programs. It promises its callers
// four things: an error shows the command line as one could paste it together
// with what the program printed; cancelling the context ends the whole process
// group and not only its leader; output is bounded in memory; and every process
// started is reaped, whatever its caller forgets.
//
// Two verbs suffice: Run waits for a program and hands back its output, Start
// keeps it running with pipes to its standard input and output. Both are
// methods of Runner. Local runs programs on this machine; Elsewhere runs them
// wherever a start function puts them (a sandbox) under the same promises.
// Callers that take a Runner are tested with shelltest.
package shell
