package throttle_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sendim/core/app"
	"sendim/core/control"
	"sendim/core/flow"
	"sendim/core/model"
	"sendim/core/packet"
	"sendim/plugins/apptest"
	shortestpath "sendim/plugins/shortest-path"
	"sendim/plugins/throttle"
)

// ip is the address of host number n.
func ip(n int) packet.IPv4 { return packet.IPv4(10<<24 | uint32(n)) }

func mbps(n model.Rate) model.Rate { return n * 1_000_000 }

// users is what the descriptor of the tests says: h1 is a premium user, h2 and h3 are
// basic ones, whose class says less than their profile.
var users = app.Settings{
	Classes: []model.Class{{ID: "small", Max: mbps(5)}},
	Profiles: []app.Profile{
		{ID: "premium", Rate: mbps(20), Members: []packet.IPv4{ip(1)}},
		{ID: "basic", Class: "small", Rate: mbps(8), Members: []packet.IPv4{ip(2), ip(3)}},
		{ID: "guests", Members: []packet.IPv4{ip(4)}},
	},
}

// withUsers has an app start in a network that has them.
type withUsers struct {
	app.App
	app.Stateful
}

func (a withUsers) React(e *app.Event, out *app.Commands) {
	if e.Kind == app.KindStart {
		start := *e.Start
		start.Settings = users
		e = &app.Event{Kind: e.Kind, At: e.At, Start: &start}
	}
	a.App.React(e, out)
}

func fresh() app.App {
	a := throttle.New()
	return withUsers{a, a.(app.Stateful)}
}

// chain puts it in front of shortest-path.
func chain(params map[string]string) []control.Application {
	return []control.Application{
		{Instance: app.Local(throttle.New()), Params: params},
		{Instance: app.Local(shortestpath.New())},
	}
}

func variants() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, mode := range []string{"meter", "port"} {
		for _, direction := range []string{"both", "up", "down"} {
			out[mode+" "+direction] = map[string]string{"mode": mode, "direction": direction}
		}
	}
	return out
}

func TestItIsAFunctionOfItsEvents(t *testing.T) {
	for name, params := range variants() {
		t.Run(name, func(t *testing.T) { apptest.SameEventsSameCommands(t, fresh, "torus,3,3", params) })
	}
}

func TestItCanBeSavedAndGoOnElsewhere(t *testing.T) {
	for name, params := range variants() {
		t.Run(name, func(t *testing.T) { apptest.SaveRestoreChangesNothing(t, fresh, "torus,3,3", params) })
	}
}

func TestAloneItConnectsRandomNetworksWhoseLinksFail(t *testing.T) {
	for name, params := range variants() {
		t.Run(name, func(t *testing.T) { apptest.NoLoopNoBlackHole(t, fresh, params) })
	}
}

func TestNothingPilesUpOrIsLeftBehind(t *testing.T) {
	apptest.NothingLeftBehind(t, fresh, "torus,3,3", nil)
}

func TestAChainLeadsWhereTheLastAppLeads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		net := apptest.RandomNetwork(rt, 6)
		b := apptest.Start(t, apptest.Config{Model: net, Apps: chain(nil), Settings: users})
		if failed := b.PingAll(); len(failed) > 0 || b.Looped > 0 || len(b.Refused) > 0 {
			rt.Fatalf("%d pings failed, %d packets looped, refused: %v\n%s", len(failed), b.Looped, b.Refused, b.Tables())
		}
	})
}

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (run with -update if this is meant):\n%s", file, got)
	}
}

func TestTablesOfSmallNetworks(t *testing.T) {
	alone := func(params map[string]string) []control.Application {
		return []control.Application{{Instance: app.Local(throttle.New()), Params: params}}
	}
	for _, c := range []struct {
		name string
		apps []control.Application
	}{
		{"alone", alone(nil)},
		{"chain", chain(nil)},
		{"chain-down", chain(map[string]string{"direction": "down"})},
		{"chain-port", chain(map[string]string{"mode": "port"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := apptest.Start(t, apptest.Config{Model: apptest.Network(t, "linear,2,2"), Apps: c.apps, Settings: users, Record: true})
			var meters []string
			for _, s := range b.Sent {
				if strings.Contains(s, " meter ") || strings.Contains(s, " limit ") {
					_, what, _ := strings.Cut(s, " ")
					meters = append(meters, what+"\n")
				}
			}
			golden(t, c.name, b.Tables()+strings.Join(meters, ""))
		})
	}
}

// TestAMeterLetsThroughWhatAMemberMaySend sends ten times as much as may pass for ten
// seconds and counts what is dropped.
func TestAMeterLetsThroughWhatAMemberMaySend(t *testing.T) {
	for _, c := range []struct {
		from, to string
		f, t     int
		rate     float64 // kbit/s of the narrower meter, 0: none
	}{
		{"h1", "h4", 1, 4, 20_000},
		{"h2", "h4", 2, 4, 5_000},
		{"h4", "h3", 4, 3, 5_000},
		{"h4", "h5", 4, 5, 0},
	} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			sink := &metrics{names: map[string]float64{}}
			b := apptest.Start(t, apptest.Config{Model: apptest.Network(t, "single,5"), Apps: chain(nil), Settings: users, Sink: sink})
			const size, step = 1000, 160 * model.Microsecond // 50 Mbit/s
			h := packet.Header{EthSrc: packet.MAC(c.f), EthDst: packet.MAC(c.t), EthType: packet.EthTypeIPv4,
				Proto: packet.ProtoUDP, IPSrc: ip(c.f), IPDst: ip(c.t), L4Src: 1, L4Dst: 2}
			sent := 0
			for ; model.Time(sent)*step < 10*model.Second; sent++ {
				b.Inject(c.from, h, make([]byte, size-42))
				b.Run(step)
			}
			b.Run(2 * model.Second)
			passed := float64(sent * size)
			for name, value := range sink.names {
				if strings.HasSuffix(name, ".dropped") {
					passed -= value
				}
			}
			want := float64(sent * size)
			if c.rate > 0 {
				want = c.rate * (10 + 0.35) / 8 * 1000
			}
			if passed < 0.98*want || passed > 1.02*want {
				t.Errorf("%.0f bytes passed, not %.0f; metrics %v", passed, want, sink.names)
			}
			if (c.rate > 0) != sink.says("is limited") || (c.rate > 0) != sink.says("is no longer limited") {
				t.Errorf("the log says %q", sink.logs)
			}
		})
	}
}

// told drives an app by hand.
type told struct {
	app app.App
	out app.Commands
}

// tell gives what the app answers, in short.
func (d *told) tell(e app.Event) (said []string) {
	d.out.List = nil
	d.app.React(&e, &d.out)
	for _, c := range d.out.List {
		switch c.Kind {
		case app.KindMeter:
			said = append(said, fmt.Sprintf("s%d meter %s %s rate %d burst %d", c.Switch, c.Meter.Command, c.Meter.Meter.Name, c.Meter.Meter.Rate, c.Meter.Meter.Burst))
		case app.KindRule:
			said = append(said, fmt.Sprintf("s%d rule %s %s", c.Switch, c.Rule.Command, c.Rule.Rule))
		case app.KindPortRate:
			said = append(said, fmt.Sprintf("s%d port %d rate %s", c.Switch, c.PortRate.Port, c.PortRate.Rate))
		case app.KindLog:
			said = append(said, c.Log.Level+": "+c.Log.Text)
		case app.KindMetric:
			said = append(said, fmt.Sprintf("%s = %g", c.Metric.Name, c.Metric.Value))
		case app.KindStatsRequest:
			said = append(said, fmt.Sprintf("s%d stats meters=%t ports=%t", c.Switch, c.Stats.Meters, c.Stats.Ports))
		case app.KindSetTimer:
			said = append(said, "timer "+c.SetTimer.After.String())
		case app.KindMiss:
			said = append(said, fmt.Sprintf("s%d miss of %d", c.Switch, c.Miss.Table))
		}
	}
	return said
}

func begin(t *testing.T, params map[string]string, granted ...app.Need) (*told, []string) {
	t.Helper()
	m := throttle.Manifest()
	values, faults := m.Resolve(params)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	d := &told{app: throttle.New()}
	said := d.tell(app.Event{Kind: app.KindStart, Start: &app.Start{Parameters: values, Granted: granted, Settings: users}})
	return d, append(said, d.tell(app.Event{Kind: app.KindTopology, Topology: &app.Topology{Last: true,
		Switches: []app.SwitchInfo{{ID: 7, Name: "s7", Up: true}, {ID: 8, Name: "s8", Up: true}},
		Hosts: []app.HostInfo{
			{ID: 1, Name: "h1", IP: ip(1), At: app.Port{Switch: 7, Port: 1}},
			{ID: 2, Name: "h2", IP: ip(2), At: app.Port{Switch: 7, Port: 2}},
		}}})...)
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("it says\n  %s\nand should say\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestItTakesWhatTheNetworkHasAndSaysWhichItTook(t *testing.T) {
	for _, c := range []struct {
		mode, direction string
		granted         []app.Need
		want            string
	}{
		{"auto", "both", []app.Need{app.NeedMeters, app.NeedPortRate}, "info: mode meter: limited is what members send and what they receive"},
		{"auto", "up", []app.Need{app.NeedMeters}, "info: mode meter: limited is what members send"},
		{"auto", "both", []app.Need{app.NeedPortRate}, "warn: mode port: what members receive is limited at their switch's port; what they send is not"},
		{"port", "down", []app.Need{app.NeedMeters, app.NeedPortRate}, "info: mode port: what members receive is limited at their switch's port"},
		{"port", "up", []app.Need{app.NeedPortRate}, "error: mode port cannot limit what members send: nobody is limited"},
		{"meter", "both", []app.Need{app.NeedPortRate}, "error: mode meter, but this network has no meters: nobody is limited; mode auto would take the rates of ports"},
		{"auto", "both", nil, "error: this network can limit neither by meters nor by ports: nobody is limited"},
	} {
		_, said := begin(t, map[string]string{"mode": c.mode, "direction": c.direction}, c.granted...)
		if len(said) == 0 || said[0] != c.want {
			t.Errorf("mode %s with %v: %q", c.mode, c.granted, said)
		}
		limits := slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, " meter add") || strings.HasPrefix(s, "s7 port ") })
		if nobody := strings.HasPrefix(c.want, "error"); nobody == limits {
			t.Errorf("mode %s with %v: %q", c.mode, c.granted, said)
		}
	}
}

func TestMembersThatMoveOrGoTakeTheirMetersAlong(t *testing.T) {
	d, _ := begin(t, map[string]string{"direction": "up"}, app.NeedMeters)
	moved := app.HostInfo{ID: 2, Name: "h2", IP: ip(2), At: app.Port{Switch: 8, Port: 5}}
	expect(t, d.tell(app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: moved}}),
		"s8 meter add h2.up rate 5000 burst 1750",
		"s8 rule add table=0 priority=100 in_port=5,eth_type=0x0800 meter:h2.up goto:1",
		"s7 rule delete-strict table=0 priority=100 in_port=2,eth_type=0x0800 goto:1",
		"s7 meter delete h2.up rate 0 burst 0")
	expect(t, d.tell(app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: moved, Gone: true}}),
		"s8 rule delete-strict table=0 priority=100 in_port=5,eth_type=0x0800 goto:1",
		"s8 meter delete h2.up rate 0 burst 0")
	expect(t, d.tell(app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: app.HostInfo{ID: 3, Name: "h3", IP: ip(3), At: app.Port{Switch: 8, Port: 1}}}}),
		"s8 meter add h3.up rate 5000 burst 1750",
		"s8 rule add table=0 priority=100 in_port=1,eth_type=0x0800 meter:h3.up goto:1")
}

func TestWhatChangesNobodysLimitIsNotAnswered(t *testing.T) {
	d, _ := begin(t, nil, app.NeedMeters)
	expect(t, d.tell(app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: app.HostInfo{ID: 2, Name: "h2", IP: ip(2), At: app.Port{Switch: 7, Port: 2}, Up: true}}}))
	expect(t, d.tell(app.Event{Kind: app.KindLink, Link: &app.LinkChange{Link: app.LinkInfo{ID: 1, A: app.Port{Switch: 7, Port: 3}, B: app.Port{Switch: 8, Port: 3}}}}))
	expect(t, d.tell(app.Event{Kind: app.KindSwitch, Switch: &app.SwitchChange{Switch: app.SwitchInfo{ID: 8, Name: "s8"}}}))
	expect(t, d.tell(app.Event{Kind: app.KindSwitch, Switch: &app.SwitchChange{Switch: app.SwitchInfo{ID: 9, Name: "s9"}, Up: true}}), "s9 miss of 0", "s9 miss of 1")
	expect(t, d.tell(app.Event{Kind: app.KindTimer, Timer: &app.Timer{Name: "statistics"}}), "s7 stats meters=true ports=false", "timer 1s")
}

func TestProfilesMayChangeWhileTheNetworkRuns(t *testing.T) {
	faster := app.Settings{Profiles: []app.Profile{
		{ID: "premium", Rate: mbps(30), Members: []packet.IPv4{ip(1)}},
		{ID: "slow", Rate: 8000, Members: []packet.IPv4{ip(1), ip(2), ip(99)}},
	}}
	d, _ := begin(t, map[string]string{"direction": "down"}, app.NeedMeters)
	expect(t, d.tell(app.Event{Kind: app.KindSettings, Settings: &faster}),
		"s7 meter add h1.down rate 8 burst 25", // the lowest rate holds, and a frame must fit
		"s7 meter add h2.down rate 8 burst 25")
	expect(t, d.tell(app.Event{Kind: app.KindSettings, Settings: &app.Settings{}}),
		"s7 rule delete-strict table=1 priority=100 eth_type=0x0800,ipv4_dst=10.0.0.1 apply(next_app)",
		"s7 rule delete-strict table=1 priority=100 eth_type=0x0800,ipv4_dst=10.0.0.2 apply(next_app)",
		"s7 meter delete h1.down rate 0 burst 0",
		"s7 meter delete h2.down rate 0 burst 0")

	d, _ = begin(t, map[string]string{"mode": "port"}, app.NeedPortRate)
	expect(t, d.tell(app.Event{Kind: app.KindSettings, Settings: &faster}), "s7 port 1 rate 8kbps", "s7 port 2 rate 8kbps")
	expect(t, d.tell(app.Event{Kind: app.KindSettings, Settings: &app.Settings{}}), "s7 port 1 rate 0bps", "s7 port 2 rate 0bps")
}

func TestItSaysWhoIsLimitedByAPort(t *testing.T) {
	d, said := begin(t, map[string]string{"mode": "port", "interval": "2s"}, app.NeedPortRate)
	if !slices.Contains(said, "s7 stats meters=false ports=true") || !slices.Contains(said, "timer 2s") {
		t.Errorf("it begins with %q", said)
	}
	at := model.Time(0)
	reads := func(h1, h2 uint64) []string {
		at += 2 * model.Second
		return d.tell(app.Event{Kind: app.KindStats, At: at, Stats: &app.Stats{Switch: 7, Ports: []flow.PortStat{{Port: 1, TxBytes: h1}, {Port: 2, TxBytes: h2}, {Port: 3, TxBytes: 1}}}})
	}
	expect(t, reads(1000, 1000))
	expect(t, reads(2_001_000, 1_241_000), "h2.down.rate = 4.96e+06", "info: h2 (profile basic) is limited to 5Mbps in what it receives")
	expect(t, reads(2_002_000, 2_491_000), "h2.down.rate = 5e+06")
	expect(t, reads(2_003_000, 2_492_000), "info: h2 (profile basic) is no longer limited in what it receives")
	expect(t, d.tell(app.Event{Kind: app.KindTimer, Timer: &app.Timer{Name: "statistics"}}), "s7 stats meters=false ports=true", "timer 2s")
}

func TestItSaysWhoIsLimitedByAMeter(t *testing.T) {
	d, _ := begin(t, map[string]string{"direction": "up"}, app.NeedMeters)
	at := model.Time(0)
	reads := func(in, dropped uint64) []string {
		at += model.Second
		return d.tell(app.Event{Kind: app.KindStats, At: at, Stats: &app.Stats{Switch: 7, Meters: []flow.MeterStat{
			{Meter: flow.Meter{Name: "h1.up"}, In: flow.Counters{Bytes: in}, Dropped: flow.Counters{Bytes: dropped}},
			{Meter: flow.Meter{Name: "gone"}, Dropped: flow.Counters{Bytes: 5}}}}})
	}
	expect(t, reads(1000, 0))
	expect(t, reads(2_002_000, 1000), "h1.up.rate = 1.6e+07", "h1.up.dropped = 1000",
		"info: h1 (profile premium) is limited to 20Mbps in what it sends; 1000 bytes were dropped so far")
	expect(t, reads(4_502_000, 1000), "h1.up.rate = 2e+07") // a flow that keeps to its rate
	expect(t, reads(4_602_000, 1000), "info: h1 (profile premium) is no longer limited in what it sends; 1000 bytes were dropped so far")
	expect(t, reads(0, 0)) // a switch that counts anew accuses nobody
	expect(t, reads(100_000, 500), "h1.up.rate = 796000", "h1.up.dropped = 500",
		"info: h1 (profile premium) is limited to 20Mbps in what it sends; 500 bytes were dropped so far")
}
