// Package report turns the diary of a run into results, judges whether they can be
// believed, compares two runs, and writes all of it for people and programs.
//
// For the conductor: a Collector is a trace.Sink; Finish gives the Results. Files lists
// what a run's directory holds, each with a function that writes it; Read takes the
// same files back. For users of results: Compare sets two runs beside each other, flow
// by flow, link by link and table by table, and says in one line whether they agree;
// Summarise makes means and confidence intervals of repetitions.
//
// Everything here is a function of its inputs: no clock, no file system beyond the
// fs.FS and io.Writer given, no order that depends on a map.
package report
