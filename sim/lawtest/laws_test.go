package lawtest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/core/trace"
)

// facts is what a world has and does, as far as laws depend on it.
type facts struct {
	onlyPackets bool // no flow is followed as a fluid or in chunks
	chaos       bool // the app is chaos, whose first table only counts
	queues      bool // frames may wait in other queues than their marks say: set_queue
	plain       bool // the tables send every frame to one port at most
	unmoved     bool // no switch goes down, and every message of the controller arrives
	set         map[string]string
}

func (p *play) facts() facts {
	f := facts{onlyPackets: true, unmoved: true, set: map[string]string{}}
	for _, x := range p.flows {
		if x.Transport != model.ICMP && x.Granularity != model.GranularityPacket {
			f.onlyPackets = false
		}
	}
	for _, step := range p.net.Scenario {
		for _, c := range step.Changes {
			switch c.Kind {
			case model.NodeDown, model.NodeUp:
				f.unmoved = f.unmoved && p.net.NodeKindOf(c.Node) != model.Switch
			case model.ControlDown, model.ControlUp, model.ControllerDown, model.ControllerUp:
				f.unmoved = false
			}
		}
	}
	for _, a := range p.deploy.Applications {
		for _, x := range a.Params {
			f.set[x.Name] = x.Value
		}
	}
	f.chaos = len(p.deploy.Applications) == 1 && p.deploy.Applications[0].Plugin == "builtin:chaos"
	f.queues = f.set["add"] != "" || f.set["send"] != ""
	f.plain = f.chaos && f.set["groups"] == ""
	for _, act := range []string{"add", "group", "send"} {
		f.plain = f.plain && f.set[act] == ""
	}
	return f
}

type law struct {
	name  string
	check func(*play) error
}

// laws are those that one playing can be held against.
func laws() []law {
	return []law{
		{"every flow is told of once, and its figures fit each other", (*play).resultsFit},
		{"time does not go back", (*play).timePasses},
		{"what arrived is what the receiver reports", (*play).receivedArrived},
		{"what is sent on a link is received, lost or under way", (*play).linksConserve},
		{"counters only grow", (*play).countersGrow},
		{"no link carries more than its rate", (*play).ratesHold},
		{"no class gets more than its highest rate", (*play).classesHold},
		{"frames of one direction do not overtake", (*play).nobodyOvertakes},
		{"a rule has counted what it matched", (*play).rulesCount},
		{"switches send no more than they get", (*play).switchesConserve},
		{"samples add up, and queues stay within their limits", (*play).samplesAddUp},
		{"fluid shares are feasible, and nobody could have more", (*play).sharesAreFair},
	}
}

func (p *play) resultsFit() error {
	started, ended := map[string]int{}, map[string]*trace.FlowResult{}
	specs := map[string]*model.Flow{}
	for i := range p.flows {
		specs[p.flows[i].ID] = &p.flows[i]
	}
	for i := range p.diary.entries {
		switch e := &p.diary.entries[i]; e.Kind {
		case trace.FlowStart:
			started[e.Flow]++
		case trace.FlowEnd:
			if ended[e.Flow] != nil || started[e.Flow] != 1 {
				return fmt.Errorf("flow %s: %d starts, and an end at %s", e.Flow, started[e.Flow], e.At)
			}
			ended[e.Flow] = e.Result
		}
	}
	facts := p.facts()
	for _, f := range p.flows {
		r := ended[f.ID]
		switch {
		case f.Start > p.ended && (started[f.ID] > 0 || r != nil):
			return fmt.Errorf("flow %s began before its time", f.ID)
		case f.Start >= p.ended:
			continue
		case r == nil:
			return fmt.Errorf("flow %s: %d starts and no end", f.ID, started[f.ID])
		}
		bad := func(format string, a ...any) error {
			return fmt.Errorf("flow %s: %s: %+v", f.ID, fmt.Sprintf(format, a...), *r)
		}
		for name, v := range map[string]int64{"bytes": r.Bytes, "offered": r.Offered, "sent": r.Sent, "received": r.Received, "lost": r.Lost, "repeats": r.Retransmits} {
			if v < 0 {
				return bad("%s below 0", name)
			}
		}
		done := r.Finish != trace.Unfinished
		switch {
		case done && r.Finish < r.Start:
			return bad("it ended before it began")
		case r.LatencyMin > r.LatencyMean || r.LatencyMean > r.LatencyMax || r.LatencyMin < 0:
			return bad("latencies in no order")
		case math.IsNaN(r.Rate) || r.Rate < 0:
			return bad("a rate of %v", r.Rate)
		case f.Transport == model.TCP && f.Size > 0 && r.Bytes > int64(f.Size):
			return bad("more arrived than there is")
		case f.Transport == model.TCP && f.Size > 0 && f.Duration == 0 && done && r.Error == "" && r.Bytes != int64(f.Size):
			return bad("it ended and not all arrived")
		case facts.plain && r.Bytes > r.Offered:
			return bad("more arrived than was sent")
		case facts.plain && r.Received > r.Sent && f.Transport != model.TCP:
			return bad("more packets arrived than were sent")
		case f.Granularity == model.GranularityChunk && f.Transport != model.ICMP && facts.plain && done && r.Error == "" && f.Duration == 0 && r.Sent != r.Received+r.Lost:
			return bad("chunks: %d packets sent, %d received, %d lost", r.Sent, r.Received, r.Lost)
		case f.Granularity == model.GranularityChunk && r.Received+r.Lost > r.Sent && facts.plain:
			return bad("chunks: more arrived or lost than sent")
		case f.Transport == model.UDP && f.Granularity == model.GranularityPacket && done && r.Lost != max(0, r.Sent-r.Received):
			return bad("sent is not received and lost")
		case f.Transport == model.UDP && f.Size > 0 && f.Granularity == model.GranularityPacket && f.Duration == 0 && done && r.Offered != int64(f.Size):
			return bad("not all was sent")
		}
	}
	return nil
}

func (p *play) timePasses() error {
	at := model.Time(math.MinInt64)
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		switch e.Kind {
		case trace.Packet, trace.FlowStart, trace.FlowEnd, trace.PingEnd, trace.LinkDown, trace.LinkUp, trace.LinkSet, trace.NodeDown, trace.NodeUp, trace.LinkSample, trace.LinkTotal, trace.RunEnd:
			if e.At < at {
				return fmt.Errorf("%s at %s after something at %s", e.Kind, e.At, at)
			}
			at = e.At
		}
	}
	return nil
}

// receivedArrived counts the datagrams that came to their receiver.
func (p *play) receivedArrived() error {
	arrivals := p.arrivals()
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		if e.Kind != trace.FlowEnd || e.Result.Transport != "udp" || e.Result.Granularity != "packet" || e.Result.Finish == trace.Unfinished {
			continue
		}
		to, ok := p.net.NodeByName(e.Result.To)
		if !ok { // a service
			continue
		}
		first := p.net.ArcFrom(p.net.Arcs(to)[0])
		packets, bytes := int64(0), int64(0)
		for _, a := range arrivals[first] {
			if h := &a.header; a.flow == e.Flow && h.EthDst == packet.MAC(p.names.MAC(to)) && h.VLAN == 0 && a.at <= e.At {
				packets++
				bytes += int64(a.length - 42)
			}
		}
		if r := e.Result; packets != r.Received || bytes != r.Bytes {
			return fmt.Errorf("flow %s: %d datagrams of %d bytes came to %s, which reports %d of %d", e.Flow, packets, bytes, r.To, r.Received, r.Bytes)
		}
	}
	return nil
}

func (p *play) totals() map[model.Endpoint]trace.Sample {
	out := map[model.Endpoint]trace.Sample{}
	for i := range p.diary.entries {
		if e := &p.diary.entries[i]; e.Kind == trace.LinkTotal {
			out[p.sender(e)] = *e.Sample
		}
	}
	return out
}

// sender is the port that a sample is about.
func (p *play) sender(e *trace.Entry) model.Endpoint {
	link, _ := p.net.LinkByName(e.Link)
	a, b := p.net.Ends(link)
	if p.net.NodeName(a.Node) == e.Sample.From {
		return a
	}
	return b
}

// linksConserve holds ports, the diary and captures against each other once everything
// has come to rest.
func (p *play) linksConserve() error {
	if len(p.looks) == 0 || p.busy() {
		return nil
	}
	final, totals, arrivals, facts := p.looks[len(p.looks)-1], p.totals(), p.arrivals(), p.facts()
	for a := range model.Arc(2 * p.net.LinkCount()) {
		from, to := p.net.ArcFrom(a), p.net.ArcTo(a)
		tx, rx, total := final.ports[from], final.ports[to], totals[from]
		bad := func(format string, x ...any) error {
			return fmt.Errorf("%s to %s: %s (sender %+v, receiver %+v, total %+v)", p.net.PortName(from), p.net.PortName(to), fmt.Sprintf(format, x...), tx, rx, total)
		}
		strayed := uint64(total.Drops) - tx.TxDropped
		came := arrivals[to]
		switch {
		case total.Drops < 0 || uint64(total.Drops) < tx.TxDropped:
			return bad("fewer drops than the port has")
		case tx.TxPackets != rx.RxPackets+strayed:
			return bad("%d sent, %d received, %d lost on the way", tx.TxPackets, rx.RxPackets, strayed)
		case uint64(total.Packets) != tx.TxPackets || uint64(total.Bytes) != tx.TxBytes:
			return bad("the total is not what the port has sent")
		case uint64(len(came)) > rx.RxPackets || facts.onlyPackets && uint64(len(came)) != rx.RxPackets:
			return bad("%d came by the diary", len(came))
		}
		if len(p.captures[0]) == 0 {
			continue
		}
		left := uint64(len(p.left(from)))
		if left > tx.TxPackets+tx.TxDropped || facts.onlyPackets && left != tx.TxPackets+tx.TxDropped {
			return bad("%d left by the capture", left)
		}
	}
	return nil
}

// busy says whether frames, or chunks, may still be under way when the playing ends.
func (p *play) busy() bool {
	if n := len(p.looks); n > 1 && p.looks[n-2].at >= p.ended-5*model.Second && !maps.Equal(p.looks[n-1].ports, p.looks[n-2].ports) {
		return true
	}
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		switch {
		case e.Kind == trace.FlowEnd && e.Result.Finish == trace.Unfinished && e.At >= p.ended && e.Result.Error == "":
			return true
		case e.Kind == trace.Packet && e.At > p.ended-5*model.Second:
			return true
		}
	}
	return false
}

func (p *play) countersGrow() error {
	const most = 1 << 50
	for i, l := range p.looks {
		for at, s := range l.ports {
			for name, v := range map[string][2]uint64{"RxPackets": {s.RxPackets, p.before(i, at).RxPackets}, "TxPackets": {s.TxPackets, p.before(i, at).TxPackets},
				"RxBytes": {s.RxBytes, p.before(i, at).RxBytes}, "TxBytes": {s.TxBytes, p.before(i, at).TxBytes}, "TxDropped": {s.TxDropped, p.before(i, at).TxDropped}} {
				if v[0] > most || v[0] < v[1] {
					return fmt.Errorf("%s at %s: %s went from %d to %d", p.net.PortName(at), l.at, name, v[1], v[0])
				}
			}
		}
		for a := range model.Arc(2 * p.net.LinkCount()) {
			from, to := l.ports[p.net.ArcFrom(a)], l.ports[p.net.ArcTo(a)]
			if from.TxPackets < to.RxPackets || from.TxBytes < to.RxBytes {
				return fmt.Errorf("%s at %s: more is received (%+v) than was sent (%+v)", p.net.PortName(p.net.ArcTo(a)), l.at, to, from)
			}
		}
		for _, list := range l.meters {
			for _, m := range list {
				if m.In.Packets > most || m.Dropped.Packets > m.In.Packets || m.Dropped.Bytes > m.In.Bytes {
					return fmt.Errorf("meter at %s: %+v", l.at, m)
				}
			}
		}
		for _, list := range l.groups {
			for _, g := range list {
				for _, b := range g.Buckets {
					if b.Packets > g.Counters.Packets || b.Bytes > g.Counters.Bytes {
						return fmt.Errorf("group at %s: a bucket has more than its group: %+v", l.at, g)
					}
				}
			}
		}
	}
	return nil
}

func (p *play) before(i int, at model.Endpoint) flow.PortStat {
	if i == 0 {
		return flow.PortStat{}
	}
	return p.looks[i-1].ports[at]
}

// speed is the most that a direction could carry during the playing, and how much its
// delay could vary; 0: no bound.
func (p *play) speed(a model.Arc) (rate model.Rate, slack model.Time) {
	spec := p.net.ArcSpec(a)
	rate, slack = spec.Rate, 2*spec.Jitter
	least, most := spec.Delay, spec.Delay
	for _, s := range p.net.Scenario {
		for _, c := range s.Changes {
			switch {
			case c.Link != a.Link():
			case c.Kind == model.LinkRate && (c.Rate == 0 || rate == 0):
				rate = 0
			case c.Kind == model.LinkRate:
				rate = max(rate, c.Rate)
			case c.Kind == model.LinkDelay:
				least, most = min(least, c.Delay), max(most, c.Delay)
			}
		}
	}
	return rate, slack + most - least
}

// within says whether frames that came one after the other fit a rate: over any interval,
// no more than the rate allows, but for one frame and the slack.
func within(came []arrival, rate model.Rate, slack model.Time) error {
	sum, least := 0.0, math.Inf(1)
	for i, a := range came {
		took := float64(a.length) * 8 / float64(rate) * 1e12
		if i > 0 && sum+took-float64(a.at) > least+float64(slack)+float64(i+1) {
			return fmt.Errorf("frame %d of %d bytes came at %s, %.0f ps too early for %s", i, a.length, a.at, sum+took-float64(a.at)-least-float64(slack), rate)
		}
		sum += took
		least = min(least, sum-float64(a.at))
	}
	return nil
}

func (p *play) ratesHold() error {
	arrivals := p.arrivals()
	for a := range model.Arc(2 * p.net.LinkCount()) {
		rate, slack := p.speed(a)
		if rate == 0 {
			continue
		}
		if err := within(arrivals[p.net.ArcTo(a)], rate, slack); err != nil {
			return fmt.Errorf("%s to %s: %w", p.net.PortName(p.net.ArcFrom(a)), p.net.PortName(p.net.ArcTo(a)), err)
		}
	}
	// Whatever it is that a link carries: counters at most as fast as its rate, but for
	// what is being sent.
	for i := 1; i < len(p.looks); i++ {
		span := p.looks[i].at - p.looks[i-1].at
		for a := range model.Arc(2 * p.net.LinkCount()) {
			if !p.facts().onlyPackets {
				break
			}
			rate, _ := p.speed(a)
			at := p.net.ArcFrom(a)
			bytes := p.looks[i].ports[at].TxBytes - p.looks[i-1].ports[at].TxBytes
			if most := span.Seconds()*float64(rate)/8 + 2*9018; rate > 0 && float64(bytes) > most {
				return fmt.Errorf("%s: %d bytes within %s at %s", p.net.PortName(at), bytes, span, rate)
			}
		}
	}
	return nil
}

func (p *play) classesHold() error {
	if p.facts().queues {
		return nil
	}
	arrivals := p.arrivals()
	for a := range model.Arc(2 * p.net.LinkCount()) {
		_, slack := p.speed(a)
		for mark, most := range p.highest(a) {
			var mine []arrival
			for _, x := range arrivals[p.net.ArcTo(a)] {
				if x.header.DSCP == mark {
					mine = append(mine, x)
				}
			}
			// htb's leaky bucket lets a frame or two pass together.
			if err := within(mine, most, slack+most.TransmissionTime(2*9018)); err != nil {
				return fmt.Errorf("mark %d, %s to %s: %w", mark, p.net.PortName(p.net.ArcFrom(a)), p.net.PortName(p.net.ArcTo(a)), err)
			}
		}
	}
	return nil
}

// highest is the highest rates at a port by mark: those of the model's classes, or of the
// queues that the port has in their place.
func (p *play) highest(a model.Arc) map[uint8]model.Rate {
	out := map[uint8]model.Rate{}
	for _, d := range p.net.Disciplines {
		if d.ID != p.net.ArcSpec(a).Discipline || len(d.Queues) == 0 {
			continue
		}
		for _, q := range d.Queues {
			if q.Max > 0 && q.DSCP >= 0 {
				out[uint8(q.DSCP)] = q.Max
			}
		}
		return out
	}
	for k, c := range p.net.Classes {
		if c.Max > 0 && k < 16 {
			out[uint8(4*k+3)] = c.Max
		}
	}
	return out
}

// nobodyOvertakes compares the frames that left a port with those that came to the other
// end: the same, but for those that were lost. Where classes have queues of their own each
// is looked at by itself.
func (p *play) nobodyOvertakes() error {
	if len(p.captures[0]) == 0 || (len(p.net.Classes) > 0 || p.shaped()) && p.facts().queues {
		return nil
	}
	arrivals := p.arrivals()
	for a := range model.Arc(2 * p.net.LinkCount()) {
		from, to := p.net.ArcFrom(a), p.net.ArcTo(a)
		left := p.left(from)
		came, err := p.came(to, arrivals[to])
		if err != nil {
			return err
		}
		next := map[uint8]int{}
		for i, r := range came {
			h, _, _ := packet.Decode([]byte(r.frame))
			queue := h.DSCP
			if len(p.net.Classes) == 0 && !p.shaped() {
				queue = 0
			}
			n := next[queue]
			for n < len(left) && unmarked(left[n].frame) != unmarked(r.frame) {
				n++
			}
			if n == len(left) {
				return fmt.Errorf("%s to %s: frame %d, which came at %d ns, did not leave after the one that came before it: %s", p.net.PortName(from), p.net.PortName(to), i, r.at, h)
			}
			if left[n].at > r.at {
				return fmt.Errorf("%s to %s: frame %d came at %d ns and left at %d ns: %s", p.net.PortName(from), p.net.PortName(to), i, r.at, left[n].at, h)
			}
			next[queue] = n + 1
		}
	}
	return nil
}

// shaped says whether ports have queues by number.
func (p *play) shaped() bool {
	return slices.ContainsFunc(p.net.Disciplines, func(d model.Discipline) bool { return len(d.Queues) > 0 })
}

// unmarked is a frame without what a queue may write into it: that congestion was
// experienced, and the checksum over it.
func unmarked(frame string) string {
	at := 14
	if frame[12] == 0x81 {
		at = 18
	}
	if len(frame) < at+20 || frame[at-2] != 8 || frame[at-1] != 0 {
		return frame
	}
	b := []byte(frame)
	b[at+1] &^= 3
	b[at+10], b[at+11] = 0, 0
	return string(b)
}

// rulesCount works out what the rules of the first table have matched. They are not
// changed; only a switch that goes down forgets them.
func (p *play) rulesCount() error {
	facts := p.facts()
	if len(p.looks) == 0 || p.busy() || !facts.unmoved || !facts.chaos {
		return nil
	}
	final, arrivals := p.looks[len(p.looks)-1], p.arrivals()
	type seen struct {
		header packet.Header
		port   uint32
		length int
	}
	frames := map[model.NodeID][]seen{}
	for at, list := range arrivals {
		for _, a := range list {
			frames[at.Node] = append(frames[at.Node], seen{a.header, uint32(at.Port), a.length})
		}
	}
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		if e.Kind == trace.Warning {
			return nil // frames went in circles, and some switch has not taken one
		}
		if e.Kind == trace.PacketOut && e.Header != nil {
			for _, x := range e.Out {
				if x == flow.Out(flow.PortTable) {
					node, _ := p.net.NodeByName(e.Node)
					frames[node] = append(frames[node], seen{*e.Header, 0, e.Length})
				}
			}
		}
	}
	for node, rules := range final.rules {
		rules = slices.DeleteFunc(slices.Clone(rules), func(r flow.RuleStat) bool { return r.Rule.Table != 0 })
		slices.SortStableFunc(rules, func(a, b flow.RuleStat) int { return int(b.Rule.Priority) - int(a.Rule.Priority) })
		count := make([]flow.Counters, len(rules))
		for _, f := range frames[node] {
			for i := range rules {
				if rules[i].Rule.Match.Covers(&f.header, f.port, 0) {
					count[i].Packets++
					count[i].Bytes += uint64(f.length)
					break
				}
			}
		}
		for i, r := range rules {
			if r.Counters != count[i] && (p.real(r.Rule.Match) || r.Counters.Packets < count[i].Packets || r.Counters.Bytes < count[i].Bytes) {
				return fmt.Errorf("%s: the rule %s has counted %+v of %+v", p.net.NodeName(node), r.Rule, r.Counters, count[i])
			}
		}
	}
	return nil
}

// real says whether a rule matches frames alone, and nothing that stands for many.
func (p *play) real(m flow.Match) bool {
	for i := range p.flows {
		if f := &p.flows[i]; f.Granularity != model.GranularityPacket {
			for _, t := range tallies(f) {
				if t.Equal(m) {
					return false
				}
			}
		}
	}
	return true
}

// switchesConserve: where every rule has one output, a frame that comes leads to one that
// leaves or goes to the controller, or to none.
func (p *play) switchesConserve() error {
	facts := p.facts()
	if len(p.captures[0]) == 0 || !facts.plain || facts.set["miss"] != "" {
		return nil
	}
	in, out := map[model.NodeID]int{}, map[model.NodeID]int{}
	for a := range model.Arc(2 * p.net.LinkCount()) {
		at := p.net.ArcFrom(a)
		in[at.Node] += len(records(p.captures[1][at].Bytes()))
		out[at.Node] += len(p.left(at))
	}
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		node, _ := p.net.NodeByName(e.Node)
		switch e.Kind {
		case trace.PacketOut:
			in[node]++
		case trace.PacketIn:
			if facts.onlyPackets && e.Reason == "no_match" && e.At <= p.ended {
				out[node]++
			}
		}
	}
	for node, n := range out {
		if p.net.NodeKindOf(node) == model.Switch && n > in[node] {
			return fmt.Errorf("%s got %d frames and sent %d", p.net.NodeName(node), in[node], n)
		}
	}
	return nil
}

func (p *play) samplesAddUp() error {
	sums, totals := map[model.Endpoint]trace.Sample{}, p.totals()
	for i := range p.diary.entries {
		e := &p.diary.entries[i]
		if e.Kind != trace.LinkSample && e.Kind != trace.LinkTotal {
			continue
		}
		s := e.Sample
		if s.Packets < 0 || s.Bytes < 0 || s.Drops < 0 || s.Queue < 0 || math.IsNaN(s.Queue) || s.Span < 0 {
			return fmt.Errorf("%s of %s at %s: %+v", e.Kind, e.Link, e.At, *s)
		}
		at := p.sender(e)
		if e.Kind == trace.LinkSample {
			x := sums[at]
			x.Packets, x.Bytes, x.Drops = x.Packets+s.Packets, x.Bytes+s.Bytes, x.Drops+s.Drops
			sums[at] = x
			continue
		}
		a, _ := p.net.ArcAtPort(at.Node, at.Port)
		if q := p.net.ArcSpec(a).Queue; p.facts().onlyPackets {
			most := float64(q.Packets)
			if q.Packets == 0 {
				most = float64(q.Bytes) / 42
			}
			if q == (model.QueueLimit{}) {
				most = float64(model.DefaultQueue.Packets)
			}
			if s.Queue > most*float64(1+len(p.net.Classes))*(1+1e-9) && !p.shaped() {
				return fmt.Errorf("%s: a mean of %v frames wait, where %v have room", p.net.PortName(at), s.Queue, most)
			}
		}
	}
	for at, s := range sums {
		if t := totals[at]; s.Packets > t.Packets || s.Bytes > t.Bytes || s.Drops > t.Drops {
			return fmt.Errorf("%s: the samples add up to %+v, the total is %+v", p.net.PortName(at), s, t)
		}
	}
	return nil
}

// short is a law's complaint as one line.
func short(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}
