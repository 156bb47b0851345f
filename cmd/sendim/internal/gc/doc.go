// Package gc finds what dead runs have left on this machine and takes it away.
//
// It goes by labels alone, never by a name that merely looks like ours, and never touches
// what a living run owns:
//
//   - A process of a sandbox bears its run and the process that opened it; it is left
//     over when that one is gone. With the last process of a sandbox the kernel takes
//     its namespaces, and what is in them: interfaces, bridges, mounts. None of these
//     has a name outside, so there is nothing else to look for.
//   - The directory of an app's socket bears a file that its host keeps locked while it
//     lives.
//   - A run's directory bears its manifest. Sockets, locks and half-written files in it
//     mean nothing once nobody answers and the process is gone.
//
// Directories of runs are somebody's work: those that were never finished are reported
// and stay, unless somebody says that they are to go, too.
package gc
