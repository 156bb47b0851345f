package learningswitch_test

import (
	"testing"

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
