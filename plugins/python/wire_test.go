package python_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/integrators/labtest"
	"sendim/plugins/apprpc"
)

var update = flag.Bool("update", false, "write the golden files")

// launch starts an app in Python.
func launch(t testing.TB, path string, change ...func(*apprpc.Options)) app.Instance {
	t.Helper()
	labtest.NeedsPython(t)
	o := apprpc.Options{Path: path, Stderr: os.Stderr}
	for _, c := range change {
		c(&o)
	}
	i, err := apprpc.Launch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

// answers gives events to an app and lists its commands, event by event.
func answers(t testing.TB, i app.Instance, events ...app.Event) [][]app.Command {
	t.Helper()
	out := make([][]app.Command, len(events))
	if err := i.Handle(context.Background(), events, func(event int, c []app.Command) { out[event] = append(out[event], c...) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheManifestIsWhatTheClassSays(t *testing.T) {
	want := app.Manifest{
		Name: "mirror", Version: "2.3.4", Doc: "Says what it is told, and gives back the rules, groups and meters in it.", Tables: 3, Chains: true,
		Needs: []app.Need{app.NeedMeters, app.NeedSelect}, Services: []app.Service{app.ServiceARP, app.ServiceFlood}, Heeds: []app.Matter{app.MatterProfiles, app.MatterTenants},
		Parameters: []app.Parameter{
			{Name: "text", Type: app.String, Default: "as it is", Doc: "any text"},
			{Name: "count", Type: app.Int, Default: "7", Least: "1", Most: "9", Doc: "how many"},
			{Name: "share", Type: app.Float, Default: "0.5", Doc: "a share"},
			{Name: "on", Type: app.Bool, Default: "true", Doc: "whether"},
			{Name: "span", Type: app.Duration, Default: "1.5s", Doc: "how long"},
			{Name: "rate", Type: app.RateType, Default: "10Mbps", Doc: "how fast"},
			{Name: "mode", Type: app.Choice, Default: "fast", Choices: []string{"fast", "slow"}, Doc: "how"},
			{Name: "must", Type: app.String, Doc: "needed", Required: true},
		},
	}
	if diff := cmp.Diff(want, launch(t, "testdata/mirror.py").Manifest()); diff != "" {
		t.Error(diff)
	}
}

// everyEvent is one event of each kind in which no two numbers are alike.
func everyEvent() []app.Event {
	m := flow.Match{}.With(flow.InPort, 71).With(flow.EthDst, 0x0200000000ff).WithMask(flow.IPv6Dst, flow.Value{Hi: 0x2001 << 48}, flow.Value{Hi: 0xffff << 48})
	rule := flow.Rule{Table: 72, Priority: 73, Match: m, Cookie: 74}
	full := rule
	full.Apply = []flow.Action{flow.Set(flow.IPv4Dst, 0x0a000001), flow.InGroup("web"), flow.Out(75), flow.ToController(), flow.Next()}
	full.MeterName, full.HasGoto, full.Goto, full.Idle, full.Hard, full.SendRemoved = "slow", true, 76, 77, 78, true
	property := model.Property{Name: "pop", Value: "Seattle"}
	link := app.LinkInfo{ID: 30, A: app.Port{Switch: 31, Port: 32}, B: app.Port{Switch: 33, Port: 34}, Rate: 35, Delay: 36, Weight: 37, Spare: true, Up: true}
	host := app.HostInfo{ID: 40, Name: "h", MAC: 41, IP: 42, At: app.Port{Switch: 43, Port: 44}, Rate: 45, Up: true}
	settings := app.Settings{
		Classes:  []model.Class{{ID: "gold", Min: 10, Max: 11, Priority: 12}},
		Profiles: []app.Profile{{ID: "premium", Class: "gold", Rate: 13, Pool: "web", Members: []packet.IPv4{14, 0xff00000f}}},
		Services: []app.VirtualService{{ID: "web", IP: 16, MAC: 26, Proto: model.TCP, Port: 17, Members: []app.ServiceMember{{Node: 18, IP: 19, MAC: 20, Weight: 21}}}},
		Tenants:  []app.Tenant{{ID: "red", VLAN: 22, Quota: 23, Members: []packet.IPv4{24}}},
		Policies: []model.Policy{{Profile: "premium", Maximize: true, Property: "delay", Priority: 25}},
	}
	return []app.Event{
		{Kind: app.KindStart, At: -1, Start: &app.Start{Granted: []app.Need{app.NeedMeters}, Seed: 1<<64 - 1, Settings: settings, Last: true,
			Parameters: map[string]string{"text": "ä", "count": "-3", "share": "0.25", "on": "false", "span": "20ms", "rate": "1Gbps", "mode": "slow", "must": "x"}}},
		{Kind: app.KindTopology, At: 1, Topology: &app.Topology{Last: true, Links: []app.LinkInfo{link}, Hosts: []app.HostInfo{host},
			Switches: []app.SwitchInfo{{ID: 50, Name: "s50"}, {ID: 51, Name: "東京", Up: true, Properties: []model.Property{property, {Name: "a", Value: "b"}}}, {ID: 52, Name: "s52"}}}},
		{Kind: app.KindTopology, At: 2, Topology: &app.Topology{}},
		{Kind: app.KindSwitch, At: 3, Switch: &app.SwitchChange{Switch: app.SwitchInfo{ID: 53, Name: "s53", Up: true, Properties: []model.Property{property}}, Up: true, Gone: true}},
		{Kind: app.KindPort, At: 4, Port: &app.PortChange{Port: app.Port{Switch: 54, Port: 55}, Up: true, Rate: 56}},
		{Kind: app.KindLink, At: 5, Link: &app.LinkChange{Link: link, Gone: true}},
		{Kind: app.KindHost, At: 6, Host: &app.HostChange{Host: host, Gone: true}},
		{Kind: app.KindPacketIn, At: 7, PacketIn: &app.PacketIn{Port: app.Port{Switch: 57, Port: 58}, Table: 59, Reason: flow.ReasonInvalidTTL, Cookie: 60, Frame: []byte("frame"), Length: 61,
			Header: packet.Header{EthDst: 1, EthSrc: 2, EthType: 3, VLAN: 4, PCP: 5, ARPOp: 6, ARPSPA: 7, ARPTPA: 8, ARPSHA: 9, ARPTHA: 10, IPSrc: 11, IPDst: 12,
				IP6Src: packet.IPv6{Hi: 1, Lo: 13}, IP6Dst: packet.IPv6{Hi: 2, Lo: 14}, DSCP: 15, ECN: 16, Proto: 17, TTL: 18, L4Src: 19, L4Dst: 20, TCPFlags: 21, ICMPType: 22, ICMPCode: 23}}},
		{Kind: app.KindFlowRemoved, At: 8, FlowRemoved: &app.FlowRemoved{Switch: 62, Rule: rule, Reason: flow.RemovedMeter, Counters: flow.Counters{Packets: 63, Bytes: 64}, Age: 65}},
		{Kind: app.KindStats, At: 9, Stats: &app.Stats{Request: 80, Switch: 81,
			Rules: []flow.RuleStat{{Rule: full, Counters: flow.Counters{Packets: 82, Bytes: 83}, Age: 84}},
			Groups: []flow.GroupStat{{Group: flow.Group{Number: 85, Name: "web", Type: flow.FastFailover, Buckets: []flow.Bucket{{Weight: 86, WatchPort: 87, WatchGroup: 88, Actions: []flow.Action{flow.Out(89)}}}},
				Counters: flow.Counters{Packets: 90, Bytes: 91}, Buckets: []flow.Counters{{Packets: 92, Bytes: 93}}}},
			Meters: []flow.MeterStat{{Meter: flow.Meter{Number: 94, Name: "slow", Rate: 95, Burst: 96, PerPacket: true}, In: flow.Counters{Packets: 97, Bytes: 98}, Dropped: flow.Counters{Packets: 99, Bytes: 100}}},
			Ports:  []flow.PortStat{{Port: 101, RxPackets: 102, TxPackets: 103, RxBytes: 104, TxBytes: 105, RxDropped: 106, TxDropped: 107}}}},
		{Kind: app.KindTimer, At: 10, Timer: &app.Timer{Name: "tick"}},
		{Kind: app.KindApplied, At: 11, Applied: &app.Applied{Command: 108}},
		{Kind: app.KindFailed, At: 12, Failed: &app.Failed{Command: 109, Reason: "no"}},
		{Kind: app.KindSettings, At: 13, Settings: &settings},
	}
}

// The golden file is read by people: each number of everyEvent must stand at its name.
func TestEveryEventArrivesWithAllThatItHolds(t *testing.T) {
	var got strings.Builder
	for _, list := range answers(t, launch(t, "testdata/mirror.py"), everyEvent()...) {
		for _, c := range list {
			if c.Kind == app.KindLog {
				got.WriteString(c.Log.Text + "\n")
			}
		}
	}
	const golden = "testdata/events.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestEveryCommandArrivesAsGoWouldGiveIt(t *testing.T) {
	var want app.Commands
	rule := flow.Rule{Table: 2, Priority: 65535, Match: flow.Match{}.With(flow.InPort, 3).IPv4To(0x0a010000, 16),
		Apply: []flow.Action{flow.Set(flow.EthDst, 0x020000000001), {Type: flow.DecTTL}, flow.Out(4)}, Clear: true,
		Write:    []flow.Action{flow.InGroup("g"), {Type: flow.SetQueue, Arg: 2}},
		Metadata: 5, MetadataMask: 7, MeterName: "m", HasGoto: true, Idle: 10, Hard: 20, Cookie: 0xffffffff, SendRemoved: true}
	want.Install(1, rule)
	want.Install(2, flow.Rule{})
	want.List[1].Rule.CheckOverlap, want.List[1].Rule.ResetCounts = true, true
	want.Install(2, flow.Rule{Match: flow.Match{}.With(flow.VLANVID, 0x1005), Apply: []flow.Action{{Type: flow.PopVLAN}, {Type: flow.PushVLAN},
		{Type: flow.PushVLAN, Arg: 0x88a8}, flow.FloodTree(), {Type: flow.Output, Arg: flow.PortController, MaxLen: 128}, flow.Next()}})
	want.Remove(1, rule)
	want.RemoveMatching(1, 1, flow.Match{}.With(flow.EthType, 0x86dd).WithMask(flow.IPv6Src, flow.Value{Hi: 0x20010db8 << 32}, flow.Value{Hi: 0xffffffff << 32}))
	want.RemoveTagged(1, 9)
	want.SetGroup(0, flow.Group{Name: "g", Type: flow.Select, Buckets: []flow.Bucket{{Weight: 65535, Actions: []flow.Action{flow.Out(1)}},
		{WatchPort: 3, WatchName: "lower", Actions: []flow.Action{flow.Out(2), {Type: flow.DecTTL}}}, {WatchGroup: 4}}})
	want.RemoveGroup(0, "g")
	want.SetMeter(0, flow.Meter{Name: "m", Rate: 1000, Burst: 10, PerPacket: true})
	want.RemoveMeter(0, "m")
	want.LimitPort(70000, 2, 10_000_000_000)
	want.OnMiss(1, 1, app.MissNext)
	want.OnMiss(1, 0, app.MissDrop)
	frame := make([]byte, 20000)
	for i := range frame {
		frame[i] = byte(i % 200)
	}
	want.Send(1, flow.PacketOut{InPort: 2, Actions: []flow.Action{flow.Out(flow.PortInPort)}, Frame: frame})
	want.Send(1, flow.PacketOut{InPort: flow.PortController, Actions: []flow.Action{flow.FloodTree()}})
	want.AskStats(1, app.StatsRequest{Rules: true, Ports: true})
	want.AskStats(1, app.StatsRequest{Groups: true, Meters: true})
	want.After("t", 5*model.Second)
	want.After("t", -1)
	want.Report("share", -0.25)
	want.Report("nothing", 0)
	want.Log("warn", "ä日\x00 end")
	want.Acknowledge()
	got := answers(t, launch(t, "testdata/mirror.py"), app.Event{Kind: app.KindTimer, Timer: &app.Timer{Name: "commands"}})[0]
	for i := range min(len(got), len(want.List)) {
		if a, b := text(t, want.List[i]), text(t, got[i]); a != b {
			t.Errorf("command %d\n%s, want\n%s", i, b, a)
		}
	}
	if len(got) != len(want.List) {
		t.Errorf("%d commands, want %d", len(got), len(want.List))
	}
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// drawRule draws a rule that a switch might have, with anything in any field.
func drawRule(t *rapid.T) flow.Rule {
	bits := func(n int) uint64 { return rapid.Uint64().Draw(t, "bits") >> (64 - n) }
	value := func(f flow.Field) flow.Value {
		return flow.Value{Hi: bits(64), Lo: bits(64)}.And(f.AllOnes())
	}
	field := func() flow.Field { return flow.Field(rapid.IntRange(1, 30).Draw(t, "field")) }
	actions := func() (out []flow.Action) {
		for range rapid.IntRange(0, 4).Draw(t, "actions") {
			a := flow.Action{Type: flow.ActionType(rapid.IntRange(1, 9).Draw(t, "type"))}
			switch a.Type {
			case flow.Output:
				a.Arg, a.MaxLen = uint32(bits(32)), uint16(bits(16))
			case flow.ToGroup:
				a.Name, a.Arg = rapid.StringMatching(`[a-zä日]{0,5}`).Draw(t, "name"), uint32(bits(32))
			case flow.SetQueue, flow.PushVLAN:
				a.Arg = uint32(bits(32))
			case flow.SetField:
				a.Field = field()
				a.Value = value(a.Field)
			}
			out = append(out, a)
		}
		return out
	}
	r := flow.Rule{Table: uint8(bits(8)), Priority: uint16(bits(16)), Apply: actions(), Write: actions(), Clear: rapid.Bool().Draw(t, "clear"),
		Metadata: bits(64), MetadataMask: bits(64), HasGoto: rapid.Bool().Draw(t, "goto"), Idle: uint16(bits(16)), Hard: uint16(bits(16)),
		Cookie: bits(32), SendRemoved: rapid.Bool().Draw(t, "removed")}
	for range rapid.IntRange(0, 5).Draw(t, "fields") {
		f := field()
		mask := f.AllOnes()
		if rapid.Bool().Draw(t, "masked") {
			mask = value(f)
		}
		r.Match = r.Match.WithMask(f, value(f), mask)
	}
	if len(r.Match) == 0 {
		r.Match = nil
	}
	if r.HasGoto {
		r.Goto = uint8(bits(8))
	}
	if rapid.Bool().Draw(t, "metered") {
		r.MeterName = "m"
	}
	return r
}

// drawEvent gives an event with rules, groups and meters in it.
func drawEvent(t *rapid.T) app.Event {
	sw := model.NodeID(rapid.Int32Range(0, 1<<31-1).Draw(t, "switch"))
	if rapid.Bool().Draw(t, "removed") {
		return app.Event{Kind: app.KindFlowRemoved, FlowRemoved: &app.FlowRemoved{Switch: sw, Rule: drawRule(t)}}
	}
	s := &app.Stats{Switch: sw}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		s.Rules = append(s.Rules, flow.RuleStat{Rule: drawRule(t)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "groups") {
		g := flow.Group{Number: rapid.Uint32().Draw(t, "number"), Name: "g", Type: flow.GroupType(rapid.IntRange(0, 3).Draw(t, "type"))}
		for range rapid.IntRange(0, 3).Draw(t, "buckets") {
			g.Buckets = append(g.Buckets, flow.Bucket{Weight: rapid.Uint16().Draw(t, "weight"), WatchPort: rapid.Uint32().Draw(t, "port"),
				WatchName: rapid.SampledFrom([]string{"", "g", "ü"}).Draw(t, "watch"), Actions: drawRule(t).Apply})
		}
		s.Groups = append(s.Groups, flow.GroupStat{Group: g})
		s.Meters = append(s.Meters, flow.MeterStat{Meter: flow.Meter{Number: g.Number, Name: "m", Rate: rapid.Uint32().Draw(t, "rate"), Burst: rapid.Uint32().Draw(t, "burst")}})
	}
	return app.Event{Kind: app.KindStats, Stats: s}
}

func TestRulesGroupsAndMetersComeBackAsTheyWent(t *testing.T) {
	i := launch(t, "testdata/mirror.py")
	var issued uint64
	rapid.Check(t, func(rt *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(drawEvent), 1, 5).Draw(rt, "events")
		got := answers(t, i, events...)
		for n, e := range events {
			var want app.Commands
			want.SetIssued(issued)
			if e.FlowRemoved != nil {
				want.Install(e.FlowRemoved.Switch, e.FlowRemoved.Rule)
			} else {
				for _, r := range e.Stats.Rules {
					want.Install(e.Stats.Switch, r.Rule)
				}
				for _, g := range e.Stats.Groups {
					want.SetGroup(e.Stats.Switch, g.Group)
				}
				for _, m := range e.Stats.Meters {
					want.SetMeter(e.Stats.Switch, m.Meter)
				}
			}
			issued = want.Issued() + 1 // the line about the event
			if a, b := text(t, want.List), text(t, got[n][:len(got[n])-1]); a != b && len(want.List) > 0 {
				rt.Fatalf("%s, want\n%s", b, a)
			}
		}
	})
}

// ask runs a few lines of Python that read and write lines.
func ask(t *testing.T, code string, lines []string) []string {
	t.Helper()
	labtest.NeedsPython(t)
	cmd := exec.Command(interpreter, "-c", "import sys\nfrom sendim import rules, units\n"+code)
	cmd.Env = append(os.Environ(), "PYTHONPATH=.")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

func TestFieldsHaveTheNamesNumbersAndWidthsOfGo(t *testing.T) {
	var want []string
	for f := flow.Field(1); f.Valid(); f++ {
		ones, width := f.AllOnes(), 0
		for ; ones.Lo != 0; ones.Lo >>= 1 {
			width++
		}
		for ; ones.Hi != 0; ones.Hi >>= 1 {
			width++
		}
		want = append(want, text(t, []any{int(f), f.String(), width}))
	}
	got := ask(t, `for n, name in enumerate(rules._NAMES[1:], 1): print(f'[{n},"{name}",{rules._WIDTHS[name]}]')`, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestQuantitiesMeanTheSameAsInGo(t *testing.T) {
	lines := []string{"0", "0s", "5ms", "1.5s", "2min", "1h", "3m", "7us", "7µs", "1e3s", "1e400s", "1e-3ms", "-1s", "+1s", "5", "5 ms", " 5ms", "5ms ", "ms", "1.2.3s", ".5s", "5.s", "0.5ps", "1.5ps", "2.5ps",
		"9223372036854775807ps", "9223372036854775808ps", "107d", "106000h", "10Mbps", "2.5Gbps", "1Tbit/s", "1kbit", "1Kbps", "1mbps", "9e18bps", "9.3e18bps", "0.1Gbps", "1e", "1ebps", "", "-0", "٣s"}
	rapid.Check(t, func(rt *rapid.T) {
		lines = append(lines, rapid.StringMatching(`[+-]?[0-9]{0,8}(\.[0-9]{0,6})?(e[+-]?[0-9]{1,2})? ?(s|ms|us|ns|ps|min|h|Mbps|bps|Gbit/s|)`).Draw(rt, "line"))
	})
	got := ask(t, `
def read(f, line):
    try: return f(line)
    except ValueError: return "fault"
for line in sys.stdin.read().split("\n"): print(read(units.duration, line), read(units.rate, line))`, lines)
	for n, line := range lines {
		span, rate := "fault", "fault"
		if v, err := model.ParseTime(line); err == nil {
			span = text(t, int64(v))
		}
		if v, err := model.ParseRate(line); err == nil {
			rate = text(t, int64(v))
		}
		if want := span + " " + rate; n >= len(got) || got[n] != want {
			t.Errorf("%q is %s, want %s", line, got[min(n, len(got)-1)], want)
		}
	}
}
