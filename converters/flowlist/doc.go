// Package flowlist reads traffic that others wrote down: lists of flows, matrices of
// demands, probabilities of pairs and distributions of flow sizes. It is a pure function
// of a file's contents and, to give ends their nodes, of a network.
//
// Lists of flows, told apart by their first lines (Format):
//
//   - CSV: any table with a header; the columns are listed by Columns. Values have units
//     as everywhere ("10MB"), or the header names the unit ("size_bytes", "start_s") and
//     the values are bare numbers. A row with a size and a duration, as logs have them,
//     sends its size at the rate that takes so long.
//   - Run: the flows.csv of a run. What is replayed is what was asked for, at the time at
//     which it started; what came of it is not. A flow that was unfinished is to send all
//     that it was to send.
//   - Trace: the diary of a run, trace.jsonl, of which the same holds: what is left of a
//     run that came to no end.
//   - Htsim: a connection matrix (.cm) of htsim. Starts are picoseconds.
//   - HPCC: the list of HPCC's traffic generator: a count, then source, destination,
//     priority group, destination port, bytes, start in seconds. The count wins over the
//     number of rows.
//   - Nfdump: what nfdump prints of NetFlow v5 and v9, IPFIX and sFlow: -o csv of its
//     versions 1.6 and 1.7, and its formats for people (line, long, extended, biline, fmt:).
//   - Pcap: a capture of packets, pcap or pcapng, which converters/pcapflow cuts into flows.
//   - Coflow: the coflow benchmark (FB2010): one coflow is a flow from each mapper to
//     each reducer, whose megabytes (10^6 bytes) are split evenly over the mappers.
//     What stays within a rack is left out and counted.
//
// Nodes that are numbers stand for hosts: number i for the i-th host of a selection, in
// order of declaration. Names stand for nodes of that name; a switch with exactly one
// host stands for this host. Ends that are addresses, as logs have them, are given hosts
// by rules, by the network's own addresses, and the rest by lot (Mapping). What logs hold
// that can become no flow is counted by reason.
//
// Every reader takes a bounded amount of memory per flow and gives up at a limit; faults
// bear the line. Compressed files (gzip) are read as they are.
package flowlist
