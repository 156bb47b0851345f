package report

import (
	"fmt"
	"math"
	"strings"

	"sendim/core/model"
)

// Tolerance is how far two runs may be apart and still be called the same.
type Tolerance struct {
	Rate float64 // of a flow's mean rate, or of a group's total; a share of the larger
	Loss float64 // of a flow's loss, in points of share
	Link float64 // of the bytes a link carried; a share of the larger
	// Idle bytes are never compared: address resolution, echoes and the first packets
	// of reactive flows differ between worlds and mean nothing.
	Idle int64
}

// DefaultTolerance is what the two worlds promise each other for long-lived flows.
func DefaultTolerance() Tolerance {
	return Tolerance{Rate: 0.10, Loss: 0.02, Link: 0.10, Idle: 64 << 10}
}

// Comparison is two runs beside each other.
type Comparison struct {
	A, B     string   `json:"-"` // names of the worlds, for sentences
	RunA     string   `json:"a"`
	RunB     string   `json:"b"`
	Agree    bool     `json:"agree"`
	Verdict  string   `json:"verdict"`
	Flows    Section  `json:"flows"`
	Links    Section  `json:"links"`
	Tables   Section  `json:"tables"`
	Pings    Section  `json:"pings"`
	Notes    []string `json:"notes,omitempty"`    // what was degraded, grouped or left out
	Believed bool     `json:"believed"`           // both runs can be
	Unjudged bool     `json:"unjudged,omitempty"` // nothing speaks against either, but one was too short to tell

	shifts map[string]shift     // by link, from flows compared by their total
	unsent map[string]float64   // by link, bytes that a fluid does not send since they would be lost
	hops   map[[2]string]string // from one node to the next: the link's name
}

// shift is how much more one run's competing flows put on a link than the other's: what
// is chance for the flows is chance for the links before their bottleneck.
type shift struct{ net, gross float64 }

// Section is one kind of thing compared.
type Section struct {
	Same  int   `json:"same"`
	Total int   `json:"total"`
	Rows  []Row `json:"rows"`
}

// Verdict words of a row.
const (
	Same      = "same"
	Within    = "within range"
	Different = "different"
)

// Row is one thing compared.
type Row struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	A       string `json:"a"`
	B       string `json:"b"`
	Why     string `json:"why,omitempty"`
}

func (s *Section) add(r Row) {
	s.Rows = append(s.Rows, r)
	s.Total++
	if r.Verdict != Different {
		s.Same++
	}
}

func (s *Section) agree() bool { return s.Same == s.Total }

// Compare sets two runs beside each other. Flows: both finished or not, mean rates,
// loss; flows that compete at a bottleneck by their total, and flows that cross select
// groups in aggregate, because which of them gets more, or which bucket it takes, is
// chance or another hash. Links: the bytes carried in both directions. Tables: rules,
// groups and meters as sets, by what they do; counters, ages, cookies and the numbers
// that groups and meters were given are left out. Pings: whether pairs reach each
// other.
func Compare(a, b *Results, t Tolerance) *Comparison {
	c := &Comparison{A: World(a.Manifest.Backend), B: World(b.Manifest.Backend), RunA: a.Manifest.ID, RunB: b.Manifest.ID,
		Believed: a.Belief.Valid() && b.Belief.Valid() && a.Belief.Judged() && b.Belief.Judged()}
	c.Unjudged = !c.Believed && a.Belief.Valid() && b.Belief.Valid()
	c.compareFlows(a, b, t)
	c.compareLinks(a, b, t)
	c.compareTables(a, b)
	c.comparePings(a, b)
	c.notes(a, b)
	c.Agree = c.Flows.agree() && c.Links.agree() && c.Tables.agree() && c.Pings.agree() && a.Manifest.State != Failed && b.Manifest.State != Failed
	c.Verdict = c.sentence(a, b)
	return c
}

// World is a backend's name in a sentence.
func World(backend string) string {
	switch backend {
	case "mininet":
		return "Mininet"
	case "native":
		return "native emulation"
	case served:
		return "a served network"
	}
	return backend
}

// sentence is the one line that a comparison ends in.
func (c *Comparison) sentence(a, b *Results) string {
	who := c.A + " and " + c.B
	if c.A == c.B {
		who = "two runs in " + c.A
	}
	verb := "agree"
	if !c.Agree {
		verb = "differ"
	}
	var parts []string
	count := func(s Section, what string) {
		if s.Total > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d %s", s.Same, s.Total, what))
		}
	}
	count(c.Flows, "flows")
	count(c.Links, "links")
	switch {
	case c.Tables.Total > 0 && c.Tables.agree():
		parts = append(parts, "all tables")
	case c.Tables.Total > 0:
		parts = append(parts, fmt.Sprintf("%d of %d tables", c.Tables.Same, c.Tables.Total))
	}
	switch {
	case c.Pings.Total > 0 && c.Pings.agree():
		parts = append(parts, "all pairs by reachability")
	case c.Pings.Total > 0:
		count(c.Pings, "pairs by reachability")
	}
	out := fmt.Sprintf("%s %s: %s", who, verb, strings.Join(parts, ", "))
	if len(parts) == 0 {
		out = who + " have nothing that could be compared"
	}
	for _, r := range []*Results{a, b} {
		world := "the " + World(r.Manifest.Backend) + " run"
		if r.Manifest.Backend == served {
			world = "the run in " + World(served)
		}
		switch {
		case r.Manifest.State == Failed:
			out += fmt.Sprintf("; run %s broke down", r.Manifest.ID)
		case !r.Belief.Valid():
			out += fmt.Sprintf("; %s cannot be believed: %s", world, reasons(r))
		case !r.Belief.Judged():
			out += fmt.Sprintf("; whether %s can be believed is not known: %s", world, reasons(r))
		case r.Manifest.Backend != "simulation":
			out += fmt.Sprintf("; %s can be believed", world)
		}
	}
	return out
}

// mostReasons bounds the reasons of repetitions in a sentence: each has its own.
const mostReasons = 2

func reasons(r *Results) string {
	said := r.Belief.Reasons
	if len(r.Manifest.Members) == 0 || len(said) <= mostReasons {
		return strings.Join(said, "; ")
	}
	return fmt.Sprintf("%s; and %d more reasons, in its summary", strings.Join(said[:mostReasons], "; "), len(said)-mostReasons)
}

func (c *Comparison) notes(a, b *Results) {
	for _, r := range []*Results{a, b} {
		for _, d := range r.Manifest.Degraded {
			c.note("%s ran without %s: %s", World(r.Manifest.Backend), d.Capability, d.Reason)
		}
		if r.Manifest.State == Interrupted || r.Manifest.State == Failed {
			c.note("run %s is %s; it ended early", r.Manifest.ID, r.Manifest.State)
		}
		if n := len(r.Manifest.Members); n > 0 {
			c.note("run %s is the mean of %d repetitions", r.Manifest.ID, n)
		}
	}
	if a.Manifest.Network != b.Manifest.Network {
		c.note("the networks have different names: %s and %s", a.Manifest.Network, b.Manifest.Network)
	}
	if x, y := &a.Manifest, &b.Manifest; x.Nodes != y.Nodes || x.LinkCount != y.LinkCount {
		c.note("the networks are not the same: %d nodes and %d links, and %d nodes and %d links", x.Nodes, x.LinkCount, y.Nodes, y.LinkCount)
	}
	if apart := max(a.End-b.End, b.End-a.End); apart > differentEnds && !c.Tables.agree() {
		c.note("the runs lasted %s and %s: what times out may have done so in the longer one only", TimeText(a.End), TimeText(b.End))
	}
	if a.Manifest.Seed != b.Manifest.Seed && len(a.Manifest.Members)+len(b.Manifest.Members) == 0 {
		c.note("the seeds differ: %d and %d", a.Manifest.Seed, b.Manifest.Seed)
	}
}

// differentEnds is how far the ends of two runs may be apart before tables that differ are
// perhaps different for it. Timeouts of rules are whole seconds, and tens of them.
const differentEnds = 10 * model.Second

func (c *Comparison) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// closeEnough compares two measured numbers, each with half a confidence interval.
func closeEnough(a, b, errA, errB, share float64) string {
	larger := math.Max(math.Abs(a), math.Abs(b))
	d := math.Abs(a - b)
	switch {
	case d == 0:
		return Same
	case d <= share*larger, d <= errA+errB:
		return Within
	}
	return Different
}

// byInterval says that numbers which closeEnough has found within range are so by their
// confidence intervals alone.
func byInterval(a, b, share float64) bool {
	return math.Abs(a-b) > share*math.Max(math.Abs(a), math.Abs(b))
}

// overlapping is why things are within range that are further apart than runs without
// repetitions may be.
const overlapping = "within the 95 % confidence intervals"

func (c *Comparison) compareLinks(a, b *Results, t Tolerance) {
	type both struct {
		bytes, err, rate, measured float64
	}
	sum := func(r *Results) (map[string]both, []string) {
		out, order := map[string]both{}, []string(nil)
		for i := range r.Links {
			l := &r.Links[i]
			v, seen := out[l.Name]
			if !seen {
				order = append(order, l.Name)
			}
			v.bytes, v.err, v.rate = v.bytes+float64(l.Bytes), v.err+l.BytesError, float64(l.Rate)
			out[l.Name] = v
		}
		return out, order
	}
	la, order := sum(a)
	lb, orderB := sum(b)
	for _, name := range orderB {
		if _, ok := la[name]; !ok {
			order = append(order, name)
		}
	}
	spread := selecting(a, b)
	var total [2]float64
	var pooled int
	for _, name := range order {
		x, okA := la[name]
		y, okB := lb[name]
		row := Row{Name: name, A: bytesWithError(x.bytes, x.err), B: bytesWithError(y.bytes, y.err), Verdict: closeEnough(x.bytes, y.bytes, x.err, y.err, t.Link)}
		switch {
		// What carried nothing may not be listed.
		case (!okA || !okB) && a.Manifest.LinkCount != b.Manifest.LinkCount:
			row.Verdict, row.Why = Different, "one run has no such link"
		case row.Verdict == Different && math.Abs(x.bytes-y.bytes) <= float64(t.Idle):
			row.Verdict = Within
		case len(spread) > 0 && betweenSwitches(name, a, b):
			total[0], total[1] = total[0]+x.bytes, total[1]+y.bytes
			pooled++
			row.Verdict, row.Why = Within, "in aggregate"
		case row.Verdict == Different && c.explained(name, x.bytes, y.bytes, t):
			row.Verdict, row.Why = Within, "but for the shares of competing flows"
		case row.Verdict == Different && math.Abs(x.bytes-y.bytes) <= framing*c.unsent[name]+t.Link*math.Max(x.bytes, y.bytes):
			row.Verdict, row.Why = Within, "but for what is lost further on, which a fluid does not send"
		case row.Verdict == Different:
			row.Why = "the bytes carried"
		case row.Verdict == Within && byInterval(x.bytes, y.bytes, t.Link):
			row.Why = overlapping
		}
		c.Links.add(row)
	}
	if pooled == 0 {
		return
	}
	c.note("links between switches are compared in aggregate, because select groups choose by each world's own hash")
	if closeEnough(total[0], total[1], 0, 0, t.Link) == Different {
		for i := range c.Links.Rows {
			if r := &c.Links.Rows[i]; r.Why == "in aggregate" {
				r.Verdict, r.Why = Different, "the total of links behind select groups"
				c.Links.Same--
			}
		}
	}
}

func bytesWithError(bytes, err float64) string {
	out := BytesText(int64(bytes))
	if err > 0 {
		out += " ± " + BytesText(int64(err))
	}
	return out
}

// framing is about how many bytes links carry for one byte of an application: headers
// of full frames and the acknowledgements that come back.
const framing = 1.08

// explained says that the shares of competing flows account for a link's difference.
func (c *Comparison) explained(link string, a, b float64, t Tolerance) bool {
	s, ok := c.shifts[link]
	return ok && math.Abs(a-b-framing*s.net) <= t.Link*math.Max(a, b)+(framing-1)*s.gross
}

// betweenSwitches says that both ends of a link have tables.
func betweenSwitches(link string, runs ...*Results) bool {
	for _, r := range runs {
		for i := range r.Links {
			if l := &r.Links[i]; l.Name == link {
				return r.hasTable(l.From) && r.hasTable(l.To)
			}
		}
	}
	return false
}

func (r *Results) hasTable(node string) bool {
	for i := range r.Tables {
		if r.Tables[i].Switch == node {
			return true
		}
	}
	return false
}

func (c *Comparison) comparePings(a, b *Results) {
	type pair struct{ from, to string }
	other := map[pair]bool{}
	for _, p := range b.Pings {
		other[pair{p.From, p.To}] = p.Received > 0
	}
	say := map[bool]string{true: "reached", false: "not reached"}
	both := map[pair]bool{}
	for _, p := range a.Pings {
		reached, asked := other[pair{p.From, p.To}]
		both[pair{p.From, p.To}] = asked
		if !asked {
			continue
		}
		row := Row{Name: p.From + " -> " + p.To, Verdict: Same, A: say[p.Received > 0], B: say[reached]}
		if reached != (p.Received > 0) {
			row.Verdict, row.Why = Different, "reachability"
		}
		c.Pings.add(row)
	}
	alone := 0
	for _, asked := range both {
		if asked {
			alone--
		} else {
			alone++
		}
	}
	if alone += len(other); alone > 0 {
		c.note("%d pairs were asked for an answer in one of the runs only, and are not compared", alone)
	}
}

// overlap says that two flows were under way at the same time.
func overlap(a, b *Flow) bool {
	end := func(f *Flow) model.Time {
		if f.Finished() {
			return f.Finish
		}
		return model.Forever
	}
	return a.Start < end(b) && b.Start < end(a)
}
