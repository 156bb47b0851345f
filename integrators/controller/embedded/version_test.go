package embedded_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Open vSwitch offers what its bridges are told to: of everything from 1.0 to 1.5 it is
// 1.3 that is spoken, and one that must have another version hears why it is refused.
func TestOfAllVersionsThatARealSwitchOffersOneIsSpoken(t *testing.T) {
	l, listener := place(t)
	s := polling()
	l.bench = run(t, s, 2, listener, nil)
	for i, versions := range []string{"OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15", "OpenFlow14,OpenFlow15"} {
		b := fmt.Sprintf("s%d", i+1)
		l.vsctl("add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols="+versions,
			fmt.Sprintf("other_config:datapath-id=%016x", i+1), "other_config:disable-in-band=true", "--", "set-controller", b, "tcp:"+l.addr)
	}
	l.wait(t, 1)
	l.startApps(t)
	s.flush(t, 0, rule(0, 3))
	if rules := l.rules(0); len(rules) != 1 || rules[0].Priority != 3 {
		t.Errorf("rules %v", rules)
	}
	const why = "it offers OpenFlow version 6; this controller speaks OpenFlow 1.3 (version 4) only"
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(strings.Join(l.flushed(), "\n"), why); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("diary: %v", l.flushed())
		}
	}
	if got := l.Connected(); len(got) != 1 || got[0] != 0 {
		t.Errorf("connected: %v", got)
	}
}
