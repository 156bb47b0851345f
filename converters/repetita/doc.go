// Package repetita reads the networks and demands of REPETITA (Gay, Schaus, Vissicchio,
// "REPETITA: Repeatable Experiments for Performance Evaluation of Traffic-Engineering
// Algorithms", 2017): a *.graph file and any number of *.demands files. It serves the
// import command.
//
// Edges are listed one direction at a time; opposite ones pair up to links. Rates are
// kbit/s. Delays are taken for microseconds, as REPETITA calls them, and what speaks
// against that is told. Several files of demands follow one another in time, in the order
// in which they are given.
//
// Read is a pure function and safe for concurrent use.
package repetita
