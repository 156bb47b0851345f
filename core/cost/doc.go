// Package cost says what a network takes of this machine when real hosts and switches
// carry it: time to bring up, memory, processes, open files, pseudo-terminals. The
// conductor asks before it builds anything.
//
// The figures are measured on the machine itself (sendim doctor brings up small networks
// of different shapes), fitted as so much for each host, switch and link, and kept in a
// Book in the user's cache directory. A book of another machine is not believed.
package cost
