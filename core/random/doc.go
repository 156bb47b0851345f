// Package random gives every part of a run its own chance, all of it from one
// seed, and the functions that chance is usually passed through.
//
// It promises to everyone who draws random numbers that the same seed, name and
// indices give the same draws on every machine, in every version of the
// toolchain and whatever else is drawn meanwhile. To that end the generators
// and the logarithm and the exponential are our own, and every product that is
// added to something is rounded by an explicit conversion first: the Go
// specification ("Floating-point operators") lets a compiler fuse the two
// otherwise, and those for some machines do.
package random
