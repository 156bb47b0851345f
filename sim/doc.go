// Package sim is the backend "simulation": the world in virtual time, repeatable bit for
// bit. It promises the conductor a backend.Session in which the same model, apps and seed
// give the same trace bytes on every machine, and researchers a world whose rules are
// written down here.
//
// Time and order. Time is a whole number of picoseconds. What happens at one picosecond
// happens in the order (node, kind, link, sequence): at each node first changes of the
// network, then messages of the controller, then ends of rules, then arriving frames by
// the number of the link's direction, then what hosts send and their timers; what concerns
// fluid flows comes after all nodes.
//
// Links. Each direction sends one frame at a time and has a queue in front, which holds
// the frames that wait, besides the one being sent (ns-3's habit); a frame for which there
// is no room is dropped. Frames have their true length, Ethernet header included, without
// preamble, check sequence or padding, as veth and tc count. Frames of one direction never
// overtake each other, whatever jitter draws. When a link goes down, what waits and what is
// on the wire is lost. A new rate counts for frames that come to the queue from then on.
//
// Switches. core/flow is the data plane. A frame that has crossed 255 switches is dropped,
// with one warning a run. A switch that goes down loses its tables.
//
// Hosts. They resolve addresses by ARP through the network (three tries, one a second, at
// most 101 frames waiting, answers kept for ever), answer echoes, and send and receive
// flows. UDP to a host is taken silently. TCP is sim/tcp, CUBIC unless the Backend says
// otherwise, and gives up as Linux does: after 6 unanswered SYNs or 15 time-outs in a row,
// or at once when no address is found. A TCP flow keeps at most three segments of its own
// on its host's link, the one being sent included, or what takes a millisecond there, so
// that it cannot fill the queue that it shares with the host's other traffic (TCP small
// queues); it sends on as they leave. Acknowledgements are not held back.
//
// Fluid flows (granularity "flow") share links by max-min fairness. Their bytes are the
// application's, without headers, and they ignore loss. Their path is what their header
// meets in the tables; a miss sends one real frame, which makes the controller act. They
// do not see frames on the same links; frames see the rate that fluid flows leave over, but
// at least a tenth of the link.
package sim
