package descriptors

import (
	"slices"
	"strings"

	"sendim/converters/flowlist"
	"sendim/core/model"
)

// linkSpec lists the attributes that describe one direction of a link.
func linkSpec() []attribute {
	return []attribute{
		{name: "rate", kind: rate, initial: "unlimited", doc: "how many bits the link carries per second"},
		{name: "delay", kind: span, initial: "0s", doc: "propagation delay, one way"},
		{name: "jitter", kind: span, initial: "0s", doc: "how far the delay varies"},
		{name: "loss", kind: share, initial: "0%", doc: "share of frames that are lost"},
		{name: "queue", kind: queue, initial: model.DefaultQueue.String(), doc: "length of the sending port's queue, in packets or bytes"},
		{name: "mtu", kind: integer, min: 68, max: 65535, initial: "1500", doc: "largest IP packet, in bytes"},
		{name: "class", kind: ref, doc: "QoS class, for people to read: traffic is held to the class of its flow, or of its profile, and nothing to that of a link"},
		{name: "weight", kind: integer, min: 1, max: 1 << 40, initial: "1", doc: "routing weight"},
		{name: "redundant", kind: boolean, initial: "false", doc: "stands by: carries nothing until an application uses it"},
		{name: "discipline", kind: ref, initial: "drops what finds the queue full", doc: "what its queues do besides"},
	}
}

func propertyElement() *element {
	return &element{name: "property", doc: "A name and a value that go with the element and mean something to applications, selectors and people.",
		attrs: []attribute{{name: "name", kind: text, required: true, doc: "name"}, {name: "value", kind: text, required: true, blank: true, doc: "value"}}}
}

func backElement() *element {
	return &element{name: "back", once: true, doc: "What differs on the way back.", attrs: linkSpec()}
}

func systemElement() *element {
	property, back := propertyElement(), backElement()
	granularity := attribute{name: "granularity", kind: choice, choices: model.GranularityNames(), initial: "packet; chunk with chunks", doc: "how finely the simulator follows it (traffic.md says what that means); other worlds ignore it"}
	transport := attribute{name: "transport", kind: choice, choices: model.TransportNames(), initial: "tcp with a size, udp with a rate", doc: "protocol"}
	start := attribute{name: "start", kind: span, initial: "0s", doc: "when it begins"}
	packet := attribute{name: "packet", kind: size, initial: "1514B", doc: "bytes on the wire of a full packet"}
	chunk := attribute{name: "chunk", kind: size, initial: "64KB with granularity chunk", doc: "bytes of a chunk, with granularity chunk"}
	class := attribute{name: "class", kind: ref, doc: "QoS class"}
	newID := func(doc string) attribute { return attribute{name: "id", kind: id, required: true, doc: doc} }
	weight := attribute{name: "weight", kind: integer, min: 1, max: 1 << 20, initial: "1", doc: "its share of the requests"}
	member := func(weighted bool) *element {
		e := &element{name: "member", doc: "Nodes that belong to it.", attrs: []attribute{{name: "node", kind: ref, required: true, doc: "a node"}}}
		if weighted {
			e.attrs = append(e.attrs, weight)
		}
		return e
	}
	link := attribute{name: "link", kind: selector, doc: "links"}
	sender := attribute{name: "from", kind: selector, initial: "both directions", doc: "of links: nodes at an end of theirs; only what these send is concerned"}
	changed := func(name string, k kind, doc string) *element {
		l := link
		l.required = true
		return &element{name: name, doc: doc, attrs: []attribute{l, sender, {name: "value", kind: k, required: true, doc: "the new value"}}}
	}
	channel := attribute{name: "control", kind: selector, doc: "switches: their control channels"}
	either := func(name string, k kind, doc string) *element {
		return &element{name: name, doc: doc, attrs: []attribute{link, sender, channel, {name: "value", kind: k, required: true, doc: "the new value"}}}
	}
	members := []attribute{{name: "service", kind: ref, required: true, doc: "a service"}, {name: "node", kind: selector, required: true, doc: "hosts"}}
	critical := attribute{name: "critical", kind: boolean, initial: "false", doc: "its failure stops a promotion and reverts a deployment"}
	pair := []attribute{{name: "from", kind: selector, required: true, doc: "hosts"}, {name: "to", kind: selector, required: true, doc: "hosts"}, critical}
	flow := attribute{name: "flow", kind: ref, required: true, doc: "a flow"}

	return &element{
		name: "system",
		doc:  "What the network is.",
		attrs: []attribute{
			{name: "name", kind: text, doc: "name of the network"},
			{name: "static-arp", kind: boolean, initial: "false", doc: "hosts know each other's Ethernet addresses from the start (Mininet's --arp), so that flows do not wait for ARP"},
		},
		children: []*element{
			{name: "include", doc: "Reads another system descriptor at this place.", attrs: []attribute{{name: "href", kind: href, required: true, doc: "path relative to this file, inside the project's folder"}}},
			{name: "defaults", doc: "Values for what follows in this file and in the files it includes.",
				attrs: []attribute{{name: "for", kind: selector, initial: "everything", doc: "which nodes; links with such a node at either end"}},
				children: []*element{
					{name: "node", doc: "Defaults of nodes.", attrs: nodeSpec()},
					{name: "link", doc: "Defaults of links.", attrs: linkSpec()},
				}},
			{name: "generate", free: true, doc: "A generated topology. Further attributes are options of its kind.",
				attrs: []attribute{{name: "kind", kind: text, required: true, doc: "name of the topology"}}},
			{name: "node", doc: "A switch, a host, or something outside.",
				attrs: append([]attribute{newID("its name"),
					{name: "type", kind: choice, choices: model.NodeKindNames(), required: true, doc: "what it is"},
					{name: "dpid", kind: dpid, initial: "from the name", doc: "datapath id of a switch"},
					{name: "mac", kind: mac, initial: "counted", doc: "Ethernet address of a host"},
					{name: "ip", kind: prefix, initial: "counted in 10.0.0.0/8", doc: "IPv4 address of a host"},
					{name: "label", kind: labels, doc: "words, separated by blanks, for selectors"}}, nodeSpec()...),
				children: []*element{
					{name: "link", doc: "A link to another node. Written at both ends, it is still one link.",
						attrs: append([]attribute{{name: "to", kind: end, required: true, doc: "the other node, or NODE:PORT"},
							{name: "port", kind: integer, max: 1<<31 - 1, initial: "the next free one", doc: "port at this node"},
							{name: "id", kind: id, initial: "A--B", doc: "its name"}}, linkSpec()...),
						children: []*element{back, property}},
					property,
				}},
			{name: "link", doc: "A link.",
				attrs: append([]attribute{{name: "id", kind: id, initial: "A--B", doc: "its name"},
					{name: "from", kind: end, required: true, doc: "one node, or NODE:PORT"},
					{name: "to", kind: end, required: true, doc: "the other node, or NODE:PORT"}}, linkSpec()...),
				children: []*element{back, property}},
			{name: "hosts", doc: "Hosts attached to each node that a selector matches among those declared before.",
				attrs: append([]attribute{
					{name: "per", kind: selector, required: true, doc: "the nodes that get hosts"},
					{name: "count", kind: integer, min: 1, max: 1 << 40, initial: "1", doc: "hosts per node"},
					{name: "prefix", kind: text, initial: "h-", doc: "hosts are called PREFIX+NODE, or PREFIX+NODE-1 and so on"}}, linkSpec()...)},
			{name: "class", doc: "A QoS class of flows and links. In a world with class queues, as the simulation is, its rates hold on each direction of a link for all its flows there together.", attrs: []attribute{newID("its name"),
				{name: "min", kind: rate, initial: "none", doc: "reserved rate; what the class does not use is lent"}, {name: "max", kind: rate, initial: "none", doc: "highest rate"},
				{name: "priority", kind: integer, max: 1 << 30, initial: "0", doc: "higher goes first with what is not reserved; flows without a class have 0"}}},
			disciplineElement(), tcpElement(),
			{name: "profile", doc: "A kind of user.", attrs: []attribute{newID("its name"), class,
				{name: "rate", kind: rate, initial: "unlimited", doc: "rate per member"}, {name: "pool", kind: ref, doc: "service whose members serve it, whichever service of the same protocol and port it addresses"}},
				children: []*element{member(false)}},
			{name: "service", doc: "A virtual address spread over members. Two services may have one address and port if the later is the pool of a profile.", attrs: []attribute{newID("its name"),
				{name: "ip", kind: address, required: true, doc: "its address"}, {name: "port", kind: protport, required: true, doc: "as tcp/80"}},
				children: []*element{member(true)}},
			{name: "tenant", doc: "Somebody who shares the network with others.", attrs: []attribute{newID("its name"),
				{name: "vlan", kind: integer, min: 1, max: 4094, doc: "VLAN id"}},
				children: []*element{member(false), {name: "quota", once: true, doc: "Bounds of the tenant.", attrs: []attribute{{name: "rate", kind: rate, required: true, doc: "rate of all its flows together"}}}}},
			{name: "policy", doc: "What the network should strive for, for one profile.", attrs: []attribute{
				{name: "profile", kind: ref, required: true, doc: "a profile"},
				{name: "goal", kind: choice, choices: []string{"minimize", "maximize"}, initial: "minimize", doc: "which way"},
				{name: "property", kind: text, required: true, doc: "delay, cost, energy or another property of links"},
				{name: "priority", kind: integer, max: 1 << 30, initial: "0", doc: "higher goes first"}}},
			{name: "flow", doc: "One transfer.", attrs: append([]attribute{newID("its name"),
				{name: "from", kind: ref, required: true, doc: "sending host"}, {name: "to", kind: ref, required: true, doc: "receiving host, or a service"},
				start, {name: "duration", kind: span, doc: "how long it sends"}, {name: "size", kind: size, doc: "how much it sends"},
				{name: "rate", kind: rate, doc: "udp: sending rate; tcp: what the application delivers at most"},
				granularity, transport, packet, chunk,
				{name: "chunks", kind: chunks, doc: "sizes and gaps in xSDN's chunk language, instead of a size: D counts a gap from the start of the chunk before, G, which is usual, from when it has left its sender; 1 is 1 MB and 1 s; in the simulator only, with granularity chunk"},
				class, tcpAttr("how TCP behaves: newreno, cubic, dctcp, or the id of a <tcp>"),
				{name: "profile", kind: ref, doc: "user profile"}, {name: "tenant", kind: ref, doc: "tenant"},
				{name: "srcport", kind: integer, max: 65535, initial: "chosen", doc: "source port"}, {name: "dstport", kind: integer, max: 65535, initial: "chosen", doc: "destination port"},
				{name: "count", kind: integer, max: 1<<31 - 1, doc: "icmp: echoes to send"}}, patternAttrs()...)},
			flowsElement(),
			{name: "demands", doc: "Constant rates between pairs over an interval; from a file: matrices over time, each of which lasts until the next.", attrs: append([]attribute{start,
				{name: "until", kind: span, initial: "with href: the end of the last matrix", doc: "when they end"}, granularity, transport,
				{name: "href", kind: href, doc: "table with the columns time, from, to and rate; a switch with exactly one host stands for this host"},
				origin(), {name: "every", kind: span, initial: "as the one before", doc: "with href: how long the last matrix lasts"},
				{name: "time", kind: fraction, initial: "1", doc: "with href: multiplies times"}, {name: "rate", kind: fraction, initial: "1", doc: "with href: multiplies rates"}}, append(patternAttrs(), numbered()...)...),
				children: []*element{{name: "demand", doc: "One pair.", attrs: []attribute{
					{name: "from", kind: ref, required: true, doc: "sending host"}, {name: "to", kind: ref, required: true, doc: "receiving host"}, {name: "rate", kind: rate, required: true, doc: "rate"}}}}},
			{name: "sizes", doc: "A distribution of flow sizes, from a file or point by point.", attrs: []attribute{newID("its name, for <traffic sizes>"),
				{name: "href", kind: href, doc: "lines of a size and a cumulative share; percent if the last share is 100, fractions if it is 1"},
				{name: "unit", kind: size, initial: "1B", doc: "what one of size stands for in the file"}},
				children: []*element{{name: "point", doc: "A point of the distribution, linear in between.", attrs: []attribute{
					{name: "size", kind: size, required: true, doc: "flows of this size or smaller"}, {name: "share", kind: share, required: true, doc: "are this share of all; that of the last point is 1"}}}}},
			{name: "traffic", doc: "Random traffic, the same in every world for one seed.", attrs: append([]attribute{newID("its name"),
				{name: "kind", kind: choice, choices: TrafficKinds(), required: true, doc: "who talks to whom"},
				{name: "sizes", kind: text, doc: "a distribution of flow sizes (" + strings.Join(knownSizes(), ", ") + ", or the id of a <sizes>), or a size"},
				{name: "load", kind: share, doc: "share of the capacity of the links named by of; with kind pairs, of all senders together"},
				{name: "of", kind: choice, choices: []string{"access", "bisection"}, initial: "access", doc: "which links load counts: each sender's own, or what the network can carry from the first half of the hosts to the second (kind poisson)"},
				{name: "from", kind: selector, initial: "*", doc: "sending hosts"}, {name: "to", kind: selector, initial: "*", doc: "receiving hosts"},
				start, {name: "until", kind: span, doc: "no flow begins later"},
				{name: "rate", kind: rate, doc: "rate of each flow, where it has one"}, granularity, transport, chunk, packet, class, tcpAttr("of each flow: newreno, cubic, dctcp, or the id of a <tcp>"),
				{name: "stride", kind: integer, min: 1, max: 1 << 30, initial: "1", doc: "with kind stride: how many hosts further the receiver is"},
				{name: "href", kind: href, doc: "with kind pairs: lines of id,src,dst,probability, or a table with the columns from, to and share"}}, append(patternAttrs(), numbered()...)...),
				children: []*element{{name: "pair", doc: "With kind pairs: a pair that is drawn in proportion to its share.", attrs: []attribute{
					{name: "from", kind: ref, required: true, doc: "sending host"}, {name: "to", kind: ref, required: true, doc: "receiving host"}, {name: "share", kind: number, required: true, doc: "its weight"}}}}},
			{name: "process", doc: "A program on an emulated or physical host.", attrs: []attribute{
				{name: "node", kind: ref, required: true, doc: "the host"}, {name: "at", kind: span, initial: "0s", doc: "when it starts"},
				{name: "command", kind: text, required: true, doc: "command line, given to sh -c"}, {name: "as", kind: ref, doc: "flow that stands for it in the simulator"}}},
			{name: "scenario", doc: "What happens to the network while it runs.", children: []*element{
				{name: "at", doc: "Changes at one time, in order.", attrs: []attribute{{name: "time", kind: span, required: true, doc: "when"}}, children: []*element{
					{name: "down", doc: "Something fails: say what by one attribute (failures.md).", attrs: whatFails()}, {name: "up", doc: "It comes back.", attrs: whatFails()},
					changed("rate", rate, "Links change their rate."),
					either("delay", span, "Links change their delay, or control channels theirs, both ways."),
					either("loss", share, "Links change their loss, or control channels the share of messages that have to be sent again, both ways."),
					{name: "leave", doc: "Servers leave a service's pool. What becomes of the clients they serve is the load balancer's business.", attrs: members},
					{name: "join", doc: "Servers join a service's pool, or change their weight in it.", attrs: append(slices.Clip(members), weight)}}},
				failuresElement()}},
			{name: "test", doc: "What a run must show.", children: []*element{
				{name: "reachable", doc: "Every pair answers a ping.", attrs: pair}, {name: "unreachable", doc: "No pair answers a ping.", attrs: pair},
				{name: "throughput", doc: "A flow's mean rate is within bounds.", attrs: []attribute{flow, {name: "min", kind: rate, doc: "at least"}, {name: "max", kind: rate, doc: "at most"}, critical}},
				{name: "loss", doc: "A flow loses no more than a share of its packets.", attrs: []attribute{flow, {name: "max", kind: share, required: true, doc: "at most"}, critical}},
				{name: "latency", doc: "A flow's mean one-way latency is bounded.", attrs: []attribute{flow, {name: "max", kind: span, required: true, doc: "at most"}, critical}},
				{name: "completion", doc: "A flow has finished in time.", attrs: []attribute{flow, {name: "max", kind: span, required: true, doc: "at this time of the run"}, critical}},
				{name: "share", doc: "Servers carry, together, a share of the traffic to a service.", attrs: []attribute{
					{name: "service", kind: ref, required: true, doc: "a service"}, {name: "node", kind: selector, required: true, doc: "servers"},
					{name: "min", kind: share, initial: "0%", doc: "at least"}, {name: "max", kind: share, initial: "100%", doc: "at most"},
					{name: "of", kind: choice, choices: []string{"bytes", "flows"}, initial: "bytes", doc: "what is shared: the bytes that arrived, or the flows"},
					{name: "flows", kind: text, initial: "all flows to the service", doc: "flow id or glob: only these flows count"}, critical}}}},
			{name: "trace", doc: "What is recorded beyond the usual: packets in the diary, series over time, captures of ports. What a series has no selector for is followed everywhere; links are followed anyway.", attrs: []attribute{
				{name: "nodes", kind: selector, doc: "nodes"}, {name: "links", kind: selector, doc: "links"}, {name: "flows", kind: text, doc: "flow id or glob"},
				{name: "packets", kind: boolean, initial: "false", doc: "every packet"}, {name: "interval", kind: span, doc: "interval of time series; the shortest counts for all"},
				{name: "series", kind: choice, choices: model.SeriesNames(), doc: "what is followed over time: flows (of flows=), links or queues (of links=), switches (of nodes=)"},
				{name: "capture", kind: boolean, initial: "false", doc: "the frames at ports, at all ports of nodes and at the first end of links, as pcap files"},
				{name: "ports", kind: text, doc: "of a capture: NODES:PORT,... as s1:2, or s1:* for all of them"},
				{name: "direction", kind: choice, choices: model.DirectionNames(), initial: "both", doc: "of a capture: what the node takes in, what it gives out"},
				{name: "snaplen", kind: size, initial: "all", doc: "of a capture: so much of each frame"}}},
		},
	}
}

func nodeSpec() []attribute {
	return []attribute{
		{name: "cpu", kind: number, doc: "cores, in thousandths at the finest"},
		{name: "memory", kind: size, doc: "memory"},
		{name: "disk", kind: size, doc: "disk"},
	}
}

// TrafficKinds lists the kinds of <traffic>.
func TrafficKinds() []string {
	return []string{"poisson", "permutation", "random", "stride", "all-to-all", "incast", "hotspot", "pairs"}
}

// knownSizes are the distributions that need no declaration.
func knownSizes() []string { return []string{"websearch", "datamining", "hadoop"} }

// numbered are the attributes of what refers to a file whose nodes may be numbers.
func numbered() []attribute {
	return []attribute{
		{name: "hosts", kind: selector, initial: "*", doc: "hosts that the file's numbers stand for, in order of declaration; names stand for themselves"},
		{name: "first", kind: integer, max: 1 << 40, initial: "0", doc: "number of the first of them"},
	}
}

// origin is where the times of a file count from.
func origin() attribute {
	return attribute{name: "origin", kind: choice, choices: []string{"zero", "first"}, initial: "zero",
		doc: "first: times of the file count from the earliest, as Unix times and dates (2026-01-31T12:00:00Z) need"}
}

// flowsElement is <flows>, whose attributes the command line knows as well.
func flowsElement() *element {
	return &element{name: "flows",
		doc: "A list of flows from a file, told by its content: a table with a header (columns id, from, to, start, duration, size, rate, transport, ...; " +
			"bare numbers where the header names the unit, as start_s, size_bytes), the flows.csv or the trace.jsonl of a run (every flow starts when it started and is to send what it was to send), " +
			"a connection matrix of htsim, a list of HPCC's generator, a coflow benchmark; logs of real networks: what nfdump prints of NetFlow v5, v9 and IPFIX, and captures of packets (pcap, pcapng).",
		attrs: append([]attribute{
			{name: "href", kind: href, required: true, doc: "path relative to this file, inside the project's folder"},
			{name: "format", kind: choice, choices: flowlist.Formats(), initial: "auto", doc: "form of the file"},
			{name: "prefix", kind: text, doc: "put before every id"},
			{name: "map", kind: text, doc: "of logs: which hosts addresses stand for, as 10.1.0.0/16=dc-h*; a semicolon joins several, the first that holds an address counts. What it does not hold stands for the host or service that has the address"},
			{name: "others", kind: choice, choices: flowlist.OthersNames(), initial: "assign", doc: "of logs: what becomes of all other addresses: each gets one of hosts, its flows are left out, or it is an error"},
			{name: "seed", kind: integer, max: 1 << 62, initial: "0", doc: "of logs: of the order in which others get hosts"},
			{name: "idle", kind: span, initial: "1min", doc: "of captures: silence that ends a flow"},
			{name: "start", kind: span, initial: "0s", doc: "added to every start"}, origin(),
			{name: "until", kind: span, doc: "flows that start later are left out"},
			{name: "time", kind: fraction, initial: "1", doc: "multiplies starts and durations"},
			{name: "size", kind: fraction, initial: "1", doc: "multiplies sizes"},
			{name: "rate", kind: fraction, initial: "1", doc: "multiplies rates"},
			{name: "granularity", kind: choice, choices: model.GranularityNames(), initial: "packet", doc: "of flows that do not say"},
			{name: "transport", kind: choice, choices: model.TransportNames(), initial: "tcp with a size, udp with a rate", doc: "of flows that do not say"},
			{name: "packet", kind: size, initial: "1514B", doc: "of flows that do not say"},
			{name: "chunk", kind: size, doc: "of flows with granularity chunk that do not say"},
			{name: "class", kind: ref, doc: "of flows that do not say"}, tcpAttr("of its flows of TCP: newreno, cubic, dctcp, or the id of a <tcp>")}, append(patternAttrs(), numbered()...)...)}
}
