package core

import (
	"testing"

	"sendim/core/freeze"
)

// Whoever adds what cannot be written to models, deployments or results hears of it here.
func TestAllThatTheConductorKeepsCanBeWritten(t *testing.T) {
	if err := freeze.Check[conducted](conducting()); err != nil {
		for _, f := range err.(*freeze.UnfitError).Faults {
			t.Error(f)
		}
	}
}
