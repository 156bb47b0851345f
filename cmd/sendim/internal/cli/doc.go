// Package cli is the command line: one file per verb, over the wiring that main hands
// in. Data goes to stdout, everything else to stderr; read commands take
// -f table|json|csv; exit codes are those of exit.go.
package cli
