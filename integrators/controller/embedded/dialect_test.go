package embedded_test

import (
	"strings"
	"testing"

	"sendim/integrators/controller/embedded/wire"
)

// inBoth runs a test once in each version of OpenFlow. What it plays, and what it makes,
// find the version in the name of the test.
func inBoth(t *testing.T, test func(t *testing.T)) {
	for _, v := range []wire.Version{wire.Version13, wire.Version15} {
		t.Run("OpenFlow-"+v.String(), test)
	}
}

// spoken is the version that a test is run in: 1.3 where there is but one.
func spoken(t testing.TB) wire.Dialect {
	if strings.Contains(t.Name(), "/OpenFlow-1.5") {
		return wire.V15{}
	}
	return wire.V13{}
}

// protocol is Open vSwitch's word for the version that a test is run in.
func protocol(t testing.TB) string {
	return "OpenFlow" + strings.ReplaceAll(spoken(t).Version().String(), ".", "")
}
