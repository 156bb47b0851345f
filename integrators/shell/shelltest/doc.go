// Package shelltest is a shell.Runner for the unit tests of its callers: it
// runs nothing, answers what it was told to, and keeps every command line.
package shelltest
