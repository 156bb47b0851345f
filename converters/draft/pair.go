package draft

import "sendim/core/model"

// Pair joins links that a file gives one direction at a time: the k-th from one node to
// another with the k-th the other way, which becomes its Back. directed says which links
// are such; nil stands for all. What has no counterpart stays as it is and is counted: a
// link of a model carries both ways. The order is that of the first mentions, and
// properties of the way back that differ are kept as back.NAME.
func Pair(links []Link, directed []bool) (out []Link, oneWay int) {
	type way struct{ from, to int32 }
	waiting := make(map[way][]int32, len(links)/2)
	mate := make([]int32, len(links)) // of a first mention: its second; -1
	second := make([]bool, len(links))
	for i := range links {
		l := &links[i]
		mate[i] = -1
		if directed != nil && !directed[i] || l.A == l.B {
			continue
		}
		there := way{l.B, l.A}
		if open := waiting[there]; len(open) > 0 {
			mate[open[0]], second[i] = int32(i), true
			if len(open) == 1 {
				delete(waiting, there)
			} else {
				waiting[there] = open[1:]
			}
			oneWay--
			continue
		}
		waiting[way{l.A, l.B}] = append(waiting[way{l.A, l.B}], int32(i))
		oneWay++
	}
	out = make([]Link, 0, len(links))
	for i := range links {
		if second[i] {
			continue
		}
		l := links[i]
		if mate[i] >= 0 {
			join(&l, &links[mate[i]])
		}
		out = append(out, l)
	}
	return out, oneWay
}

// join makes back the other direction of l.
func join(l, back *Link) {
	spec := back.Spec
	l.Back = &spec
	// A direction that does not say its rate or delay has that of the other.
	if back.RateFrom == "" && spec.Rate == 0 {
		spec.Rate = l.Spec.Rate
	}
	if back.DelayFrom == "" && spec.Delay == 0 {
		spec.Delay = l.Spec.Delay
	}
	if l.RateFrom == "" && back.RateFrom != "" {
		l.Spec.Rate, l.RateFrom = spec.Rate, back.RateFrom
	}
	if l.DelayFrom == "" && back.DelayFrom != "" {
		l.Spec.Delay, l.DelayFrom = spec.Delay, back.DelayFrom
	}
	if l.Length == 0 {
		l.Length = back.Length
	}
	if l.ID == "" {
		l.ID = back.ID
	} else if back.ID != "" && back.ID != l.ID {
		l.Properties = append(l.Properties[:len(l.Properties):len(l.Properties)], model.Property{Name: "back.source.id", Value: back.ID})
	}
	there := make(map[model.Property]int, len(l.Properties))
	for _, p := range l.Properties {
		there[p]++
	}
	l.Properties = l.Properties[:len(l.Properties):len(l.Properties)]
	for _, p := range back.Properties {
		if there[p] > 0 {
			there[p]--
			continue
		}
		l.Properties = append(l.Properties, model.Property{Name: "back." + p.Name, Value: p.Value})
	}
}
