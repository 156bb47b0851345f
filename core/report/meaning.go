package report

import (
	"fmt"
	"slices"
	"strings"

	"sendim/core/flow"
)

// meaning writes the rules of a switch as sorted lines that say what they do and
// nothing else: groups and meters stand in them by their contents, because their
// numbers follow the order of commands, which may differ between worlds; cookies,
// counters, ages and the wish for a removal message are left out.
func (t *Table) meaning() []string {
	groups := map[uint32]*flow.Group{}
	for i := range t.Groups {
		groups[t.Groups[i].Group.Number] = &t.Groups[i].Group
	}
	meters := map[uint32]*flow.Meter{}
	for i := range t.Meters {
		meters[t.Meters[i].Meter.Number] = &t.Meters[i].Meter
	}
	out := make([]string, 0, len(t.Rules)+len(t.Groups))
	for i := range t.Rules {
		r := t.Rules[i].Rule
		r.Cookie, r.SendRemoved = 0, false
		var tail []string
		if m := meters[r.Meter]; r.Meter != 0 && m != nil {
			tail = append(tail, meterText(m))
			r.Meter, r.MeterName = 0, ""
		}
		for _, list := range [][]flow.Action{r.Apply, r.Write} {
			for _, a := range list {
				if a.Type == flow.ToGroup {
					tail = append(tail, groupText(groups, a.Arg, 0))
				}
			}
		}
		r.Apply, r.Write = nameless(r.Apply), nameless(r.Write)
		out = append(out, strings.TrimSpace(r.String()+" "+strings.Join(tail, " ")))
	}
	slices.Sort(out)
	return out
}

// nameless takes the numbers and names of groups out of actions.
func nameless(actions []flow.Action) []flow.Action {
	out := slices.Clone(actions)
	for i := range out {
		switch out[i].Type {
		case flow.ToGroup:
			out[i].Arg, out[i].Name = 1, ""
		case flow.Output:
			if out[i].Arg != flow.PortController {
				out[i].MaxLen = 0
			}
		case flow.PushVLAN:
			if out[i].Arg == 0 {
				out[i].Arg = 0x8100
			}
		}
	}
	return out
}

func meterText(m *flow.Meter) string {
	unit := "kbps"
	if m.PerPacket {
		unit = "pps"
	}
	return fmt.Sprintf("[meter %d %s]", m.Rate, unit)
}

// groupText writes a group by its contents; nested groups to a bounded depth.
func groupText(groups map[uint32]*flow.Group, number uint32, depth int) string {
	g := groups[number]
	if g == nil || depth > 8 {
		return "[group ?]"
	}
	buckets := make([]string, len(g.Buckets))
	for i, b := range g.Buckets {
		text := flow.ActionsText(nameless(b.Actions))
		if g.Type == flow.Select {
			text = fmt.Sprintf("weight %d: %s", b.Weight, text)
		}
		if g.Type == flow.FastFailover && b.WatchPort != 0 && b.WatchPort != flow.PortAny {
			text = fmt.Sprintf("watch %d: %s", b.WatchPort, text)
		}
		for _, a := range b.Actions {
			if a.Type == flow.ToGroup {
				text += " " + groupText(groups, a.Arg, depth+1)
			}
		}
		buckets[i] = text
	}
	if g.Type != flow.FastFailover { // whose order is its meaning
		slices.Sort(buckets)
	}
	return fmt.Sprintf("[group %s {%s}]", g.Type, strings.Join(buckets, " | "))
}

// differences lists what only one of two sorted lists has.
func differences(a, b []string) (onlyA, onlyB []string) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			onlyA, a = append(onlyA, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			onlyB, b = append(onlyB, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return onlyA, onlyB
}
