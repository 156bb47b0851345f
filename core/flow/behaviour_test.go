package flow

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"sendim/core/packet"
)

func udp(dst packet.IPv4) packet.Header {
	return packet.Header{EthDst: 2, EthSrc: 1, EthType: packet.EthTypeIPv4, IPSrc: 0x0a000001, IPDst: dst,
		Proto: packet.ProtoUDP, TTL: 64, L4Src: 1000, L4Dst: 2000}
}

func ports(r *Result) (out []uint32) {
	for _, o := range r.Outputs {
		out = append(out, o.Port)
	}
	return out
}

func TestAnEmptySwitchIsTiny(t *testing.T) {
	if n := unsafe.Sizeof(Switch{}); n > 64 {
		t.Errorf("an empty switch takes %d bytes", n)
	}
	var s Switch
	if s.NextExpiry() != Never || s.Expire(5) != nil || s.Groups() != nil || s.Meters() != nil || s.Tables() != nil || s.Len() != 0 || s.state != nil {
		t.Error("an empty switch is not empty, or was filled by looking at it")
	}
	r := &Result{}
	s.Process(&Packet{Header: udp(1), InPort: 1, Bytes: 60}, 0, r)
	if r.Drop != DropMiss {
		t.Errorf("an empty switch drops for %s", r.Drop)
	}
	if got := s.Tables(); len(got) != 1 || got[0] != (TableStat{Lookups: 1}) {
		t.Errorf("tables: %v", got)
	}
}

func TestAPacketOfAKnownFlowAllocatesNothing(t *testing.T) {
	s := &Switch{}
	up := func(port uint32) bool { return port != 2 }
	must := func(_ []Removed, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.ApplyMeter(&MeterMod{Add, Meter{Number: 1, Rate: 1}}, 0))
	must(s.ApplyGroup(&GroupMod{Add, Group{Number: 1, Type: Select, Buckets: []Bucket{{Weight: 1, Actions: []Action{Set(EthDst, 9), Out(2)}}, {Weight: 1, Actions: []Action{Out(3)}}}}}, 0))
	must(s.ApplyGroup(&GroupMod{Add, Group{Number: 2, Type: FastFailover, Buckets: []Bucket{{WatchPort: 2}, {WatchPort: 3, Actions: []Action{{Type: ToGroup, Arg: 1}}}}}}, 0))
	must(s.ApplyGroup(&GroupMod{Add, Group{Number: 3, Buckets: []Bucket{{Actions: []Action{{Type: PushVLAN}, Set(VLANVID, 0x1002), {Type: ToGroup, Arg: 2}}}, {Actions: []Action{Out(4)}}}}}, 0))
	must(s.ApplyRule(&RuleMod{Rule: Rule{Table: 1, Apply: []Action{{Type: ToGroup, Arg: 3}, ToController()}, Idle: 5}}, 0))
	must(s.ApplyRule(&RuleMod{Rule: Rule{Match: Match(nil).IPv4To(0x0a000000, 8), Apply: []Action{Set(UDPDst, 5)}[:0],
		Write: []Action{{Type: DecTTL}, Out(7)}, Meter: 1, HasGoto: true, Goto: 1, Metadata: 1, MetadataMask: 1}}, 0))
	r, p := &Result{PortUp: up}, &Packet{Header: udp(0x0a000002), InPort: 1, Bytes: 100}
	var now int64
	s.Process(p, now, r)
	if got := ports(r); len(got) != 3 || len(r.Controller) != 1 {
		t.Fatalf("outputs %v, drop %s", got, r.Drop)
	}
	if n := testing.AllocsPerRun(100, func() { now += second; s.Process(p, now, r) }); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
	path := &Path{}
	s.Trace(p, r, path)
	if n := testing.AllocsPerRun(100, func() { s.Trace(p, r, path) }); n != 0 {
		t.Errorf("%v allocations per trace", n)
	}
}

func TestASwitchRefusesWithOpenFlowsNumbers(t *testing.T) {
	ip := Match(nil).With(EthType, 0x0800)
	rule := func(r Rule) RuleMod { return RuleMod{Rule: r} }
	out := func(a ...Action) RuleMod { return rule(Rule{Priority: 9, Match: ip, Apply: a}) }
	for _, c := range []struct {
		does string
		mod  any
		want string
	}{
		{"a full table", rule(Rule{Priority: 1}), "flow-mod-failed/table-full"},
		{"an unknown table", rule(Rule{Table: 4}), "flow-mod-failed/bad-table-id"},
		{"an overlap", RuleMod{Rule: Rule{Priority: 7}, CheckOverlap: true}, "flow-mod-failed/overlap"},
		{"a goto backwards", rule(Rule{Table: 2, HasGoto: true, Goto: 1}), "bad-instruction/bad-table-id"},
		{"a goto beyond", rule(Rule{HasGoto: true, Goto: 4}), "bad-instruction/bad-table-id"},
		{"metadata outside the mask", rule(Rule{Metadata: 2, MetadataMask: 1}), "bad-instruction/unsupported-metadata-mask"},
		{"a missing prerequisite", rule(Rule{Match: Match(nil).With(TCPDst, 80)}), "bad-match/bad-prereq"},
		{"UDP ports of TCP packets", rule(Rule{Match: ip.With(IPProto, 6).With(UDPDst, 80)}), "bad-match/bad-prereq"},
		{"a value too wide", rule(Rule{Match: Match{{EthType, V(0x10800), V(0xffff)}}}), "bad-match/bad-value"},
		{"bits outside the mask", rule(Rule{Match: Match{{EthDst, V(3), V(1)}}}), "bad-match/bad-mask"},
		{"a mask on eth_type", rule(Rule{Match: Match{{EthType, V(0), V(1)}}}), "bad-match/bad-mask"},
		{"a field twice", rule(Rule{Match: append(slices.Clone(ip), ip...)}), "bad-match/dup-field"},
		{"a tunnel", rule(Rule{Match: Match(nil).With(TunnelID, 5)}), "bad-match/bad-field"},
		{"an unknown group", out(Action{Type: ToGroup, Arg: 99}), "bad-action/bad-out-group"},
		{"a group without a number", out(InGroup("web")), "bad-action/bad-out-group"},
		{"flood", out(FloodTree()), "bad-action/bad-type"},
		{"OpenFlow's own flood", out(Out(PortFlood)), "bad-action/bad-out-port"},
		{"normal", out(Out(PortNormal)), "bad-action/bad-out-port"},
		{"port 0", out(Out(0)), "bad-action/bad-out-port"},
		{"setting TCP ports of any packet", out(Set(TCPDst, 1)), "bad-action/match-inconsistent"},
		{"setting a VLAN without a tag", out(Set(VLANVID, 0x1001)), "bad-action/match-inconsistent"},
		{"setting a VLAN without the present bit", out(Action{Type: PushVLAN}, Set(VLANVID, 1)), "bad-action/bad-set-argument"},
		{"setting the type", out(Set(EthType, 0x806)), "bad-action/bad-set-type"},
		{"popping no tag", out(Action{Type: PopVLAN}), "bad-action/match-inconsistent"},
		{"pushing two tags", out(Action{Type: PushVLAN}, Action{Type: PushVLAN}), "bad-action/bad-tag"},
		{"TTL of any packet", rule(Rule{Apply: []Action{{Type: DecTTL}}}), "bad-action/match-inconsistent"},
		{"an unknown meter", rule(Rule{Meter: 9}), "meter-mod-failed/invalid-meter"},
		{"a known group again", GroupMod{Add, Group{Number: 1}}, "group-mod-failed/group-exists"},
		{"group 0", GroupMod{Add, Group{}}, "group-mod-failed/invalid-group"},
		{"changing an unknown group", GroupMod{Modify, Group{Number: 9}}, "group-mod-failed/unknown-group"},
		{"an indirect group of two", GroupMod{Add, Group{Number: 9, Type: Indirect, Buckets: make([]Bucket, 2)}}, "group-mod-failed/invalid-group"},
		{"a weight where none counts", GroupMod{Add, Group{Number: 9, Buckets: []Bucket{{Weight: 1}}}}, "group-mod-failed/invalid-group"},
		{"failover without a watch", GroupMod{Add, Group{Number: 9, Type: FastFailover, Buckets: make([]Bucket, 1)}}, "group-mod-failed/bad-watch"},
		{"a loop of groups", GroupMod{Modify, Group{Number: 1, Buckets: []Bucket{{Actions: []Action{{Type: ToGroup, Arg: 2}}}}}}, "group-mod-failed/loop"},
		{"a group to itself", GroupMod{Add, Group{Number: 9, Buckets: []Bucket{{WatchGroup: 9}}}}, "group-mod-failed/loop"},
		{"deleting a group in use", GroupMod{Delete, Group{Number: 1}}, "group-mod-failed/chained-group"},
		{"a known meter again", MeterMod{Add, Meter{Number: 1, Rate: 1}}, "meter-mod-failed/meter-exists"},
		{"a meter without a rate", MeterMod{Add, Meter{Number: 2}}, "meter-mod-failed/bad-rate"},
		{"changing an unknown meter", MeterMod{Modify, Meter{Number: 2, Rate: 1}}, "meter-mod-failed/unknown-meter"},
	} {
		s := &Switch{Config: &Config{Tables: 4, MaxRules: 2}}
		mustAdd(t, s, Rule{Priority: 7, Match: ip})
		mustAdd(t, s, Rule{Priority: 8, Match: ip})
		for _, g := range []Group{{Number: 1}, {Number: 2, Buckets: []Bucket{{Actions: []Action{{Type: ToGroup, Arg: 1}}}}}} {
			if _, err := s.ApplyGroup(&GroupMod{Add, g}, 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.ApplyMeter(&MeterMod{Add, Meter{Number: 1, Rate: 1}}, 0); err != nil {
			t.Fatal(err)
		}
		before := s.Version()
		var err error
		switch m := c.mod.(type) {
		case RuleMod:
			_, err = s.ApplyRule(&m, 0)
		case GroupMod:
			_, err = s.ApplyGroup(&m, 0)
		case MeterMod:
			_, err = s.ApplyMeter(&m, 0)
		}
		var refused *Error
		if !errors.As(err, &refused) || refused.Name() != c.want {
			t.Errorf("%s: %v, want %s", c.does, err, c.want)
		}
		if s.Version() != before {
			t.Errorf("%s: refused, yet the switch has changed", c.does)
		}
	}
}

func TestAChainOfGroupsHasAnEnd(t *testing.T) {
	s := &Switch{}
	for n := uint32(1); ; n++ {
		g := Group{Number: n}
		if n > 1 {
			g.Buckets = []Bucket{{Actions: []Action{{Type: ToGroup, Arg: n - 1}}}}
		}
		if _, err := s.ApplyGroup(&GroupMod{Add, g}, 0); err != nil {
			if n != maxChain+1 || !strings.Contains(err.Error(), "chaining-unsupported") {
				t.Errorf("group %d: %v", n, err)
			}
			return
		}
	}
}

func TestAnIdleRuleEndsExactlyItsTimeoutAfterTheLastPacket(t *testing.T) {
	s, r := &Switch{}, &Result{}
	mustAdd(t, s, Rule{Idle: 2, Apply: []Action{Out(2)}, SendRemoved: true})
	s.Process(&Packet{Header: udp(1), InPort: 1, Bytes: 60}, 1_500_000_000_001, r)
	const end = 3_500_000_000_001
	if got := s.NextExpiry(); got != end {
		t.Fatalf("next expiry %d, want %d", got, int64(end))
	}
	if got := s.Expire(end - 1); got != nil {
		t.Fatalf("a picosecond early: %v", got)
	}
	got := s.Expire(end)
	if len(got) != 1 || got[0].Reason != RemovedIdle || got[0].Counters.Packets != 1 || got[0].Age != end {
		t.Fatalf("removed: %v", got)
	}
	if s.Process(&Packet{Header: udp(1), InPort: 1}, end, r); r.Drop != DropMiss {
		t.Fatalf("the rule still works: %s", r.Drop)
	}
}

func TestOfTwoTimeoutsAtOnceTheHardOneCounts(t *testing.T) {
	s, r := &Switch{}, &Result{}
	mustAdd(t, s, Rule{Idle: 1, Hard: 2})
	s.Process(&Packet{Header: udp(1), InPort: 1}, second, r)
	if got := s.Expire(2 * second); len(got) != 1 || got[0].Reason != RemovedHard {
		t.Errorf("removed: %v", got)
	}
}

func TestAFluidFlowKeepsItsRuleAlive(t *testing.T) {
	s, r, path := &Switch{}, &Result{}, &Path{}
	mustAdd(t, s, Rule{Idle: 1, Apply: []Action{Out(2)}})
	s.Trace(&Packet{Header: udp(1), InPort: 1}, r, path)
	s.TouchPath(path, 1000, 1_000_000, second/2)
	if got := s.NextExpiry(); got != second*3/2 {
		t.Errorf("next expiry %d", got)
	}
	mustAdd(t, s, Rule{Idle: 1, Apply: []Action{Out(3)}})
	if path.Rules[0].Live() || s.Touch(path.Rules[0], 1, 1, second) {
		t.Error("a replaced rule is still live")
	}
	if stat := slices.Collect(s.Rules(AllTables, 0))[0]; stat.Counters.Packets != 1000 {
		t.Errorf("the rule that replaced it does not go on counting: %v", stat.Counters)
	}
}

func TestAMeterLetsTheBurstPassAndThenTheRate(t *testing.T) {
	s, r := &Switch{}, &Result{}
	if _, err := s.ApplyMeter(&MeterMod{Add, Meter{Number: 1, Rate: 8000, Burst: 80}}, 0); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, s, Rule{Meter: 1, Apply: []Action{Out(2)}})
	// 100 Mbit/s of 1000-byte packets for a second through 8 Mbit/s with 80 kbit of burst:
	// 10 packets of burst, then one each millisecond.
	passed := 0
	for i := range int64(12500) {
		if s.Process(&Packet{Header: udp(1), InPort: 1, Bytes: 1000}, i*80_000_000, r); len(r.Outputs) == 1 {
			passed++
		}
	}
	if passed != 10+999 {
		t.Errorf("%d packets passed", passed)
	}
	if m := s.Meters()[0]; m.In.Packets != 12500 || m.Dropped.Packets != uint64(12500-passed) {
		t.Errorf("counted %v", m)
	}
}

func TestNeighboursOfADeadBucketKeepTheirFlows(t *testing.T) {
	s, dead := &Switch{Seed: 3}, uint32(0)
	g := Group{Number: 1, Type: Select}
	for i := range uint32(4) {
		g.Buckets = append(g.Buckets, Bucket{Weight: uint16(1 + i), WatchPort: 2 + i, Actions: []Action{Out(2 + i)}})
	}
	if _, err := s.ApplyGroup(&GroupMod{Add, g}, 0); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, s, Rule{Apply: []Action{{Type: ToGroup, Arg: 1}}})
	r := &Result{PortUp: func(p uint32) bool { return p != dead }}
	var share [6]int
	for i := range 10_000 {
		p := &Packet{Header: udp(packet.IPv4(i)), InPort: 1}
		dead = 0
		s.Process(p, 0, r)
		before := r.Outputs[0].Port
		share[before]++
		dead = 4
		s.Process(p, 0, r)
		if after := r.Outputs[0].Port; before != 4 && after != before || after == 4 {
			t.Fatalf("flow %d went from port %d to %d", i, before, after)
		}
	}
	for port, n := range share[2:] {
		if want := 1000 * (port + 1); n < want-150 || n > want+150 {
			t.Errorf("port %d got %d flows of about %d", port+2, n, want)
		}
	}
}

func TestAPacketOutCanGoThroughTheTables(t *testing.T) {
	s, r := &Switch{}, &Result{}
	mustAdd(t, s, Rule{Match: Match(nil).With(EthDst, 7), Apply: []Action{Out(3)}})
	p := &Packet{Header: udp(1), InPort: PortController, Bytes: 60}
	if err := s.Send(p, []Action{Set(EthDst, 7), Out(1), Out(PortTable)}, 0, r); err != nil {
		t.Fatal(err)
	}
	if got := ports(r); !slices.Equal(got, []uint32{1, 3}) || r.Outputs[1].Header.EthDst != 7 {
		t.Errorf("ports %v", got)
	}
	if err := s.Send(p, []Action{FloodTree()}, 0, r); err == nil || len(r.Outputs) != 0 {
		t.Errorf("flood: %v", err)
	}
}

// What Open vSwitch 3.1.0's userspace datapath let pass of 30 packets of 106 bytes with
// its clock stopped; a burst of 0 means none was given.
func TestAMeterHasTheDepthThatOpenVSwitchGivesIt(t *testing.T) {
	for _, c := range []struct {
		meter Meter
		want  uint64
	}{
		{Meter{Rate: 5, PerPacket: true}, 5},
		{Meter{Rate: 5, Burst: 8, PerPacket: true}, 8},
		{Meter{Rate: 8}, 9},
		{Meter{Rate: 8, Burst: 16}, 18},
	} {
		s, r := &Switch{}, &Result{}
		c.meter.Number = 1
		if _, err := s.ApplyMeter(&MeterMod{Add, c.meter}, 0); err != nil {
			t.Fatal(err)
		}
		mustAdd(t, s, Rule{Meter: 1, Apply: []Action{Out(2)}})
		for range 30 {
			s.Process(&Packet{Header: udp(1), InPort: 1, Bytes: 106}, 0, r)
		}
		if m := s.Meters()[0]; m.In.Packets-m.Dropped.Packets != c.want {
			t.Errorf("%+v: %d passed, want %d", c.meter, m.In.Packets-m.Dropped.Packets, c.want)
		}
	}
}

func TestAPacketThatEndedEarlyDoesNotCutTheWayOfTheNext(t *testing.T) {
	s, r := &Switch{}, &Result{}
	mustAdd(t, s, Rule{Match: Match(nil).With(EthType, 0x0800), Apply: []Action{{Type: DecTTL}}, HasGoto: true, Goto: 1})
	mustAdd(t, s, Rule{Table: 1, Apply: []Action{Out(2)}})
	p := &Packet{Header: udp(1), InPort: 1}
	p.Header.TTL = 1
	s.Process(p, 0, r)
	if r.Drop != DropTTL || len(r.Controller) != 1 || r.Controller[0].Reason != ReasonInvalidTTL {
		t.Errorf("a packet on its last hop: %s %v", r.Drop, r.Controller)
	}
	p.Header.TTL = 64
	for range 2 {
		if s.Process(p, 0, r); !slices.Equal(ports(r), []uint32{2}) {
			t.Errorf("the next packet: %s", r.Drop)
		}
	}
}
