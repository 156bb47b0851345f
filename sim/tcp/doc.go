// Package tcp promises the simulator TCP-like transfers as pure state machines: an event and the present virtual time
// go in, segments and the time of the next wanted wake-up come out. It keeps no clock, starts no goroutine, draws no
// random number and, once its small buffers have grown, allocates nothing; equal inputs give equal outputs everywhere.
//
// A transfer is a [Sender] on one host and a [Receiver] on another; data flows one way, acknowledgements the other. The
// caller carries [Segment] values between them, adds the bytes of the link layer and wakes them at [Output].Deadline.
//
// What it follows: RFC 9293 (SYN, SYN-ACK, ACK; FIN), RFC 5681 (slow start, congestion avoidance, fast retransmit,
// delayed acknowledgements, restart after idle), RFC 6582 (NewReno recovery when SACK is off), RFC 2018 and RFC 6675
// (SACK and recovery by it), RFC 6937 (the rate during it), RFC 3042 (limited transmit), RFC 6298 (retransmission timer), RFC 7323 (timestamps, always
// on), RFC 6928 (initial window), RFC 9438 (CUBIC), RFC 3168 (ECN) and RFC 8257 (DCTCP).
//
// What it leaves out, on purpose:
//   - the reverse direction: the receiver acknowledges the sender's FIN and is then finished; it sends no FIN of its own;
//   - a timer for SYN-ACK: the sender's SYN timer started one trip earlier and brings about the same repetition;
//   - giving up: a sender on a dead path doubles its timer up to Config.MaxRTO and tries for ever;
//   - zero windows: the receiving application reads at once, so Config.ReceiveWindow only bounds what is outstanding;
//   - reneging: what was reported as received stays received, therefore the scoreboard survives a time-out;
//   - undoing reductions that turn out spurious (RFC 3522, RFC 5682), D-SACK, tail loss probes, pacing, Nagle's delay;
//   - sequence numbers that wrap: they are 64 bits wide here, SYN is number 0 and the first byte number 1.
package tcp
