// Package labtest is what tests share that need more of a machine than Go: root, Open
// vSwitch, Mininet, other programs, and time. It says in one way what becomes of a test on
// a machine that lacks something, and ends one that hangs with what everybody was at.
// For tests only.
package labtest
