package embedded_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"sendim/core/backend"
	"sendim/core/model"
	"sendim/core/trace"
	"sendim/integrators/controller"
	"sendim/integrators/controller/embedded"
)

// Open vSwitch offers what its bridges are told to: the highest version that the
// controller has as well is spoken, or the one that it was told to speak, and a switch
// that must have another hears why it is refused.
func TestOfAllVersionsThatRealSwitchesOfferTheHighestIsSpoken(t *testing.T) {
	for _, c := range []struct {
		name, wanted string
		spoken       map[model.NodeID]string
		refused      string
	}{
		{"whatever both have", "", map[model.NodeID]string{0: "1.5", 1: "1.5", 2: "1.3"}, "it offers OpenFlow version 5; this controller speaks OpenFlow 1.3 (version 4) and 1.5 (version 6) only"},
		{"1.3 alone", "1.3", map[model.NodeID]string{0: "1.3", 2: "1.3"}, "it offers OpenFlow version 6; this controller speaks OpenFlow 1.3 (version 4) only"},
		{"1.5 alone", "1.5", map[model.NodeID]string{0: "1.5", 1: "1.5"}, "it offers OpenFlow version 4; this controller speaks OpenFlow 1.5 (version 6) only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, listener := place(t)
			s := polling()
			l.bench = run(t, s, 4, listener, func(cfg *embedded.Config) { cfg.OpenFlow = c.wanted })
			for i, versions := range []string{"OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15", "OpenFlow14,OpenFlow15", "OpenFlow13", "OpenFlow10,OpenFlow14"} {
				b := fmt.Sprintf("s%d", i+1)
				l.vsctl("add-br", b, "--", "set", "bridge", b, "datapath_type=netdev", "fail_mode=secure", "protocols="+versions,
					fmt.Sprintf("other_config:datapath-id=%016x", i+1), "other_config:disable-in-band=true", "--", "set-controller", b, "tcp:"+l.addr)
			}
			l.wait(t, len(c.spoken))
			l.startApps(t)
			for _, sw := range l.Connected() {
				s.flush(t, sw, rule(sw, 3))
				if rules := l.rules(sw); len(rules) != 1 || rules[0].Priority != 3 {
					t.Errorf("rules %v", rules)
				}
				if about, err := l.Inspect(t.Context(), sw); err != nil || about.OpenFlow != c.spoken[sw] {
					t.Errorf("s%d is spoken with in OpenFlow %s, %v; want %s", sw+1, about.OpenFlow, err, c.spoken[sw])
				}
			}
			for deadline := time.Now().Add(time.Minute); !strings.Contains(strings.Join(l.flushed(), "\n"), c.refused); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("diary: %v", l.flushed())
				}
			}
			if got := l.Connected(); len(got) != len(c.spoken) || slices.Contains(got, 3) {
				t.Errorf("connected: %v", got)
			}
		})
	}
}

func TestAVersionThatThereIsNotIsRefusedAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = embedded.New(embedded.Config{Listener: l, Driver: newScript(), Clock: controller.NewClock(time.Now, trace.Discard{}), OpenFlow: "1.4"})
	if err == nil || !strings.Contains(err.Error(), `there is no OpenFlow "1.4" here, but 1.3 (version 4) and 1.5 (version 6)`) {
		t.Error(err)
	}
}

// A switch that speaks another version from now on holds what it held: nothing is sent
// anew to it, and no packet is lost.
func TestASwitchThatChangesItsVersionKeepsWhatItHas(t *testing.T) {
	l := newChainOf(t, "fixed", &fixed{}) // 1.3
	l.inside("for i in 1 2; do ip -n h$i neigh replace 10.0.0.$((3-i)) lladdr 02:00:00:00:00:0$((3-i)) dev eth0 nud permanent; done")
	everything := backend.Selector{Node: model.NoNode, Rules: true, Groups: true, Meters: true}
	before := l.ask(everything)
	received := make(chan string, 1)
	go func() {
		received <- l.inside("ip netns exec h1 ping -q -i 0.002 -c 1000 10.0.0.2 | grep -o '[0-9]* received'")
	}()
	for _, change := range []struct{ protocols, spoken string }{{"OpenFlow15", "1.5"}, {"OpenFlow13", "1.3"}, {"OpenFlow10,OpenFlow15", "1.5"}} {
		began := time.Now()
		for _, b := range []string{"s1", "s2"} {
			l.vsctl("set", "bridge", b, "protocols="+change.protocols)
		}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			one, _ := l.Inspect(t.Context(), 0)
			two, _ := l.Inspect(t.Context(), 1)
			if one.OpenFlow == change.spoken && two.OpenFlow == change.spoken {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("with %s they are spoken with in OpenFlow %q and %q; diary %v", change.protocols, one.OpenFlow, two.OpenFlow, l.flushed())
			}
		}
		after := l.ask(everything)
		if len(after) != len(before) {
			t.Fatalf("%s: %d rules, groups and meters; there were %d", change.protocols, len(after), len(before))
		}
		for i := range after {
			switch {
			case after[i].Rule == nil:
			case !after[i].Rule.Rule.Equal(&before[i].Rule.Rule):
				t.Errorf("%s: there is %s\nwant %s", change.protocols, after[i].Rule.Rule, before[i].Rule.Rule)
			case after[i].Rule.Age < int64(time.Since(began))*int64(model.Nanosecond):
				t.Errorf("%s: %s was sent anew", change.protocols, after[i].Rule.Rule)
			}
		}
	}
	if got := <-received; got != "1000 received" {
		t.Errorf("of 1000 echoes %s", got)
	}
}
