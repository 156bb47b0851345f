package flow

import "slices"

// Identical says that two rules are the same field by field, so that one may stand for
// the other wherever it is written. [Rule.Equal] also forgives what means the same.
func (r *Rule) Identical(o *Rule) bool {
	return r.Table == o.Table && r.Priority == o.Priority && r.Cookie == o.Cookie && r.Idle == o.Idle && r.Hard == o.Hard &&
		r.Clear == o.Clear && r.Metadata == o.Metadata && r.MetadataMask == o.MetadataMask && r.Meter == o.Meter && r.MeterName == o.MeterName &&
		r.HasGoto == o.HasGoto && r.Goto == o.Goto && r.SendRemoved == o.SendRemoved &&
		slices.Equal(r.Match, o.Match) && slices.Equal(r.Apply, o.Apply) && slices.Equal(r.Write, o.Write)
}

// Identical says that two modifications are the same field by field.
func (m *RuleMod) Identical(o *RuleMod) bool {
	return m.Command == o.Command && m.CookieMask == o.CookieMask && m.OutPort == o.OutPort && m.OutGroup == o.OutGroup &&
		m.AllTables == o.AllTables && m.CheckOverlap == o.CheckOverlap && m.ResetCounts == o.ResetCounts && m.Rule.Identical(&o.Rule)
}

// Hash is equal for identical modifications, and seldom for others.
func (m *RuleMod) Hash() uint64 {
	r := &m.Rule
	h := mix(r.KeyHash(), uint64(m.Command)|uint64(r.Idle)<<8|uint64(r.Hard)<<24|uint64(r.Goto)<<40|uint64(r.Meter)<<48)
	h = mix(h, r.Cookie)
	for _, list := range [...][]Action{r.Apply, r.Write} {
		for i := range list {
			a := &list[i]
			h = mix(h, uint64(a.Arg)|uint64(a.Type)<<32|uint64(a.Field)<<40)
			h = mix(h, a.Value.Lo)
		}
	}
	return h
}

// KeyHash is equal for rules of the same table, priority and match.
func (r *Rule) KeyHash() uint64 {
	h := mix(uint64(r.Table)<<16|uint64(r.Priority), uint64(len(r.Match)))
	for i := range r.Match {
		x := &r.Match[i]
		h = mix(h, x.Value.Lo^uint64(x.Field)<<56)
		h = mix(h, x.Mask.Lo^x.Value.Hi)
	}
	return h
}

// Bears says what the switch, as it stands, would refuse about a rule; nil if nothing.
func (s *Switch) Bears(r *Rule) error {
	_, err := s.checkRule(r)
	return err
}
