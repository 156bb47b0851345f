package app_test

import (
	"reflect"
	"testing"

	"sendim/core/app"
	"sendim/core/fault"
	"sendim/core/model"
	"sendim/core/packet"
)

func port(sw model.NodeID, p model.PortNo) app.Port { return app.Port{Switch: sw, Port: p} }

// triangle is three switches 1, 4 and 7, links 10 to 12 and a host 8 behind 4:3.
func triangle() *app.View {
	v := &app.View{}
	v.Take(&app.Event{Kind: app.KindTopology, Topology: &app.Topology{Switches: []app.SwitchInfo{{ID: 1, Name: "a"}, {ID: 4, Name: "b"}, {ID: 7, Name: "c"}},
		Links: []app.LinkInfo{{ID: 10, A: port(1, 1), B: port(4, 1), Up: true}}}})
	v.Take(&app.Event{Kind: app.KindTopology, Topology: &app.Topology{Last: true,
		Links: []app.LinkInfo{{ID: 11, A: port(4, 2), B: port(7, 1), Up: true}, {ID: 12, A: port(7, 2), B: port(1, 2)}},
		Hosts: []app.HostInfo{{ID: 8, Name: "h", IP: 99, MAC: 77, At: port(4, 3), Up: true}}}})
	return v
}

func TestAViewOfChunksIsAskedByNumberAndName(t *testing.T) {
	v := triangle()
	if !v.Ready() {
		t.Error("not ready after the last chunk")
	}
	if n, ok := v.SwitchNumber(7); n != 2 || !ok {
		t.Errorf("switch 7 has number %d", n)
	}
	if _, ok := v.SwitchNumber(5); ok {
		t.Error("there is no switch 5")
	}
	for name, find := range map[string]func() (*app.HostInfo, bool){
		"ip":   func() (*app.HostInfo, bool) { return v.HostByIP(99) },
		"mac":  func() (*app.HostInfo, bool) { return v.HostByMAC(77) },
		"port": func() (*app.HostInfo, bool) { return v.HostAt(port(4, 3)) },
		"id":   func() (*app.HostInfo, bool) { return v.Host(8) },
	} {
		if h, ok := find(); !ok || h.Name != "h" {
			t.Errorf("the host is not found by %s", name)
		}
	}
	a, b := v.Columns()
	if !reflect.DeepEqual(a, []int32{0, 1, 2}) || !reflect.DeepEqual(b, []int32{1, 2, 0}) {
		t.Errorf("columns %v %v", a, b)
	}
	if v.PortOf(2*1) != port(4, 2) || v.PortOf(2*1+1) != port(7, 1) {
		t.Error("the arcs of link 1 leave by other ports")
	}
	want := []app.Neighbour{{Port: 1, Link: 10, Peer: port(1, 1), Host: model.NoNode}, {Port: 2, Link: 11, Peer: port(7, 1), Host: model.NoNode},
		{Port: 3, Link: model.NoLink, Peer: app.Port{Switch: model.NoNode}, Host: 8}}
	if got := v.Neighbours(4); !reflect.DeepEqual(got, want) {
		t.Errorf("neighbours %+v", got)
	}
}

func TestAViewFollowsChangesAndSaysWhetherThereWereAny(t *testing.T) {
	v := triangle()
	shape := v.Shape()
	link := v.Links()[0]
	link.Up = false
	for i, want := range []bool{true, false} {
		if got := v.Take(&app.Event{Kind: app.KindLink, Link: &app.LinkChange{Link: link}}); got != want {
			t.Errorf("time %d of the same change: %v", i, got)
		}
	}
	if v.Links()[0].Up || v.Shape() != shape {
		t.Error("a link that goes down stays in the picture")
	}
	moved := app.HostInfo{ID: 8, Name: "h", IP: 99, MAC: 77, At: port(7, 3)}
	v.Take(&app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: moved}})
	if _, ok := v.HostAt(port(4, 3)); ok {
		t.Error("the host is still where it was")
	}
	if h, ok := v.HostAt(port(7, 3)); !ok || h.ID != 8 || len(v.Neighbours(4)) != 2 {
		t.Error("the host is not where it went")
	}
	v.Take(&app.Event{Kind: app.KindHost, Host: &app.HostChange{Host: moved, Gone: true}})
	if _, ok := v.HostByIP(packet.IPv4(99)); ok || len(v.Hosts()) != 0 {
		t.Error("the host is still known")
	}
	v.Take(&app.Event{Kind: app.KindLink, Link: &app.LinkChange{Link: v.Links()[1], Gone: true}})
	if v.Shape() == shape || len(v.Links()) != 2 {
		t.Error("a link that vanishes leaves the picture")
	}
	shape = v.Shape()
	gone := &app.Event{Kind: app.KindSwitch, Switch: &app.SwitchChange{Switch: v.Switches()[0], Gone: true}}
	if n := len(v.Switches()); !v.Take(gone) || v.Take(gone) || len(v.Switches()) != n-1 || v.Shape() == shape {
		t.Error("a switch that was removed stays in the picture")
	}
	again := &app.View{}
	again.Take(&app.Event{Kind: app.KindTopology, Topology: v.Snapshot()})
	if !reflect.DeepEqual(again.Snapshot(), v.Snapshot()) {
		t.Error("a snapshot makes another view")
	}
}

func TestParametersAreFilledInAndChecked(t *testing.T) {
	m := app.Manifest{Name: "x", Parameters: []app.Parameter{
		{Name: "idle", Type: app.Duration, Default: "60s"}, {Name: "mode", Type: app.Choice, Choices: []string{"fast", "slow"}, Default: "fast"},
		{Name: "n", Type: app.Int, Required: true, Doc: "how many"},
		{Name: "priority", Type: app.Int, Default: "100", Least: "1", Most: "65534"}, {Name: "share", Type: app.Float, Default: "1", Least: "0"},
		{Name: "hard", Type: app.Duration, Default: "0s", Most: "65535s"}, {Name: "rate", Type: app.RateType, Default: "1Mbps", Least: "8kbps"}}}
	values, faults := m.Resolve(map[string]string{"n": "3"})
	if faults.Err() != nil || !reflect.DeepEqual(values, map[string]string{"idle": "60s", "mode": "fast", "n": "3", "priority": "100", "share": "1", "hard": "0s", "rate": "1Mbps"}) {
		t.Errorf("%v %v", values, faults)
	}
	_, faults = m.Resolve(map[string]string{"idel": "1s", "mode": "fest", "idle": "1"})
	want := `<param value>: parameter "idle" is "1", which is not a span of time such as 10s [bad-parameter]
<param value>: parameter "mode" is "fest", which is none of fast, slow; did you mean "fast"? [bad-parameter]
<param>: x needs the parameter "n" (how many) [bad-parameter]
<param name>: x has no parameter "idel"; it has idle, mode, n, priority, share, hard, rate; did you mean "idle"? [unknown-parameter]`
	if faults.Err() == nil || faults.Error() != want || !fault.Is(faults, fault.UnknownParameter) {
		t.Errorf("faults:\n%v", faults)
	}
	if _, faults = m.Resolve(map[string]string{"n": "1", "priority": "65534", "share": "0", "hard": "65535s", "rate": "8kbps"}); faults.Err() != nil {
		t.Errorf("at their bounds: %v", faults)
	}
	_, faults = m.Resolve(map[string]string{"n": "1", "priority": "0", "share": "-0.5", "hard": "20h", "rate": "8bps"})
	want = `<param value>: parameter "priority": "0" is outside 1..65534 [bad-parameter]
<param value>: parameter "share": "-0.5" is below 0, the least [bad-parameter]
<param value>: parameter "hard": "20h" is above 65535s, the most [bad-parameter]
<param value>: parameter "rate": "8bps" is below 8kbps, the least [bad-parameter]`
	if faults.Err() == nil || faults.Error() != want {
		t.Errorf("faults:\n%v", faults)
	}
}
