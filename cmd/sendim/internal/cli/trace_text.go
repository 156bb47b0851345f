package cli

import (
	"fmt"
	"strconv"
	"strings"

	"sendim/core/model"
	"sendim/core/report"
	"sendim/core/trace"
)

func clock(t model.Time) string { return strconv.FormatFloat(t.Seconds(), 'f', 9, 64) }

// describe is what an entry says, in words.
func describe(e *trace.Entry) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if e.Port != nil {
		add("port %d", *e.Port)
	}
	if e.Rule != nil {
		add("%s %s", e.Rule.Command, e.Rule.Rule)
	}
	if e.Group != nil {
		add("%s group %d %s %s", e.Group.Command, e.Group.Group.Number, e.Group.Group.Name, e.Group.Group.Type)
	}
	if e.Meter != nil {
		add("%s meter %d %s at %d", e.Meter.Command, e.Meter.Meter.Number, e.Meter.Meter.Name, e.Meter.Meter.Rate)
	}
	if e.Header != nil {
		add("%s", e.Header)
	}
	if s := e.Spec; s != nil {
		parts = append(parts, setting(s)...)
	}
	if r := e.Result; r != nil {
		add("%s -> %s, %s at %s", r.From, r.To, report.BytesText(r.Bytes), report.RateText(r.Rate))
	}
	if p := e.Ping; p != nil {
		add("%s -> %s, %d of %d answered", p.From, p.To, p.Received, p.Sent)
	}
	if s := e.Sample; s != nil {
		add("%s -> %s, %s, %d dropped", s.From, s.To, report.BytesText(s.Bytes), s.Drops)
	}
	if s := e.Transfer; s != nil {
		add("%s in %s, %s in all", report.BytesText(s.Bytes), report.TimeText(s.Span), report.BytesText(s.Total))
		if s.Window > 0 {
			add("window %s, round trip %s", report.BytesText(s.Window), report.TimeText(s.RTT))
		}
	}
	if s := e.Queue; s != nil {
		class := ""
		if s.Class != "" {
			class = " of class " + s.Class
		}
		add("%s -> %s, %d packets%s waiting (%s), %d dropped, %d marked", s.From, s.To, s.Packets, class, report.BytesText(s.Bytes), s.Drops, s.Marks)
	}
	if s := e.Switch; s != nil {
		add("%d packets, %d misses, %d packet-ins, %d rules", s.Packets, s.Misses, s.PacketIns, s.Rules)
	}
	if t := e.Test; t != nil {
		verdict := "failed"
		if t.Passed {
			verdict = "passed"
		}
		add("%s: %s", verdict, t.Measured)
	}
	if e.Value != nil {
		add("%s = %v", e.Name, *e.Value)
	} else if e.Name != "" {
		add("%s", e.Name)
	}
	if e.Load != nil && e.Load.Span > 0 {
		add("%.0f %% busy, %.0f %% stolen", 100*e.Load.Busy, 100*e.Load.Steal)
	}
	if e.Load != nil && e.Load.Lost > 0 {
		add("%d frames lost outside the network", e.Load.Lost)
	}
	if e.Load != nil && e.Load.Gap > 0 {
		add("switches away for %s", report.TimeText(e.Load.Gap))
	}
	if e.Reason != "" {
		add("%s", e.Reason)
	}
	if e.Text != "" {
		add("%s", e.Text)
	}
	return strings.Join(parts, ", ")
}

// setting is what a link, a port or a channel was set to, and which direction of it; that
// there is none of it any more is said by nothing.
func setting(s *trace.LinkSetting) (parts []string) {
	switch {
	case s.Rate > 0:
		parts = append(parts, s.Rate.String())
	case s.Delay > 0:
		parts = append(parts, "delay "+s.Delay.String())
	case s.Loss > 0:
		parts = append(parts, fmt.Sprintf("%.4g%% loss", 100*s.Loss))
	}
	if s.From != "" {
		parts = append(parts, "from "+s.From)
	}
	return parts
}
