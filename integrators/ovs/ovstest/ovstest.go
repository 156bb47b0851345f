package ovstest

import (
	"testing"

	"sendim/integrators/labtest"
	"sendim/integrators/netns"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
)

// Needs asks for what an Open vSwitch of one's own takes, and for more programs.
func Needs(t testing.TB, programs ...string) {
	t.Helper()
	labtest.Needs(t, append(programs, "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ip")...)
}

// Start is an Open vSwitch in a sandbox, for the length of a test.
func Start(t testing.TB, label, dir string, o ovs.Options) (*netns.Sandbox, *ovs.Instance) {
	t.Helper()
	s := netnstest.Open(t, label, dir)
	v, err := ovs.Start(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}
