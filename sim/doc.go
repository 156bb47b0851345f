// Package sim is the backend "simulation": the world in virtual time, repeatable bit for
// bit. It promises the conductor a backend.Session in which the same model, apps and seed
// give the same trace bytes on every machine, and researchers a world whose rules are
// written down here.
//
// Time and order. Time is a whole number of picoseconds. What happens at one picosecond
// happens in the order (node, kind, link, sequence): at each node first changes of the
// network, then messages of the controller, then ends of rules, then arriving frames by
// the number of the link's direction, then chunks and the ends of their transmissions,
// then what hosts send and their timers; what concerns fluid flows comes after all nodes.
//
// Workers. Several may divide the nodes among themselves, and the bytes of the diary, the
// digests and everything else stay what one worker gives. Each does what happens at his
// nodes, in windows no longer than the least time that a frame takes on a link between two
// parts: within one nobody can reach another (conservative synchronisation; K. M. Chandy
// and J. Misra, "Distributed simulation", IEEE Trans. Softw. Eng. 5(5), 1979). Frames for
// others, entries of the diary, messages for the controller and the ends of flows are kept
// and brought into the one order when all stand still. Samples, starts of the list, changes
// and the apps' answers wait for that as well and end the window before them.
//
// Everything happens one by one, in the one order, where that order could matter within a
// window: at the moment of a packet-out or of an answer to a request for counters, when a
// flow with a frame whose way is written down may send the next one, when a TCP flow that
// may end has segments on the way to its receiver, and in the last window of a run that
// ends with its last flow. So it does while somebody captures, and from when an action
// starts a flow of granularity flow or chunk, or to a service. Where the model itself has
// such flows or has packets written down, has no two switches, or where links between any
// parts take no time at all, there is one worker from the start. Without a number there are
// as many as processors, if there are 100,000 events to be expected and 64 for each worker
// in a window.
//
// Links. Each direction sends one frame at a time and has a queue in front, which holds
// the frames that wait, besides the one being sent (ns-3's habit); a frame for which there
// is no room is dropped. A frame that comes at the very moment at which the next one begins
// to be sent finds that one still waiting: arrivals come before departures. Frames have their true length, Ethernet header included, without
// preamble, check sequence or padding, as veth and tc count. Frames of one direction never
// overtake each other, whatever jitter draws. When a link goes down, what waits and what is
// on the wire is lost. A new rate counts for frames that come to the queue from then on.
//
// Disciplines. Besides dropping what finds it full, a port's queue may mark or drop early or
// be several queues (model.Discipline). The length that RED and thresholds see is that of
// the frames that wait, without the one being sent. Marks are those of RFC 3168; only frames
// of TCP that negotiated ECN can bear them. RED is that of Floyd and Jacobson as ns-3 has it
// (see strikes); its lots are a stream of each queue's own. Where the model has classes, each
// class's queue is looked at by itself. Queues by number are served as classes are; a port
// that has them knows no classes. Fluid flows and chunks see no disciplines.
//
// Switches. core/flow is the data plane. A frame that has crossed 255 switches is dropped,
// with one warning a run. A switch that goes down loses its tables; one that loses its
// channel to the controller keeps them (fail-secure) and is told the difference when the
// channel is back. What messages of the controller lose on the way comes later, not never.
// Of a frame that an app makes up the headers travel, and the length; the rest reads as zeros.
//
// Hosts. They resolve addresses by ARP through the network (three tries, one a second, at
// most 101 frames waiting, answers kept until the host's link goes down), answer echoes, and send and receive
// flows. UDP to a host is taken silently; it is sent at equal gaps, or as core/workload draws
// it where a flow has a pattern. TCP is sim/tcp, CUBIC unless the flow or the
// Backend says otherwise, and gives up as Linux does: after 6 unanswered SYNs or 15 time-outs in a row,
// or at once when no address is found. A TCP flow keeps at most three segments of its own
// on its host's link, the one being sent included, or what takes a millisecond there, so
// that it cannot fill the queue that it shares with the host's other traffic (TCP small
// queues); it sends on as they leave. Acknowledgements are not held back.
//
// Classes. The rates of a class hold on each direction of a link for all of its flows there
// together. Frames wait at the sending port, a host's too, in a queue per class, each with
// room for what the link's queue says, and are sent as tc-htb(8) has it: min is the class's
// rate, max its ceil; the higher priority goes first among those that are within their min,
// and then among those that borrow; the quanta are equal, so that classes of one priority
// borrow alike, however many flows they have. Minima that do not fit a link are served in
// proportion. A flow without a class, as one of a class that asks for nothing, has neither
// min nor max and priority 0: where others reserve all of a link, or have a higher priority
// and no max, it may get nothing, ARP included. What goes through a network without such
// classes waits in one queue. The class of a link has no effect.
//
// Hosts mark the packets of a flow of the k-th class of the model, in both directions, with
// the DSCP 4k-1; these are the sixteen code points that RFC 2474 (section 6) keeps for local
// use, so packets know the first sixteen classes only. A frame waits in the queue of its
// mark, which rules may match and set, or of the k-th class if the switch's last set_queue
// for it said k. A link that goes down loses what waits. A TCP flow counts its segments in
// its host's class queue among the three that it may have there.
//
// Fluid flows share by classes as sim/fluid says, which is the same for flows that last,
// by the class that the flow is given: marks and queues set by tables do not concern them.
// Rates of classes count the bytes that the link carries: application bytes of fluid flows.
//
// Fluid flows (granularity "flow") share links by max-min fairness. Their bytes are the
// application's, without headers, and they ignore loss. Their path is what their header
// meets in the tables; a miss sends one real frame, which makes the controller act. They
// do not see frames on the same links; frames see the rate that fluid flows leave over, but
// at least a tenth of the link, and divide that among their classes. Beside fluid flows that
// take all of a link, it so carries up to 110 % of its rate. Frames that wait when more fluid
// comes still leave at the rate that was left over when they came to the queue (where ports
// have queues by class, only the one being sent does): for as long, up to the time that a full
// queue takes, the link carries up to 200 %, and never more than 110 % and what its queue holds.
//
// A fluid connection whose path goes tries again as TCP does, 200 ms after and after twice
// as long each time, and goes on at that try; a path that is back within 50 ms is taken at
// once. Fluid datagrams that an app takes in one by one, because it does not know where
// their receiver is, arrive at their rate, as far as the first and the last link let them.
//
// Chunks (granularity "chunk"). A flow is cut into chunks, which are stored and forwarded
// whole: at each direction of a link a chunk waits for the chunks before it, of whichever
// flow, takes its size over the rate, then the delay, and is at the next node at the moment
// at which its last byte is. Sizes are the application's bytes, as of fluid flows; in
// packets a chunk counts as full ones and a rest. A chunk follows the tables as they are
// when it comes to a switch, and is counted there. Loss and jitter of links are ignored.
//
// Three kinds of traffic share a link in this order: fluid flows see nobody else, frames
// see what fluid flows leave over, chunks see what fluid flows and frames leave over, and
// frames and chunks get at least a tenth each. What is left over is followed while a chunk
// is sent, and so is the link's rate: its end comes earlier or later.
//
// The next chunk of a TCP flow starts when the last byte of the one before has left the
// sender, that is the first link on its way that has a rate, so that flows of one host take
// turns; where delays lie before that link, as many more are on the way there as keep it
// busy. No more than 6 MiB, or 64 chunks if that is more, are under way. Chunks of UDP
// start at the flow's rate, and one that finds other chunks of UDP waiting is lost if they
// would exceed the queue's limit together; chunks of TCP wait without limit. A chunk list
// (the chunks of xSDN) says itself when chunks start. All keep to the flow's rate and to its
// class's highest; links know nothing of the classes of chunks. Setting up and ending a
// connection, and acknowledgements, take no time. Captures and traces of packets do not show chunks.
//
// A link that goes down loses the chunks that wait, are sent and are on the wire. TCP
// sends again what was lost, all of it 200 ms after the first, twice as long each time that
// nothing has arrived since, and gives up after 15 times. A chunk that a table sends to the
// controller waits at its switch until the tables send it on, for at most 127 seconds; the
// controller hears of the first of each flow, as a packet, at once and once a second. A
// meter lets a chunk of TCP pass when it would have let the ones before it pass at its
// rate; of UDP it loses those that come more than a burst, at least a chunk, too early.
//
// Edits. While time stands still nodes and links can be added and removed. The workers come
// together for it and the network is divided among them anew; what has arrived at the
// controller by then is answered before, by the network as it was. A link that is removed
// loses what is on it, as one that goes down; a host that is removed ends its flows and
// pings. New nodes and links take the numbers above all others and have streams of lots by
// them; hosts that knew another station at a new host's address learn the new one.
//
// Checkpoints. All of a session is values that can be reached from its world, without
// functions, channels or clocks: so it can be written to bytes and go on elsewhere, with the
// same bytes in its diary, whatever the number of workers before and after. A field that
// does not fit is found by its type (see freezing, docs/checkpoints.md).
package sim
