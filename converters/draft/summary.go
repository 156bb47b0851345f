package draft

import (
	"fmt"
	"math"
	"strings"

	"sendim/core/model"
)

// Summary counts what a file held and what became of it. Nodes, Links, Parallel, Loops,
// Isolated, Components and Largest count the file as it is, before hosts are attached;
// Parallel counts the links beyond the first between the same two nodes. Nodes and Links
// are those that the file lists: where links of it lead to something that is no node of
// it, and where parts of one thing are nodes of their own, what stands for that is counted
// as Outside and Inside.
type Summary struct {
	Format, Name                    string
	Nodes, Links                    int
	Outside, Inside                 int // nodes and links that the file does not list
	Parallel, Loops, Isolated       int
	Components, Largest             int
	Renamed                         int // nodes whose name is not the file's id
	WithoutPosition                 int
	Hosts, OwnHosts                 int // attached, and in the file
	OutsideComponent, LinksOutside  int // left out with Options.Largest
	Matrices, Demands               int
	Demanded                        float64 // bit/s, all demands together
	DemandsWithoutHost              int     // left out because an end has no host
	DemandsToSelf, DemandsOfNothing int     // left out
	FlowsLeftOut                    int
	CutValues                       int // properties too long for a descriptor
	OfNetwork                       int // properties of the network as a whole
	Rates, Delays                   []Rule
	Notes                           []string
}

// Rule is what gave links their rate or delay, and how many.
type Rule struct {
	Rule  string
	Links int
}

// rules counts in the order of first use.
type rules struct {
	list  []Rule
	index map[string]int32
}

func (r *rules) count(rule string) int32 {
	i, ok := r.index[rule]
	if !ok {
		if r.index == nil {
			r.index = map[string]int32{}
		}
		i = int32(len(r.list))
		r.index[rule] = i
		r.list = append(r.list, Rule{Rule: rule})
	}
	r.list[i].Links++
	return i
}

func (w *builder) summarise() {
	s := &w.result.Summary
	s.Format, s.Name = w.n.Format, w.result.Model.Name
	s.Nodes, s.Links, s.Notes = len(w.n.Nodes), len(w.n.Links), w.n.Notes
	s.OfNetwork = len(w.n.Properties)
	for i := range w.n.Nodes {
		switch p := &w.n.Nodes[i]; {
		case p.Outside:
			s.Outside++
		case p.Kind == model.Host:
			s.OwnHosts++
		}
	}
	for i := range w.n.Links {
		if w.n.Links[i].Inside {
			s.Inside++
		}
	}
	s.Nodes, s.Links = s.Nodes-s.Outside, s.Links-s.Inside
	if w.n.Coordinates != NoCoordinates {
		for i := range w.n.Nodes {
			if !w.n.Nodes[i].Placed {
				s.WithoutPosition++
			}
		}
	}
}

// Text is the summary as people read it, a line for each thing that there is to say.
func (s *Summary) Text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s and %s", s.Format, plural(s.Nodes, "node"), plural(s.Links, "link"))
	if s.Outside > 0 {
		line("outside: %s with the label external for what links lead to and the file does not list", plural(s.Outside, "host"))
	}
	if s.Inside > 0 {
		line("inside: %s between nodes that are parts of one, not of the file", plural(s.Inside, "link"))
	}
	if s.Parallel > 0 {
		line("parallel: %s beyond the first between two nodes, all kept", plural(s.Parallel, "link"))
	}
	if s.Loops > 0 {
		line("loops: %s from a node to itself, left out", plural(s.Loops, "link"))
	}
	if s.Components > 1 {
		what := "--largest-component keeps the largest only"
		if s.OutsideComponent > 0 {
			what = fmt.Sprintf("the largest is kept; %s and %s are left out", plural(s.OutsideComponent, "node"), plural(s.LinksOutside, "link"))
		}
		line("components: %d, the largest of %s, %s without a link; %s", s.Components, plural(s.Largest, "node"), plural(s.Isolated, "node"), what)
	}
	if s.Renamed > 0 {
		line("names: %s not called by the file's id, which is kept as the property source.id", plural(s.Renamed, "node"))
	}
	if s.WithoutPosition > 0 {
		line("positions: %s without", plural(s.WithoutPosition, "node"))
	}
	ruled("rates", s.Rates, line)
	ruled("delays", s.Delays, line)
	switch {
	case s.Hosts > 0:
		line("hosts: %s attached", plural(s.Hosts, "host"))
	case s.OwnHosts == 0:
		line("hosts: none; --hosts per-switch=N attaches some")
	}
	if s.Matrices > 0 {
		line("demands: %d in %s, %v together", s.Demands, plural(s.Matrices, "matrix"), rounded(s.Demanded))
	}
	for _, left := range []struct {
		n   int
		why string
	}{{s.DemandsWithoutHost, "an end without a host"}, {s.DemandsToSelf, "both ends at one node"}, {s.DemandsOfNothing, "the rate 0"}} {
		if left.n > 0 {
			line("demands left out: %d with %s", left.n, left.why)
		}
	}
	if s.FlowsLeftOut > 0 {
		line("flows left out: %d with an end without a host, or both ends at one", s.FlowsLeftOut)
	}
	if s.OfNetwork > 0 {
		line("about the network as a whole: %s of the file, left out: a model has no place for them", plural(s.OfNetwork, "value"))
	}
	if s.CutValues > 0 {
		line("properties: %d too long, cut to %d bytes", s.CutValues, maxValue)
	}
	for _, n := range s.Notes {
		line("note: %s", n)
	}
	return b.String()
}

// rounded is a rate as it is, if that is short, or of four digits, for people.
func rounded(v float64) model.Rate {
	if exact := model.Rate(v); len(exact.String()) <= len("300639kbps") {
		return exact
	}
	unit := 1.0
	for v/unit >= 1e4 {
		unit *= 10
	}
	return model.Rate(math.Round(v/unit) * unit)
}

func ruled(what string, list []Rule, line func(string, ...any)) {
	var parts []string
	for _, r := range list {
		parts = append(parts, fmt.Sprintf("%d %s", r.Links, r.Rule))
	}
	if len(parts) > 0 {
		line("%s: %s", what, strings.Join(parts, "; "))
	}
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "x"):
		return fmt.Sprintf("%d %sces", n, strings.TrimSuffix(what, "x"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// article puts "a" or "an" before a format's name.
func article(s string) string {
	if s == "" {
		return "a file"
	}
	if strings.ContainsRune("AEIOUaeiou", rune(s[0])) {
		return "an " + s
	}
	return "a " + s
}
