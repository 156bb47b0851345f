package descriptors

import (
	"sendim/core/fault"
	"sendim/core/model"
)

// disciplineElement is <discipline>, to which links refer.
func disciplineElement() *element {
	return &element{name: "discipline",
		doc: "What the queue of a sending port does beyond sending in order and dropping what finds it full; links refer to it. Its length is the link's queue.",
		attrs: []attribute{
			{name: "id", kind: id, required: true, doc: "its name"},
			{name: "kind", kind: choice, choices: model.DisciplineNames(), required: true,
				doc: "red: random early detection (Floyd and Jacobson); threshold: marks what finds more than so much waiting, as DCTCP wants it; queues: several queues with rates and priorities, as tc-htb"},
			{name: "mark", kind: queue, doc: "threshold: an ECN-capable frame that finds more than this waiting is marked"},
			{name: "min", kind: queue, doc: "red: mean length at which it begins"},
			{name: "max", kind: queue, initial: "3 times min", doc: "red: mean length at which the probability is reached"},
			{name: "probability", kind: share, initial: "2%", doc: "red: of marking or dropping a frame as the mean length comes to max"},
			{name: "weight", kind: number, initial: "0.002", doc: "red: of the newest length in the mean; 1: no mean"},
			{name: "packet", kind: size, initial: model.REDPacket.String(), doc: "red: a usual frame; so fast the mean falls while nothing waits"},
			{name: "gentle", kind: boolean, initial: "true", doc: "red: beyond max the probability rises on to 1 at twice max; false: it is 1"},
			{name: "ecn", kind: boolean, initial: "false", doc: "red: marks what is ECN-capable in place of dropping it"},
		},
		children: []*element{{name: "queue", doc: "With kind queues: one of them. A frame comes to the queue that the switch's set_queue says, or to that of its DSCP, or to number 0.", attrs: []attribute{
			{name: "number", kind: integer, max: model.MostPortQueues, required: true, doc: "as set_queue has it; 0 has what no other queue has"},
			{name: "min", kind: rate, initial: "none", doc: "reserved rate; what the queue does not use is lent"},
			{name: "max", kind: rate, initial: "none", doc: "highest rate"},
			{name: "priority", kind: integer, max: 1 << 30, initial: "0", doc: "higher goes first with what is not reserved; without rates: strictly first"},
			{name: "dscp", kind: integer, max: 63, doc: "frames with this code point come here"},
			{name: "length", kind: queue, initial: "the link's queue", doc: "room for frames"}}}}}
}

// tcpElement is <tcp>, to which flows refer.
func tcpElement() *element {
	return &element{name: "tcp",
		doc: `How both ends of a TCP transfer behave; flows refer to it by tcp="ID". The one called default is that of all flows that name none.`,
		attrs: []attribute{
			{name: "id", kind: id, required: true, doc: "its name"},
			{name: "congestion", kind: choice, choices: model.CongestionNames(), initial: model.CUBIC.String(), doc: "congestion control"},
			{name: "ecn", kind: boolean, initial: "true with dctcp", doc: "packets may be marked in place of being dropped (RFC 3168)"},
			{name: "initial-window", kind: integer, min: 1, max: 1 << 16, initial: "10", doc: "segments sent before the first acknowledgement"},
			{name: "receive-window", kind: size, initial: "never limits", doc: "bytes that may be outstanding for the receiver's sake, a segment at least"},
			{name: "sack", kind: boolean, initial: "true", doc: "selective acknowledgements (RFC 2018)"},
			{name: "ack-every", kind: integer, min: 1, max: 1000, initial: "2", doc: "segments for one acknowledgement"},
			{name: "ack-timeout", kind: span, initial: model.TCPAckTimeout.String(), doc: "longest wait of an acknowledgement"},
			{name: "min-rto", kind: span, initial: model.TCPMinRTO.String(), doc: "least time-out of retransmission"},
			{name: "hystart", kind: boolean, initial: "true", doc: "cubic: slow start ends before the queue overflows"},
			{name: "friendly", kind: boolean, initial: "true", doc: "cubic: never slower than Reno (RFC 9438, section 4.3); ns-3 does not have it"},
		}}
}

func tcpAttr(doc string) attribute {
	return attribute{name: "tcp", kind: text, initial: model.CUBIC.String(), doc: doc}
}

func (d *decoder) discipline(el *element, t *tag) {
	d.note(t)
	x := model.Discipline{ID: t.text("id"), Mark: t.at("mark").q, Min: t.at("min").q, Max: t.at("max").q,
		Packet: model.Size(t.int("packet")), Probability: t.float("probability"), Weight: t.float("weight"), Gentle: t.or("gentle", 1) != 0, ECN: t.bool("ecn")}
	x.Kind, _ = model.ParseDisciplineKind(t.text("kind"))
	if x.Kind == model.RED {
		if x.Max == (model.QueueLimit{}) {
			x.Max = model.QueueLimit{Packets: 3 * min(x.Min.Packets, 1<<29), Bytes: 3 * min(x.Min.Bytes, 1<<60)}
		}
		if !t.has("probability") {
			x.Probability = model.REDProbability
		}
		if !t.has("weight") {
			x.Weight = model.REDWeight
		}
		if !t.has("packet") {
			x.Packet = model.REDPacket
		}
	} else if x.Kind != 0 {
		x.Gentle = false
		for _, attr := range [...]string{"min", "max", "probability", "weight", "packet", "gentle", "ecn"} {
			if t.at(attr).set {
				d.w.misplaced(t, attr, `means something only with kind="red"`)
			}
		}
	}
	if x.Kind != model.Threshold && x.Kind != 0 && t.at("mark").set {
		d.w.misplaced(t, "mark", `means something only with kind="threshold"`)
	}
	where := t.where
	d.w.each(el, func(c *element) {
		t := d.w.open(c)
		x.Queues = append(x.Queues, model.PortQueue{Number: int32(t.int("number")), Min: model.Rate(t.int("min")), Max: model.Rate(t.int("max")),
			Priority: int32(t.int("priority")), DSCP: int16(t.or("dscp", -1)), Limit: t.at("length").q})
		d.w.leaf(c)
	})
	if len(x.Queues) > 0 && x.Kind != model.Queues && x.Kind != 0 && !d.w.full() {
		d.faults.Addf(fault.FlowConflict, where, `holds queues; they belong into kind="queues"`)
	}
	d.net.Disciplines = append(d.net.Disciplines, x)
}

func (d *decoder) tcp(t *tag) {
	d.note(t)
	x := model.TCPOptions{ID: t.text("id"), InitialWindow: int32(t.int("initial-window")), ReceiveWindow: model.Size(t.int("receive-window")),
		AckEvery: int32(t.int("ack-every")), AckTimeout: model.Time(t.int("ack-timeout")), MinRTO: model.Time(t.int("min-rto")),
		NoSACK: t.or("sack", 1) == 0, NoHyStart: t.or("hystart", 1) == 0, NoFriendly: t.or("friendly", 1) == 0}
	x.Congestion, _ = model.ParseCongestion(t.text("congestion"))
	x.ECN = t.bool("ecn") || x.Congestion == model.DCTCP && !t.has("ecn")
	for _, only := range [...]string{"hystart", "friendly"} {
		if x.Congestion != model.CUBIC && t.at(only).set {
			d.w.misplaced(t, only, `means something only with congestion="cubic"`)
		}
	}
	d.net.TCPs = append(d.net.TCPs, x)
}

func (e *encoder) queueing() {
	for i := range e.n.Disciplines {
		d := &e.n.Disciplines[i]
		attrs := []string{"id", d.ID, "kind", d.Kind.String()}
		limit := func(name string, q model.QueueLimit) {
			if q != (model.QueueLimit{}) {
				attrs = append(attrs, name, q.String())
			}
		}
		switch d.Kind {
		case model.Threshold:
			limit("mark", d.Mark)
		case model.RED:
			limit("min", d.Min)
			limit("max", d.Max)
			attrs = append(attrs, "probability", model.FormatRatio(d.Probability), "weight", model.FormatRatio(d.Weight), "packet", d.Packet.String())
			if !d.Gentle {
				attrs = append(attrs, "gentle", "false")
			}
			attrs = append(attrs, "ecn", boolText(d.ECN))
		}
		e.block("discipline", attrs, len(d.Queues) == 0, func() {
			for _, q := range d.Queues {
				attrs := []string{"number", "0", "min", rateText(q.Min), "max", rateText(q.Max), "priority", intText(q.Priority)}
				if q.Number != 0 {
					attrs[1] = intText(q.Number)
				}
				if q.DSCP == 0 {
					attrs = append(attrs, "dscp", "0")
				} else if q.DSCP > 0 {
					attrs = append(attrs, "dscp", intText(int32(q.DSCP)))
				}
				if q.Limit != (model.QueueLimit{}) {
					attrs = append(attrs, "length", q.Limit.String())
				}
				e.leaf("queue", attrs...)
			}
		})
	}
	not := func(off bool) string {
		if off {
			return "false"
		}
		return ""
	}
	for _, t := range e.n.TCPs {
		e.leaf("tcp", "id", t.ID, "congestion", t.Congestion.String(), "ecn", boolText(t.ECN), "initial-window", intText(t.InitialWindow),
			"receive-window", sizeText(t.ReceiveWindow), "sack", not(t.NoSACK), "ack-every", intText(t.AckEvery), "ack-timeout", timeText(t.AckTimeout),
			"min-rto", timeText(t.MinRTO), "hystart", not(t.NoHyStart), "friendly", not(t.NoFriendly))
	}
}
