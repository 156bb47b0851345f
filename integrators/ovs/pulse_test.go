package ovs

import "testing"

func TestWhetherAProcessLivesIsReadFromItsState(t *testing.T) {
	for text, want := range map[string]struct {
		state byte
		lives bool
	}{
		"7 (ovs-vswitchd) S 1 7 7 0 -1 4194560 1 2": {'S', true},
		"7 (a) b) T 1 7 7 0 -1 4194560 1 2":         {'T', true},
		"7 (ovs-vswitchd) D 1 7 7 0 -1 4194564 1 2": {'D', false},
		"7 (ovs-vswitchd) Z 1 7 7 0 -1 4194560 1 2": {'Z', false},
		"7 (ovs-vswitchd) S 1":                      {},
		"":                                          {},
		"7 (x) S 1 7 7 0 -1 x":                      {'S', false},
	} {
		if state, lives := stateOf(text); state != want.state || lives != want.lives {
			t.Errorf("%q: %c %v", text, state, lives)
		}
	}
}
