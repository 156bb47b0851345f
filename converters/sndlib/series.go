package sndlib

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sendim/converters/draft"
	"sendim/core/fault"
	"sendim/core/model"
)

// moment is a matrix with its place in time.
type moment struct {
	in    *instance
	at    time.Time
	known bool
}

// longest is how long a run can be.
const longest = time.Duration(model.Forever / model.Nanosecond)

// series puts the matrices in the order of time, the first one at 0, each as long as its
// granularity says. Where that is not said, the shortest step between two of them is it.
func (r *reader) series(matrices []*instance) []draft.Matrix {
	stamp := regexp.MustCompile(`(?:^|[^0-9])(\d{8})(?:-(\d{4}))?(?:[^0-9]|$)`)
	list := make([]moment, len(matrices))
	unknown := 0
	for i, in := range matrices {
		list[i].in = in
		for _, text := range [2]string{in.meta["time"], nameOf(in.file.Name)} {
			if list[i].at, list[i].known = parseMoment(stamp, text); list[i].known {
				break
			}
		}
		if !list[i].known {
			unknown++
		}
	}
	if unknown > 0 && len(list) > 1 {
		for _, m := range list {
			if !m.known {
				r.faults.Addf(fault.BadNumber, fault.Place{File: m.in.file.Name}, "neither <time> nor the file's name says when the matrix was taken, as 20040302-0005")
			}
		}
		return nil
	}
	slices.SortStableFunc(list, func(a, b moment) int { return a.at.Compare(b.at) })
	step := time.Duration(0)
	for i := 1; i < len(list); i++ {
		d := list[i].at.Sub(list[i-1].at)
		if d == 0 {
			r.faults.Addf(fault.DuplicateID, fault.Place{File: list[i].in.file.Name}, "the matrix is of the same time as that of %s", list[i-1].in.file.Name)
			return nil
		}
		if step == 0 || d < step {
			step = d
		}
	}
	out := make([]draft.Matrix, 0, len(list))
	gaps, short, guessed := 0, 0, 0
	unit := model.Rate(0)
	missing := time.Duration(0)
	for i, m := range list {
		lasts, ok := granularity(m.in.meta["granularity"])
		if !ok {
			guessed++
			lasts = step
		}
		start := m.at.Sub(list[0].at)
		if start > longest-lasts {
			r.faults.Addf(fault.OutOfRange, fault.Place{File: m.in.file.Name}, "the matrix begins %d days after the first one; a run has at most %d days", int(start.Hours()/24), int(longest.Hours()/24))
			return nil
		}
		until := start + lasts
		if i+1 < len(list) {
			switch next := list[i+1].at.Sub(list[0].at); {
			case next > until:
				gaps++
				missing += next - until
			case next < until:
				short++
				until = next
			}
		}
		if i == 0 || m.in.meta["unit"] != list[i-1].in.meta["unit"] {
			unit = r.unit(m.in)
		}
		d := draft.Matrix{Start: model.Time(start.Nanoseconds()) * model.Nanosecond, Demands: r.demands(m.in, unit)}
		if lasts > 0 {
			d.Until = model.Time(until.Nanoseconds()) * model.Nanosecond
		}
		out = append(out, d)
		if r.faults.Full() {
			return nil
		}
	}
	if first := list[0]; first.known {
		r.note("t=0 of the demands is %s; matrices: %d", first.at.Format("2006-01-02 15:04"), len(list))
	}
	if gaps > 0 {
		r.note("gaps between the matrices, in which nothing is demanded: %d, %v in all", gaps, missing)
	}
	if short > 0 {
		r.note("matrices that are cut short because the next one begins before their granularity is over: %d", short)
	}
	if guessed > 0 && step > 0 {
		r.note("matrices that state no granularity: %d; each lasts %v, the shortest step between two", guessed, step)
	}
	return out
}

// parseMoment reads YYYYMMDD-HHMM, or YYYYMMDD, wherever it stands in a text.
func parseMoment(stamp *regexp.Regexp, text string) (time.Time, bool) {
	m := stamp.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	if m[2] == "" {
		m[2] = "0000"
	}
	t, err := time.Parse("200601021504", m[1]+m[2])
	return t, err == nil
}

// granularity reads a span such as 5min, 15min, 1hour or 1day. Months are of no fixed
// length and say nothing.
func granularity(s string) (time.Duration, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if n < 1 {
		return 0, false
	}
	count, err := strconv.ParseInt(s[:n], 10, 32)
	if err != nil || count == 0 {
		return 0, false
	}
	unit := time.Duration(0)
	switch strings.TrimSuffix(strings.TrimSpace(s[n:]), "s") {
	case "", "sec", "second":
		unit = time.Second
	case "min", "minute":
		unit = time.Minute
	case "h", "hour":
		unit = time.Hour
	case "d", "day":
		unit = 24 * time.Hour
	case "week":
		unit = 7 * 24 * time.Hour
	}
	if unit == 0 || time.Duration(count) > 366*24*time.Hour/unit {
		return 0, false
	}
	return time.Duration(count) * unit, true
}
