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
	if f.Size > 0 || f.Duration > 0 || f.Count > 0 {
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
	switch f.Transport {
	case model.ICMP:
		f.Count = int32(min(max(1, cell(o.sent)), math.MaxInt32))
		return true
	case model.UDP:
		rate := cell(o.rate)
		if o.finish >= 0 && len(t.row[o.finish]) > 0 {
			if finish, bad := scaled(t.row[o.finish], int64(model.Second)); bad == nil && model.Time(finish) > f.Start {
				rate = int64(math.Round(float64(size) * 8 / (model.Time(finish) - f.Start).Seconds()))
			}
		}
		if rate <= 0 {
			return false
		}
		f.Rate = model.Rate(rate)
	}
	f.Size = model.Size(size)
	return true
}

func (o *outcomes) remark(r *reader) {
	if o.guessed > 0 {
		r.warn("of %d flows the file does not say what they were asked to do; they send again what they sent, datagrams at their mean rate", o.guessed)
	}
	if o.repeated > 1 {
		r.out.Warnings.Addf(fault.Unused, fault.Place{File: r.Name}, "the file sums up %d repetitions; replayed is what was asked for in the first", o.repeated)
	}
}
