package ovs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sendim/integrators/labtest"
	"sendim/integrators/netns/netnstest"
	"sendim/integrators/ovs"
)

// Each daemon dies while somebody asks for something, and what was asked for is done.
func TestWhatIsAskedOfAGuardedInstanceWaitsForItsDaemons(t *testing.T) {
	need(t)
	s, v := start(t, "guarded", t.TempDir())
	died, back := make(chan ovs.Death, 10), make(chan int, 10)
	v.Guard(ovs.Guard{Most: 3, Within: time.Minute, Died: func(d ovs.Death) { died <- d },
		Back: func(_ context.Context, d []ovs.Death) { back <- len(d) }})
	netnstest.Inside(t, s, bridge)
	netnstest.Inside(t, s, "tc qdisc replace dev s1-eth1 root pfifo limit 77")
	for _, daemon := range []string{ovs.SwitchDaemon, ovs.ServerDaemon} {
		netnstest.Inside(t, s, "kill -9 $(cat /run/openvswitch/"+daemon+".pid)")
		if text, err := v.Appctl(t.Context(), "version"); err != nil || !strings.Contains(text, "ovs-vswitchd") {
			t.Errorf("after the death of %s: %q %v", daemon, text, err)
		}
		if _, err := v.Vsctl(t.Context(), "set", "bridge", "br0", "external_ids:after="+daemon); err != nil {
			t.Errorf("after the death of %s: %v", daemon, err)
		}
		if d := <-died; d.Daemon != daemon || d.Err.Error() != "ended by signal: killed" {
			t.Errorf("died has %+v", d)
		}
		if n := <-back; n != 1 {
			t.Errorf("back after %d deaths", n)
		}
		netnstest.Inside(t, s, "ip netns exec h1 ping -c1 -W10 10.0.0.2; tc qdisc show dev s1-eth1 | grep 77")
	}
	netnstest.Inside(t, s, "kill -9 $(cat /run/openvswitch/ovs-vswitchd.pid) $(cat /run/openvswitch/ovsdb-server.pid)")
	if err := v.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := v.Vsctl(t.Context(), "set", "bridge", "br0", "external_ids:after=both"); err != nil {
		t.Error(err)
	}
	if v.Err() != nil {
		t.Error(v.Err())
	}
	if err := v.Stop(5 * time.Second); err != nil || v.Err() != nil {
		t.Error(err, v.Err())
	}
	if found, _ := s.PIDs(); len(found) != 1 {
		t.Errorf("after Stop: %d processes", len(found))
	}
}

func TestAGuardGivesUpADaemonThatDiesAgainAndAgain(t *testing.T) {
	need(t)
	s, v := start(t, "hopeless", t.TempDir())
	v.Guard(ovs.Guard{Most: 2, Within: time.Minute})
	netnstest.Inside(t, s, "printf nonsense > /run/openvswitch/conf.db; kill -9 $(cat /run/openvswitch/ovsdb-server.pid)")
	<-v.Done()
	if err := v.Err(); err == nil || !strings.Contains(err.Error(), "ovsdb-server died 3 times within 1m0s, and is not started again") || !strings.Contains(err.Error(), "unexpected file format") {
		t.Error(err)
	}
}

// A daemon that hangs is told of when it goes on by itself, and is ended and started again
// when it does not.
func TestAGuardEndsADaemonThatHangs(t *testing.T) {
	need(t)
	s, v := start(t, "hangs", t.TempDir())
	died, stood := make(chan ovs.Death, 10), make(chan ovs.Spell, 10)
	guard := ovs.Guard{Most: 3, Within: time.Minute, Silence: time.Minute, Died: func(d ovs.Death) { died <- d }, Stood: func(sp ovs.Spell) { stood <- sp }}
	v.Guard(guard)
	netnstest.Inside(t, s, bridge)
	for _, daemon := range []string{ovs.SwitchDaemon, ovs.ServerDaemon} {
		const signal = "kill -%s $(cat /run/openvswitch/%s.pid)"
		var sp ovs.Spell
		labtest.Await(t, "a stop is seen", func() bool { // one that is too short for who is kept from looking is not
			netnstest.Inside(t, s, fmt.Sprintf(signal, "STOP", daemon))
			time.Sleep(300 * time.Millisecond)
			netnstest.Inside(t, s, fmt.Sprintf(signal, "CONT", daemon))
			select {
			case sp = <-stood:
				return true
			case <-time.After(time.Second):
				return false
			}
		})
		if sp.Daemon != daemon || !sp.To.After(sp.From) {
			t.Errorf("%s stood still from %v to %v", sp.Daemon, sp.From, sp.To)
		}
		guard.Silence = 4 * time.Second
		v.Guard(guard)
		netnstest.Inside(t, s, fmt.Sprintf(signal, "STOP", daemon))
		d := <-died
		if d.Daemon != daemon || d.At.Sub(d.Seen) < guard.Silence || !strings.HasPrefix(d.Err.Error(), "it was stopped by a signal and did nothing for ") {
			t.Errorf("died has %+v", d)
		}
		guard.Silence = time.Minute
		v.Guard(guard)
		if err := v.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Vsctl(t.Context(), "set", "bridge", "br0", "external_ids:after="+daemon); err != nil {
			t.Error(err)
		}
		netnstest.Inside(t, s, "ip netns exec h1 ping -c1 -W5 10.0.0.2")
	}
	v.Still(true)
	netnstest.Inside(t, s, "kill -STOP $(cat /run/openvswitch/ovs-vswitchd.pid); sleep 0.2; kill -CONT $(cat /run/openvswitch/ovs-vswitchd.pid)")
	v.Still(false)
	select {
	case sp := <-stood:
		t.Errorf("what was to stand still is told of: %+v", sp)
	case d := <-died:
		t.Errorf("what was to stand still is mourned: %+v", d)
	default:
	}
	if err := v.Stop(5 * time.Second); err != nil {
		t.Error(err)
	}
}
