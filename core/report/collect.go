package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sendim/core/model"
	"sendim/core/trace"
)

// MostPoints bounds the time series that are kept, and MostMetrics the apps' numbers;
// a warning says when there were more.
const (
	MostPoints  = 1_000_000
	MostMetrics = 100_000
)

// Collector is a trace.Sink that gathers what the results need. It is safe for
// concurrent use.
type Collector struct {
	mu sync.Mutex
	collected
}

// collected is what a Collector knows.
type collected struct {
	net     *model.Network
	r       Results
	started map[string]trace.Entry // flows without a result yet
	begun   map[string]int         // in which order flows started
	flowAt  map[string]int
	links   map[[2]string]*carrier
	order   []*carrier
	room    []carrier // for the next ones
	pings   map[[2]string]int
	warned  map[string]bool
	down    []string // links that are down
	dropped struct{ points, metrics, followed int }
}

// NewCollector prepares for a run of a network.
func NewCollector(n *model.Network) *Collector {
	return &Collector{collected: collected{net: n, started: map[string]trace.Entry{}, begun: map[string]int{}, flowAt: map[string]int{}, links: map[[2]string]*carrier{},
		pings: map[[2]string]int{}, warned: map[string]bool{}}}
}

// Edited says that the network has become another one, which descends from it.
func (c *Collector) Edited(n *model.Network) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.net = n
}

// Emit takes an entry.
func (c *Collector) Emit(e *trace.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case trace.FlowStart:
		id := e.Flow
		if id == "" && e.Result != nil {
			id = e.Result.ID
		}
		c.started[id] = *e
		if _, again := c.begun[id]; !again {
			c.begun[id] = len(c.begun)
		}
	case trace.FlowEnd:
		if e.Result != nil {
			c.flow(*e.Result)
		}
	case trace.PingEnd:
		if e.Ping != nil {
			c.ping(*e.Ping)
		}
	case trace.LinkSample, trace.LinkTotal:
		if e.Sample != nil {
			c.sample(e)
		}
	case trace.FlowPoint, trace.QueuePoint, trace.NodePoint:
		c.point(e)
	case trace.AppMetric:
		if len(c.r.Metrics) >= MostMetrics {
			c.dropped.metrics++
		} else if e.Value != nil {
			c.r.Metrics = append(c.r.Metrics, Metric{e.At, e.App, e.Name, *e.Value})
		}
	case trace.MachineLoad:
		if e.Load != nil {
			c.r.Load = append(c.r.Load, *e.Load)
		}
	case trace.TestVerdict:
		if e.Test != nil {
			c.r.Tests = append(c.r.Tests, *e.Test)
		}
	case trace.LinkDown:
		c.down = append(c.down, e.Link)
	case trace.LinkUp:
		c.down = slices.DeleteFunc(c.down, func(l string) bool { return l == e.Link })
	case trace.Warning:
		c.warnOf(e.Node, e.Text)
	case trace.DaemonBack:
		c.warn(e.Name + " died and was started again: " + e.Text)
	case trace.AppBack:
		c.warn(fmt.Sprintf("application %s was lost: %s", e.App, e.Text))
	case trace.AppLog:
		if e.Reason == "error" {
			c.warn("application " + e.App + ": " + e.Text)
		}
	case trace.AppLost:
		c.warn(fmt.Sprintf("application %s was lost: %s", e.App, cmp.Or(e.Reason, e.Text)))
	}
	c.r.End = max(c.r.End, e.At)
}

func (c *Collector) warn(text string) {
	if text != "" && !c.warned[text] && len(c.r.Warnings) < 1000 {
		c.warned[text] = true
		c.r.Warnings = append(c.r.Warnings, text)
	}
}

// warnOf is a warning about a node. What is said of several is said once.
func (c *Collector) warnOf(node, text string) {
	if node == "" || strings.Contains(text, node) {
		c.warn(text)
		return
	}
	if c.warned[text] {
		for i, w := range c.r.Warnings {
			if who, same := strings.CutSuffix(w, ": "+text); same && who != node && !strings.HasSuffix(who, others) {
				c.r.Warnings[i] = who + others + ": " + text
			}
		}
		return
	}
	if n := len(c.r.Warnings); n < 1000 {
		c.warn(text)
		c.r.Warnings[n] = node + ": " + text
	}
}

// others is what a warning about a node ends in when it is about more of them.
const others = " and others"

func (c *Collector) flow(f trace.FlowResult) {
	delete(c.started, f.ID)
	if i, ok := c.flowAt[f.ID]; ok { // told again, with more known
		c.r.Flows[i].FlowResult = f
		return
	}
	c.flowAt[f.ID] = len(c.r.Flows)
	c.r.Flows = append(c.r.Flows, Flow{FlowResult: f})
}

func (c *Collector) ping(p trace.PingResult) {
	pair := [2]string{p.From, p.To}
	if i, ok := c.pings[pair]; ok {
		c.r.Pings[i] = p
		return
	}
	c.pings[pair] = len(c.r.Pings)
	c.r.Pings = append(c.r.Pings, p)
}

func (c *Collector) sample(e *trace.Entry) {
	s := e.Sample
	key := [2]string{e.Link, s.From}
	l := c.links[key]
	if l == nil {
		if len(c.room) == 0 {
			c.room = make([]carrier, min(256, 1+len(c.order)))
		}
		l, c.room = &c.room[0], c.room[1:]
		l.Link = Link{Name: e.Link, From: s.From, To: s.To}
		c.links[key] = l
		c.order = append(c.order, l)
	}
	l.Rate = s.Rate
	if s.Measured > 0 {
		l.Measured = s.Measured
		if w := l.window; w != nil && s.Rate > 0 && s.Measured > float64(s.Rate) {
			l.Measured = max(float64(s.Rate), min(s.Measured, w.most))
		}
	}
	utilisation := share(float64(s.Bytes)*8, s.Span, s.Rate)
	if e.Kind == trace.LinkTotal {
		if l.total { // of another link that had the name before
			l.Packets, l.Bytes, l.Drops, l.span = l.Packets+s.Packets, l.Bytes+s.Bytes, l.Drops+s.Drops, l.span+s.Span
			l.Utilisation = share(float64(l.Bytes)*8, l.span, s.Rate)
			return
		}
		l.total, l.span = true, s.Span
		l.Packets, l.Bytes, l.Drops, l.Utilisation = s.Packets, s.Bytes, s.Drops, utilisation
		return
	}
	l.Peak = max(l.Peak, utilisation)
	if l.window == nil {
		l.window = &window{}
	}
	l.window.add(e.At, s.Span, s.Bytes)
	if !l.total {
		l.Packets, l.Bytes, l.Drops = l.Packets+s.Packets, l.Bytes+s.Bytes, l.Drops+s.Drops
		l.span += s.Span
		l.Utilisation = share(float64(l.Bytes)*8, l.span, s.Rate)
	}
	if len(c.r.Series) >= MostPoints {
		c.dropped.points++
		return
	}
	if s.Span > 0 {
		c.r.Series = append(c.r.Series, Point{e.At, e.Link, s.From, s.To, float64(s.Bytes) * 8 / s.Span.Seconds(), utilisation, s.Drops, s.Queue, s.Span})
	}
}

// carrier is a direction of a link that has carried something.
type carrier struct {
	Link
	total  bool       // what it carried over the whole run has been told
	span   model.Time // of its samples together
	window *window    // of its samples; nil: none yet
}

// window finds the most that a direction carried in any second. A real world's samples
// are read a little late on a busy machine, so that a single short one seems to exceed
// a rate that was kept.
type window struct {
	samples []moment
	start   model.Time
	bytes   int64
	most    float64 // bit/s
}

type moment struct {
	end   model.Time
	bytes int64
}

func (w *window) add(at, span model.Time, bytes int64) {
	if len(w.samples) == 0 {
		w.start = at - span
	}
	w.samples = append(w.samples, moment{at, bytes})
	w.bytes += bytes
	for len(w.samples) > 1 && at-w.samples[0].end >= model.Second {
		w.start, w.bytes = w.samples[0].end, w.bytes-w.samples[0].bytes
		w.samples = w.samples[1:]
	}
	if over := at - w.start; over > 0 {
		w.most = max(w.most, float64(w.bytes)*8/max(over, model.Second).Seconds())
	}
}

// share is bits over what a rate carries in a span.
func share(bits float64, span model.Time, rate model.Rate) float64 {
	if span <= 0 || rate <= 0 {
		return 0
	}
	return bits / (span.Seconds() * float64(rate))
}

// Flow gives the result of a flow so far.
func (c *Collector) Flow(id string) (Flow, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i, ok := c.flowAt[id]; ok {
		return c.r.Flows[i], true
	}
	return Flow{}, false
}

// DownLinks lists the links that are down now.
func (c *Collector) DownLinks() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.down)
}

// Counts says how many flows have started and ended.
func (c *Collector) Counts() (started, ended int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.started) + len(c.r.Flows), len(c.r.Flows)
}

// Finish gives the results. The collector must not be used afterwards.
func (c *Collector) Finish(m Manifest, tables []Table) *Results {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.r
	r.Manifest, r.Tables, r.Topology = m, tables, Draw(c.net)
	ids := make([]string, 0, len(c.started))
	for id := range c.started {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		e := c.started[id]
		f := trace.FlowResult{ID: id, Start: e.At}
		if e.Result != nil {
			f = *e.Result
		}
		f.Finish = trace.Unfinished
		r.Flows = append(r.Flows, Flow{FlowResult: f})
	}
	// In the order in which they started, so that a list made of them starts alike.
	slices.SortStableFunc(r.Flows, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(c.begun[a.ID], c.begun[b.ID]))
	})
	r.Completions = c.completions(r.Flows)
	c.sortLinks()
	if c.dropped.points > 0 {
		c.warn(fmt.Sprintf("%d samples of links beyond the first %d are in the trace only", c.dropped.points, MostPoints))
	}
	if c.dropped.followed > 0 {
		c.warn(fmt.Sprintf("%d points of flows, queues and switches beyond the first %d are in the trace only", c.dropped.followed, MostPoints))
	}
	if c.dropped.metrics > 0 {
		c.warn(fmt.Sprintf("%d metrics beyond the first %d are in the trace only", c.dropped.metrics, MostMetrics))
	}
	r.Belief = Believe(r)
	return r
}

// sortLinks brings links into the order of the model, A to B before B to A.
func (c *Collector) sortLinks() {
	rank := func(l *Link) int {
		id, ok := c.net.LinkByName(l.Name)
		if !ok {
			return 2 * c.net.LinkCount()
		}
		a, _ := c.net.Ends(id)
		if c.net.NodeName(a.Node) == l.From {
			return 2 * int(id)
		}
		return 2*int(id) + 1
	}
	type ranked struct {
		rank int
		link *carrier
	}
	list := make([]ranked, len(c.order))
	for i, l := range c.order {
		list[i] = ranked{rank(&l.Link), l}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	c.r.Links = slices.Grow(c.r.Links, len(list))
	for _, x := range list {
		c.r.Links = append(c.r.Links, x.link.Link)
	}
}

// MostDrawn bounds the nodes of a drawing.
const MostDrawn = 1000

// Draw takes from a network what its drawing needs; nothing when it is too large to be
// drawn. A node is placed by its properties lat and lon.
func Draw(n *model.Network) Topology {
	var t Topology
	if n == nil || n.LiveNodes() > MostDrawn {
		return t
	}
	place := make([]int, n.NodeCount()) // in the drawing
	for v := range n.Nodes() {
		place[v.ID] = len(t.Nodes)
		node := Node{Name: v.Name, Kind: v.Kind}
		lat, okLat := v.Property("lat")
		lon, okLon := v.Property("lon")
		if okLat && okLon {
			var err1, err2 error
			node.Lat, err1 = strconv.ParseFloat(lat, 64)
			node.Lon, err2 = strconv.ParseFloat(lon, 64)
			node.Placed = err1 == nil && err2 == nil && node.Lat >= -90 && node.Lat <= 90 && node.Lon >= -180 && node.Lon <= 180
		}
		t.Nodes = append(t.Nodes, node)
	}
	for l := range n.Links() {
		t.Links = append(t.Links, Edge{n.LinkName(l.ID), place[l.A.Node], place[l.B.Node], l.Spec.Rate})
	}
	return t
}
