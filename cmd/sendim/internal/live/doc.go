// Package live lets other terminals reach a living run through control.sock in its
// directory.
//
// The protocol is lines of JSON over a Unix socket. A client sends one Request and
// reads Replies until one has Done set; it may then send the next. While a line is under
// way it may interrupt it, and feed the program that the line started: input is sent when
// the program has begun and each part when the one before was taken. Closing the
// connection interrupts the request under way. The socket belongs to the run's user
// (mode 0600). A socket whose run has died is told apart by that nobody answers.
package live
