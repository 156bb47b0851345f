// Package tty is what the prompt needs of terminals: a pair of them for a program that
// wants one, one's own without line editing, its size, and keys read in such a way that
// what has not been read is left for whoever reads next.
package tty
