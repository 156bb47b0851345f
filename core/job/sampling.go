package job

import (
	"slices"

	"sendim/core/model"
)

// Bounds of the series of link samples when the descriptor's <trace> sets no interval.
const (
	mostSteps   = 100
	mostSamples = 400_000                 // of all directions of all links together
	realStep    = 100 * model.Millisecond // what a real world can be asked for
)

// SetSampling gives a job's model an interval for its series of link samples, the same
// in every world: a hundredth of the time the run is expected to take, fewer steps in
// large networks, none in very large ones. An interval in the descriptor wins.
func SetSampling(j *Job) {
	n := j.Model
	if slices.ContainsFunc(n.Watches, func(w model.Watch) bool { return w.Sample > 0 }) || n.LinkCount() == 0 {
		return
	}
	steps := min(mostSteps, mostSamples/(2*n.LinkCount()))
	if steps == 0 {
		return
	}
	step := horizon(j) / model.Time(steps)
	if step > realStep/10 { // shorter runs exist in virtual time only
		step = max(step, realStep)
	}
	out := *n
	out.Watches = append(slices.Clone(n.Watches), model.Watch{Sample: max(step, model.Microsecond)})
	j.Model = &out
}

// horizon is when a run is expected to end: its until, or the end of what has an end.
func horizon(j *Job) model.Time {
	if until := j.Deployment.Until(); until > 0 {
		return until
	}
	last := model.Time(0)
	n := j.Model
	for _, f := range n.Flows {
		end := f.Start + f.Duration
		if f.Duration == 0 && f.Size > 0 {
			rate := f.Rate
			for _, a := range n.Arcs(f.From) {
				if r := n.ArcSpec(a).Rate; r > 0 && (rate == 0 || r < rate) {
					rate = r
				}
			}
			end += rate.TransmissionTime(f.Size)
		}
		last = max(last, end)
	}
	for _, d := range n.Demands {
		last = max(last, d.Until)
	}
	for _, t := range n.Traffic {
		last = max(last, t.Until)
	}
	for _, s := range n.Scenario {
		last = max(last, s.At)
	}
	for _, f := range n.Failures {
		last = max(last, f.Until)
	}
	if last == 0 || last == model.Forever {
		return 10 * model.Second
	}
	return last
}
