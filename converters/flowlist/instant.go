package flowlist

import (
	"math"
	"time"

	"sendim/core/fault"
	"sendim/core/model"
)

// clock reads points in time that may lie anywhere, as Unix times and dates do, as
// spans since the first one that it read.
type clock struct {
	base int64 // second of the first one
	runs bool
}

// read gives the picoseconds since the start of the first one's second; they may be
// negative.
func (c *clock) read(t *table, h *head, b []byte) (int64, bool) {
	second, rest, bad := instant(h, b)
	if bad == nil {
		if !c.runs {
			c.base, c.runs = second, true
		}
		// Both are within +-2^53, so that their difference is exact.
		if second -= c.base; second > 4_000_000 || second < -4_000_000 {
			bad = problem(fault.OutOfRange, "%q is more than 46 days away from the first time in the file", fault.Clip(string(b)))
		}
	}
	if bad != nil {
		t.bad(h, bad)
		return 0, false
	}
	return second*int64(model.Second) + rest, true
}

// instant reads a point in time as a second and what is left of it in picoseconds: a
// number of the column's unit, or a date.
func instant(h *head, b []byte) (second, rest int64, bad *fault.Fault) {
	if h.factor == 0 {
		for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006/01/02 15:04:05", time.DateOnly} {
			if at, err := time.Parse(layout, string(b)); err == nil && at.Year() > 0 {
				return at.Unix(), int64(at.Nanosecond()) * int64(model.Nanosecond), nil
			}
		}
		v, err := model.ParseTime(string(b))
		if err != nil {
			return 0, 0, problem(fault.BadNumber, "%q is neither a time such as 5ms nor a date such as 2026-01-31T12:00:00Z; numbers need a unit in the header, as time_s", fault.Clip(string(b)))
		}
		return int64(v / model.Second), int64(v % model.Second), nil
	}
	point := len(b)
	for i, c := range b {
		if c == '.' {
			point = i
			break
		}
	}
	units, bad := whole(b[:point], math.MaxInt64)
	if bad != nil {
		return 0, 0, bad
	}
	if point < len(b) {
		if rest, bad = scaled(b[point:], h.factor); bad != nil {
			return 0, 0, bad
		}
	}
	if per := int64(model.Second) / h.factor; per > 0 {
		return units / per, units%per*h.factor + rest, nil
	}
	if units > 1<<53/3600 {
		return 0, 0, tooLarge(b)
	}
	return units * (h.factor / int64(model.Second)), rest, nil
}
