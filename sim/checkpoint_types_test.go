package sim

import (
	"testing"

	"sendim/core/freeze"
)

// Whoever adds a function, a channel or a new kind of interface to the world hears of it
// here: a checkpoint must not forget it.
func TestAllOfASessionCanBeWritten(t *testing.T) {
	if err := freeze.Check[frozen](freezing()); err != nil {
		for _, f := range err.(*freeze.UnfitError).Faults {
			t.Error(f)
		}
	}
}
