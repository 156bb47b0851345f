package ovs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
)

func TestManyBridgesComeInOneTransaction(t *testing.T) {
	need(t)
	s, v := start(t, "bridges", t.TempDir())
	const count = 20
	var links []netns.Link
	bridges := make([]ovs.Bridge, count)
	for i := range bridges {
		bridges[i] = ovs.Bridge{Name: fmt.Sprint("s", i), DPID: uint64(i + 0x10)}
	}
	for i := range bridges {
		k := (i + 1) % count
		a, b := fmt.Sprintf("s%d-eth5", i), fmt.Sprintf("s%d-eth7", k)
		links = append(links, netns.Link{{Name: a}, {Name: b}})
		bridges[i].Ports = append(bridges[i].Ports, ovs.Port{Interface: a, Number: 5})
		bridges[k].Ports = append(bridges[k].Ports, ovs.Port{Interface: b, Number: 7})
	}
	if err := s.MakeLinks(t.Context(), links); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := v.AddBridges(t.Context(), bridges, "tcp:127.0.0.1:6653"); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bridges in %v", count, time.Since(began))
	for _, c := range []struct{ script, want string }{
		{"ovs-vsctl get-controller s3", "tcp:127.0.0.1:6653"},
		{"ovs-vsctl get-fail-mode s3", "secure"},
		{"ovs-vsctl get bridge s3 datapath_id", `"0000000000000013"`},
		{"ovs-vsctl get interface s3-eth5 ofport", "5"},
		{"ovs-vsctl get interface s3-eth7 ofport", "7"},
		{"ovs-ofctl -O OpenFlow13 show s3 | grep -c '^ [57](s3-eth'", "2"},
		{"ovs-ofctl -O OpenFlow10 show s3 >/dev/null 2>&1 || echo only 1.3", "only 1.3"},
	} {
		if got := netnstest.Inside(t, s, c.script); got != c.want {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
	// More come beside them.
	if err := s.MakeLinks(t.Context(), []netns.Link{{{Name: "more-1"}, {Name: "more-2"}}}); err != nil {
		t.Fatal(err)
	}
	if err := v.AddBridges(t.Context(), []ovs.Bridge{{Name: "more", DPID: 99, Ports: []ovs.Port{{Interface: "more-1", Number: 1}, {Interface: "more-2", Number: 2}}}}, ""); err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(netnstest.Inside(t, s, "ovs-vsctl list-br")); len(got) != count+1 {
		t.Errorf("there are %v", got)
	}
	// A bridge twice is refused whole, an interface that is missing is named.
	if err := v.AddBridges(t.Context(), []ovs.Bridge{{Name: "other", DPID: 7}, {Name: "s1", DPID: 8}}, ""); err == nil || !strings.Contains(err.Error(), "s1") {
		t.Error(err)
	}
	if got := netnstest.Inside(t, s, "ovs-vsctl list-br | grep -c other || true"); got != "0" {
		t.Error("half of a transaction was carried out")
	}
	var missing *ovs.PortError
	err := v.AddBridges(t.Context(), []ovs.Bridge{{Name: "odd", DPID: 9, Ports: []ovs.Port{{Interface: "nothing", Number: 1}, {Interface: "more-1", Number: 0}}}}, "")
	if err == nil || errors.As(err, &missing) { // more-1 is another bridge's
		t.Error(err)
	}
	err = v.AddBridges(t.Context(), []ovs.Bridge{{Name: "odd", DPID: 9, Ports: []ovs.Port{{Interface: "nothing", Number: 1}}}}, "")
	if !errors.As(err, &missing) || missing.Count != 1 || !strings.Contains(err.Error(), "nothing: ") {
		t.Error(err)
	}
}

func TestMakingBridgesEndsWithItsContextAndWithItsDaemons(t *testing.T) {
	need(t)
	_, v := start(t, "called-off", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.AddBridges(ctx, []ovs.Bridge{{Name: "s1", DPID: 1}}, ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := v.Stop(time.Second); err != nil {
		t.Fatal(err)
	}
	if err := v.AddBridges(t.Context(), []ovs.Bridge{{Name: "s1", DPID: 1}}, ""); err == nil || !strings.Contains(err.Error(), "Open vSwitch was stopped") {
		t.Error(err)
	}
}
