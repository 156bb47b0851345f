package emulate_test

import (
	"testing"

	"sendim/core/backend/backendtest"
	"sendim/integrators/emulate"
)

func TestTheNativeEmulationSitsTheExam(t *testing.T) {
	lab(t)
	backendtest.Run(t, emulate.Backend{Native: true})
}
