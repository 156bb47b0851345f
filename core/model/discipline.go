package model

import "sendim/core/fault"

// DisciplineKind says by which rule a queue marks, drops and orders.
type DisciplineKind uint8

// The kinds.
const (
	RED       DisciplineKind = iota + 1 // random early detection (Floyd and Jacobson 1993)
	Threshold                           // marks what finds more than so much waiting (RFC 8257, section 3.1)
	Queues                              // several queues by number, each with a least and a highest rate and a priority (tc-htb)
)

var disciplineKinds = [...]string{"", "red", "threshold", "queues"}

func (k DisciplineKind) String() string { return choiceName(disciplineKinds[:], int(k)) }

// ParseDisciplineKind reads a kind's name.
func ParseDisciplineKind(s string) (DisciplineKind, bool) {
	i := choice(disciplineKinds[:], s)
	return DisciplineKind(max(i, 0)), i > 0
}

// DisciplineNames lists the kinds for error texts.
func DisciplineNames() []string { return disciplineKinds[1:] }

// Discipline says what a port's queue does beyond sending in order and dropping what finds
// it full. Its length is the link's queue.
type Discipline struct {
	ID   string
	Kind DisciplineKind

	Mark QueueLimit // Threshold: what finds more than this waiting is marked, if it can be

	// RED. The mean length is an exponential average; between Min and Max a frame is marked
	// or dropped with a probability that rises to Probability, beyond Max always or, where
	// Gentle is set, with one that rises on to 1 at twice Max.
	Min, Max    QueueLimit // in one unit
	Probability float64
	Weight      float64 // of the newest length in the mean
	Packet      Size    // of a usual frame: how fast the mean falls while nothing waits
	Gentle      bool
	ECN         bool // marks what can be marked in place of dropping it

	Queues []PortQueue // Queues
}

// What RED does where nothing is said: the values of the paper and of ns-3, and the usual
// frame of Linux.
const (
	REDProbability      = 0.02
	REDWeight           = 0.002
	REDPacket      Size = 1000
)

// PortQueue is one queue of a port. Frames come to it by the number that a switch's
// set_queue gives or by their DSCP; number 0 has all others.
type PortQueue struct {
	Number   int32
	Min, Max Rate // 0: none
	Priority int32
	DSCP     int16      // -1: none
	Limit    QueueLimit // zero: that of the link
}

// MostPortQueues is how many queues a port may have.
const MostPortQueues = 255

func disciplineID(d *Discipline) string { return d.ID }

// queueing checks disciplines and TCPs by themselves.
func (v *validator) queueing() {
	unique(v, "discipline", v.n.Disciplines, disciplineID)
	for i := range v.n.Disciplines {
		v.discipline(i, &v.n.Disciplines[i])
	}
	v.tcps()
}

func (v *validator) discipline(i int, d *Discipline) {
	wrong := func(attr, format string, args ...any) {
		v.add(fault.OutOfRange, v.object("discipline", i), attr, format, args...)
	}
	none := QueueLimit{}
	switch d.Kind {
	case RED:
		switch {
		case d.Min == none || d.Max == none:
			wrong("min", "RED needs a min: the mean length at which it begins")
		case (d.Min.Packets > 0) != (d.Max.Packets > 0):
			wrong("max", "min is %s and max %s; give both in packets or both in bytes", d.Min, d.Max)
		case d.Max.Packets < d.Min.Packets || d.Max.Bytes < d.Min.Bytes:
			wrong("max", "max %s is below min %s", d.Max, d.Min)
		case !(d.Probability > 0 && d.Probability <= 1):
			wrong("probability", "the probability %v is not above 0 and at most 1", d.Probability)
		case !(d.Weight > 0 && d.Weight <= 1):
			wrong("weight", "the weight %v is not above 0 and at most 1", d.Weight)
		case d.Packet < 1 || d.Packet > 65536:
			wrong("packet", "a usual frame of %d bytes", int64(d.Packet))
		}
	case Threshold:
		if d.Mark == none {
			wrong("mark", "needs a mark: the length above which it marks")
		}
	case Queues:
		v.portQueues(i, d)
	default:
		v.add(fault.BadChoice, v.object("discipline", i), "kind", "discipline %q has no kind", d.ID)
	}
}

func (v *validator) portQueues(i int, d *Discipline) {
	wrong := func(format string, args ...any) {
		v.add(fault.OutOfRange, v.object("discipline", i), "", format, args...)
	}
	if len(d.Queues) == 0 || len(d.Queues) > MostPortQueues {
		wrong("discipline %q has %d queues; 1 to %d are possible", d.ID, len(d.Queues), MostPortQueues)
	}
	numbers, points := map[int32]bool{}, map[int16]bool{}
	for _, q := range d.Queues {
		switch {
		case q.Number < 0 || q.Number > MostPortQueues:
			wrong("queue %d: numbers are 0 to %d", q.Number, MostPortQueues)
		case numbers[q.Number]:
			wrong("queue %d is declared twice", q.Number)
		case q.DSCP < -1 || q.DSCP > 63:
			wrong("queue %d: a DSCP is 0 to 63", q.Number)
		case q.DSCP >= 0 && points[q.DSCP]:
			wrong("two queues have the DSCP %d", q.DSCP)
		case q.Min < 0 || q.Max < 0 || q.Limit.Packets < 0 || q.Limit.Bytes < 0:
			wrong("queue %d has a negative value", q.Number)
		case q.Max > 0 && q.Min > q.Max:
			wrong("the minimum %s of queue %d is above its maximum %s", q.Min, q.Number, q.Max)
		}
		numbers[q.Number] = true
		if q.DSCP >= 0 {
			points[q.DSCP] = true
		}
	}
}

// unusedQueueing remarks on disciplines and TCPs that nothing uses.
func (v *validator) unusedQueueing() {
	n := v.n
	disciplines, tcps := map[string]bool{}, map[string]bool{DefaultTCP: true}
	for i := range n.linkSpecs {
		disciplines[n.linkSpecs[i].Discipline] = true
	}
	for i := range n.Flows {
		tcps[n.Flows[i].TCP] = true
	}
	for i := range n.Traffic {
		tcps[n.Traffic[i].TCP] = true
	}
	for i, d := range n.Disciplines {
		if !disciplines[d.ID] {
			v.add(fault.Unused, v.object("discipline", i), "", "no link has the discipline %q", d.ID)
		}
	}
	for i, t := range n.TCPs {
		if !tcps[t.ID] {
			v.add(fault.Unused, v.object("tcp", i), "", "no flow has the tcp %q", t.ID)
		}
	}
}
