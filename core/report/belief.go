package report

import (
	"fmt"

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
	// StealLimit: what the hypervisor gives to others is missing at moments nobody can
	// see from inside; five percent is well above the grain of /proc/stat.
	StealLimit = 0.05
	// PressureLimit: the kernel's "some" pressure counts time in which any task, of the
	// dozens that an emulated network has, waited for a core, however short. Two thirds
	// of the time were seen beside rates that were right to a percent; above four fifths
	// waiting is the rule and not the exception.
	PressureLimit = 0.80
	// RateLimit: how far a saturated link's measured rate may be from the asked one.
	RateLimit = 0.10
)

// Believe judges results by what the machine did meanwhile and by what its links
// really carried. A simulated run has no such entries and is always valid.
func Believe(r *Results) Belief {
	var reasons []string
	if r.Manifest.State == Failed {
		reasons = append(reasons, "the run broke down")
	}
	if reason := machine(r.Load); reason != "" {
		reasons = append(reasons, reason)
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
		return Belief{"invalid", reasons}
	}
	return Belief{Verdict: "valid"}
}

func machine(load []trace.Load) string {
	var span, busy, steal, pressure, known float64
	for _, l := range load {
		s := l.Span.Seconds()
		span += s
		steal += l.Steal * s
		if l.Busy > BusyLimit {
			busy += s
		}
		if l.Pressure >= 0 {
			known += s
			pressure += l.Pressure * s
		}
	}
	switch {
	case span == 0:
		return ""
	case busy/span > BusyTime:
		return fmt.Sprintf("the machine was more than %.0f %% busy for %.0f %% of the run; up to %.0f %% of it is tolerated", BusyLimit*100, 100*busy/span, BusyTime*100)
	case steal/span > StealLimit:
		return fmt.Sprintf("the hypervisor took %.1f %% of the cores; up to %.0f %% is tolerated", 100*steal/span, StealLimit*100)
	case known > 0 && pressure/known > PressureLimit:
		return fmt.Sprintf("some task waited for a core %.0f %% of the time; up to %.0f %% is tolerated", 100*pressure/known, PressureLimit*100)
	}
	return ""
}
