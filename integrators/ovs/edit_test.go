package ovs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
)

func TestBridgesAndPortsComeAndGoInALivingOpenVSwitch(t *testing.T) {
	need(t)
	dir := filepath.Join(t.TempDir(), "a #1 of 50%?") // whatever people call their directories
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, v := start(t, "edit", dir)
	link := func(a, b string) {
		t.Helper()
		if err := s.MakeLinks(t.Context(), []netns.Link{{{Name: a}, {Name: b, Down: true}}}); err != nil {
			t.Fatal(err)
		}
	}
	link("s1-eth1", "s2-eth1")
	two := []ovs.Bridge{{Name: "s1", DPID: 1, Ports: []ovs.Port{{Interface: "s1-eth1", Number: 1}}}, {Name: "s2", DPID: 2, Ports: []ovs.Port{{Interface: "s2-eth1", Number: 1}}}}
	if err := v.AddBridges(t.Context(), two, "tcp:127.0.0.1:6653"); err != nil {
		t.Fatal(err)
	}
	if err := v.Edit(t.Context(), ovs.Edit{}); err != nil {
		t.Error(err)
	}
	link("s1-eth2", "s3-eth1")
	link("s2-eth9", "s3-eth4")
	third := ovs.Edit{
		Bridges: []ovs.Bridge{{Name: "s3", DPID: 0x33, Ports: []ovs.Port{{Interface: "s3-eth1", Number: 1}, {Interface: "s3-eth4", Number: 4}}}},
		Ports:   []ovs.Bridge{{Name: "s1", Ports: []ovs.Port{{Interface: "s1-eth2", Number: 2}}}, {Name: "s2", Ports: []ovs.Port{{Interface: "s2-eth9", Number: 9}}}},
	}
	if err := v.Edit(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	if err := v.SetController(t.Context(), []string{"s3", "s1"}, "tcp:127.0.0.1:6654"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ script, want string }{
		{"ovs-vsctl list-br | xargs", "s1 s2 s3"},
		{"ovs-vsctl get interface s2-eth9 ofport", "9"},
		{"ovs-vsctl get interface s3-eth4 ofport", "4"},
		{"ovs-vsctl get bridge s3 datapath_id", `"0000000000000033"`},
		{"ovs-vsctl get-controller s3", "tcp:127.0.0.1:6654"},
		{"ovs-vsctl get controller s3 max_backoff", "1000"},
		{"ovs-vsctl get-controller s2", "tcp:127.0.0.1:6653"},
	} {
		if got := netnstest.Inside(t, s, c.script); got != c.want {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
	// What cannot be taken is named, and what came with it is taken away again.
	link("s1-eth3", "s2-eth3")
	before := netnstest.Inside(t, s, "ovs-vsctl show | tail -n +2 | sort")
	var wrong *ovs.PortError
	err := v.Edit(t.Context(), ovs.Edit{Bridges: []ovs.Bridge{{Name: "s4", DPID: 4, Ports: []ovs.Port{{Interface: "nothing", Number: 1}}}},
		Ports: []ovs.Bridge{{Name: "s1", Ports: []ovs.Port{{Interface: "s1-eth3", Number: 3}}}, {Name: "s2", Ports: []ovs.Port{{Interface: "s2-eth3", Number: 1}}}}})
	if !errors.As(err, &wrong) || wrong.Count != 2 || !strings.Contains(err.Error(), "nothing: ") || !strings.Contains(err.Error(), "s2-eth3: its number is") {
		t.Error(err)
	}
	if got := netnstest.Inside(t, s, "ovs-vsctl show | tail -n +2 | sort"); got != before {
		t.Errorf("half of it is left:\n%s\nbefore:\n%s", got, before)
	}
	for what, e := range map[string]ovs.Edit{
		`no bridge "s9"`:        {Ports: []ovs.Bridge{{Name: "s9", Ports: []ovs.Port{{Interface: "s1-eth3", Number: 1}}}}},
		`a bridge "s3" already`: {Bridges: []ovs.Bridge{{Name: "s3", DPID: 9}}},
	} {
		if err := v.Edit(t.Context(), e); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %s", err, what)
		}
	}
	// A bridge goes with its ports and comes back in the same transaction as another.
	if err := v.Edit(t.Context(), ovs.Edit{GoneBridges: []string{"s3", "never"}, GonePorts: []string{"s1-eth2", "never-eth1"},
		Bridges: []ovs.Bridge{{Name: "s3", DPID: 0x34, Ports: []ovs.Port{{Interface: "s3-eth1", Number: 2}}}}}); err != nil {
		t.Fatal(err)
	}
	if got := netnstest.Inside(t, s, "ovs-vsctl list-ports s1; ovs-vsctl list-ports s3; ovs-vsctl get bridge s3 datapath_id"); got != "s1-eth1\ns3-eth1\n\"0000000000000034\"" {
		t.Errorf("ports %q", got)
	}
}

func TestBridgesThatComeAndGoLeaveNoFilesOpen(t *testing.T) {
	need(t)
	s, v := start(t, "edit-rounds", t.TempDir())
	files := func() string {
		return netnstest.Inside(t, s, "ls /proc/$(pidof ovs-vswitchd)/fd | wc -l; ls /run/openvswitch | grep -c '[.]mgmt' || true")
	}
	var before string
	for round := range 20 {
		if err := s.MakeLinks(t.Context(), []netns.Link{{{Name: "a-eth1"}, {Name: "b-eth1"}}}); err != nil {
			t.Fatal(err)
		}
		var e ovs.Edit
		for i, name := range []string{"a", "b"} {
			e.Bridges = append(e.Bridges, ovs.Bridge{Name: name, DPID: uint64(i + 1), Ports: []ovs.Port{{Interface: name + "-eth1", Number: 1}}})
		}
		if err := v.Edit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := v.Edit(t.Context(), ovs.Edit{GoneBridges: []string{"a", "b"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveLinks(t.Context(), []netns.End{{Name: "a-eth1"}}); err != nil {
			t.Fatal(err)
		}
		if round == 4 {
			before = files()
		}
	}
	if after := files(); after != before {
		t.Errorf("after 5 rounds %s files, after 20 %s", before, after)
	}
	if got := netnstest.Inside(t, s, "grep -c eth /proc/net/dev || true"); got != "0" {
		t.Error(fmt.Sprint(got, " interfaces are left"))
	}
}

// TestAnEditOutlivesTheDaemons kills one or the other while edits are made.
func TestAnEditOutlivesTheDaemons(t *testing.T) {
	need(t)
	s, v := start(t, "edit-deaths", t.TempDir())
	v.Guard(ovs.Guard{Most: 100, Within: time.Minute})
	for i, daemon := range []string{"ovs-vswitchd", "ovsdb-server", "ovs-vswitchd", "ovsdb-server"} {
		a, b, name := fmt.Sprint("a", i), fmt.Sprint("b", i), fmt.Sprint("s", i)
		if err := s.MakeLinks(t.Context(), []netns.Link{{{Name: a}, {Name: b}}}); err != nil {
			t.Fatal(err)
		}
		dead := make(chan struct{})
		go func() {
			defer close(dead)
			netnstest.Inside(t, s, "kill -9 $(pidof "+daemon+")")
		}()
		if daemon == "ovsdb-server" { // the library does not bear a connection that ends while it is made
			<-dead
		}
		if err := v.Edit(t.Context(), ovs.Edit{Bridges: []ovs.Bridge{{Name: name, DPID: uint64(i + 1), Ports: []ovs.Port{{Interface: a, Number: 7}, {Interface: b, Number: 9}}}}}); err != nil {
			t.Fatalf("%s: %v", daemon, err)
		}
		<-dead
		if err := v.Edit(t.Context(), ovs.Edit{GonePorts: []string{b}}); err != nil {
			t.Fatalf("%s: %v", daemon, err)
		}
		if got := netnstest.Inside(t, s, "ovs-vsctl --retry list-ports "+name+"; ovs-vsctl get interface "+a+" ofport"); got != a+"\n7" {
			t.Errorf("after %s was killed: %q", daemon, got)
		}
	}
}
