// Package mininet writes a network as a stand-alone Python 3 script for Mininet 2.3, to
// whoever wants to run it by hand or to keep it, and to the emulation backend, which
// starts the same script in its service mode.
//
// The script has the names, addresses, datapath ids, port numbers and interface names of
// core/naming, so that a network emulated by it is the one every other world has. It
// shapes links by its own tc lines with what the kernel it runs on has, and names what
// it has to leave out. Run by hand it carries out the model's flows, scenario and tests
// and prints one line of JSON.
//
// Writing is a pure function of the model and the options: the same bytes every time, in
// time and memory linear in the network. Small networks are written as statements that
// people read; large ones as a table and a loop over it, because Python takes some 10 KB
// to compile a statement.
package mininet
