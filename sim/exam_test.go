package sim_test

import (
	"testing"

	"sendim/core/backend/backendtest"
	"sendim/sim"
)

func TestTheSimulationSitsTheExam(t *testing.T) { backendtest.Run(t, sim.Backend{}) }
