// Package drafttest is what the tests of all readers share: the files of a folder of
// references and what an independent reading makes of them, networks drawn at random, and the
// laws that hold whatever the bytes of a file are. For tests only.
package drafttest
