package netns_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sendim/integrators/netns"
	"sendim/integrators/shell"
)

func TestAHostThatIsRemovedTakesItsProcessesAndLinksAlong(t *testing.T) {
	needRoot(t)
	s := pair(t, "depart")
	run := shell.Elsewhere(s.CommandIn("h2"))
	// One that the shell forgets, one that nothing but SIGKILL ends, and the one that is asked for.
	p, err := run.Start(t.Context(), shell.Cmd{Argv: []string{"sh", "-c", "setsid sleep 60 & trap '' TERM; (trap '' TERM; sleep 60) & echo up; sleep 60"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Stdout().Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveLinks(t.Context(), []netns.End{{Host: "h1", Name: "h1-eth0"}}); err != nil {
		t.Fatal(err)
	}
	if got := in(t, s, "h2", "ls /sys/class/net"); got != "lo" {
		t.Errorf("the other end is left: %s", got)
	}
	if err := s.RemoveHosts(t.Context(), []string{"h2"}); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	_ = p.Stdout().Close()
	_ = p.Stop(0)
	if pids, err := s.PIDs(); err != nil || len(pids) != 1 {
		t.Errorf("%d processes are left, %v", len(pids), err)
	}
	if got, err := s.Hosts(t.Context()); err != nil || !slices.Equal(got, []string{"h1"}) {
		t.Errorf("hosts %v, %v", got, err)
	}
	for what, err := range map[string]error{
		"the host again": s.RemoveHosts(t.Context(), []string{"h2"}),
		"the link again": s.RemoveLinks(t.Context(), []netns.End{{Host: "h1", Name: "h1-eth0"}, {Host: "h2", Name: "h2-eth0"}, {Name: "s1-eth1"}}),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.MakeHosts(t.Context(), []string{"h2"}); err != nil { // its name is free
		t.Error(err)
	}
}

// TestHostsThatComeAndGoLeaveNothing makes and removes hosts with links, and counts.
func TestHostsThatComeAndGoLeaveNothing(t *testing.T) {
	needRoot(t)
	s := openSandbox(t, "rounds")
	files := func() int {
		list, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.PID()), "fd"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := 0
	for round := range 20 {
		if err := s.MakeHosts(t.Context(), []string{"h1", "h2"}); err != nil {
			t.Fatal(err)
		}
		if err := s.MakeLinks(t.Context(), []netns.Link{{{Host: "h1", Name: "h1-eth0"}, {Name: "s1-eth1"}}, {{Host: "h2", Name: "h2-eth0"}, {Host: "h1", Name: "h1-eth1"}}}); err != nil {
			t.Fatal(err)
		}
		in(t, s, "h1", "true")
		if err := s.RemoveLinks(t.Context(), []netns.End{{Name: "s1-eth1"}, {Host: "h2", Name: "h2-eth0"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveHosts(t.Context(), []string{"h1", "h2"}); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.PID()), "net/dev"))
		if got := strings.Count(string(text), "-eth"); got != 0 {
			t.Errorf("round %d: %d interfaces are left", round, got)
		}
		if round == 4 {
			before = files()
		}
	}
	if after := files(); after > before {
		t.Errorf("%d open files after 5 rounds, %d after 20", before, after)
	}
}

func TestALinkMayBeMadeDownAndGivenItsAddressLater(t *testing.T) {
	needRoot(t)
	s := pair(t, "readdress")
	one := netip.MustParsePrefix("10.0.0.1/8")
	other := func(end netns.End) netns.Link {
		return netns.Link{end, {Host: "h2", Name: "h2-" + end.Name}}
	}
	if err := s.MakeLinks(t.Context(), []netns.Link{other(netns.End{Host: "h1", Name: "h1-eth1", Down: true, Address: netip.MustParsePrefix("10.9.0.1/16")})}); err != nil {
		t.Fatal(err)
	}
	const state = "ip -o link show h1-eth1 | grep -o 'state [A-Z]*'; ip -o -4 addr | awk '{print $2, $4}'; ip route show default"
	if got := in(t, s, "h1", state); !strings.Contains(got, "state DOWN") || !strings.Contains(got, "h1-eth1 10.9.0.1/16") || !strings.HasSuffix(got, "default dev h1-eth0 scope link") {
		t.Errorf("made down: %s", got)
	}
	// The address moves from eth0 to eth1, which then is taken up.
	if err := s.Readdress(t.Context(), []netns.End{
		{Host: "h1", Name: "h1-eth1", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Address: one},
		{Host: "h1", Name: "h1-eth0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 7}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetLinks(t.Context(), []netns.End{{Host: "h1", Name: "h1-eth1", Address: one}, {Host: "h2", Name: "h2-h1-eth1"}}, true); err != nil {
		t.Fatal(err)
	}
	if got := in(t, s, "h1", "ip -o -4 addr show h1-eth0; cat /sys/class/net/h1-eth0/address /sys/class/net/h1-eth1/address; ip route show default; ip -o -4 addr show h1-eth1 | grep -o '10.0.0.1/8'"); got != "02:00:00:00:00:07 02:00:00:00:00:01 default dev h1-eth1 scope link 10.0.0.1/8" {
		t.Errorf("the address has not moved: %s", got)
	}
	if err := s.Readdress(t.Context(), []netns.End{{Host: "h1", Name: "nothing"}}); err == nil || !strings.Contains(err.Error(), "looking for interface nothing") {
		t.Error(err)
	}
}

func TestHostsAreToldOfOthersAndForgetThem(t *testing.T) {
	needRoot(t)
	s := pair(t, "forget")
	in(t, s, "h1", "ping -c1 -W10 10.0.0.2") // learns
	third := netns.End{Host: "h3", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 3}, Address: netip.MustParsePrefix("10.0.0.3/8")}
	if err := s.IntroduceTo(t.Context(), []netns.End{{Host: "h1", Name: "h1-eth0"}, {Host: "h2", Name: "h2-eth0"}}, []netns.End{third, {Host: "h1", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Address: netip.MustParsePrefix("10.0.0.1/8")}}); err != nil {
		t.Fatal(err)
	}
	if got := in(t, s, "h1", "ip neigh show 10.0.0.3; ip neigh show 10.0.0.1"); got != "10.0.0.3 dev h1-eth0 lladdr 02:00:00:00:00:03 PERMANENT" {
		t.Errorf("h1 knows %q", got)
	}
	var all []netip.Addr
	for i := range 3 {
		all = append(all, netip.MustParseAddr(fmt.Sprint("10.0.0.", i+1)))
	}
	if err := s.Forget(t.Context(), []string{"h1", "h2"}, all[1:]); err != nil {
		t.Fatal(err)
	}
	if got := in(t, s, "h1", "ip neigh show 10.0.0.2; ip neigh show 10.0.0.3"); strings.Contains(got, "lladdr") {
		t.Errorf("h1 knows %q", got)
	}
	in(t, s, "h1", "ping -c1 -W10 10.0.0.2")
}
