// Package sndlib reads network planning instances of SNDlib (Orlowski, Pioro, Tomaszewski,
// Wessäly, "SNDlib 1.0: Survivable Network Design Library", Networks 55(3), 2010) in both
// of its forms, XML and native text, and its traffic matrices over time. It serves the
// import command.
//
// A planning instance says what could be installed. A link's rate is therefore its
// preinstalled capacity if there is one, else that of the smallest module that carries the
// demands when each takes a shortest path, installed several times where no module is
// large enough, and which rule gave it is told. Every demand goes from its source to its
// target.
//
// Several files are one topology and its demand matrices: the matrices come in the order
// of their times, each for as long as its granularity says, from the first one's time on.
//
// Read is a pure function and safe for concurrent use.
package sndlib
