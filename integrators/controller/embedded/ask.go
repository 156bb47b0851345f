package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"sendim/core/app"
	"sendim/core/backend"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/integrators/controller/embedded/wire"
)

// answer is what a switch holds, put together from its replies.
type answer struct {
	stats   app.Stats
	about   Inspection
	strange []wire.Strange // rules that have no words here; left out
	groups  []uint32       // groups and meters of the same kind
	meters  []uint32

	waiting int // for replies
	bytes   int64
	most    int64 // of them; 0: what the budget has
	budget  *budget
	speaks  wire.Dialect
	counted []flow.GroupStat
	limited []flow.Meter
	dropped []flow.MeterStat
	done    func(*answer, error)
}

// asks are the questions on the line, by transaction id.
type asks struct {
	budget *budget
	speaks wire.Dialect // as agreed at the hello, before which nothing is asked
	askMu  sync.Mutex
	next   uint32
	parts  map[uint32]part
	roles  map[uint32]chan<- roleAnswer
	gone   error
	taken  int // parts of answers; the reader's
}

type part struct {
	of   *answer
	kind wire.Part
}

func newAsks(b *budget) asks {
	return asks{budget: b, next: xidFirst, parts: map[uint32]part{}, roles: map[uint32]chan<- roleAnswer{}}
}

// number gives the next transaction id of our own; 2^31 of them come round.
func (a *asks) number() uint32 {
	n := a.next
	if a.next++; a.next < xidFirst {
		a.next = xidFirst
	}
	return n
}

// ask notes a question and gives the requests that ask it. done is called once, from the
// connection's goroutines, unless the question is an error at once.
func (a *asks) ask(what app.StatsRequest, most int64, done func(*answer, error)) ([]byte, error) {
	var kinds []wire.Part
	for _, k := range []struct {
		asked bool
		kinds []wire.Part
	}{{what.Rules, []wire.Part{wire.PartRules}}, {what.Groups, []wire.Part{wire.PartGroups, wire.PartGroupStats}},
		{what.Meters, []wire.Part{wire.PartMeterConfig, wire.PartMeterStats}}, {what.Ports, []wire.Part{wire.PartPortStats}}} {
		if k.asked {
			kinds = append(kinds, k.kinds...)
		}
	}
	return a.askParts(kinds, most, done)
}

func (a *asks) askParts(kinds []wire.Part, most int64, done func(*answer, error)) ([]byte, error) {
	to := &answer{done: done, most: most, budget: a.budget, speaks: a.speaks}
	if len(kinds) == 0 {
		return nil, errors.New("the question asks for nothing")
	}
	a.askMu.Lock()
	defer a.askMu.Unlock()
	if a.gone != nil {
		return nil, a.gone
	}
	var out []byte
	for _, kind := range kinds {
		xid := a.number()
		b, err := a.speaks.Request(xid, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
		a.parts[xid] = part{to, kind}
		to.waiting++
	}
	return out, nil
}

// answer takes a multipart reply. Replies to nothing that was asked are passed over.
func (a *asks) answer(m wire.Message) error {
	kind, more, body, err := wire.DecodeMultipart(m)
	if err != nil {
		return err
	}
	a.askMu.Lock()
	p, ok := a.parts[m.Xid()]
	a.askMu.Unlock()
	if !ok || p.kind != kind {
		return nil
	}
	a.taken++
	if err := p.of.take(int64(len(body)) + partOverhead); err != nil {
		return err
	}
	if to := p.of; to.most > 0 && to.bytes > to.most {
		a.finish(m.Xid(), fmt.Errorf("its statistics take more than %d bytes", to.most))
		return nil
	}
	if err := p.of.add(kind, body); err != nil {
		return err
	}
	if !more {
		a.finish(m.Xid(), nil)
	}
	return nil
}

// partOverhead is what a part counts beside its entries: one that has none is followed by
// others for ever otherwise.
const partOverhead = 16

// finish ends one part of a question, and the question with its last part or its first
// error.
func (a *asks) finish(xid uint32, err error) {
	a.askMu.Lock()
	p, ok := a.parts[xid]
	if !ok {
		a.askMu.Unlock()
		return
	}
	delete(a.parts, xid)
	p.of.waiting--
	last := p.of.waiting == 0
	if err != nil {
		for x, other := range a.parts {
			if other.of == p.of {
				delete(a.parts, x)
			}
		}
	}
	a.askMu.Unlock()
	switch {
	case err != nil:
		p.of.give()
		p.of.done(nil, err)
	case last:
		p.of.give()
		p.of.join()
		p.of.done(p.of, nil)
	}
}

// refuse takes an error message; false where it answers no question. A switch that does
// not know groups or meters has none.
func (a *asks) refuse(r wire.Refusal) bool {
	a.askMu.Lock()
	p, asked := a.parts[r.Xid]
	role, claimed := a.roles[r.Xid]
	delete(a.roles, r.Xid)
	a.askMu.Unlock()
	switch {
	case asked && r.Type == badRequest && p.kind != wire.PartRules && p.kind != wire.PartPortStats:
		a.finish(r.Xid, nil)
	case asked:
		a.finish(r.Xid, errors.New(r.Reason()))
	case claimed:
		role <- roleAnswer{err: claimError(r)}
	}
	return asked || claimed
}

const badRequest = 1 // OFPET_BAD_REQUEST

// abandon ends every question: the connection is gone.
func (a *asks) abandon(err error) {
	a.askMu.Lock()
	a.gone = err
	open := map[*answer]bool{}
	for _, p := range a.parts {
		open[p.of] = true
	}
	for _, r := range a.roles {
		r <- roleAnswer{err: err}
	}
	clear(a.parts)
	clear(a.roles)
	a.askMu.Unlock()
	for to := range open { // who asks together hears together: no order among them
		to.give()
		to.done(nil, err)
	}
}

// add takes the body of one reply.
func (to *answer) add(kind wire.Part, body []byte) error {
	var foreign []uint32
	var err error
	switch kind {
	case wire.PartRules:
		var more []flow.RuleStat
		var strange []wire.Strange
		more, strange, err = to.speaks.DecodeRules(body)
		to.stats.Rules, to.strange = append(to.stats.Rules, more...), append(to.strange, strange...)
	case wire.PartGroups:
		var more []flow.Group
		more, foreign, err = to.speaks.DecodeGroups(body)
		to.groups = append(to.groups, foreign...)
		for _, g := range more {
			to.stats.Groups = append(to.stats.Groups, flow.GroupStat{Group: g})
		}
	case wire.PartGroupStats:
		var more []flow.GroupStat
		more, err = wire.DecodeGroupStats(body)
		to.counted = append(to.counted, more...)
	case wire.PartMeterConfig:
		var more []flow.Meter
		more, foreign, err = wire.DecodeMeters(body)
		to.meters = append(to.meters, foreign...)
		to.limited = append(to.limited, more...)
	case wire.PartMeterStats:
		var more []flow.MeterStat
		more, err = wire.DecodeMeterStats(body)
		to.dropped = append(to.dropped, more...)
	case wire.PartDescription, wire.PartTables, wire.PartQueues:
		err = to.about.add(to.speaks, kind, body)
	case wire.PartPortStats:
		var more []flow.PortStat
		more, err = to.speaks.DecodePortStats(body)
		for _, p := range more {
			if p.Port <= flow.PortMax {
				to.stats.Ports = append(to.stats.Ports, p)
			}
		}
	}
	return err
}

// join brings what groups and meters are together with what they counted, and puts all
// of it in order.
func (to *answer) join() {
	counted := make(map[uint32]flow.GroupStat, len(to.counted))
	for _, g := range to.counted {
		counted[g.Group.Number] = g
	}
	for i := range to.stats.Groups {
		g := &to.stats.Groups[i]
		g.Counters, g.Buckets = counted[g.Group.Number].Counters, counted[g.Group.Number].Buckets
	}
	dropped := make(map[uint32]flow.MeterStat, len(to.dropped))
	for _, m := range to.dropped {
		dropped[m.Meter.Number] = m
	}
	for _, m := range to.limited {
		s := dropped[m.Number]
		s.Meter = m
		to.stats.Meters = append(to.stats.Meters, s)
	}
	to.counted, to.limited, to.dropped = nil, nil, nil
	slices.SortStableFunc(to.stats.Rules, func(a, b flow.RuleStat) int { return flow.CompareRules(&a.Rule, &b.Rule) })
	slices.SortStableFunc(to.stats.Groups, func(a, b flow.GroupStat) int { return cmp.Compare(a.Group.Number, b.Group.Number) })
	slices.SortStableFunc(to.stats.Meters, func(a, b flow.MeterStat) int { return cmp.Compare(a.Meter.Number, b.Meter.Number) })
	slices.SortStableFunc(to.stats.Ports, func(a, b flow.PortStat) int { return cmp.Compare(a.Port, b.Port) })
}

// Ask asks switches for what they hold. See controller.Controller. Rules, groups and
// meters that this program has no words for (another controller's) are left out, with a
// warning in the diary.
func (c *Controller) Ask(ctx context.Context, what backend.Selector) ([]backend.Item, error) {
	nodes := []model.NodeID{what.Node}
	if what.Node == model.NoNode {
		nodes = c.Connected()
	}
	type result struct {
		answer *answer
		err    error
	}
	results := make([]chan result, len(nodes))
	for i, n := range nodes {
		reply := make(chan result, 1)
		results[i] = reply
		k := c.get(n)
		if k == nil {
			reply <- result{err: fmt.Errorf("%s: %w", c.cfg.Name(n), ErrNotConnected)}
			continue
		}
		request, err := k.ask(app.StatsRequest{Rules: what.Rules, Groups: what.Groups, Meters: what.Meters, Ports: what.Ports}, 0,
			func(a *answer, err error) { reply <- result{a, err} })
		if err != nil {
			reply <- result{err: err}
			continue
		}
		k.tell(item{raw: request})
	}
	var out []backend.Item
	for i, n := range nodes {
		select {
		case r := <-results[i]:
			switch {
			case r.err == nil:
				out = r.answer.items(n, out)
				if foreign := len(r.answer.strange) + len(r.answer.groups) + len(r.answer.meters); foreign > 0 {
					c.warn(c.cfg.Name(n), fmt.Sprintf("%d rules, groups and meters say what this program has no words for", foreign))
				}
			case what.Node == model.NoNode && errors.Is(r.err, ErrNotConnected): // gone meanwhile
			default:
				return nil, fmt.Errorf("asking %s what it holds: %w", c.cfg.Name(n), r.err)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("asking %s what it holds: %w", c.cfg.Name(n), ctx.Err())
		}
	}
	return out, nil
}

func (to *answer) items(n model.NodeID, out []backend.Item) []backend.Item {
	for i := range to.stats.Rules {
		out = append(out, backend.Item{Node: n, Rule: &to.stats.Rules[i]})
	}
	for i := range to.stats.Groups {
		out = append(out, backend.Item{Node: n, Group: &to.stats.Groups[i]})
	}
	for i := range to.stats.Meters {
		out = append(out, backend.Item{Node: n, Meter: &to.stats.Meters[i]})
	}
	for i := range to.stats.Ports {
		out = append(out, backend.Item{Node: n, Port: &to.stats.Ports[i]})
	}
	return out
}
