package python_test

import (
	"context"
	"fmt"
	"testing"

	"sendim/core/app"
	"sendim/plugins/apprpc"
	"sendim/plugins/apptest"
	learningswitch "sendim/plugins/learning-switch"
)

const learningSwitch = "../../examples/python/learning_switch.py"

// The example in Python answers every event as the shipped app in Go does: the same
// rules, removals and packets in the same order, whatever the batches.
func TestTheLearningSwitchInPythonIsTheOneInGo(t *testing.T) {
	for _, topo := range []string{"single,3", "linear,4", "tree,2,2", "torus,3,3"} {
		for _, params := range []map[string]string{{}, {"idle": "1500ms", "hard": "40s", "priority": "7"}, {"idle": "0s"}} {
			r := apptest.Record(t, learningswitch.New(), topo, params)
			for _, size := range []int{1, 7, len(r.Events)} {
				if size == 1 && topo != "linear,4" || size == 7 && topo == "torus,3,3" {
					continue // the others do, and it takes long
				}
				t.Run(fmt.Sprint(topo, params, size), func(t *testing.T) {
					i := launch(t, learningSwitch)
					for first := 0; first < len(r.Events); first += size {
						last := min(first+size, len(r.Events))
						for n, got := range answers(t, i, r.Events[first:last]...) {
							compare(t, &r, first+n, got)
						}
					}
				})
			}
		}
	}
}

func compare(t *testing.T, r *apptest.Recorded, event int, got []app.Command) {
	t.Helper()
	want := r.Answers[event]
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if a, b := text(t, want), text(t, got); a != b {
		t.Fatalf("event %d of %d\n%s\nanswered in Go by\n%s\nin Python by\n%s", event, len(r.Events), text(t, r.Events[event]), a, b)
	}
}

func TestAnAppIsSavedAndGoesOnInAnotherProcess(t *testing.T) {
	r := apptest.Record(t, learningswitch.New(), "torus,3,3", map[string]string{"idle": "3s"})
	i := launch(t, learningSwitch)
	if m := i.Manifest(); !m.Stateful {
		t.Error("the manifest does not say that it can be saved")
	}
	every := len(r.Events)/8 + 1
	for first := 0; first < len(r.Events); first += every {
		state, err := i.Save(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		next := launch(t, learningSwitch)
		if err := next.Restore(context.Background(), state); err != nil {
			t.Fatal(err)
		}
		again, err := next.Save(context.Background())
		if err != nil || string(again) != string(state) {
			t.Fatalf("what was restored is saved as something else (%v):\n%s\n%s", err, state, again)
		}
		i = next
		for n, got := range answers(t, i, r.Events[first:min(first+every, len(r.Events))]...) {
			compare(t, &r, first+n, got)
		}
	}
}

func TestAStateThatIsNoneIsRefusedAndTheAppLivesOn(t *testing.T) {
	i := launch(t, learningSwitch, func(o *apprpc.Options) { o.Stderr = nil })
	for _, state := range []string{"x", "{}", "[1]", `{"tuple":[]}`, `{"tuple":[{"bytes":"ff"},1,null]}`, `{"tuple":[{"bytes":"zz"},1,null]}`, "\xff\xfe"} {
		if err := i.Restore(context.Background(), []byte(state)); err == nil {
			t.Errorf("%q was taken", state)
		}
	}
	if got := answers(t, i, packetIn(1)); len(got[0]) != 1 {
		t.Errorf("%v", got)
	}
}
