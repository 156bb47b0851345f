package cli

import "sendim/core/trace"

// traceKinds lists the kinds of entries for completion and error texts.
func traceKinds() []trace.Kind {
	return []trace.Kind{trace.ChangeStep, trace.SwitchUp, trace.SwitchDown, trace.PortStatus, trace.PacketIn, trace.FlowRemoved, trace.RuleMod,
		trace.GroupMod, trace.MeterMod, trace.PacketOut, trace.PortRate, trace.Refused, trace.AppStarted, trace.AppLost, trace.AppLog, trace.AppMetric,
		trace.FlowStart, trace.FlowEnd, trace.PingEnd, trace.ExecEnd, trace.LinkDown, trace.LinkUp, trace.LinkSet, trace.NodeDown, trace.NodeUp, trace.MemberLeft, trace.MemberCame,
		trace.LinkSample, trace.LinkTotal, trace.FlowPoint, trace.QueuePoint, trace.NodePoint, trace.Packet, trace.RunStart, trace.RunEnd, trace.TestVerdict, trace.Warning, trace.MachineLoad}
}
