package sim

import (
	"slices"

	"sendim/core/model"
	"sendim/core/trace"
)

// activate notes that a channel has something to tell at the next sample.
func (w *world) activate(a uint32, c *channel) {
	if c.flags&isActive == 0 {
		c.flags |= isActive
		w.active = append(w.active, a)
	}
}

// startSampling begins the series of link samples.
func (w *world) startSampling(interval model.Time, now int64) {
	w.sampling, w.interval, w.sampled = true, int64(interval), now
	w.schedule(now+w.interval, w.everywhere(), onSample, 0, 0)
}

// sample writes a point of the series for every direction that carried something.
func (w *world) sample(now int64) {
	w.fluidActivate()
	w.countLines(now)
	w.gather()
	var page linkPage
	slices.Sort(w.active)
	for _, a := range w.active {
		c, o := &w.arcs[a], w.oddityOf(a)
		c.flags &^= isActive
		packets, bytes := w.waiting(c, now)
		is := sampled{c.packets - packets + o.fluidPackets, c.bytes - bytes + o.fluidBytes, o.drops + o.strayed, o.haveWaited()}
		if is != o.past && w.follows.link(model.Arc(a).Link()) {
			w.linkEntry(&page, trace.LinkSample, a, model.Time(now-w.sampled), sampled{is.packets - o.past.packets, is.bytes - o.past.bytes, is.drops - o.past.drops, is.waited - o.past.waited}, now)
			w.sink.Emit(&page.Entry)
		}
		o.past = is
		w.follows.queue(w, a, now)
		if packets > 0 {
			c.flags |= isActive
		}
	}
	w.active = slices.DeleteFunc(w.active, func(a uint32) bool { return w.arcs[a].flags&isActive == 0 })
	w.follows.points(w, now)
	w.sampled = now
	if !w.idle() {
		w.schedule(now+w.interval, w.everywhere(), onSample, 0, 0)
	} else {
		w.interval = -w.interval // sleeps until there is something to do
	}
}

// wake resumes the series after a pause without traffic.
func (w *world) wake(now int64) {
	if w.interval < 0 {
		w.interval, w.sampled = -w.interval, now
		w.schedule(now+w.interval, w.everywhere(), onSample, 0, 0)
	}
}

// linkPage is an entry about a link, which nobody keeps, and room for what is kept of it.
type linkPage struct {
	trace.Entry
	room []trace.Sample
}

func (w *world) linkEntry(p *linkPage, kind trace.Kind, a uint32, span model.Time, s sampled, now int64) {
	arc, queue := model.Arc(a), 0.0
	if span > 0 {
		queue = s.waited / float64(span)
	}
	if len(p.room) == 0 {
		p.room = make([]trace.Sample, 64)
	}
	p.Entry = trace.Entry{At: w.outside(now), Kind: kind, Link: w.net.LinkName(arc.Link()), Sample: &p.room[0]}
	p.room = p.room[1:]
	*p.Sample = trace.Sample{From: w.net.NodeName(w.net.ArcFrom(arc).Node), To: w.net.NodeName(w.net.ArcTo(arc).Node), Span: span,
		Packets: int64(s.packets), Bytes: int64(s.bytes), Drops: int64(s.drops), Queue: queue, Rate: model.Rate(w.arcs[a].rate)}
}

// totals writes what every direction has carried since t=0, where it is anything.
func (w *world) totals(now int64) {
	w.countLines(now)
	var page linkPage
	for a := range w.arcs {
		c := &w.arcs[a]
		if c.packets == 0 && c.odd == 0 {
			continue
		}
		packets, bytes := w.waiting(c, now)
		s := sampled{packets: c.packets - packets, bytes: c.bytes - bytes}
		if c.odd != 0 {
			o := &w.odds[c.odd]
			s = sampled{s.packets + o.fluidPackets, s.bytes + o.fluidBytes, o.drops + o.strayed, o.haveWaited()}
		}
		if s != (sampled{}) {
			w.linkEntry(&page, trace.LinkTotal, uint32(a), w.lasted(model.Arc(a).Link(), now), s, now)
			w.sink.Emit(&page.Entry)
		}
	}
}

// idle says that neither flows nor actions are under way.
func (w *world) idle() bool {
	return w.runs == 0 && w.echoes == 0 && w.waiters == 0 && w.next == len(w.list)
}
