package learningswitch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sendim/core/control"
	"sendim/core/model"
	"sendim/core/naming"
	"sendim/core/packet"
	"sendim/plugins/apptest"
	learningswitch "sendim/plugins/learning-switch"
)

func TestEveryHostReachesEveryOther(t *testing.T) {
	for _, topo := range []string{"single,3", "linear,4", "tree,2,2", "torus,3,3"} {
		t.Run(topo, func(t *testing.T) {
			b := apptest.New(t, learningswitch.New(), topo, nil)
			if failed := b.PingAll(); len(failed) > 0 {
				t.Errorf("%d pings failed, the first %+v", len(failed), failed[0])
			}
			if b.Looped > 0 || len(b.Refused) > 0 {
				t.Errorf("%d packets looped; refused: %v", b.Looped, b.Refused)
			}
		})
	}
}

func TestItIsAFunctionOfItsEvents(t *testing.T) {
	apptest.SameEventsSameCommands(t, learningswitch.New, "torus,3,3", nil)
}

func TestItCanBeSavedAndGoOnElsewhere(t *testing.T) {
	apptest.SaveRestoreChangesNothing(t, learningswitch.New, "torus,3,3", nil)
}

func TestItConnectsRandomNetworksWhoseLinksFail(t *testing.T) {
	apptest.NoLoopNoBlackHole(t, learningswitch.New, nil)
}

// learned lists the rules of pairs on a switch.
func learned(b *apptest.Bench, sw string) (out []string) {
	for _, r := range b.Rules(sw) {
		if r.Priority > 0 {
			r.Cookie = 0
			out = append(out, r.String())
		}
	}
	return out
}

func TestAHostIsLearnedOnEverySwitchItTalksThroughAndForgottenWhenSilent(t *testing.T) {
	b := apptest.New(t, learningswitch.New(), "linear,3", map[string]string{"idle": "5s", "priority": "7"})
	b.Ping("h1", "h3")
	for sw, ports := range map[string][2]int{"s1": {1, 2}, "s2": {2, 3}, "s3": {2, 1}} {
		want := []string{
			fmt.Sprintf("table=0 priority=7 in_port=%d,eth_dst=00:00:00:00:00:03,eth_src=00:00:00:00:00:01 idle=5 send_removed apply(output:%d)", ports[0], ports[1]),
			fmt.Sprintf("table=0 priority=7 in_port=%d,eth_dst=00:00:00:00:00:01,eth_src=00:00:00:00:00:03 idle=5 send_removed apply(output:%d)", ports[1], ports[0]),
		}
		got := learned(b, sw)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has\n%s", sw, strings.Join(got, "\n"))
		}
	}
	sent := b.Downcalls[control.SendPacket]
	if j := b.Ping("h1", "h3"); !j.Returned || b.Downcalls[control.SendPacket] != sent {
		t.Errorf("the second ping did not go by the rules: %+v", j)
	}
	b.Run(10 * model.Second)
	if got := learned(b, "s2"); len(got) > 0 {
		t.Errorf("after 10 s of silence s2 has %v", got)
	}
}

func TestAHostThatMovesIsLearnedAnew(t *testing.T) {
	b := apptest.New(t, learningswitch.New(), "single,4", nil)
	b.Ping("h1", "h2")
	// h1's address speaks from where h4 is.
	names, _ := naming.New(b.Model)
	mac := func(name string) packet.MAC { return packet.MAC(names.MAC(b.Node(name))) }
	b.Inject("h4", packet.Header{EthSrc: mac("h1"), EthDst: mac("h3"), EthType: 0x88b5}, nil)
	b.Run(100 * model.Millisecond)
	if got := learned(b, "s1"); len(got) > 0 {
		t.Errorf("rules for where it was are still there: %v", got)
	}
	b.Inject("h2", packet.Header{EthSrc: mac("h2"), EthDst: mac("h1"), EthType: 0x88b5}, nil)
	b.Run(100 * model.Millisecond)
	if got := strings.Join(learned(b, "s1"), "\n"); !strings.HasSuffix(got, "apply(output:4)") {
		t.Errorf("packets for it do not go where it is now: %v", got)
	}
}

func TestAPortThatGoesDownTakesWhatWasLearnedThereWithIt(t *testing.T) {
	b := apptest.New(t, learningswitch.New(), "single,3", nil)
	b.PingAll()
	b.LinkDown("h2--s1")
	b.Settle()
	for _, r := range learned(b, "s1") {
		if strings.Contains(r, "00:00:00:00:00:02") {
			t.Errorf("still there: %s", r)
		}
	}
	if len(learned(b, "s1")) != 2 {
		t.Errorf("the rules of the others are gone: %v", learned(b, "s1"))
	}
}
