package ovs_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
	"sendim/integrators/ovs/ovstest"
)

// startLater is an Open vSwitch without its ovs-vswitchd.
func startLater(t *testing.T) (*netns.Sandbox, *ovs.Instance) {
	t.Helper()
	need(t)
	return ovstest.Start(t, "later", t.TempDir(), ovs.Options{Later: true, Nice: -5, Config: map[string]string{"max-revalidator": "150"}})
}

func TestAnOpenVSwitchThatStartsLaterMakesWhatWasPreparedInOneGo(t *testing.T) {
	s, v := startLater(t)
	bridges := []ovs.Bridge{{Name: "s1", DPID: 1, Ports: []ovs.Port{{Interface: "a", Number: 7}, {Interface: "b", Number: 3}}}, {Name: "s2", DPID: 2}}
	if err := v.Prepare(t.Context(), bridges, ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, script, want string }{
		{"what it has made", "ls /sys/class/net | grep '^s[0-9]*$' | xargs", "s1"},
		{"what the database has", "ovs-vsctl list-br | xargs", "s1 s2"},
		{"whether it stands still", "ps -o state= -C ovs-vswitchd", "T"},
	} {
		if got := netnstest.Inside(t, s, c.script); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if err := s.MakeLinks(t.Context(), []netns.Link{{{Name: "a"}, {Name: "b"}}}); err != nil { // after they were told of
		t.Fatal(err)
	}
	if err := v.Begin(t.Context(), bridges); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ script, want string }{
		{"ovs-vsctl get interface a ofport", "7"},
		{"ovs-vsctl get interface b ofport", "3"},
		{"ovs-vsctl get Open_vSwitch . other_config:max-revalidator", `"150"`},
		{"ps -o ni= -C ovs-vswitchd | sort -u | tr -d ' '", "-5"},
	} {
		if c.want == "-5" && os.Geteuid() != 0 {
			continue
		}
		if got := netnstest.Inside(t, s, c.script); got != c.want {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
	if err := v.Prepare(t.Context(), nil, ""); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Error(err)
	}
	if err := v.Begin(t.Context(), bridges); err != nil { // nothing is left to be made
		t.Error(err)
	}
}

func TestThereIsNothingToBeginBeforeItWasPrepared(t *testing.T) {
	_, v := startLater(t)
	if err := v.Begin(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "Prepare comes first") {
		t.Error(err)
	}
}

func TestOneThatStandsStillEnds(t *testing.T) {
	_, v := startLater(t)
	if err := errors.Join(v.Prepare(t.Context(), []ovs.Bridge{{Name: "s1", DPID: 1}}, ""), v.Stop(time.Millisecond)); err != nil {
		t.Error(err)
	}
}

func TestAPortThatIsMissingWhenOpenVSwitchBeginsIsNamed(t *testing.T) {
	_, v := startLater(t)
	bridges := []ovs.Bridge{{Name: "s1", DPID: 1, Ports: []ovs.Port{{Interface: "nothing", Number: 1}}}}
	if err := v.Prepare(t.Context(), bridges, ""); err != nil {
		t.Fatal(err)
	}
	var missing *ovs.PortError
	if err := v.Begin(t.Context(), bridges); !errors.As(err, &missing) || !strings.Contains(err.Error(), "nothing: ") {
		t.Error(err)
	}
}

func TestOneWithoutBridgesBegins(t *testing.T) {
	_, v := startLater(t)
	if err := errors.Join(v.Prepare(t.Context(), nil, ""), v.Begin(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	if text, err := v.Appctl(t.Context(), "version"); err != nil || !strings.Contains(text, v.Version()) {
		t.Errorf("%q, version %q, %v", text, v.Version(), err)
	}
}

func TestOneThatNeverBeganEnds(t *testing.T) {
	_, v := startLater(t)
	if err := v.Stop(time.Second); err != nil {
		t.Error(err)
	}
	s, v := startLater(t)
	netnstest.Inside(t, s, "kill -9 $(ps -A -o pid=,comm= | awk '$2 == \"ovsdb-server\" {print $1}')")
	<-v.Done()
	if err := v.Err(); err == nil || !strings.Contains(err.Error(), "ovsdb-server ended") {
		t.Error(err)
	}
	if err := v.Begin(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "ovsdb-server ended") {
		t.Error(err)
	}
}
