// Package fault is the one catalogue of what can be wrong with a user's input.
//
// A Fault says, in one line, which rule was broken (Code), what was found, where
// (file, line, column, element, attribute) and which valid choice comes nearest. A
// List gathers every fault of an input, so that a user sees all of them at once and
// not one per attempt; it keeps the first hundred and counts the rest, so that a
// hostile input costs bounded memory.
//
// Everything that reads input reports through this package; nothing else in SENDIM
// invents its own error text for it. Values are plain and safe to copy; a List is not
// safe for concurrent use.
package fault
