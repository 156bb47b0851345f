// Package scaffold makes the folder of a new app for sendim app new: sources, tests,
// descriptors, and for Go a go.mod that names the source of SENDIM on this machine and all
// that it needs, so that the folder builds from the module cache, without network. It
// promises that a folder is there whole or not at all, and that nothing is overwritten.
package scaffold
