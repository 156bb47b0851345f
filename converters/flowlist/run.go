package flowlist

import (
	"math"

	"sendim/core/fault"
	"sendim/core/model"
)

// outcomes are the columns of a run's flows.csv that say what came of a flow. They are
// needed where the file does not say what was asked for.
type outcomes struct {
	finish, bytes, offered, rate, sent, runs int // columns, -1: none
	guessed                                  int
	repeated                                 int64
}

func outcomesOf(t *table) *outcomes {
	at := func(title string) int {
		for i := range t.heads {
			if t.heads[i].title == title {
				return i
			}
		}
		return -1
	}
	return &outcomes{finish: at("finish_s"), bytes: at("bytes"), offered: at("offered"), rate: at("rate_bps"), sent: at("packets_sent"), runs: at("runs")}
}

// complete works out what a flow was to send if its row does not say it: false when
// nothing says it.
func (o *outcomes) complete(t *table, f *model.Flow) bool {
	cell := func(i int) int64 {
		if i < 0 {
			return 0
		}
		v, bad := scaled(t.row[i], 1)
		if bad != nil {
			return 0
		}
		return v
	}
	o.repeated = max(o.repeated, cell(o.runs))
	if f.Size > 0 || f.Duration > 0 || f.Count > 0 || f.Chunks != "" {
		return true
	}
	size := cell(o.offered)
	if size == 0 {
		size = cell(o.bytes)
	}
	if size == 0 {
		return false
	}
	o.guessed++
	finish := model.Time(-1)
	if o.finish >= 0 && len(t.row[o.finish]) > 0 {
		if v, bad := scaled(t.row[o.finish], int64(model.Second)); bad == nil {
			finish = model.Time(v)
		}
	}
	return guess(f, size, cell(o.rate), cell(o.sent), finish)
}

// guess takes for what a flow was asked to do what came of it: so many bytes, at a mean
// rate in bit/s, in so many packets, until finish (-1: unfinished).
func guess(f *model.Flow, bytes, rate, packets int64, finish model.Time) bool {
	switch f.Transport {
	case model.ICMP:
		f.Count = int32(min(max(1, packets), math.MaxInt32))
		return true
	case model.UDP:
		if finish > f.Start {
			rate = rateOver(bytes, int64(finish-f.Start))
		}
		if rate <= 0 {
			return false
		}
		f.Rate = model.Rate(rate)
	}
	f.Size = model.Size(bytes)
	return true
}

func (o *outcomes) remark(r *reader) {
	r.guessed(o.guessed)
	if o.repeated > 1 {
		r.out.Warnings.Addf(fault.Unused, fault.Place{File: r.Name}, "the file sums up %d repetitions; replayed is what was asked for in the first", o.repeated)
	}
}

func (r *reader) guessed(flows int) {
	if flows > 0 {
		r.warn("of %d flows the file does not say what they were asked to do; they send again what they sent, datagrams at their mean rate", flows)
	}
}

func (r *reader) unsaid(flows int) {
	if flows > 0 {
		r.warn("%d flows of which the run does not say what they were to send are left out", flows)
	}
}
