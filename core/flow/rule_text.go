package flow

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
)

// String is one stable line: table, priority, match, options, then the instructions in
// the order in which a switch carries them out; drop where there is none.
//
//	table=0 priority=100 eth_type=0x0800,ipv4_dst=10.0.0.0/8 idle=10 meter:3 apply(dec_ttl,output:2) goto:1
func (r Rule) String() string {
	b := fmt.Appendf(make([]byte, 0, 128), "table=%d priority=%d ", r.Table, r.Priority)
	b = r.Match.appendTo(b)
	if r.Idle != 0 {
		b = fmt.Appendf(b, " idle=%d", r.Idle)
	}
	if r.Hard != 0 {
		b = fmt.Appendf(b, " hard=%d", r.Hard)
	}
	if r.Cookie != 0 {
		b = fmt.Appendf(b, " cookie=0x%x", r.Cookie)
	}
	if r.SendRemoved {
		b = append(b, " send_removed"...)
	}
	before := len(b)
	if r.Meter != 0 || r.MeterName != "" {
		b = appendName(append(b, " meter:"...), r.MeterName)
		if r.Meter != 0 {
			b = strconv.AppendUint(append(b, '#'), uint64(r.Meter), 10)
		}
	}
	if len(r.Apply) > 0 {
		b = append(appendActions(append(b, " apply("...), r.Apply), ')')
	}
	if r.Clear {
		b = append(b, " clear"...)
	}
	if len(r.Write) > 0 {
		b = append(appendActions(append(b, " write("...), r.Write), ')')
	}
	if r.MetadataMask != 0 {
		b = fmt.Appendf(b, " metadata:0x%x/0x%x", r.Metadata, r.MetadataMask)
	}
	if r.HasGoto {
		b = fmt.Appendf(b, " goto:%d", r.Goto)
	}
	if len(b) == before {
		b = append(b, " drop"...)
	}
	return string(b)
}

// RuleKey identifies a rule on one switch: table, priority and match (section 5.2). It
// is comparable and can be a map key.
type RuleKey struct {
	Table    uint8
	Priority uint16
	match    string
}

// Key is the identity of the rule. Two rules with equal keys replace each other.
func (r Rule) Key() RuleKey {
	b := make([]byte, 0, 33*len(r.Match))
	for i := range r.Match {
		x := &r.Match[i]
		b = append(b, byte(x.Field))
		for _, v := range [...]Value{x.Value, x.Mask} {
			if x.Field.Width() > 64 {
				b = binary.BigEndian.AppendUint64(b, v.Hi)
			}
			b = binary.BigEndian.AppendUint64(b, v.Lo)
		}
	}
	return RuleKey{r.Table, r.Priority, string(b)}
}

// CompareRules is the canonical order of listings: by table, then from the highest
// priority down, then by match. Zero means equal keys.
func CompareRules(a, b *Rule) int {
	return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(b.Priority, a.Priority), a.Match.Compare(b.Match))
}

// Equal reports whether two rules are the same in every respect. The EtherType of a
// pushed tag may be given or implied.
func (r *Rule) Equal(o *Rule) bool {
	return CompareRules(r, o) == 0 && equalActions(r.Apply, o.Apply) && equalActions(r.Write, o.Write) &&
		r.Clear == o.Clear && r.Metadata == o.Metadata && r.MetadataMask == o.MetadataMask &&
		r.Meter == o.Meter && r.MeterName == o.MeterName &&
		r.HasGoto == o.HasGoto && (!r.HasGoto || r.Goto == o.Goto) &&
		r.Idle == o.Idle && r.Hard == o.Hard && r.Cookie == o.Cookie && r.SendRemoved == o.SendRemoved
}

func equalActions(a, b []Action) bool {
	return slices.EqualFunc(a, b, func(x, y Action) bool {
		if x.Type == PushVLAN && y.Type == PushVLAN {
			return cmp.Or(x.Arg, 0x8100) == cmp.Or(y.Arg, 0x8100)
		}
		return x == y
	})
}

// Canonical returns the rules sorted by [CompareRules]; of rules with one key the last
// stays, as if they had been added in turn. The argument does not change.
func Canonical(rules []Rule) []Rule {
	out := slices.Clone(rules)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Rule) int { return CompareRules(&a, &b) })
	return slices.CompactFunc(out, func(a, b Rule) bool { return CompareRules(&a, &b) == 0 })
}

// Difference says how two rules or tables differ.
type Difference struct {
	Key      RuleKey
	Old, New *Rule // nil: absent
}

// String is one line for each side, "-" before the old rule and "+" before the new one.
func (d Difference) String() string {
	switch {
	case d.Old == nil:
		return "+ " + d.New.String()
	case d.New == nil:
		return "- " + d.Old.String()
	}
	return "- " + d.Old.String() + "\n+ " + d.New.String()
}

// Diff compares two sets of rules, counters aside, in canonical order. Equal sets have
// no difference.
func Diff(before, after []Rule) []Difference {
	a, b := Canonical(before), Canonical(after)
	var out []Difference
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = CompareRules(&a[0], &b[0])
		}
		switch {
		case order < 0:
			out, a = append(out, Difference{a[0].Key(), &a[0], nil}), a[1:]
		case order > 0:
			out, b = append(out, Difference{b[0].Key(), nil, &b[0]}), b[1:]
		default:
			if !a[0].Equal(&b[0]) {
				out = append(out, Difference{a[0].Key(), &a[0], &b[0]})
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}
