package report

import (
	"fmt"
	"math"

	"sendim/core/model"
	"sendim/core/trace"
)

// Limits of belief. An emulated network shares its machine with everything else on it:
// when a core is not free at the moment a packet is due, the packet waits for the
// machine and not for the network, and the numbers are the machine's.
const (
	// BusyLimit: above this share of all cores there is no headroom left; queues in
	// the run queue grow without bound, as in any server near saturation.
	BusyLimit = 0.95
	// BusyTime is the share of the run for which it may be that busy: starting hosts
	// and connecting switches are short bursts that do not last.
	BusyTime = 0.10
	// SwitchingLimit and SwitchingTime: the thread of Open vSwitch that moves the packets of
	// all its switches never rests when it is at work for that share of a second. That alone
	// is no fault: with eight switches in a row it was so from 50 Mbit/s on, and up to 200
	// Mbit/s every link was full all the same, because more packets go at once. At 500 none
	// was. So it counts only where it was so for that share of the run, and a flow shows that
	// nothing else held it back.
	SwitchingLimit = 0.98
	SwitchingTime  = 0.50
	// heldBackFor and heldBackRate: a flow that lasts shorter may never have come up to its rate, and one that
	// has this share of what it asked has it.
	heldBackFor  = model.Second
	heldBackRate = 0.90
	// StealLimit: what the hypervisor gives to others is missing at moments nobody can
	// see from inside; five percent is well above the grain of /proc/stat.
	StealLimit = 0.05
	// PressureLimit: the kernel's "some" pressure counts time in which any task, of the
	// dozens that an emulated network has, waited for a core, however short. Two thirds
	// of the time were seen beside rates that were right to a percent; above four fifths
	// waiting is the rule and not the exception.
	PressureLimit = 0.80
	// SlipLimit and SlipTime: in how many of its seconds a run may see something come later
	// than that. What is sent at a rate is then sent in bursts, and queues fill that would
	// not have. An undisturbed machine with two cores showed a few milliseconds.
	SlipLimit = 50 * model.Millisecond
	SlipTime  = 0.10
	// LostLimit: the share of what links carried that may be lost where no link loses. A
	// TCP flow feels a tenth of a percent (its rate goes with the root of it), and so do
	// comparisons of loss.
	LostLimit = 0.001
	// GapLimit: the share of the run for which its switches may have been gone because a
	// daemon died that no descriptor kills. What was sent meanwhile is lost: as LostLimit.
	GapLimit = LostLimit
	// JudgedFrom: the machine must have been measured for so long. The kernel counts what its
	// cores do in hundredths of a second, and things are due every ten milliseconds: in half a
	// second two cores have counted to 100 and fifty things were due, of which a hundredth and
	// a tenth can be told. In less a single burst, as every start ends in, is all of the run.
	JudgedFrom = model.Second / 2
	// RateLimit: how far a saturated link's measured rate may be from the asked one.
	RateLimit = 0.10
)

// What a Belief can come to.
const (
	Believed    = "valid"
	Disbelieved = "invalid"
	Unjudged    = "unjudged" // nothing speaks against it, but it was too short to tell
)

// served is the backend of switches that somebody else runs.
const served = "served"

// Believe judges results by what the machine did meanwhile and by what its links
// really carried. A simulated run has no such entries and is always valid. A run that was too
// short for its machine to be judged is caught by what was seen in the network all the same.
func Believe(r *Results) Belief {
	var reasons []string
	if r.Manifest.State == Failed {
		reasons = append(reasons, "the run broke down")
	}
	reasons = append(reasons, machine(r.Load)...)
	if n, first := starved(r); n > 0 {
		reasons = append(reasons, fmt.Sprintf("the thread that moves the packets of all switches never rested, and held back what no link did: flow %s had %s%s", first.ID, rateText(first.Rate), more(n-1)))
	}
	if n, first, due := behind(r); n > 0 {
		took := "was still under way at the end"
		if first.Finished() {
			took = "took " + TimeText(first.Finish-first.Start)
		}
		reasons = append(reasons, fmt.Sprintf("senders fell behind: what flow %s was to send in %s %s%s", first.ID, TimeText(due), took, more(n-1)))
	}
	if lost, carried := outside(r); lost > 0 && float64(lost) > LostLimit*float64(carried) {
		reasons = append(reasons, fmt.Sprintf("the machine lost %d frames that no link lost, of %d that links carried; up to %.1f %% is tolerated", lost, carried, LostLimit*100))
	}
	for i := range r.Links {
		l := &r.Links[i]
		if l.Measured <= 0 || l.Rate <= 0 {
			continue
		}
		if off := l.Measured/float64(l.Rate) - 1; off > RateLimit || off < -RateLimit {
			reasons = append(reasons, fmt.Sprintf("link %s from %s carried %s when saturated; it was asked to carry %s", l.Name, l.From, rateText(l.Measured), l.Rate))
		}
	}
	if len(reasons) > 0 {
		return Belief{Disbelieved, reasons}
	}
	if span := measured(r.Load); len(r.Load) > 0 && span < JudgedFrom {
		return Belief{Unjudged, []string{fmt.Sprintf("too short to be judged: the machine was measured for %.2f s, and takes %.1f s to be known", span.Seconds(), JudgedFrom.Seconds())}}
	}
	if r.Manifest.Backend == served && len(r.Load) == 0 {
		return Belief{Unjudged, []string{"nothing was measured of the machines that carried it"}}
	}
	return Belief{Verdict: Believed}
}

// measured is for how long it is known what the machine did.
func measured(load []trace.Load) (span model.Time) {
	for _, l := range load {
		span += l.Span
	}
	return span
}

// outside is how many frames the machine lost, and how many links carried.
func outside(r *Results) (lost, carried int64) {
	for _, l := range r.Load {
		lost += l.Lost
	}
	for i := range r.Links {
		carried += r.Links[i].Packets
	}
	return lost, carried
}

// gaps is for how long daemons that had died were missing.
func gaps(load []trace.Load) (sum model.Time) {
	for _, l := range load {
		sum += l.Gap
	}
	return sum
}

// machine gives every reason that the machine itself is.
func machine(load []trace.Load) (reasons []string) {
	var span, busy, steal, pressure, known, slipped float64
	for _, l := range load {
		s := l.Span.Seconds()
		span += s
		steal += l.Steal * s
		if l.Busy > BusyLimit {
			busy += s
		}
		if l.Slip > SlipLimit {
			slipped += s
		}
		if l.Pressure >= 0 {
			known += s
			pressure += l.Pressure * s
		}
	}
	if gap, over := gaps(load).Seconds(), max(span, gaps(load).Seconds()); gap > GapLimit*over {
		reasons = append(reasons, fmt.Sprintf("a daemon of the network had died or was stopped, and its switches were away for %.2f s of the run; up to %.1f %% of it is tolerated", gap, GapLimit*100))
	}
	if measured(load) < JudgedFrom {
		return reasons
	}
	doubt := func(is bool, format string, args ...any) {
		if is {
			reasons = append(reasons, fmt.Sprintf(format, args...))
		}
	}
	doubt(busy/span > BusyTime, "the machine was more than %.0f %% busy for %.0f %% of the run; up to %.0f %% of it is tolerated", BusyLimit*100, 100*busy/span, BusyTime*100)
	doubt(steal/span > StealLimit, "the hypervisor took %.1f %% of the cores; up to %.0f %% is tolerated", 100*steal/span, StealLimit*100)
	doubt(known > 0 && pressure/known > PressureLimit, "some task waited for a core %.0f %% of the time; up to %.0f %% is tolerated", 100*pressure/known, PressureLimit*100)
	doubt(slipped/span > SlipTime, "things came more than %v late in %.0f %% of the run; up to %.0f %% of it is tolerated", SlipLimit, 100*slipped/span, SlipTime*100)
	return reasons
}

// Measured says in a line what a belief rests on, "" when nothing was measured.
func (r *Results) Measured() string {
	l := meanLoad(r.Load)
	if l == nil {
		return ""
	}
	out := fmt.Sprintf("cores %.0f %% busy, %.1f %% stolen", 100*l.Busy, 100*l.Steal)
	if l.Pressure >= 0 {
		out += fmt.Sprintf(", waited for %.0f %% of the time", 100*l.Pressure)
	}
	if l.Switching > 0 {
		out += fmt.Sprintf("; switches at work for %.0f %% of it", 100*l.Switching)
	}
	late := "less than 1ms"
	if whole := l.Slip / model.Millisecond * model.Millisecond; whole > 0 {
		late = fmt.Sprintf("up to %v", whole)
	}
	out += fmt.Sprintf("; %s late; %d frames lost outside the network", late, l.Lost)
	if l.Gap > 0 {
		out += fmt.Sprintf("; switches away for %v", l.Gap/model.Millisecond*model.Millisecond)
	}
	shaped, worst := 0, 0.0
	for i := range r.Links {
		if k := &r.Links[i]; k.Measured > 0 && k.Rate > 0 {
			shaped++
			worst = max(worst, math.Abs(k.Measured/float64(k.Rate)-1))
		}
	}
	if shaped > 0 {
		out += fmt.Sprintf("; of %d link directions that were saturated all within %.1f %% of their rates", shaped, 100*worst)
	}
	return out
}
