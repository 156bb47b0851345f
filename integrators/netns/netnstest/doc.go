// Package netnstest gives tests a sandbox: one that ends with its test and whose end is
// looked at, and a shell in it. The caller's TestMain lets the program be its own helper
// (netns.Subcommand). For tests only.
package netnstest
