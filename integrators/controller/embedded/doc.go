// Package embedded is the controller that speaks OpenFlow itself: switches dial in,
// and the run's control runtime answers them in real time.
//
// It promises worlds with real switches that one goroutine at a time touches the runtime,
// that every switch gets its downcalls in order, that a slow, silent or hostile switch
// costs its own connection and nothing else, and that a run's diary counts from t=0.
// Bytes are the business of the package wire below it: which version of OpenFlow a switch
// is spoken with, 1.3 or 1.5, is settled at the hello and known to nobody else here.
//
// Each connection has a reader, which decodes, and a writer, which encodes, so that many
// switches use many cores. A packet needs neither to wake anybody: where the apps are
// linked in, the reader that brings something has the runtime react, if nobody else does
// just then, and whoever does writes what is little and what the line takes at once. See
// desk. What comes together is answered together, and a switch is asked to acknowledge
// packets 10 ms later, once for many, unless an app waits for it.
// The queue to a switch is bounded in two steps: a switch that
// falls behind has its packet-ins dropped (OpenFlow allows it, and the sender tries
// again), and one that stays behind is given up and, when it comes back, told what it
// lacks. The bounds are in messages and, since a switch can cause answers as long as what
// it says, in bytes. Reading is never stopped for it: a switch that cannot get rid of its
// replies stops taking commands, and both sides would wait for ever.
//
// A switch that connects is asked first what it holds. The runtime compares it with what
// is wanted and sends the difference, so that the loss of a connection, or of a controller,
// disturbs no traffic that is treated rightly. Rules that there are no words for are
// nobody's here and are deleted at once. What answers may take of memory is bounded, for
// each switch and for all of them together.
//
// What the runtime answers together to one switch, and replaces something there, goes as
// one bundle where the switch has bundles (1.5's, or extension 230 of 1.3, which Open
// vSwitch has): a packet meets the old or the new and no half of it. A bundle that is
// refused changes nothing and is then sent message by message, so that what is wrong is
// known by name.
//
// No switch is asked to keep packets. One that does nevertheless finds its own number in
// the answer that leaves a packet as it was, and is told to drop what nobody answers.
//
// Of several controllers of the same switches one leads. Lead makes it this one, by the
// roles and generations of OpenFlow; one that stands by, or that a switch no longer takes
// orders from, keeps its connections alive and waits. Whoever takes over is told by each
// switch what it holds, so that nothing right is disturbed. Who leads is not decided here.
//
// A switch that says nothing for Echo is asked for an echo, and one that says nothing for
// Silence is lost: noticed at the latest Echo/2 after that. By default this is 5 s, 15 s
// and 17.5 s. The same Silence bounds how long a switch may take nothing.
//
// With Config.TLS a switch must show a certificate before its first word is read; what
// it costs is that one connection's own time.
//
// A switch's local port and the other reserved ports are left out of everything that is
// told about ports.
package embedded
