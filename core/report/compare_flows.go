package report

import (
	"fmt"
	"math"
	"strings"

	"sendim/core/flow"
	"sendim/core/model"
)

// Bottleneck is the utilisation above which a link holds back the flows on it.
const Bottleneck = 0.85

func (c *Comparison) compareFlows(a, b *Results, t Tolerance) {
	at := make(map[string]int, len(b.Flows))
	for i := range b.Flows {
		at[b.Flows[i].ID] = i
	}
	group := together(a, b, at)
	totals := map[int]total{}
	members := map[int]int{}
	for i := range a.Flows {
		if j, ok := at[a.Flows[i].ID]; ok {
			totals[group[i]] = totals[group[i]].plus(&a.Flows[i], &b.Flows[j])
			members[group[i]]++
		}
	}
	pooled := 0
	matched := map[string]bool{}
	for i := range a.Flows {
		f := &a.Flows[i]
		matched[f.ID] = true
		j, ok := at[f.ID]
		if !ok {
			c.Flows.add(Row{f.ID, Different, RateText(f.Rate), "-", "only one run has it"})
			continue
		}
		g := &b.Flows[j]
		row := flowRow(f, g, t)
		c.unsentBytes(f, g, a, b)
		if members[group[i]] > 1 {
			pooled++
			c.shiftLinks(f, g, a, b)
			v := totals[group[i]]
			row.Verdict, row.Why = Within, fmt.Sprintf("by the total of %d flows: %s and %s", members[group[i]], RateText(v.a), RateText(v.b))
			if closeEnough(v.a, v.b, math.Sqrt(v.squareA), math.Sqrt(v.squareB), t.Rate) == Different {
				row.Verdict = Different
			}
			if f.Finished() != g.Finished() && f.Size() && g.Size() {
				row.Verdict, row.Why = Different, "only one run finished it"
			}
		}
		c.Flows.add(row)
	}
	for i := range b.Flows {
		if !matched[b.Flows[i].ID] {
			c.Flows.add(Row{b.Flows[i].ID, Different, "-", RateText(b.Flows[i].Rate), "only one run has it"})
		}
	}
	if pooled > 0 {
		c.note("%d flows are compared by the total of those they compete with, or in aggregate where select groups spread them", pooled)
	}
}

// total is what flows that are compared together had in the two runs, and the squares of
// half their confidence intervals. Flows that compete take from each other: their total
// varies less than this has it.
type total struct{ a, b, squareA, squareB float64 }

func (v total) plus(f, g *Flow) total {
	return total{v.a + f.Rate, v.b + g.Rate, v.squareA + float64(f.RateError*f.RateError), v.squareB + float64(g.RateError*g.RateError)}
}

// shiftLinks notes on the links of two flows' path by how much they differ.
func (c *Comparison) shiftLinks(f, g *Flow, runs ...*Results) {
	if c.shifts == nil {
		c.shifts = map[string]shift{}
	}
	c.learnHops(runs...)
	path := f.Path
	if len(path) == 0 {
		path = g.Path
	}
	d := float64(f.Bytes - g.Bytes)
	for k := 1; k < len(path); k++ {
		link := c.hops[[2]string{path[k-1], path[k]}]
		s := c.shifts[link]
		c.shifts[link] = shift{s.net + d, s.gross + math.Abs(d)}
	}
}

func (c *Comparison) learnHops(runs ...*Results) {
	if c.hops != nil {
		return
	}
	c.hops = map[[2]string]string{}
	for _, r := range runs {
		for i := range r.Links {
			c.hops[[2]string{r.Links[i].From, r.Links[i].To}] = r.Links[i].Name
		}
	}
}

// unsentBytes notes on the links of a flow's path what it lost where only one of the runs
// follows it as a fluid: a fluid has the rate of its narrowest link from the sender on,
// packets come as far as the queue that has no room for them.
func (c *Comparison) unsentBytes(f, g *Flow, a, b *Results) {
	fluid := func(f *Flow, r *Results) bool {
		return r.Manifest.Backend == "simulation" && f.Granularity == model.GranularityFlow.String()
	}
	lost := max(f.Offered-f.Bytes, g.Offered-g.Bytes)
	if f.Transport == "tcp" || lost <= 0 || fluid(f, a) == fluid(g, b) {
		return
	}
	if c.unsent == nil {
		c.unsent = map[string]float64{}
	}
	c.learnHops(a, b)
	path := f.Path
	if len(path) == 0 {
		path = g.Path
	}
	for k := 1; k < len(path); k++ {
		c.unsent[c.hops[[2]string{path[k-1], path[k]}]] += float64(lost)
	}
}

// Size says that a flow was to send an amount that one can wait for.
func (f *Flow) Size() bool { return f.Transport == "tcp" && f.Offered > 0 }

func flowRow(f, g *Flow, t Tolerance) Row {
	row := Row{Name: f.ID, A: rateWithError(f), B: rateWithError(g), Verdict: closeEnough(f.Rate, g.Rate, f.RateError, g.RateError, t.Rate)}
	switch {
	case f.Finished() != g.Finished() && f.Bytes+g.Bytes == 0:
		row.Why = "nothing arrived" // whether that is an end or not
	case f.Finished() != g.Finished():
		row.Verdict, row.Why = Different, "only one run finished it"
	case row.Verdict == Different:
		row.Why = "the mean rate"
		// A few packets are over before a rate means anything; they are counted.
		few := max(2, int64(t.Loss*float64(max(f.Sent, g.Sent))))
		if max(f.Bytes, g.Bytes) < t.Idle && (f.Bytes == g.Bytes || f.Transport != "tcp" && max(f.Received-g.Received, g.Received-f.Received) <= few) {
			row.Verdict, row.Why = Within, "too short for a rate"
		}
	case f.Transport != "tcp" && math.Abs(f.Loss()-g.Loss()) > t.Loss:
		row.Verdict, row.Why = Different, fmt.Sprintf("loss: %.1f %% and %.1f %%", 100*f.Loss(), 100*g.Loss())
	case row.Verdict == Within && byInterval(f.Rate, g.Rate, t.Rate):
		row.Why = overlapping
	}
	return row
}

func rateWithError(f *Flow) string {
	if f.Runs > 1 {
		return RateText(f.Rate) + " ± " + RateText(f.RateError)
	}
	return RateText(f.Rate)
}

// Lossy is the share of packets lost above which a flow that does not back off counts
// as competing at a bottleneck.
const Lossy = 0.005

// competes says that what a flow gets at a bottleneck depends on chance: TCP's share
// does, and that of anything that overflows a queue.
func competes(f *Flow, b *Results, at map[string]int) bool {
	if f.Transport == "tcp" || f.Loss() > Lossy {
		return true
	}
	j, ok := at[f.ID]
	return ok && b.Flows[j].Loss() > Lossy
}

// together numbers the flows of a by groups that are compared by their total: flows
// that competed at a bottleneck at the same time in either run, and flows that crossed
// the same switch with a select group.
func together(a, b *Results, at map[string]int) []int {
	parent := make([]int, len(a.Flows))
	for i := range parent {
		parent[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	busy := bottlenecks(a, b)
	spread := selecting(a, b)
	on := map[[2]string][]int{} // bottleneck -> competing flows on it so far
	through := map[string]int{} // switch that selects -> a flow through it
	for i := range a.Flows {
		f := &a.Flows[i]
		hops := [][]string{f.Path}
		if j, ok := at[f.ID]; ok {
			hops = append(hops, b.Flows[j].Path)
		}
		seen := map[[2]string]bool{}
		for _, path := range hops {
			for k, node := range path {
				if spread[node] {
					if other, ok := through[node]; ok {
						parent[find(i)] = find(other)
					} else {
						through[node] = i
					}
				}
				if k == 0 || !competes(f, b, at) {
					continue
				}
				hop := [2]string{path[k-1], node}
				if !busy[hop] || seen[hop] {
					continue
				}
				seen[hop] = true
				for _, other := range on[hop] {
					if overlap(f, &a.Flows[other]) {
						parent[find(i)] = find(other)
					}
				}
				on[hop] = append(on[hop], i)
			}
		}
	}
	out := make([]int, len(parent))
	for i := range out {
		out[i] = find(i)
	}
	return out
}

// bottlenecks are the directed hops that were full at some time in either run.
func bottlenecks(runs ...*Results) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, r := range runs {
		for i := range r.Links {
			if l := &r.Links[i]; max(l.Peak, l.Utilisation) >= Bottleneck {
				out[[2]string{l.From, l.To}] = true
			}
		}
	}
	return out
}

// selecting are the switches that had a select group with a choice in either run.
func selecting(runs ...*Results) map[string]bool {
	out := map[string]bool{}
	for _, r := range runs {
		for _, t := range r.Tables {
			for _, g := range t.Groups {
				if g.Group.Type == flow.Select && len(g.Group.Buckets) > 1 {
					out[t.Switch] = true
				}
			}
		}
	}
	return out
}

func (c *Comparison) compareTables(a, b *Results) {
	other := map[string]*Table{}
	for i := range b.Tables {
		other[b.Tables[i].Switch] = &b.Tables[i]
	}
	for i := range a.Tables {
		x := &a.Tables[i]
		y := other[x.Switch]
		delete(other, x.Switch)
		if y == nil {
			c.Tables.add(Row{x.Switch, Different, fmt.Sprintf("%d rules", len(x.Rules)), "-", "only one run has it"})
			continue
		}
		row := Row{Name: x.Switch, Verdict: Same, A: fmt.Sprintf("%d rules", len(x.Rules)), B: fmt.Sprintf("%d rules", len(y.Rules))}
		onlyA, onlyB := differences(x.meaning(), y.meaning())
		if len(onlyA)+len(onlyB) > 0 {
			row.Verdict = Different
			row.Why = explain(c.A, onlyA, c.B, onlyB)
		}
		c.Tables.add(row)
	}
	for i := range b.Tables { // in b's order
		if y := &b.Tables[i]; other[y.Switch] != nil {
			c.Tables.add(Row{y.Switch, Different, "-", fmt.Sprintf("%d rules", len(y.Rules)), "only one run has it"})
		}
	}
}

func explain(a string, onlyA []string, b string, onlyB []string) string {
	if a == b {
		a, b = "the first", "the second"
	}
	var parts []string
	for _, side := range []struct {
		who  string
		only []string
	}{{a, onlyA}, {b, onlyB}} {
		if n := len(side.only); n > 0 {
			parts = append(parts, fmt.Sprintf("only in %s (%d): %s", side.who, n, side.only[0]))
		}
	}
	return strings.Join(parts, "; ")
}
